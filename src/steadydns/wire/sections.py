"""The records of a message, one section at a time (RFC 1035 section 4.1.3).

Imports struct and the codec's names. Never decides which record matters.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING

from .errors import WireError
from .names import expand_name

if TYPE_CHECKING:
    from collections.abc import Iterator

# owner in uncompressed wire form, type, class, TTL, offset of RDATA, offset after it
Record = tuple[bytes, int, int, int, int, int]

# The TTL is read signed: RFC 2181 section 8 takes one with the top bit set as zero, so negative ones are zero.
_FIXED = Struct("!HHiH")  # type, class, TTL, RDLENGTH
_AFTER_POINTER = Struct("!HHHiH")  # the same behind an owner that is nothing but a pointer
_POINTER_TO_0 = 0xC000


def read_name(message: bytes, offset: int, known: dict[int, bytes]) -> tuple[bytes, int]:
    """Do what `expand_name` does, and remember the name in `known`, by offset, for pointers to it.

    `known` stays right only when names are read in the order of the message: a pointer leads backwards.

    Raises:
        WireError: as `expand_name`.
    """
    name, after = expand_name(message, offset)
    known[offset] = name
    return name, after


def read_records(message: bytes, offset: int, count: int, known: dict[int, bytes]) -> Iterator[Record]:
    """Give `count` records from `offset` on; `known` as for `read_name`.

    Raises:
        WireError: a record runs past the end of the message, or its owner is not a name.
    """
    size = len(message)
    after_pointer = _AFTER_POINTER.unpack_from
    rtype = rclass = ttl = rdlength = 0
    for _ in range(count):
        start = offset + 12
        owner = None
        if start <= size:
            pointer, rtype, rclass, ttl, rdlength = after_pointer(message, offset)
            owner = known.get(pointer - _POINTER_TO_0)
        if owner is None:
            owner, fixed = read_name(message, offset, known)
            start = fixed + _FIXED.size
            if start > size:
                raise WireError(f"record at {offset} runs past the end of the message")
            rtype, rclass, ttl, rdlength = _FIXED.unpack_from(message, fixed)
        offset = start + rdlength
        if offset > size:
            raise WireError(f"record data at {start} has {rdlength} octets, {size - start} are left")
        yield owner, rtype, rclass, max(0, ttl), start, offset
