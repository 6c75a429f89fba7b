"""The arguments of a getaddrinfo call, read as libc reads them: is it a name that DNS or the hosts file decides?

Whatever is not is left to libc, which answers it at once and without the network: numeric hosts, None, '', wrong
types, and names it would refuse.
"""

from __future__ import annotations

import re
import socket
from typing import Final

from steadydns.runtime.named import NamedTuple
from steadydns.wire.message import AAAA, A

AF_UNSPEC: Final = int(socket.AF_UNSPEC)
AF_INET: Final = int(socket.AF_INET)
AF_INET6: Final = int(socket.AF_INET6)
AI_CANONNAME: Final = int(socket.AI_CANONNAME)
AI_NUMERICHOST: Final = int(socket.AI_NUMERICHOST)
AI_V4MAPPED: Final = int(socket.AI_V4MAPPED)
AI_ALL: Final = int(socket.AI_ALL)
AI_ADDRCONFIG: Final = int(socket.AI_ADDRCONFIG)

_UNDERSTOOD: Final = (
    int(socket.AI_PASSIVE) | AI_CANONNAME | AI_V4MAPPED | AI_ALL | AI_ADDRCONFIG | int(socket.AI_NUMERICSERV)
)

# Letters, digits, hyphens and underscores in labels of 63 octets, not starting with a hyphen: what glibc sends and
# accepts in answers (res_hnok). Anything else is rare enough to let libc decide.
_NAME: Final = re.compile(rb"(?:[0-9A-Za-z_][-0-9A-Za-z_]{0,62}\.)*[0-9A-Za-z_][-0-9A-Za-z_]{0,62}\.?")

_HOST_NAME: Final = re.compile(rb"[0-9A-Za-z_.][-0-9A-Za-z_.]*")

MAX_NAME: Final = 253

# The same in text, at most MAX_NAME long, and not begun by a digit, as whatever libc may take for a number is.
_PLAIN: Final = re.compile(
    r"(?=.{1,253}\Z)[A-Za-z_][-0-9A-Za-z_]{0,62}(?:\.[0-9A-Za-z_][-0-9A-Za-z_]{0,62})*\.?"
).fullmatch


class Theirs(NamedTuple):
    """Not ours: the original function answers, for this reason."""

    reason: str


class Request(NamedTuple):
    """A name to be resolved, and what is wanted of it."""

    name: bytes
    """As libc would get it: ASCII, IDNA applied, the trailing dot kept."""
    family: int
    types: tuple[int, ...]
    """RR types to ask for: the family's, or PTR."""
    mapped: bool
    """IPv4 addresses are wanted as IPv4-mapped IPv6 ones where there are no others (AI_V4MAPPED)."""
    both: bool
    """... and beside the others (AI_ALL)."""
    canonical: bool
    addrconfig: bool

    def narrowed(self, family: int, flags: int) -> Request:
        """Return the request for one of the two families, as if that had been asked for."""
        mapped = bool(flags & AI_V4MAPPED) and family == AF_INET6
        both = mapped and bool(flags & AI_ALL)
        return self._replace(family=family, types=_TYPES[family], mapped=mapped, both=both)


_TYPES: Final = {AF_UNSPEC: (A, AAAA), AF_INET: (A,), AF_INET6: (AAAA,)}


def read(host: object, family: int, flags: int) -> Request | Theirs:
    """Say what the call asks for, or why libc should answer it.

    Args:
        host: The first argument, whatever it is.
        family: AF_UNSPEC, AF_INET, AF_INET6; others are libc's to refuse.
        flags: AI_* bits; with an unknown bit, or one that takes no network, the call is libc's.
    """
    if isinstance(host, str):
        try:
            name = host.encode("ascii") if host.isascii() else host.encode("idna")
        except UnicodeError:
            return Theirs("not_a_name")
    elif isinstance(host, bytes):
        name = host
    else:
        return Theirs("not_a_name")
    if _NAME.fullmatch(name) is None:
        return Theirs("numeric" if b":" in name else "not_a_name")
    if len(name) > MAX_NAME:
        return Theirs("too_long")
    if name[0] in b"0123456789" and _is_numeric(name):
        return Theirs("numeric")
    types = _TYPES.get(family)
    if types is None:
        return Theirs("family")
    if flags & ~_UNDERSTOOD:
        return Theirs("flags")
    mapped = bool(flags & AI_V4MAPPED) and family == AF_INET6
    return Request(
        name,
        family,
        types,
        mapped,
        mapped and bool(flags & AI_ALL),
        bool(flags & AI_CANONNAME),
        bool(flags & AI_ADDRCONFIG),
    )


def is_plain(host: object) -> bool:
    """Whether the host is a name beyond doubt and at first sight, whose octets are its ASCII; `read` says the rest."""
    return host.__class__ is str and _PLAIN(host) is not None


def is_host_name(name: bytes) -> bool:
    """Whether glibc takes it for a host's (res_hnok): what is reported as a canonical name is one."""
    return _HOST_NAME.fullmatch(name) is not None


def _is_numeric(name: bytes) -> bool:
    """Whether libc takes it for an IPv4 address.

    Or for one that it refuses: of nothing but digits and dots, it is no name to some of glibc's ways to ask.
    """
    if name[-1:] != b"." and not name.translate(None, b"0123456789."):
        return True
    return numeric_address(name) is not None


def numeric_address(name: bytes) -> bytes | None:
    """Return the IPv4 address that libc takes the name for, packed: inet_aton(3) has more forms than four decimals."""
    if _NAME.fullmatch(name) is None:  # inet_aton would overlook what follows a blank
        return None
    try:
        return socket.inet_aton(name.decode("ascii"))
    except OSError:
        return None
