"""/etc/hosts as glibc's ``files`` source reads it: which names it answers, for which address families.

The addresses themselves are not kept: a name the file answers is given to libc's own function for its exact
rows. May import the standard library. Never raises for what a file says; libc skips such lines silently too.
Source: hosts(5) and the behaviour of glibc 2.36's nss_files, against which the tests hold it.
"""

from __future__ import annotations

import _socket
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Container, Mapping

AF_UNSPEC = int(_socket.AF_UNSPEC)
AF_INET = int(_socket.AF_INET)
AF_INET6 = int(_socket.AF_INET6)

IPV4 = 1
IPV6 = 2
# What getaddrinfo's family argument accepts. UNSPEC asks for one list of both.
_ACCEPTS = {AF_UNSPEC: IPV4 | IPV6, AF_INET: IPV4, AF_INET6: IPV6}

_V4MAPPED = bytes(10) + b"\xff\xff"
_LOOPBACK = bytes(15) + b"\x01"


class Hosts:
    """The names of one version of the file. Immutable; a lookup is one dict probe."""

    __slots__ = ("_addresses", "_families")

    def __init__(self, families: Mapping[bytes, int], addresses: Collection[bytes] = ()) -> None:
        self._families = families
        self._addresses = addresses

    def __len__(self) -> int:
        return len(self._families)

    def __repr__(self) -> str:
        return f"<Hosts: {len(self)} names>"

    @property
    def names(self) -> Container[bytes]:
        """The names, in lower case."""
        return self._families

    def families(self, name: bytes) -> int:
        """Return IPV4, IPV6, both or 0: the families the file has for *name* as typed, case aside.

        A trailing dot counts: ``name.`` is found only where the file says ``name.``.
        """
        return self._families.get(name.lower(), 0)

    def answers(self, name: bytes, family: int) -> bool:
        """Tell whether libc would answer *name* for *family* (AF_UNSPEC, AF_INET, AF_INET6) from the file.

        Raises KeyError for another family, which libc refuses before it looks anywhere.
        """
        return self._families.get(name.lower(), 0) & _ACCEPTS[family] != 0

    def has_address(self, packed: bytes) -> bool:
        """Tell whether a line of the file may be the answer to what *packed*, an address, is called."""
        return packed in self._addresses


def parse(text: bytes) -> Hosts:
    """Return the names and the addresses *text* answers."""
    families: dict[bytes, int] = {}
    addresses: dict[bytes, int] = {}
    known = families.get
    for line in _c_lines(text.lower()):
        fields = line.split()
        if not fields:
            continue
        address = fields[0]
        family = addresses.get(address)
        if family is None:
            family = addresses[address] = _families_of(address)
        if family:
            for name in fields[1:]:
                families[name] = known(name, 0) | family
    return Hosts(families, frozenset(packed for text in addresses for packed in _packed(text)))


def _c_lines(text: bytes) -> list[bytes]:
    """Return the lines without comments, each ended by a NUL byte as a C string is."""
    lines = text.split(b"\n")
    if b"\0" in text:
        lines = [line.partition(b"\0")[0] for line in lines]
    if b"#" in text:
        lines = [line.partition(b"#")[0] for line in lines]
    return lines


def _families_of(address: bytes) -> int:
    """Return the families an address answers.

    ``::1`` and mapped IPv4 addresses also answer for IPv4: nss_files turns them into 127.0.0.1 and the IPv4
    address inside. An IPv4 address never answers for IPv6.
    """
    try:
        if b":" not in address:
            _socket.inet_pton(AF_INET, address.decode("latin-1"))
            return IPV4
        packed = _socket.inet_pton(AF_INET6, address.decode("latin-1"))
    except OSError:
        return 0
    both = packed == _LOOPBACK or packed.startswith(_V4MAPPED)
    return IPV4 | IPV6 if both else IPV6


def _packed(address: bytes) -> tuple[bytes, ...]:
    """Return an address as it may be asked for: as it is, and as the IPv4 address it also answers for."""
    families = _families_of(address)
    if not families:
        return ()
    text = address.decode("latin-1")
    if b":" not in address:
        return (_socket.inet_pton(AF_INET, text),)
    packed = _socket.inet_pton(AF_INET6, text)
    if not families & IPV4:
        return (packed,)
    return (packed, b"\x7f\0\0\x01" if packed == _LOOPBACK else packed[12:])
