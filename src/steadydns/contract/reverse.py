"""What an address is called: which name is asked for it, and what a call about it may ask at all."""

from __future__ import annotations

import re
import socket
from typing import Final

from steadydns.contract.request import AF_INET6, AF_UNSPEC, Request, Theirs, numeric_address
from steadydns.wire.message import PTR

NI_NUMERICHOST: Final = int(socket.NI_NUMERICHOST)
NI_NAMEREQD: Final = int(socket.NI_NAMEREQD)

# NI_NOFQDN, which looks the pod's own domain up, and the IDN flags are libc's.
_UNDERSTOOD: Final = int(socket.NI_NUMERICSERV) | NI_NAMEREQD | int(socket.NI_DGRAM)

# libc looks these up otherwise than by the name of the address: ::, ::1, and IPv4 addresses in IPv6 form.
_SPECIAL: Final = (bytes(16), bytes(15) + b"\x01")
_MAPPED: Final = bytes(10) + b"\xff\xff"

# What glibc takes for a host name in an answer (res_hnok); the root it does, too.
_HOST_NAME: Final = re.compile(rb"\.|(?:[0-9A-Za-z_][-0-9A-Za-z_]*\.)*[0-9A-Za-z_][-0-9A-Za-z_]*")


def packed_address(host: object) -> bytes | None:
    """Return the address that the host is, packed; None where it is a name, or a form that only libc reads."""
    try:
        text = host.decode("ascii") if isinstance(host, bytes) else host
    except UnicodeDecodeError:
        return None
    if not isinstance(text, str) or not text.isascii() or "\0" in text:
        return None
    if ":" not in text:
        return numeric_address(text.encode("ascii"))
    try:
        return socket.inet_pton(AF_INET6, text)
    except OSError:
        return None


def question(packed: bytes) -> Request | Theirs:
    """Return what is asked about an address (RFC 1035 section 3.5, RFC 3596 section 2.5), or why libc is to be asked."""
    if len(packed) == 4:
        labels, zone = [b"%d" % octet for octet in packed], b"in-addr.arpa."
    elif packed in _SPECIAL or packed.startswith(_MAPPED):
        return Theirs("special_address")
    else:
        labels, zone = [b"%c" % digit for digit in packed.hex().encode()], b"ip6.arpa."
    name = b".".join([*reversed(labels), zone])
    return Request(name, AF_UNSPEC, (PTR,), mapped=False, both=False, canonical=False, addrconfig=False)


def host_name(names: tuple[bytes, ...]) -> str | None:
    """Return the name of an address, of those its PTR records give; None where glibc would take none.

    glibc takes the first one, and no other if that is no host name.
    """
    first = names[0]
    return first.decode("ascii") if _HOST_NAME.fullmatch(first) else None


def named_address(sockaddr: object, flags: object) -> bytes | None:
    """Return the packed address whose name a getnameinfo call asks for; None where it is libc's to answer, or refuse."""
    if not isinstance(sockaddr, tuple) or not sockaddr or not isinstance(flags, int):
        return None
    if flags & ~_UNDERSTOOD or not isinstance(sockaddr[0], str) or "%" in sockaddr[0]:
        return None
    return packed_address(sockaddr[0])
