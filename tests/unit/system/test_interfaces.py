from __future__ import annotations

import _socket
import errno
import socket
import struct
from typing import TYPE_CHECKING

import pytest

from steadydns.system import interfaces
from steadydns.system.interfaces import Interface

if TYPE_CHECKING:
    from collections.abc import Iterator

LO4 = Interface(socket.AF_INET, b"\x7f\0\0\1", 8, 0x80, 254, 1)
LO6 = Interface(socket.AF_INET6, bytes(15) + b"\1", 128, 0x80, 254, 1)
LAN4 = Interface(socket.AF_INET, b"\x0a\0\0\1", 24, 0x80, 0, 2)
LINK6 = Interface(socket.AF_INET6, b"\xfe\x80" + bytes(13) + b"\1", 64, 0x80, 253, 2)


@pytest.mark.parametrize(
    ("present", "expected"),
    [
        ((), (False, False)),
        ((LO4, LO6), (False, False)),
        ((LO4, LO6, LAN4), (True, False)),
        ((LO4, LO6, LINK6), (False, True)),
        ((LAN4, LINK6), (True, True)),
        ((LO4._replace(address=b"\x7f\0\0\2"),), (True, False)),
        (None, (True, True)),
    ],
)
def test_seen_counts_all_but_two_addresses(
    present: tuple[Interface, ...] | None, expected: tuple[bool, bool]
) -> None:
    """Only 127.0.0.1 and ::1 do not count; where the kernel does not tell, both families do."""
    assert interfaces.seen(present) == expected


@pytest.mark.parametrize(
    ("flags", "deprecated", "home"),
    [(0x80, False, False), (0x20, True, False), (0x04, True, False), (0x10, False, True)],
)
def test_flags(flags: int, deprecated: bool, home: bool) -> None:
    """Deprecated and optimistic addresses are deprecated, home addresses are home."""
    one = LAN4._replace(flags=flags)
    assert (one.deprecated, one.home) == (deprecated, home)


def test_the_kernel_tells_of_loopback() -> None:
    """Where the namespace has an address at all, one of them is 127.0.0.1 on lo."""
    found = interfaces.addresses()
    assert found is not None
    assert all(len(one.address) == (4 if one.family == socket.AF_INET else 16) for one in found)
    assert any((one.address, one.prefixlen) == (b"\x7f\0\0\1", 8) for one in found)


def test_source_of_loopback() -> None:
    """The source for 127.0.0.1 is itself; for an address without a route there is none."""
    assert interfaces.source_address(socket.AF_INET, b"\x7f\0\0\1") == b"\x7f\0\0\1"
    assert interfaces.source_address(socket.AF_INET, b"\xff\xff\xff\xff") is None
    link_local = b"\xfe\x80" + bytes(13) + b"\x99"
    assert interfaces.source_address(socket.AF_INET6, link_local) is None


def test_loopback_is_no_tunnel() -> None:
    """Lo is native, an interface that does not exist is not."""
    assert interfaces.is_native(socket.if_nametoindex("lo"))
    assert not interfaces.is_native(2**31 - 1)
    assert not interfaces.is_native(-1)


class FakeNetlink:
    """A netlink socket that answers with prepared datagrams, then with a time-out."""

    def __init__(self, datagrams: list[tuple[bytes, int]]) -> None:
        self._datagrams: Iterator[tuple[bytes, int]] = iter(datagrams)
        self.closed = False

    def settimeout(self, seconds: float) -> None:
        assert seconds > 0

    def sendto(self, data: bytes, address: tuple[int, int]) -> None:
        assert struct.unpack_from("=IHHII", data)[:3] == (len(data), 22, 0x301)
        assert address == (0, 0)

    def recvfrom(self, size: int) -> tuple[bytes, tuple[int, int]]:
        datagram = next(self._datagrams, None)
        if datagram is None:
            raise TimeoutError
        assert len(datagram[0]) <= size
        return datagram[0], (datagram[1], 0)

    def close(self) -> None:
        self.closed = True


