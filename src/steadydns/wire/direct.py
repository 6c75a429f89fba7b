"""Reading the two layouts that nearly every response of a cluster's DNS has, without a look at each octet.

Imports the codec's own parts and struct. Never gives another verdict than `general`: what does not have such a
layout to the last octet is left to it.
"""

from __future__ import annotations

from struct import Struct

from .answer import Answer
from .codes import AAAA, IN, OPT, SOA, A
from .general import AUTHORITATIVE, RCODE, SMALLEST_SOA, TRUNCATED

# An owner that is a pointer to the question's name, at offset 12.
_POINTER_TO_QUESTION = 0xC00C

# owner, type and class in one piece; TTL, signed as in `records`; length of RDATA; RDATA
_ADDRESS_RECORDS = {
    A: (Struct("!6siH4s"), Struct("!HHH").pack(_POINTER_TO_QUESTION, A, IN), 4),
    AAAA: (Struct("!6siH16s"), Struct("!HHH").pack(_POINTER_TO_QUESTION, AAAA, IN), 16),
}
_RECORD = Struct("!HHHiH")
_MINIMUM = Struct("!I")
_OPT_RECORD = Struct(
    "!3sHBBHH"
)  # owner and type, payload size, extended rcode, version, flags, length of options
_OPT_START = Struct("!xH").pack(OPT)

_OTHER = -1  # in place of an offset: not the layout that is read here

_new_tuple = tuple.__new__


def read_direct(
    message: bytes,
    offset: int,
    qname: bytes,
    qtype: int,
    flags: int,
    answers: int,
    authorities: int,
    additionals: int,
) -> Answer | None:
    """Read a response of addresses alone, or of a denial with its SOA alone; either may end with an OPT record.

    Takes what `read_response` takes. Gives None for every other layout, malformed ones included.
    """
    addresses: tuple[bytes, ...] = ()
    ttl = 0
    negative_ttl = None
    if answers:
        if authorities or flags & RCODE:
            return None
        addresses, ttl, offset = _read_addresses(message, offset, qtype, answers)
    elif authorities:
        negative_ttl, offset = _read_denial(message, offset, qname, authorities)
    if offset == _OTHER or (additionals and not _is_plain_opt(message, offset, additionals)):
        return None
    # tuple.__new__ instead of the class: a third of the time.
    return _new_tuple(
        Answer,
        (
            flags & RCODE,
            flags & TRUNCATED != 0,
            flags & AUTHORITATIVE != 0,
            addresses,
            ttl,
            b"",
            False,
            negative_ttl,
            False,
        ),
    )


def _read_addresses(
    message: bytes, offset: int, qtype: int, count: int
) -> tuple[tuple[bytes, ...], int, int]:
    """Give the addresses, the lowest TTL, and the offset after the section or `_OTHER`."""
    if qtype in _ADDRESS_RECORDS:
        layout, start, size = _ADDRESS_RECORDS[qtype]
        end = offset + count * layout.size
        if end <= len(message) and message.startswith(start, offset):
            if count == 1:
                _start, ttl, rdlength, address = layout.unpack_from(message, offset)
                return ((address,), ttl if ttl > 0 else 0, end) if rdlength == size else ((), 0, _OTHER)
            starts, ttls, sizes, addresses = zip(*layout.iter_unpack(message[offset:end]), strict=True)
            if starts.count(start) == count == sizes.count(size):
                return addresses, max(0, min(ttls)), end
    return (), 0, _OTHER


def _read_denial(message: bytes, offset: int, qname: bytes, count: int) -> tuple[int | None, int]:
    """Give the negative TTL, and the offset after the SOA record or `_OTHER`."""
    start = offset + _RECORD.size
    if count == 1 and start <= len(message):
        owner, rtype, rclass, ttl, rdlength = _RECORD.unpack_from(message, offset)
        end = start + rdlength
        if (
            rtype == SOA
            and rclass == IN
            and rdlength >= SMALLEST_SOA
            and end <= len(message)
            and (owner == _POINTER_TO_QUESTION or _is_above(qname, owner - _POINTER_TO_QUESTION))
        ):
            return min(max(0, ttl), _MINIMUM.unpack_from(message, end - _MINIMUM.size)[0]), end
    return None, _OTHER


def _is_plain_opt(message: bytes, offset: int, count: int) -> bool:
    """Say whether the additional section is one OPT record whose extended rcode is zero."""
    start = offset + _OPT_RECORD.size
    if count > 1 or start > len(message):
        return False
    owner_type, _payload, extended, _version, _flags, rdlength = _OPT_RECORD.unpack_from(message, offset)
    return owner_type == _OPT_START and not extended and start + rdlength <= len(message)


def _is_above(qname: bytes, position: int) -> bool:
    """Say whether a label of `qname`, or its root, begins at `position`: the owner is then a zone above it."""
    if not 0 < position < len(qname):
        return False
    at = 0
    while at < position:
        at += qname[at] + 1
    return at == position
