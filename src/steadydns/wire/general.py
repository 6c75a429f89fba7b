"""Reading any well-formed response: records in any order, alias chains, denials, EDNS.

Imports the codec's own parts and struct. Knows no id and no question: what arrives here was matched before.
"""

from __future__ import annotations

from struct import Struct

from .answer import Answer
from .codes import AAAA, CNAME, IN, NOERROR, OPT, PTR, SOA, A
from .errors import WireError
from .names import present_name
from .records import Record, read_name, read_records

# Resolvers give up earlier (Knot Resolver at 13, KR_CNAME_CHAIN_LIMIT), dnspython at 16 (dns.message.MAX_CHAIN):
# a longer chain is a loop or an attack. glibc has no limit.
MAX_LINKS = 16
ADDRESS_SIZES = {A: 4, AAAA: 16}  # octets of RDATA, RFC 1035 section 3.4.1 and RFC 3596 section 2.2
SMALLEST_SOA = 22  # octets of RDATA: two names that are the root, five numbers of 32 bits

AUTHORITATIVE = 0x0400
TRUNCATED = 0x0200
RCODE = 0x000F

_ROOT = b"\0"
_MINIMUM = Struct("!I")


def read_response(
    message: bytes,
    offset: int,
    qname: bytes,
    qtype: int,
    flags: int,
    answers: int,
    authorities: int,
    additionals: int,
) -> Answer:
    """Read the records of a response from `offset` on; the last three are the header's counts of them.

    Raises:
        WireError: the counted records do not fit the message, a name or a length is wrong, or the alias chain
            loops or has more than 16 links.
    """
    # As the question came back, whose letters may be in another case than when it was asked.
    known = {12: message[12 : 12 + len(qname)]} if offset > 12 else {}
    canonical = qname
    ttls: list[int] = []
    owners: list[bytes] = []
    wanted: list[Record] = []
    negative_ttl = None
    rcode = flags & RCODE
    if answers:
        aliases, wanted, offset = _read_answers(message, offset, answers, qtype, known)
        canonical, ttls, owners = _follow(qname, aliases)
    if authorities:
        negative_ttl, offset = _read_authorities(message, offset, authorities, known)
    if additionals:
        rcode |= _read_extended_rcode(message, offset, additionals, known)

    end = canonical.lower()
    used = [record for record in wanted if record[0].lower() == end] if rcode == NOERROR else []
    return Answer(
        rcode,
        flags & TRUNCATED != 0,
        flags & AUTHORITATIVE != 0,
        _read_data(message, qtype, used, known),
        min(ttls + [record[3] for record in used]) if used else 0,
        present_name(canonical) if ttls else b"",
        bool(ttls),
        None if negative_ttl is None else min([negative_ttl, *ttls]),
        tuple([present_name(owner) for owner in owners]),
    )


def _read_data(message: bytes, qtype: int, used: list[Record], known: dict[int, bytes]) -> tuple[bytes, ...]:
    """Give the addresses, or the names, that the records asked for hold."""
    if qtype in ADDRESS_SIZES:
        return tuple([message[record[4] : record[5]] for record in used])
    return tuple([present_name(_read_target(message, record, known)) for record in used if qtype == PTR])


def _read_target(message: bytes, record: Record, known: dict[int, bytes]) -> bytes:
    """Give the name that is a CNAME's or a PTR's data, to the last octet."""
    start, end = record[4], record[5]
    target, after = read_name(message, start, known)
    if after != end:
        raise WireError(f"type {record[1]} at {start} has {end - start} octets, its name {after - start}")
    return target


def _read_answers(
    message: bytes, offset: int, count: int, qtype: int, known: dict[int, bytes]
) -> tuple[dict[bytes, tuple[bytes, int, bytes]], list[Record], int]:
    """Give the aliases (owner in lower case -> target, TTL, owner), the records of type `qtype`, the offset after all."""
    aliases: dict[bytes, tuple[bytes, int, bytes]] = {}
    wanted = []
    size = ADDRESS_SIZES.get(qtype)
    end = offset
    for record in read_records(message, offset, count, known):
        owner, rtype, rclass, ttl, start, end = record
        if rclass != IN:
            continue
        if rtype == qtype:
            if size is not None and end - start != size:
                raise WireError(f"address of type {qtype} has {end - start} octets, not {size}")
            wanted.append(record)
        elif rtype == CNAME:
            target = _read_target(message, record, known)
            # Of two CNAME records of one owner the later one counts, as in glibc's getaddrinfo.
            aliases[owner.lower()] = target, ttl, owner
    return aliases, wanted, end


def _follow(
    qname: bytes, aliases: dict[bytes, tuple[bytes, int, bytes]]
) -> tuple[bytes, list[int], list[bytes]]:
    """Give the name at the end of the chain that starts at `qname`, and the TTLs and owners of its links."""
    name = qname
    ttls: list[int] = []
    owners: list[bytes] = []
    while (link := aliases.get(name.lower())) is not None:
        if len(ttls) == MAX_LINKS:
            raise WireError(f"CNAME chain loops or has more than {MAX_LINKS} links")
        name, ttl, owner = link
        ttls.append(ttl)
        owners.append(owner)
    return name, ttls, owners


def _read_authorities(
    message: bytes, offset: int, count: int, known: dict[int, bytes]
) -> tuple[int | None, int]:
    """Give the negative TTL that the SOA allows, and the offset after the section."""
    # The zone is not compared with the name: a server that rewrites names answers with the SOA of the real zone.
    lowest = None
    end = offset
    for _owner, rtype, rclass, ttl, start, end in read_records(message, offset, count, known):
        if rtype == SOA and rclass == IN:
            if end - start < SMALLEST_SOA:
                raise WireError(f"SOA at {start} has {end - start} octets, fewer than {SMALLEST_SOA}")
            (minimum,) = _MINIMUM.unpack_from(message, end - _MINIMUM.size)
            lowest = min(ttl, minimum) if lowest is None else min(lowest, ttl, minimum)
    return lowest, end


def _read_extended_rcode(message: bytes, offset: int, count: int, known: dict[int, bytes]) -> int:
    """Give the upper eight of the twelve bits of the rcode, in place (RFC 6891 section 6.1.3)."""
    extended = None
    for owner, rtype, _payload, _ttl, start, _end in read_records(message, offset, count, known):
        if rtype == OPT and owner == _ROOT and extended is None:
            # What is the TTL of other records begins six octets before RDATA, with these eight bits.
            extended = message[start - 6] << 4
    return extended or 0
