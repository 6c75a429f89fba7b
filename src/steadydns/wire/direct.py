"""Reading the two layouts that nearly every response of a cluster's DNS has, without a look at each octet.

Imports the codec's own parts and struct. Never gives another verdict than `general`: what does not have such a
layout to the last octet is left to it.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, Any

from .answer import Answer
from .codes import AAAA, IN, OPT, SOA, A
from .general import AUTHORITATIVE, KIND, PROVEN, RCODE, RESPONSE, SMALLEST_SOA, TRUNCATED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    _Layout = tuple[Callable[[bytes, int], Any], int, Callable[[bytes], Iterable[Any]], int, bytes, int]

# What a compressed owner begins with, and one that is a pointer to the question's name, at offset 12.
_POINTER = 0xC0
_POINTER_TO_QUESTION = 0xC00C

_HEADER = Struct("!6H").unpack_from
_KIND_AND_RCODE = KIND | RCODE
_TYPE_AND_CLASS = 4  # octets of a question after its name
_ONE_EACH = 0x10001  # one question, one answer, as one number

_ADDRESS_SIZES = {A: 4, AAAA: 16}

# How messages with addresses lie, by length of the question and type, for owners that are pointers and for those written
# out: BIND, NSD and unbound compress what they send, CoreDNS only what would not fit. How to read a message with one
# address, its length, how to read many records, the length of one, what each begins with, its length of RDATA. A service's
# names have few lengths; no question is longer than 259 octets.
_LAYOUTS: dict[tuple[int, int], tuple[_Layout, _Layout]] = {}


def _layouts(question: bytes, qtype: int) -> tuple[_Layout, _Layout] | None:
    size = _ADDRESS_SIZES.get(qtype)
    if size is None:
        return None
    length = len(question)
    pointer = Struct("!HHH").pack(_POINTER_TO_QUESTION, qtype, IN)
    found = _layout(length, len(pointer), size, pointer), _layout(length, length, size, b"")
    _LAYOUTS[length, qtype] = found
    return found


def _layout(length: int, owner: int, size: int, begin: bytes) -> _Layout:
    # Owner, type and class in one piece; TTL, signed as in `records`; length of RDATA; RDATA.
    record = Struct(f"!{owner}siH{size}s")
    message = Struct(f"!HHI4x{length}s{owner}siH{size}s")
    return message.unpack_from, message.size, record.iter_unpack, record.size, begin, size


_RECORD = Struct("!HHiH")  # behind the owner: type, class, TTL, length of RDATA
_MINIMUM = Struct("!I")
_OPT_RECORD = Struct(
    "!3sHBBHH"
)  # owner and type, payload size, extended rcode, version, flags, length of options
_OPT_START = Struct("!xH").pack(OPT)

_OTHER = 1 << 62  # in place of an offset, behind every end: not the layout that is read here

_new_tuple = tuple.__new__


def read_direct(data: bytes, at: int, end: int, ident: int, question: bytes, qtype: int) -> Answer | None:
    """Read a response whose answers are addresses alone, or a denial with its SOA alone and perhaps an OPT record.

    The message is in `data` from `at` to `end`; `question` is what was sent: name, type and class.

    Gives None for every other layout, and for what answers something else or is malformed.
    """
    length = len(question)
    start = at + 12
    offset = start + length
    layouts = _LAYOUTS.get((length, qtype)) or _layouts(question, qtype)
    layout = None if layouts is None or offset >= end else layouts[data[offset] < _POINTER]
    if layout is not None:
        unpack, whole, _, _, begin, size = layout
        if at + whole <= end:
            got, flags, counts, echo, owner, ttl, rdlength, address = unpack(data, at)
            if (
                counts == _ONE_EACH
                and got == ident
                and flags & _KIND_AND_RCODE == RESPONSE
                and rdlength == size
                and echo == question
                and owner == (begin or question)
            ):
                return _new_tuple(
                    Answer,
                    (
                        0,
                        flags & TRUNCATED != 0,
                        flags & AUTHORITATIVE != 0,
                        (address,),
                        ttl if ttl > 0 else 0,
                        b"",
                        False,
                        None,
                        False,
                        (),
                    ),
                )
    if start > end:
        return None
    got, flags, questions, answers, authorities, additionals = _HEADER(data, at)
    if got != ident or flags & KIND != RESPONSE or questions != 1 or not data.startswith(question, start):
        return None
    rcode = flags & RCODE
    addresses: tuple[bytes, ...] = ()
    ttl = 0
    negative_ttl = None
    if answers:
        if rcode or layout is None:
            return None
        addresses, ttl = _read_addresses(data, offset, end, question, answers, layout)
        if not addresses:
            return None
    elif not flags & PROVEN:
        return None
    else:
        if authorities:
            negative_ttl, offset = _read_denial(data, offset, end, question, authorities)
        if offset > end or (additionals and not _is_plain_opt(data, offset, end, additionals)):
            return None
    # tuple.__new__ instead of the class: a third of the time.
    return _new_tuple(
        Answer,
        (
            rcode,
            flags & TRUNCATED != 0,
            flags & AUTHORITATIVE != 0,
            addresses,
            ttl if ttl > 0 else 0,
            b"",
            False,
            negative_ttl,
            False,
            (),
        ),
    )


def _read_addresses(
    data: bytes, offset: int, end: int, question: bytes, count: int, layout: _Layout
) -> tuple[tuple[bytes, ...], int]:
    """Give the addresses, none for another layout, and the lowest TTL."""
    _, _, unpack_all, size, begin, length = layout
    finish = offset + count * size
    if finish <= end:
        owners, ttls, rdlengths, addresses = zip(*unpack_all(data[offset:finish]), strict=True)
        if owners.count(begin or question) == count == rdlengths.count(length):
            return addresses, min(ttls)
    return (), 0


def _read_denial(data: bytes, offset: int, end: int, question: bytes, count: int) -> tuple[int | None, int]:
    """Give the negative TTL, and the offset after the SOA record or `_OTHER`."""
    at = _behind_owner(data, offset, end, question)
    start = at + _RECORD.size
    if count == 1 and start <= end:
        rtype, rclass, ttl, rdlength = _RECORD.unpack_from(data, at)
        finish = start + rdlength
        if rtype == SOA and rclass == IN and rdlength >= SMALLEST_SOA and finish <= end:
            return min(max(0, ttl), _MINIMUM.unpack_from(data, finish - _MINIMUM.size)[0]), finish
    return None, _OTHER


def _behind_owner(data: bytes, offset: int, end: int, question: bytes) -> int:
    """Give the offset after an owner that is the name asked for or one above it, else `_OTHER`."""
    if end - offset < 2:
        return _OTHER
    if data[offset] >= _POINTER:
        target = (data[offset] << 8 | data[offset + 1]) - _POINTER_TO_QUESTION
        return offset + 2 if target == 0 or _is_above(question, target) else _OTHER
    position, last = 0, len(question) - _TYPE_AND_CLASS
    while position < last:
        if data.startswith(question[position:last], offset):
            return offset + last - position
        position += question[position] + 1
    return _OTHER


def _is_plain_opt(data: bytes, offset: int, end: int, count: int) -> bool:
    """Say whether the additional section is one OPT record whose extended rcode is zero."""
    start = offset + _OPT_RECORD.size
    if count > 1 or start > end:
        return False
    owner_type, _payload, extended, _version, _flags, rdlength = _OPT_RECORD.unpack_from(data, offset)
    return owner_type == _OPT_START and not extended and start + rdlength <= end


def _is_above(question: bytes, position: int) -> bool:
    """Say whether a label of the name asked for, or its root, begins there: the owner is then a zone above it."""
    if not 0 < position < len(question) - _TYPE_AND_CLASS:
        return False
    at = 0
    while at < position:
        at += question[at] + 1
    return at == position
