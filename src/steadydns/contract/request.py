"""The arguments of a getaddrinfo call, read as libc reads them: is it a name that DNS or the hosts file decides?

Whatever is not is left to libc, which answers it at once and without the network: numeric hosts, None, '', wrong
types, and names it would refuse.
"""

from __future__ import annotations

import re
import socket
from typing import Final

from steadydns.named import NamedTuple
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

MAX_NAME: Final = 253

_LAST_DIGIT: Final = ord("9")


class Theirs(NamedTuple):
    """Not ours: the original function answers, for this reason."""

    reason: str


class Request(NamedTuple):
    """A name to be resolved, and what is wanted of it."""

    name: bytes
    """As libc would get it: ASCII, IDNA applied, the trailing dot kept."""
    family: int
    types: tuple[int, ...]
    """RR types that the family asks for."""
    mapped: bool
    """IPv4 addresses are wanted as IPv4-mapped IPv6 ones where there are no others (AI_V4MAPPED)."""
    both: bool
    """... and beside the others (AI_ALL)."""
    canonical: bool
    addrconfig: bool


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


def plain(host: object) -> bytes | None:
    """Return the host as libc would get it, where it is a name beyond doubt and at first sight; `read` says the rest."""
    if host.__class__ is not str or not host.isascii():
        return None
    name = host.encode()
    # What may begin a name has no octet below the digits.
    if _NAME.fullmatch(name) is None or len(name) > MAX_NAME or name[0] <= _LAST_DIGIT:
        return None
    return name


def _is_numeric(name: bytes) -> bool:
    """Whether libc takes it for an IPv4 address: inet_aton(3) has more forms than four decimals."""
    try:
        socket.inet_aton(name.decode("ascii"))
    except OSError:
        return False
    return True
