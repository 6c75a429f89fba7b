"""The pod's place in the network, as the kernel tells it: which families it has, and how addresses rank from here.

Remembered for a moment, so that a burst of lookups asks the kernel once; libc asks it every time.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Final

from steadydns.contract.order import Policy, destinations, policy, sort
from steadydns.contract.request import AF_INET, AF_INET6
from steadydns.contract.rows import Address
from steadydns.system import interfaces

if TYPE_CHECKING:
    from collections.abc import Callable

    from steadydns.system.gaiconf import GaiConf
    from steadydns.system.pod import Pod

KEPT: Final = 0.25
"""Seconds: with the finished rows, which live 0.75 s, a change is seen within a second."""

MAX_KEPT: Final = 4096

_IPV4_OCTETS: Final = 4


class Snapshot:
    """What the kernel said at one time."""

    __slots__ = ("at", "interfaces", "ranked", "seen", "sources")

    def __init__(
        self, at: float, found: tuple[interfaces.Interface, ...] | None, seen: tuple[bool, bool]
    ) -> None:
        self.at = at
        self.interfaces = found
        self.seen = seen
        self.sources: dict[tuple[int, bytes], bytes | None] = {}
        self.ranked: dict[tuple[bytes, ...], list[list[Address]]] = {}

    def sources_of(self, addresses: list[tuple[int, bytes]]) -> list[bytes | None]:
        """For each address the one that the kernel would use to reach it, None where there is no way."""
        known = self.sources
        for address in addresses:
            if address not in known:
                known[address] = interfaces.source_address(*address)
        return [known[address] for address in addresses]


class Surroundings:
    """What the kernel says, no older than a moment; and what glibc makes of it."""

    def __init__(self, pod: Pod, clock: Callable[[], float]) -> None:
        self._pod = pod
        self._clock = clock
        self._snapshot: Snapshot | None = None
        self._policy: tuple[GaiConf, Policy] | None = None

    def _current(self) -> Snapshot:
        now = self._clock()
        snapshot = self._snapshot
        if snapshot is None or now - snapshot.at > KEPT or len(snapshot.sources) > MAX_KEPT:
            snapshot = self._snapshot = self._looked(now)
        return snapshot

    def _looked(self, now: float) -> Snapshot:
        """Ask the kernel."""
        found = interfaces.addresses()
        return Snapshot(now, found, interfaces.seen(found))

    def look(self, now: float) -> None:
        """Ask the kernel, if what it said last is too old: whoever waits for something else loses no time by it."""
        snapshot = self._snapshot
        if snapshot is None or now - snapshot.at > KEPT:
            self._current()

    def families(self) -> tuple[bool, bool]:
        """Whether the pod has IPv4 and IPv6 as AI_ADDRCONFIG means it: in glibc, an address that is not loopback."""
        return self._current().seen

    def rank(self, addresses: tuple[bytes, ...]) -> list[list[Address]]:
        """Return the packed addresses by rank, best first; those of one group rank alike."""
        if len(addresses) == 1:
            return [[_readable(addresses[0])]]
        snapshot = self._current()
        groups = snapshot.ranked.get(addresses)
        if groups is None:
            ranked = self._ranked(snapshot, [(_family(one), one) for one in addresses])
            groups = snapshot.ranked[addresses] = [[_readable(one) for one in group] for group in ranked]
        return groups

    def _ranked(self, snapshot: Snapshot, addresses: list[tuple[int, bytes]]) -> list[list[bytes]]:
        joined = destinations(addresses, snapshot.sources_of(addresses), snapshot.interfaces)
        return [
            [one.address for one in group] for group in sort(joined, self._tables(), interfaces.is_native)
        ]

    def _tables(self) -> Policy:
        conf = self._pod.gai_conf()
        known = self._policy
        if known is None or known[0] is not conf:
            known = self._policy = (conf, policy(conf.labels, conf.precedences, conf.scopes))
        return known[1]

    def forget(self) -> None:
        """Ask the kernel anew next time."""
        self._snapshot = None


def _family(packed: bytes) -> int:
    return AF_INET if len(packed) == _IPV4_OCTETS else AF_INET6


def _readable(packed: bytes) -> Address:
    family = _family(packed)
    return Address(family, socket.inet_ntop(family, packed))
