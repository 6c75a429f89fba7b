"""The TCP connections that stay open between lookups, and the probes that find out whether a way is open.

A connection is taken by one lookup at a time, so that no lookup ever waits for another one's answers and no thread
has to read for others.
"""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Final

from steadydns.runtime.native import RLock, poll
from steadydns.transport.tcp import Connection
from steadydns.wire.message import WireError

if TYPE_CHECKING:
    from steadydns.resolution.model import Question, Server

IDLE_LIMIT: Final = 9.0
"""Seconds after which an idle connection is closed: CoreDNS closes after 10 (measured)."""

MAX_IDLE: Final = 32
"""Idle connections kept per server: more than the threads that commonly miss the cache at one moment."""

PROBE_LIMIT: Final = 1.0
"""Seconds a probe may take: one lost SYN is sent again after 1 s, and by then a new probe is the better try."""


class Probe:
    """A connection with one question on it that no lookup waits for; looked at when the next lookup comes by."""

    __slots__ = ("_poller", "connection", "started")

    def __init__(self, connection: Connection, question: Question, now: float) -> None:
        self.connection = connection
        self.started = now
        self._poller = poll()
        try:
            connection.ask((question,))
        except BaseException:
            connection.close()
            raise

    def check(self, now: float) -> bool | None:
        """Advance without waiting. True: answered; False: failed; None: not yet known."""
        self._poller.register(self.connection.fd, self.connection.events)
        was_connected = self.connection.connected
        try:
            for _, events in self._poller.poll(0):
                if self.connection.proceed(events, now):
                    return True
        except (OSError, WireError):
            return False
        if self.connection.connected and not was_connected:
            # The question has left only now, however long ago the handshake was over: nobody had looked.
            self.started = now
        return False if now - self.started > PROBE_LIMIT else None


class Pool:
    """Idle connections and running probes, by server."""

    def __init__(self) -> None:
        # Guards the probes; held for dict operations only, never during I/O that could wait. Re-entrant, because a
        # signal handler may look a name up while this thread holds it.
        self._lock = RLock()
        # No lock guards these lists: each operation on one is a single step, and what is popped belongs to whoever did.
        self._idle: dict[Server, list[Connection]] = {}
        self._probes: dict[Server, Probe] = {}

    def take(self, server: Server, now: float) -> Connection | None:
        """Return the idle connection that answered last, or None."""
        idle = self._idle.get(server)
        if not idle:
            return None
        try:
            connection = idle.pop()
        except IndexError:  # another thread took the last one in between
            return None
        if now - connection.answered_at <= IDLE_LIMIT:
            return connection
        # The most recent one is too old, so all are.
        connection.close()
        for stale in _all_of(idle):
            stale.close()
        return None

    def put(self, connection: Connection) -> None:
        """Keep a connection without questions in flight for the next lookup."""
        idle = self._idle.get(connection.server)
        if idle is None:
            idle = self._idle.setdefault(connection.server, [])
        if len(idle) < MAX_IDLE:
            idle.append(connection)
        else:
            connection.close()

    def retire(self, server: Server, unproven_since: float) -> None:
        """Close the idle connections that have answered nothing since that time.

        A question sent then got no answer. Connections through a NAT are pinned to one backend each, so the others
        may be as dead; one that has answered since is not.
        """
        idle = self._idle.get(server, [])
        for connection in reversed(_all_of(idle)):
            if connection.answered_at < unproven_since:
                connection.close()
            else:
                idle.append(connection)

    def has_idle(self, server: Server, now: float) -> bool:
        """Whether `take` would return a connection."""
        idle = self._idle.get(server)
        if not idle:
            return False
        try:
            return now - idle[-1].answered_at <= IDLE_LIMIT
        except IndexError:  # another thread took the last one in between
            return False

    def probe(self, server: Server, question: Question, now: float) -> None:
        """Begin to find out, in the background, whether the server answers this question over TCP."""
        with self._lock:
            if server in self._probes:
                return
            try:
                self._probes[server] = Probe(Connection(server), question, now)
            except (OSError, WireError):
                return

    def probed(self, server: Server, now: float) -> bool | None:
        """Look at the server's probe: True once when it was answered, False once when it failed, else None.

        The connection of one that was answered is then idle in the pool.
        """
        if server not in self._probes:
            return None
        with self._lock:
            probe = self._probes.get(server)
            if probe is None:
                return None
            verdict = probe.check(now)
            if verdict is None:
                return None
            del self._probes[server]
        if verdict:
            self.put(probe.connection)
        else:
            probe.connection.close()
        return verdict

    def close(self) -> None:
        """Close everything that is idle or probing."""
        for idle in list(self._idle.values()):
            for connection in _all_of(idle):
                connection.close()
        with self._lock:
            probes, self._probes = self._probes, {}
        for probe in probes.values():
            probe.connection.close()

    def after_fork(self) -> None:
        """In the child: begin anew. Closing here does not disturb the parent's connections."""
        idle, probes = self._idle, self._probes
        self.__init__()  # type: ignore[misc]
        for connection in (
            *(c for kept in idle.values() for c in kept),
            *(p.connection for p in probes.values()),
        ):
            connection.close()

    def __repr__(self) -> str:
        """State in one line."""
        idle = ", ".join(f"{server}: {len(found)}" for server, found in list(self._idle.items()))
        return f"<Pool idle {{{idle}}}, {len(self._probes)} probes>"


def _all_of(idle: list[Connection]) -> list[Connection]:
    """Take every connection, the last one first, each from whoever else may be taking some."""
    taken = []
    with suppress(IndexError):
        while True:
            taken.append(idle.pop())
    return taken
