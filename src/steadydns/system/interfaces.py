"""The kernel's addresses and routes: what AI_ADDRCONFIG and the order of addresses depend on.

Asks the kernel over netlink and with unconnected-in-effect UDP sockets; no packet leaves. May import the
standard library. The primitives come from ``_socket``, so that no monkey patch of ``socket`` changes them.
Source: rtnetlink(7), netdevice(7) and what glibc 2.36 asks the kernel for in the same place.
"""

from __future__ import annotations

import _socket
import struct
from fcntl import ioctl
from typing import TYPE_CHECKING

from steadydns.runtime.named import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

AF_INET = int(_socket.AF_INET)
AF_INET6 = int(_socket.AF_INET6)

# <linux/netlink.h>, <linux/rtnetlink.h>, <linux/if_addr.h>
_NLMSG_ERROR, _NLMSG_DONE, _RTM_NEWADDR, _RTM_GETADDR = 2, 3, 20, 22
_NLM_F_REQUEST, _NLM_F_DUMP = 0x1, 0x300
_IFA_ADDRESS, _IFA_LOCAL = 1, 2
_IFA_F_OPTIMISTIC, _IFA_F_HOMEADDRESS, _IFA_F_DEPRECATED = 0x04, 0x10, 0x20
_HEADER = struct.Struct("=IHHII")  # length, type, flags, sequence, port id
_IFADDRMSG = struct.Struct("=BBBBI")  # family, prefix length, flags, scope, interface index
_RTATTR = struct.Struct("=HH")  # length, type
_SEQUENCE = 1
_REQUEST = _HEADER.pack(_HEADER.size + 4, _RTM_GETADDR, _NLM_F_REQUEST | _NLM_F_DUMP, _SEQUENCE, 0) + bytes(
    4
)  # AF_UNSPEC and padding

_SIOCGIFHWADDR = 0x8927
_TUNNELS = (768, 769, 776)  # ARPHRD_TUNNEL, ARPHRD_TUNNEL6, ARPHRD_SIT

_RECEIVE = 65536  # bytes; the kernel fills at most 32 KiB of it at a time
_MESSAGES = 256  # receives; more addresses than these can carry are no pod's
_TIMEOUT = 1.0  # seconds; the kernel answers at once or, behind a filter, never

_V4_LOOPBACK = b"\x7f\x00\x00\x01"
_V6_LOOPBACK = bytes(15) + b"\x01"


class Interface(NamedTuple):
    """One address of one interface, as RTM_NEWADDR tells it.

    ``address`` is packed: the interface's own, on a point-to-point link the peer's (glibc takes that one).
    ``flags`` are the kernel's IFA_F bits, ``scope`` its RT_SCOPE, ``ifindex`` the interface.
    """

    family: int
    address: bytes
    prefixlen: int
    flags: int
    scope: int
    ifindex: int

    @property
    def deprecated(self) -> bool:
        """Whether glibc counts the address as deprecated: deprecated, or optimistic (RFC 4429)."""
        return bool(self.flags & (_IFA_F_DEPRECATED | _IFA_F_OPTIMISTIC))

    @property
    def home(self) -> bool:
        """Whether it is a Mobile IPv6 home address."""
        return bool(self.flags & _IFA_F_HOMEADDRESS)


def addresses() -> tuple[Interface, ...] | None:
    """Return every IPv4 and IPv6 address of the network namespace, or None if the kernel does not tell.

    Costs about 40 microseconds; callers keep the result for a second.
    """
    try:
        netlink = _socket.socket(_socket.AF_NETLINK, _socket.SOCK_RAW, 0)
    except OSError:
        return None
    try:
        netlink.settimeout(_TIMEOUT)
        netlink.sendto(_REQUEST, (0, 0))
        return _dump(netlink)
    except (OSError, struct.error):
        return None
    finally:
        netlink.close()