def _message(kind: int, payload: bytes, sequence: int = 1) -> bytes:
    return (
        struct.pack("=IHHII", 16 + len(payload), kind, 2, sequence, 77) + payload + bytes(-len(payload) % 4)
    )


def _address(one: Interface, *attributes: tuple[int, bytes]) -> bytes:
    head = struct.pack("=BBBBI", one.family, one.prefixlen, one.flags, one.scope, one.ifindex)
    return _message(20, head + b"".join(_attribute(*pair) for pair in attributes))


def _attribute(kind: int, data: bytes) -> bytes:
    return struct.pack("=HH", 4 + len(data), kind) + data + bytes(-len(data) % 4)


DONE = _message(3, bytes(4))


def _ask(monkeypatch: pytest.MonkeyPatch, *datagrams: bytes, sender: int = 0) -> tuple[Interface, ...] | None:
    netlink = FakeNetlink([(datagram, sender) for datagram in datagrams])
    monkeypatch.setattr(_socket, "socket", lambda *_: netlink)
    found = interfaces.addresses()
    assert netlink.closed
    return found


def test_answers_in_several_datagrams(monkeypatch: pytest.MonkeyPatch) -> None:
    """Addresses are collected over datagrams until the kernel says it is done."""
    first = _address(LO4, (1, LO4.address), (2, LO4.address), (3, b"lo\0"))
    second = _address(LAN4, (2, LAN4.address), (9, b"x")) + _address(LINK6, (1, LINK6.address))
    assert _ask(monkeypatch, first, second, DONE) == (LO4, LAN4, LINK6)


def test_peer_address_comes_before_the_local_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a point-to-point link the peer's address is taken, as glibc does."""
    peer = b"\x0a\x09\x09\x09"
    assert _ask(monkeypatch, _address(LAN4, (2, LAN4.address), (1, peer)), DONE) == (
        LAN4._replace(address=peer),
    )


def test_strangers_are_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Datagrams of other processes and answers to other questions are ignored."""
    assert _ask(monkeypatch, _address(LAN4, (1, LAN4.address)), DONE, sender=4711) is None
    stray = _message(20, bytes(8), sequence=2)
    assert _ask(monkeypatch, stray, DONE) == ()


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"\0" * 16,
        b"\xff" * 40,
        _message(2, struct.pack("=i", -errno.EPERM)),
        _message(20, b"\x02"),
        _address(LAN4, (1, LAN4.address))[:30],
    ],
)
def test_garbage_ends_in_not_knowing(monkeypatch: pytest.MonkeyPatch, datagram: bytes) -> None:
    """An error, a malformed or an unfinished answer means that the kernel does not tell."""
    assert _ask(monkeypatch, datagram) is None


@pytest.mark.parametrize("attributes", [(), ((1, b"\x0a\0\0"),), ((7, b"\x0a\0\0\1"),)])
def test_address_without_an_address_is_skipped(
    monkeypatch: pytest.MonkeyPatch, attributes: tuple[tuple[int, bytes], ...]
) -> None:
    """A message without a well-formed address is passed over."""
    other = _address(LAN4._replace(family=17), (1, LAN4.address))
    assert _ask(monkeypatch, _address(LAN4, *attributes) + other, DONE) == ()


def test_endless_answers_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dump that never ends is given up."""
    assert _ask(monkeypatch, *[_message(20, bytes(8))] * 10_000) is None


@pytest.mark.parametrize("ask", ["addresses", "source"])
def test_refused_socket_is_not_knowing(monkeypatch: pytest.MonkeyPatch, ask: str) -> None:
    """Where a filter refuses the socket, nothing raises."""

    def refuse(*_: int) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(_socket, "socket", refuse)
    found = (
        interfaces.addresses()
        if ask == "addresses"
        else interfaces.source_address(socket.AF_INET, b"\x7f\0\0\1")
    )
    assert found is None
    assert not interfaces.is_native(1)
