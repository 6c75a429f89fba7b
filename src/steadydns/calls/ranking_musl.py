"""The pod's place in the network as musl looks at it: fewer rules for the order, and another AI_ADDRCONFIG."""

from __future__ import annotations

from steadydns.calls.ranking import Snapshot, Surroundings
from steadydns.contract.profile_musl import rank
from steadydns.system import interfaces


class MuslSurroundings(Surroundings):
    """musl asks for no interfaces and reads no gai.conf: routes are all it looks at."""

    def _looked(self, now: float) -> Snapshot:
        return Snapshot(now, None, interfaces.loopbacks())

    def _ranked(self, snapshot: Snapshot, addresses: list[tuple[int, bytes]]) -> list[list[bytes]]:
        return rank(addresses, snapshot.sources_of(addresses))
