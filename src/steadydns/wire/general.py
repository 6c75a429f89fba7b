"""Reading any well-formed response: records in any order, alias chains, denials, EDNS.

Imports the codec's own parts and struct. Knows no id and no question: what arrives here was matched before.
"""

from __future__ import annotations

from struct import Struct

from .answer import Answer, Disorderly
from .codes import AAAA, CNAME, IN, NOERROR, OPT, SOA, A
from .errors import WireError
from .names import present_name
from .records import Record, read_name, read_records

# Resolvers give up earlier (Knot Resolver at 13, KR_CNAME_CHAIN_LIMIT), dnspython at 16 (dns.message.MAX_CHAIN):
# a longer chain is a loop or an attack. glibc has no limit.
MAX_LINKS = 16
ADDRESS_SIZES = {A: 4, AAAA: 16}  # octets of RDATA, RFC 1035 section 3.4.1 and RFC 3596 section 2.2
SMALLEST_SOA = 22  # octets of RDATA: two names that are the root, five numbers of 32 bits

RESPONSE = 0x8000
KIND = 0xF800  # QR and opcode: a response to a standard query has only RESPONSE of it
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
    known = {12: qname} if offset > 12 else {}
    canonical = qname
    ttls: list[int] = []
    wanted: list[Record] = []
    negative_ttl = None
    rcode = flags & RCODE
    orderly = True
    if answers:
        aliases, wanted, offset, orderly = _read_answers(message, offset, answers, qname, qtype, known)
        canonical, ttls = _follow(qname, aliases)
    end = canonical.lower()
    used = [record for record in wanted if record[0].lower() == end] if rcode == NOERROR else []
    # What follows the answers says something of a denial only; glibc looks at none of it.
    if not used:
        if authorities:
            negative_ttl, offset = _read_authorities(message, offset, authorities, known)
        if additionals:
            rcode |= _read_extended_rcode(message, offset, additionals, known)
    return (Answer if orderly and rcode <= RCODE else Disorderly)(
        rcode,
        flags & TRUNCATED != 0,
        flags & AUTHORITATIVE != 0,
        tuple([message[record[4] : record[5]] for record in used]) if qtype in ADDRESS_SIZES else (),
        min(ttls + [record[3] for record in used]) if used else 0,
        present_name(canonical) if ttls else b"",
        bool(ttls),
        None if negative_ttl is None else min([negative_ttl, *ttls]),
    )


def _read_answers(
    message: bytes, offset: int, count: int, qname: bytes, qtype: int, known: dict[int, bytes]
) -> tuple[dict[bytes, tuple[bytes, int]], list[Record], int, bool]:
    """Give the aliases (owner in lower case -> target, TTL), the records of type `qtype`, the offset after all.

    And whether they are in order: each alias leads on from the one before, and the addresses are at the end.
    """
    orderly, name = True, qname.lower()
    aliases: dict[bytes, tuple[bytes, int]] = {}
    wanted = []
    size = ADDRESS_SIZES.get(qtype)
    end = offset
    for record in read_records(message, offset, count, known):
        owner, rtype, rclass, ttl, start, end = record
        owner = owner.lower()
        orderly = orderly and rclass == IN and owner == name and rtype in (qtype, CNAME)
        if rclass != IN:
            continue
        if rtype == qtype:
            if size is not None and end - start != size:
                raise WireError(f"address of type {qtype} has {end - start} octets, not {size}")
            wanted.append(record)
        elif rtype == CNAME:
            target, after = read_name(message, start, known)
            if after != end:
                raise WireError(f"CNAME at {start} has {end - start} octets, its name {after - start}")
            # Of two CNAME records of one owner the later one counts, as in glibc's getaddrinfo.
            aliases[owner] = target, ttl
            orderly = orderly and not wanted
            name = target.lower()
    return aliases, wanted, end, orderly


def _follow(qname: bytes, aliases: dict[bytes, tuple[bytes, int]]) -> tuple[bytes, list[int]]:
    """Give the name at the end of the chain that starts at `qname`, and the TTLs of its links."""
    name = qname
    ttls: list[int] = []
    while (link := aliases.get(name.lower())) is not None:
        if len(ttls) == MAX_LINKS:
            raise WireError(f"CNAME chain loops or has more than {MAX_LINKS} links")
        name, ttl = link
        ttls.append(ttl)
    return name, ttls


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
