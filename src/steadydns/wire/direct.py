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

    _Layout = tuple[Callable[[bytes, int], Any], Callable[[bytes], Iterable[Any]], bytes, int, int]

# An owner that is a pointer to the question's name, at offset 12.
_POINTER_TO_QUESTION = 0xC00C

_HEADER = Struct("!6H").unpack_from
_KIND_AND_RCODE = KIND | RCODE
_TYPE_AND_CLASS = 4  # octets of a question after its name


def _layout(qtype: int, length: int) -> _Layout:
    """Give how to read one record and many, what each begins with, its length of RDATA, its own length."""
    # Owner, type and class in one piece; TTL, signed as in `records`; length of RDATA; RDATA.
    record = Struct(f"!6siH{length}s")
    begin = Struct("!HHH").pack(_POINTER_TO_QUESTION, qtype, IN)
    return record.unpack_from, record.iter_unpack, begin, length, record.size


_ADDRESS_RECORDS = {A: _layout(A, 4), AAAA: _layout(AAAA, 16)}

# A whole message with one address, by length of the question and type: how to read it, its length, what the record begins
# with, its length of RDATA. A service's names have few lengths; no question is longer than 259 octets.
_SINGLES: dict[tuple[int, int], tuple[Callable[[bytes, int], Any], int, bytes, int]] = {}


def _single(length: int, qtype: int) -> tuple[Callable[[bytes, int], Any], int, bytes, int] | None:
    layout = _ADDRESS_RECORDS.get(qtype)
    if layout is None:
        return None
    _, _, begin, size, _ = layout
    message = Struct(f"!6H{length}s6siH{size}s")
    single = _SINGLES[length, qtype] = (message.unpack_from, message.size, begin, size)
    return single


_RECORD = Struct("!HHHiH")
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
    single = _SINGLES.get((length, qtype)) or _single(length, qtype)
    if single is not None and at + single[1] <= end:
        unpack, _, owner, size = single
        got, flags, questions, answers, _, _, echo, begin, ttl, rdlength, address = unpack(data, at)
        if (
            answers == 1 == questions
            and got == ident
            and flags & _KIND_AND_RCODE == RESPONSE
            and rdlength == size
            and begin == owner
            and echo == question
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
    start = at + 12
    if start > end:
        return None
    got, flags, questions, answers, authorities, additionals = _HEADER(data, at)
    if got != ident or flags & KIND != RESPONSE or questions != 1 or not data.startswith(question, start):
        return None
    offset = start + length
    rcode = flags & RCODE
    addresses: tuple[bytes, ...] = ()
    ttl = 0
    negative_ttl = None
    if answers:
        layout = _ADDRESS_RECORDS.get(qtype)
        if rcode or layout is None:
            return None
        addresses, ttl = _read_addresses(data, offset, end, answers, layout)
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
    data: bytes, offset: int, end: int, count: int, layout: _Layout
) -> tuple[tuple[bytes, ...], int]:
    """Give the addresses, none for another layout, and the lowest TTL."""
    unpack, unpack_all, owner, length, size = layout
    finish = offset + count * size
    if finish <= end:
        if count == 1:
            begin, ttl, rdlength, address = unpack(data, offset)
            if begin == owner and rdlength == length:
                return (address,), ttl
        else:
            begins, ttls, rdlengths, addresses = zip(*unpack_all(data[offset:finish]), strict=True)
            if begins.count(owner) == count == rdlengths.count(length):
                return addresses, min(ttls)
    return (), 0


def _read_denial(data: bytes, offset: int, end: int, question: bytes, count: int) -> tuple[int | None, int]:
    """Give the negative TTL, and the offset after the SOA record or `_OTHER`."""
    start = offset + _RECORD.size
    if count == 1 and start <= end:
        owner, rtype, rclass, ttl, rdlength = _RECORD.unpack_from(data, offset)
        finish = start + rdlength
        if (
            rtype == SOA
            and rclass == IN
            and rdlength >= SMALLEST_SOA
            and finish <= end
            and (owner == _POINTER_TO_QUESTION or _is_above(question, owner - _POINTER_TO_QUESTION))
        ):
            return min(max(0, ttl), _MINIMUM.unpack_from(data, finish - _MINIMUM.size)[0]), finish
    return None, _OTHER


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
