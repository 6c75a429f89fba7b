"""What one event loop has open to name servers: shared TCP connections, and a limited number of UDP ports."""

from __future__ import annotations

import weakref
from collections import deque
from typing import TYPE_CHECKING, Final

from steadydns.transport.aio.alarms import Alarms
from steadydns.transport.aio.connection import Shared
from steadydns.transport.aio.gate import Gate

if TYPE_CHECKING:
    from collections.abc import Callable

    from steadydns.resolution.model import Question, Server
    from steadydns.transport.pool import Pool

MAX_CONNECTIONS: Final = 32
"""Connections per server, where it is slow with the questions of one; otherwise there is one."""

APART: Final = 1.0
"""Seconds for which lookups are kept apart after some had to wait for others."""

MAX_PORTS: Final = 256
"""UDP questions in flight; a process may commonly have 1024 files open. Further ones wait for their turn."""


class LoopNetwork:
    """The connections of one event loop; used in its thread alone. Satisfies resolution.environment.Network.

    Knows neither the loop nor, but by weak references, what the loop watches.
    """

    def __init__(self, pool: Pool, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.alarms = Alarms(clock)
        self.gate = Gate(self.alarms)
        self._pool = pool
        self._open: dict[Server, dict[int, weakref.ref[Shared]]] = {}
        self._apart: dict[Server, float] = {}
        self._ports = 0
        self._turns: deque[weakref.WeakMethod[Callable[[], bool]]] = deque()

    def established(self, server: Server, now: float) -> Shared | None:
        """Return a connection on which a question can leave at once, or None."""
        if self._apart and now < self._apart.get(server, 0.0):
            able = [one for one in self._all(server) if one.connected and one.takes(now)]
            found = min(able, key=_load) if able else None
            return None if found is not None and found.live and len(able) < MAX_CONNECTIONS else found
        for reference in self._open.get(server, _NONE).values():
            shared = reference()
            if shared is not None and shared.connected and shared.takes(now):
                return shared
        return None

    def _all(self, server: Server) -> list[Shared]:
        references = list(self._open.get(server, _NONE).values())
        return [shared for shared in (reference() for reference in references) if shared is not None]

    def connection(self, server: Server, now: float, *, apart: bool = False) -> Shared:
        """Return the connection for a lookup's questions: the one there is, unless they would have to wait there.

        Args:
            server: Whom to ask.
            now: Monotonic seconds.
            apart: Other lookups are not to be waited for, if that can be helped.

        Raises:
            OSError: There is none, and a new one cannot be opened.
        """
        apart = apart or now < self._apart.get(server, 0.0)
        known = self._all(server)
        for shared in known:
            if shared.takes(now):
                if not (apart and shared.live):
                    return shared
            elif not shared.live:
                shared.close()
        known = [shared for shared in known if not shared.retired]
        if len(known) >= MAX_CONNECTIONS:
            return min(known, key=_load)
        return self._opened(Shared(self, server, now))

    def _opened(self, shared: Shared) -> Shared:
        self._open.setdefault(shared.server, {})[id(shared)] = weakref.ref(shared)
        return shared

    def forget(self, shared: Shared) -> None:
        """Give the connection to no further lookup."""
        self._open.get(shared.server, {}).pop(id(shared), None)

    def keep_apart(self, server: Server, now: float) -> None:
        """Let lookups not wait for each other at this server for some time."""
        self._apart[server] = now + APART

    def open_port(self, turn: Callable[[], bool]) -> None:
        """Call a method that opens a UDP port and says whether it could; now, or when there are few enough.

        For each that could, `close_port` must follow.
        """
        if self._ports < MAX_PORTS:
            self._ports += turn()
        else:
            self._turns.append(weakref.WeakMethod(turn))

    def close_port(self) -> None:
        """Note that a port is closed; the next one has its turn."""
        self._ports -= 1
        while self._turns and self._ports < MAX_PORTS:
            turn = self._turns.popleft()()
            if turn is not None:  # else its lookup has been over before
                self._ports += turn()

    def has_idle(self, server: Server, now: float) -> bool:
        """Whether a TCP connection to the server stands ready."""
        return self.established(server, now) is not None

    def probe(self, server: Server, question: Question, now: float) -> None:
        """Begin to ask the server over TCP; the pool does that, as for threads."""
        self._pool.probe(server, question, now)

    def probed(self, server: Server, now: float) -> bool | None:
        """Return what the probe found, once; None while there is nothing to tell."""
        verdict = self._pool.probed(server, now)
        if verdict and self.established(server, now) is None:
            connection = self._pool.take(server, now)
            if connection is not None:
                self._opened(Shared(self, server, now, connection))
        return verdict

    def retire(self, server: Server, unproven_since: float) -> None:
        """Give the connections to no further lookup that have answered nothing since then, and are not newer."""
        for shared in self._all(server):
            if shared.answered_at < unproven_since and shared.opened <= unproven_since:
                shared.retire()

    def close(self) -> None:
        """Close the connections that are idle, and the others after their last answer."""
        for server in list(self._open):
            for shared in self._all(server):
                shared.retire()

    def after_fork(self) -> None:
        """In the child: close what is the parent's, and leave alone what its loop watches."""
        for server in list(self._open):
            for shared in self._all(server):
                shared.drop()
        self._open.clear()

    def __len__(self) -> int:
        """How many connections are open."""
        return sum(len(self._all(server)) for server in list(self._open))


def _load(shared: Shared) -> int:
    return shared.live


_NONE: Final[dict[int, weakref.ref[Shared]]] = {}
