"""gai.conf as glibc reads it: the tables that steer the order of addresses (RFC 3484).

May import the standard library. Never raises for what a file says: libc skips such lines silently too.
Source: gai.conf(5) and the behaviour of glibc 2.36, against which the tests hold it.
"""

from __future__ import annotations

import _socket

from steadydns.runtime.named import NamedTuple

from .cnumber import strtoul

_INT_MAX = 2**31 - 1
_V4MAPPED = bytes(10) + b"\xff\xff"


class Entry(NamedTuple):
    """One line of a table: packed prefix (16 bytes; 4 in ``scopev4``), its length in bits, the value."""

    prefix: bytes
    bits: int
    value: int


class GaiConf(NamedTuple):
    """The tables in the order of the file; an empty one means libc's default table.

    ``reload`` tells whether libc reads the file again when it changes; otherwise it reads it once.
    """

    labels: tuple[Entry, ...] = ()
    precedences: tuple[Entry, ...] = ()
    scopes: tuple[Entry, ...] = ()
    reload: bool = False


def parse(text: bytes) -> GaiConf:
    """Return the tables *text* configures."""
    tables: dict[bytes, list[Entry]] = {b"label": [], b"precedence": [], b"scopev4": []}
    reload = False
    for line in text.split(b"\n"):
        words = line.partition(b"\0")[0].partition(b"#")[0].split()
        if not words:
            continue
        keyword, first, second = (*words[:3], b"", b"")[:3]
        if keyword == b"reload":
            reload = first == b"yes"
        elif keyword in tables:
            entry = _scope(first, second) if keyword == b"scopev4" else _prefix(first, second)
            if entry is not None:
                tables[keyword].append(entry)
    return GaiConf(tuple(tables[b"label"]), tuple(tables[b"precedence"]), tuple(tables[b"scopev4"]), reload)


# Where a prefix has no length, glibc 2.36 looks at a pointer that is not set. What came of it when run: rows of
# labels and precedences are skipped, rows of scopes count as one address, unless they crash the process.


def _prefix(text: bytes, value: bytes) -> Entry | None:
    address, slash, length = text.partition(b"/")
    packed = _packed(_socket.AF_INET6, address)
    if packed is None or not slash:
        return None
    return _entry(packed, strtoul(length), strtoul(value))


def _scope(text: bytes, value: bytes) -> Entry | None:
    address, slash, length = text.partition(b"/")
    mapped = _packed(_socket.AF_INET6, address)
    if mapped is None:
        packed = _packed(_socket.AF_INET, address)
        bits = strtoul(length) if slash else 32
        return None if packed is None else _entry(packed, bits, strtoul(value))
    bits = strtoul(length) if slash else 128
    if bits is None or bits < 96 or not mapped.startswith(_V4MAPPED):
        return None
    return _entry(mapped[12:], bits - 96, strtoul(value))


def _entry(packed: bytes, bits: int | None, value: int | None) -> Entry | None:
    if bits is None or bits > 8 * len(packed) or value is None or value > _INT_MAX:
        return None
    return Entry(packed, bits, value)


def _packed(family: int, text: bytes) -> bytes | None:
    try:
        return _socket.inet_pton(family, text.decode("latin-1"))
    except OSError:
        return None
