"""What is known of the name servers: who failed, where TCP is blocked, whether the node-local cache is there.

Only remembered facts and the time; no I/O. Writes race benignly between threads: the worst outcome is one more
attempt at a server that has just failed.
"""

from __future__ import annotations

from itertools import count
from math import inf
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

    from steadydns.resolution.model import Server
    from steadydns.resolution.rules import Rules

DEMOTION: Final = 5.0
"""Seconds a server that did not answer is asked last: glibc's default time-out, which it would cost to be wrong."""

TCP_RETRY_FIRST: Final = 0.25
"""Seconds until TCP is probed again after UDP was quicker: a dead backend behind a NAT is cured by one new connection."""

TCP_RETRY_LAST: Final = 60.0
"""Seconds between probes at most: a NetworkPolicy that drops TCP/53 seldom changes."""

TCP_TRUST: Final = 5.0
"""Seconds for which an answer over TCP proves that TCP is not blocked, though one handshake got stuck."""

PREFERRED_RETRY_FIRST: Final = 1.0
PREFERRED_RETRY_LAST: Final = 4.0
"""Seconds between probes of a preferred server that has answered before: it is back in use within 10 s."""

PROBE_LOOK: Final = 0.02
"""Seconds between looks at a probe under way: each is a system call, and what it looks for takes a millisecond or will
not come.
"""

ABSENT_RETRY_LAST: Final = 300.0
"""Seconds between probes at most where no preferred server was ever seen: most clusters have none."""


class Health:
    """What is known of one server."""

    __slots__ = (
        "calm",
        "edns",
        "failed_until",
        "good",
        "look_at",
        "probe_at",
        "probe_wait",
        "probing",
        "seen",
        "tcp_ok_at",
        "tcp_retry_at",
        "tcp_wait",
    )

    def __init__(self) -> None:
        self.calm = False
        """It answers over TCP, and nothing else is to be remembered of it."""
        self.failed_until = 0.0
        self.edns = True
        self.tcp_ok_at = float("-inf")
        self.tcp_retry_at = 0.0
        self.tcp_wait = 0.0
        self.good = False
        self.seen = False
        self.probing = False
        """A probe's verdict has not been fetched yet."""
        self.look_at = 0.0
        """When a lookup is to look for it; in between they do without."""
        self.probe_at = 0.0
        self.probe_wait = 0.0


class Servers:
    """The health of every server met."""

    def __init__(self) -> None:
        self._health: dict[Server, Health] = {}
        self._state = object()
        """Another one after each change that `steady` has to know of."""
        self._steady: tuple[Rules, object, float, Server] | None = None
        """What `steady` found last: of which state, and until when that holds if nothing else happens."""
        self.turn = count().__next__
        """The number of this lookup, for `options rotate`."""

    def health(self, server: Server) -> Health:
        """Return the server's record, made at its first mention."""
        health = self._health.get(server)
        if health is None:
            health = self._health.setdefault(server, Health())
        return health

    def order(self, servers: Iterable[Server], now: float) -> tuple[Server, ...]:
        """Return the servers, those that failed lately last, otherwise in the given order."""
        return tuple(sorted(servers, key=lambda server: self.health(server).failed_until > now))

    def steady(self, rules: Rules, now: float) -> Server | None:
        """Return the server to ask first, where there is nothing to find out, wait for or choose before."""
        known, state = self._steady, self._state
        if known is not None and known[0] is rules and known[1] is state and now < known[2]:
            return known[3]
        # Under use-vc, what is an answer and what a failure is for the algorithm to say.
        if rules.rotate or rules.use_vc or rules.transport == "udp":
            return None
        until, server = inf, rules.servers[0]
        preferred = rules.preferred
        if preferred is not None:
            health = self.health(preferred)
            if health.good:
                server = preferred
            else:
                until = health.look_at if health.probing else health.probe_at
        if now >= until or (server is not preferred and self.health(server).failed_until > now):
            return None
        self._steady = rules, state, until, server
        return server

    def answered(self, server: Server, now: float, tcp: bool) -> None:
        """Note that the server answered."""
        health = self._health.get(server) or self.health(server)
        if health.calm and health.good and not health.tcp_wait:
            if tcp:
                health.tcp_ok_at = now
            return
        health.failed_until = 0.0
        health.good = health.seen = True
        if tcp:
            health.tcp_ok_at = now
            health.tcp_wait = 0.0
            health.tcp_retry_at = 0.0
            health.calm = True
        self._state = object()

    def failed(self, server: Server, now: float) -> None:
        """Note that the server let a question time out, or refused it."""
        health = self.health(server)
        health.calm = False
        health.failed_until = now + DEMOTION
        if health.good:
            health.good = False
            health.probe_wait = PREFERRED_RETRY_FIRST
            health.probe_at = now + PREFERRED_RETRY_FIRST
        self._state = object()

    def tcp_stuck(self, server: Server, now: float) -> None:
        """Note that UDP brought an answer while a TCP handshake made no progress."""
        health = self.health(server)
        if now - health.tcp_ok_at < TCP_TRUST:
            return
        health.calm = False
        health.tcp_wait = min(max(health.tcp_wait * 2, TCP_RETRY_FIRST), TCP_RETRY_LAST)
        health.tcp_retry_at = now + health.tcp_wait

    def tcp_blocked(self, server: Server) -> bool:
        """Whether TCP got stuck and has not answered since."""
        return self.health(server).tcp_wait > 0

    def tcp_probe_due(self, server: Server, now: float) -> bool:
        """Whether to try TCP again in the background; at most one caller per interval is told so."""
        health = self.health(server)
        if now < health.tcp_retry_at:
            return False
        health.calm = False
        health.tcp_wait = min(health.tcp_wait * 2, TCP_RETRY_LAST)
        health.tcp_retry_at = now + health.tcp_wait
        return True

    def probe_due(self, server: Server, now: float) -> bool:
        """Whether to look for a preferred server in the background; at most one caller per interval is told so."""
        health = self.health(server)
        if now < health.probe_at:
            return False
        limit = PREFERRED_RETRY_LAST if health.seen else ABSENT_RETRY_LAST
        health.probing = True
        health.look_at = now + PROBE_LOOK
        health.probe_wait = min(max(health.probe_wait * 2, PREFERRED_RETRY_FIRST), limit)
        health.probe_at = now + health.probe_wait
        self._state = object()
        return True

    def looked(self, server: Server, found: bool | None, now: float) -> None:
        """Note that somebody has looked for a probe's verdict, and what it was; None: there is none yet."""
        health = self.health(server)
        if found is None:
            health.look_at = now + PROBE_LOOK
        else:
            health.probing = False
        self._state = object()
