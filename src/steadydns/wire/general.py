"""Reading any well-formed response: records in any order, alias chains, denials, EDNS.

Imports the codec's own parts and struct. Knows no id and no question: what arrives here was matched before.
"""

from __future__ import annotations

from struct import Struct

from .answer import Answer
from .codes import AAAA, CNAME, IN, NOERROR, OPT, SOA, A
from .errors import WireError
from .names import present_name
from .records import Record, read_name, read_records

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
    *,
    edns: bool = False,
) -> Answer:
    """Read the records of a response from `offset` on; the counts are the header's, `edns` is as for `parse`.

    Raises:
        WireError: the counted records do not fit the message, a name or a length is wrong, or an alias comes after
            addresses, of which glibc makes one thing or another.
    """
    known = {12: qname} if offset > 12 else {}
    canonical = qname
    ttls: list[int] = []
    used: list[Record] = []
    negative_ttl = None
    rcode = flags & RCODE
    if answers:
        canonical, ttls, used, offset = _read_answers(message, offset, answers, qname, qtype, known)
    if authorities:
        negative_ttl, offset = _read_authorities(message, offset, authorities, known)
    if additionals:
        extended = _read_extended_rcode(message, offset, additionals, known)
        # Who was asked without EDNS has none to answer with (RFC 6891 section 6.1.1), and glibc does not look at it.
        rcode |= extended if edns else 0
    if rcode != NOERROR:
        used = []
    return Answer(
        rcode,
        flags & TRUNCATED != 0,
        flags & AUTHORITATIVE != 0,
        tuple([message[record[4] : record[5]] for record in used]) if qtype in ADDRESS_SIZES else (),
        min(ttls + [record[3] for record in used]) if used else 0,
        present_name(canonical) if ttls else b"",
        bool(ttls),
        None if negative_ttl is None else min([negative_ttl, *ttls]),
        bool(rcode == NOERROR and answers and not used),
    )


def _read_answers(
    message: bytes, offset: int, count: int, qname: bytes, qtype: int, known: dict[int, bytes]
) -> tuple[bytes, list[int], list[Record], int]:
    """Give the last alias' target, the TTLs of the aliases, the records that answer, the offset after all.

    As glibc 2.36 reads them: once, from the first to the last. An alias, whoever owns it, says whose addresses count
    from there on; so a chain that comes backwards has none.
    """
    expected, lowered = qname, qname.lower()
    ttls: list[int] = []
    used: list[Record] = []
    size = ADDRESS_SIZES.get(qtype)
    end = offset
    for record in read_records(message, offset, count, known):
        owner, rtype, rclass, ttl, start, end = record
        if rclass != IN:
            continue
        if rtype == qtype:
            if owner.lower() == lowered and size in {None, end - start}:
                used.append(record)
        elif rtype == CNAME:
            expected, after = read_name(message, start, known)
            if after != end:
                raise WireError(f"CNAME at {start} has {end - start} octets, its name {after - start}")
            if used:
                raise WireError(f"CNAME at {start} comes after addresses")
            lowered = expected.lower()
            ttls.append(ttl)
    return expected, ttls, used, end


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