def _dump(netlink: _socket.socket) -> tuple[Interface, ...] | None:
    found: list[Interface] = []
    for _ in range(_MESSAGES):
        data, sender = netlink.recvfrom(_RECEIVE)
        if sender[0] != 0:  # another process may write to our port; only the kernel is believed
            continue
        for kind, start, end in _messages(data):
            if kind == _NLMSG_DONE:
                return tuple(found)
            if kind == _NLMSG_ERROR:
                return None
            if kind == _RTM_NEWADDR:
                address = _interface(data, start, end)
                if address is not None:
                    found.append(address)
    return None


def _messages(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield (type, start of the payload, end) of each message in *data* that answers our request."""
    at = 0
    while at + _HEADER.size <= len(data):
        length, kind, _, sequence, _ = _HEADER.unpack_from(data, at)
        if length < _HEADER.size or at + length > len(data):
            return
        if sequence == _SEQUENCE:
            yield kind, at + _HEADER.size, at + length
        at += (length + 3) & ~3


def _interface(data: bytes, start: int, end: int) -> Interface | None:
    family, prefixlen, flags, scope, index = _IFADDRMSG.unpack_from(data, start)
    size = {AF_INET: 4, AF_INET6: 16}.get(family)
    if size is None:
        return None
    address = None
    at = start + _IFADDRMSG.size
    while at + _RTATTR.size <= end:
        length, kind = _RTATTR.unpack_from(data, at)
        if length < _RTATTR.size or at + length > end:
            break
        if kind in (_IFA_ADDRESS, _IFA_LOCAL) and length == _RTATTR.size + size:
            address = data[at + _RTATTR.size : at + length]
            if kind == _IFA_ADDRESS:
                break
        at += (length + 3) & ~3
    return None if address is None else Interface(family, address, prefixlen, flags, scope, index)


def seen(interfaces: Sequence[Interface] | None) -> tuple[bool, bool]:
    """Return whether there is an IPv4 and an IPv6 address that AI_ADDRCONFIG counts: any but 127.0.0.1 and ::1.

    Where the kernel does not tell (None), glibc assumes both.
    """
    if interfaces is None:
        return True, True
    ipv4 = any(one.family == AF_INET and one.address != _V4_LOOPBACK for one in interfaces)
    ipv6 = any(one.family == AF_INET6 and one.address != _V6_LOOPBACK for one in interfaces)
    return ipv4, ipv6


def loopbacks() -> tuple[bool, bool]:
    """Return whether 127.0.0.1 and ::1 can be reached: what musl takes AI_ADDRCONFIG to mean."""
    return (
        source_address(AF_INET, _V4_LOOPBACK) is not None,
        source_address(AF_INET6, _V6_LOOPBACK) is not None,
    )


def source_address(family: int, packed: bytes, scope_id: int = 0) -> bytes | None:
    """Return the packed address the kernel would send from to reach *packed*, or None if it has no route.

    Connects a UDP socket, which sends nothing (RFC 6724 section 2 leaves the source to the host's routing).
    """
    text = _socket.inet_ntop(family, packed)
    try:
        probe = _socket.socket(family, _socket.SOCK_DGRAM)
    except OSError:
        return None
    try:
        probe.connect((text, 0) if family == AF_INET else (text, 0, 0, scope_id))
        return _socket.inet_pton(family, probe.getsockname()[0])
    except OSError:
        return None
    finally:
        probe.close()


def is_native(ifindex: int) -> bool:
    """Tell whether interface *ifindex* is no IPv6-in-IP or IP-in-IP tunnel (RFC 6724 rule 7); False if unknown."""
    try:
        name = _socket.if_indextoname(ifindex).encode()
        any_socket = _socket.socket(AF_INET, _socket.SOCK_DGRAM)
    except (OSError, OverflowError):
        return False
    try:
        answer = ioctl(any_socket.fileno(), _SIOCGIFHWADDR, struct.pack("16s24x", name))
    except OSError:
        return False
    finally:
        any_socket.close()
    return struct.unpack_from("16xH", answer)[0] not in _TUNNELS
