"""Reading any well-formed response: records in any order, alias chains, denials, EDNS.

Imports the codec's own parts and struct. Knows no id and no question: what arrives here was matched before.
"""

from __future__ import annotations

from struct import Struct

from .answer import Answer, Disorderly
from .codes import AAAA, CNAME, IN, NOERROR, OPT, PTR, SOA, A
from .errors import WireError
from .names import present_name
from .sections import Record, read_name, read_records

ADDRESS_SIZES = {A: 4, AAAA: 16}  # octets of RDATA, RFC 1035 section 3.4.1 and RFC 3596 section 2.2
SMALLEST_SOA = 22  # octets of RDATA: two names that are the root, five numbers of 32 bits

RESPONSE = 0x8000
KIND = 0xF800  # QR and opcode: a response to a standard query has only RESPONSE of it
AUTHORITATIVE = 0x0400
TRUNCATED = 0x0200
RECURSION_AVAILABLE = 0x0080
RCODE = 0x000F
# Any of these bits makes an answer of a response without records.
PROVEN = AUTHORITATIVE | RECURSION_AVAILABLE | RCODE

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
    begin = offset
    found = _Answers(qname)
    negative_ttl = None
    rcode = flags & RCODE
    if answers:
        offset = found.read(message, offset, answers, qtype, known)
    used = found.used if rcode == NOERROR else []
    # What follows the answers says something of a denial only; glibc looks at none of it.
    if not used:
        if authorities:
            negative_ttl, offset = _read_authorities(message, offset, authorities, known)
        if additionals:
            extended = _read_extended_rcode(message, offset, additionals, known)
            # Who was asked without EDNS has none to answer with (RFC 6891 section 6.1.1), and glibc does not look at it.
            rcode |= extended if edns else 0
    ttls = found.ttls
    orderly = found.orderly and rcode <= RCODE
    answer = (Answer if orderly else Disorderly)(
        rcode,
        flags & TRUNCATED != 0,
        flags & AUTHORITATIVE != 0,
        _read_data(message, qtype, used, known),
        min(ttls + [record[3] for record in used]) if used else 0,
        present_name(found.canonical) if ttls else b"",
        bool(ttls),
        None if negative_ttl is None else min([negative_ttl, *ttls]),
        bool(rcode == NOERROR and answers and not used),
        tuple([present_name(owner) for owner in found.owners]),
    )
    if isinstance(answer, Disorderly):
        answer.wire = (message, begin, answers, flags, qtype)
    return answer


def ends_with_opt(message: bytes, offset: int, authorities: int) -> bool:
    """Say whether the record behind so many from `offset` on is an OPT record.

    Raises:
        WireError: the records do not fit the message.
    """
    *_, last = read_records(message, offset, authorities + 1, {})
    return last[1] == OPT


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


class _Answers:
    """The answer section, as glibc 2.36 reads it: once, from the first record to the last.

    An alias, whoever owns it, says whose addresses count from there on; so a chain that comes backwards has none.
    """

    def __init__(self, qname: bytes) -> None:
        self.canonical = qname
        """The last alias' target."""
        self.ttls: list[int] = []
        """Of the aliases."""
        self.owners: list[bytes] = []
        """Of the aliases."""
        self.used: list[Record] = []
        """What was asked for."""
        self.orderly = True
        """The records are aliases that lead on from one to the next, then what was asked for, and nothing else."""

    def read(self, message: bytes, offset: int, count: int, qtype: int, known: dict[int, bytes]) -> int:
        """Take note of the records; give the offset after them."""
        lowered = self.canonical.lower()
        size = ADDRESS_SIZES.get(qtype)
        end = offset
        for record in read_records(message, offset, count, known):
            owner, rtype, rclass, ttl, start, end = record
            led_to = rclass == IN and owner.lower() == lowered
            self.orderly = self.orderly and led_to and rtype in (qtype, CNAME)
            if rclass != IN:
                continue
            if rtype == qtype:
                if size not in {None, end - start}:
                    self.orderly = False
                elif led_to:
                    self.used.append(record)
            elif rtype == CNAME:
                self.canonical = _read_target(message, record, known)
                if self.used:
                    raise WireError(f"CNAME at {start} comes after addresses")
                lowered = self.canonical.lower()
                self.ttls.append(ttl)
                self.owners.append(owner)
        return end


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
