"""The pod's place in the network, remembered for a second."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

from steadydns.calls import ranking as network
from steadydns.calls.ranking import KEPT, Surroundings
from steadydns.system import interfaces
from steadydns.system.pod import Pod

if TYPE_CHECKING:
    from pathlib import Path

V4, V6 = int(socket.AF_INET), int(socket.AF_INET6)


class Kernel:
    """Counts what is asked of the kernel, and answers."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[str] = []
        self.now = 100.0
        self.routes: dict[bytes, bytes | None] = {}
        monkeypatch.setattr(interfaces, "addresses", self.addresses)
        monkeypatch.setattr(interfaces, "source_address", self.source)
        monkeypatch.setattr(interfaces, "seen", lambda _: (True, False))

    def addresses(self) -> list[Any]:
        self.asked.append("addresses")
        return []

    def source(self, family: int, packed: bytes) -> bytes | None:
        self.asked.append(socket.inet_ntop(family, packed))
        return self.routes.get(packed)


@pytest.fixture
def kernel(monkeypatch: pytest.MonkeyPatch) -> Kernel:
    """A kernel that answers from a table."""
    return Kernel(monkeypatch)


def surroundings(kernel: Kernel, root: Path) -> Surroundings:
    """Surroundings with that kernel, without a gai.conf."""
    return Surroundings(Pod(str(root), environ={}), lambda: kernel.now)


def packed(text: str) -> bytes:
    """An address as octets."""
    return socket.inet_pton(V6 if ":" in text else V4, text)


def test_one_address_needs_no_kernel(kernel: Kernel, tmp_path: Path) -> None:
    """There is nothing to be ranked."""
    (group,) = surroundings(kernel, tmp_path).rank((packed("192.0.2.1"),))
    assert [address.text for address in group] == ["192.0.2.1"]
    assert kernel.asked == []


def test_an_address_without_a_route_comes_last(kernel: Kernel, tmp_path: Path) -> None:
    """RFC 6724 rule 1, from what the kernel says about routes."""
    v4, v6 = packed("192.0.2.1"), packed("2001:db8::1")
    kernel.routes = {v4: socket.inet_aton("10.0.0.1"), v6: None}
    groups = surroundings(kernel, tmp_path).rank((v6, v4))
    assert [[address.text for address in group] for group in groups] == [["192.0.2.1"], ["2001:db8::1"]]


def test_the_kernel_is_asked_once_a_second(kernel: Kernel, tmp_path: Path) -> None:
    """A burst of lookups asks once; a second later it is asked anew, and at once after forget()."""
    one = surroundings(kernel, tmp_path)
    addresses = (packed("192.0.2.1"), packed("192.0.2.2"))
    for _ in range(5):
        one.rank(addresses)
        one.families()
    assert kernel.asked == ["addresses", "192.0.2.1", "192.0.2.2"]
    one.rank((packed("192.0.2.1"), packed("192.0.2.3")))
    assert kernel.asked[3:] == ["192.0.2.3"]
    kernel.now += KEPT + 0.01
    one.rank(addresses)
    assert len(kernel.asked) == 7
    one.forget()
    one.rank(addresses)
    assert len(kernel.asked) == 10


def test_what_is_remembered_is_bounded(
    kernel: Kernel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Thousands of names in one second do not fill the memory."""
    monkeypatch.setattr(network, "MAX_KEPT", 10)
    one = surroundings(kernel, tmp_path)
    for number in range(100):
        one.rank((packed(f"192.0.2.{number}"), packed(f"198.51.100.{number}")))
        snapshot = one._snapshot
        assert snapshot is not None
        assert len(snapshot.sources) <= 12


def test_families_are_what_the_kernel_says(kernel: Kernel, tmp_path: Path) -> None:
    """AI_ADDRCONFIG's question."""
    assert surroundings(kernel, tmp_path).families() == (True, False)
