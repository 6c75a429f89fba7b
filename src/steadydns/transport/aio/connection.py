"""A TCP connection to a name server that the lookups of one event loop share: many questions in flight, one reader.

The loop owns it: what keeps it alive is that the loop watches its socket. So it is closed when its loop is closed, or
is lost without having been closed, and nobody has to be told.
"""

from __future__ import annotations

import asyncio
import contextlib
import select
from math import inf
from typing import TYPE_CHECKING, Final

from steadydns.transport.aio.flows import Prompt
from steadydns.transport.pool import IDLE_LIMIT
from steadydns.transport.tcp import Connection
from steadydns.wire.message import WireError, framed_queries
from steadydns.wire.names import encode_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steadydns.resolution.model import Question, Server
    from steadydns.transport.aio.flows import Stream
    from steadydns.transport.aio.network import LoopNetwork
    from steadydns.transport.pipeline import Asked

MAX_ASKED: Final = 60_000
"""Questions after which a connection is replaced: ids are distinct on each, and there are 65,536."""

LATE: Final = 0.1
"""Seconds without its answer after which nothing more is put behind a question, and what is there may leave."""

PACE: Final = 1
"""How many times LATE the questions in flight may take at the pace seen before some of them leave."""

BRISK: Final = 100
"""Answers within LATE that show a server not to be slow, however many are in flight: one in a millisecond."""

HANDSHAKE: Final = 0.1
"""Seconds a handshake may have taken for further lookups to wait for it."""


class Shared:
    """One connection, and the streams that wait for answers on it. Used by its loop's thread alone."""

    __slots__ = (
        "__weakref__",
        "_answered",
        "_asked",
        "_connection",
        "_due",
        "_flushing",
        "_slow",
        "_unsent",
        "_waiting",
        "_writing",
        "live",
        "network",
        "opened",
        "retired",
        "server",
    )

    def __init__(
        self, network: LoopNetwork, server: Server, now: float, connection: Connection | None = None
    ) -> None:
        self._connection = connection if connection is not None else Connection(server)
        self.network = network
        self.server = server
        self.opened = now
        self.live = 0
        """Streams that wait for answers here."""
        self.retired = False
        """Takes no more questions, and is closed when it has given its answers."""
        self._waiting = self._connection.pipeline.waiting
        """Who asked what, in that order."""
        self._unsent: list[bytes] = []
        self._asked = 0
        self._answered = 0
        """Answers since the last look at the pace."""
        self._due = inf
        """Monotonic seconds: when the alarm rings."""
        self._slow = self._flushing = self._writing = False
        try:
            asyncio.get_running_loop().add_reader(self._connection.fd, self._readable)
            self._watch_writing()
        except BaseException:
            self.close()
            raise

    @property
    def connected(self) -> bool:
        """Whether the handshake is over."""
        return self._connection.connected

    @property
    def answered_at(self) -> float:
        """Monotonic seconds of the last answer, 0 before the first."""
        return self._connection.answered_at

    def takes(self, now: float) -> bool:
        """Whether a new lookup does well to use it."""
        if self.retired or self._slow or self._asked >= MAX_ASKED:
            return False
        connection = self._connection
        if not connection.connected:
            return now - self.opened <= HANDSHAKE
        return bool(self._waiting) or now - (connection.answered_at or self.opened) <= IDLE_LIMIT

    def ask(self, stream: Stream, questions: Sequence[Question], now: float) -> None:
        """Put a stream's questions on their way, together with what others ask in the same turn of the loop.

        Raises:
            WireError: a name cannot be encoded.
        """
        alone = not self._waiting
        self._unsent.append(self._connection.pipeline.ask(questions, stream))
        self._asked_on(len(questions), now + LATE, alone)

    def prompt(self, name: bytes, types: tuple[int, ...], now: float, until: float) -> Prompt:
        """Put types of one name on their way, as `ask` does; the stream ends its wait at that time, monotonic seconds.

        Raises:
            WireError: the name cannot be encoded.
        """
        waiting, count = self._waiting, len(types)
        alone, wire = not waiting, encode_name(name)
        ident = self._connection.pipeline.begin(count)
        expected, data = framed_queries(ident, wire, types)
        stream = Prompt(self, name, types, now, until)
        for place, type_ in enumerate(types):
            waiting[ident + place & 0xFFFF] = (name, type_, expected[place], stream, place)
        self._unsent.append(data)
        due = now + LATE
        self._asked_on(count, until if until < due else due, alone)
        return stream

    def _asked_on(self, count: int, due: float, alone: bool) -> None:
        """Have what one more stream asks sent, and its answers watched for."""
        self._asked += count
        self.live += 1
        if due < self._due:
            self._set_alarm(due)
        if self._flushing or not self._connection.connected:
            return
        if alone:
            self._flush()
        else:
            self._flushing = True
            asyncio.get_running_loop().call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        unsent, self._unsent = self._unsent, []
        if unsent:
            try:
                self._connection.send(b"".join(unsent))
            except OSError as error:
                self._lose(error)
                return
        self._watch_writing()

    def _watch_writing(self) -> None:
        wanted = bool(self._connection.events & select.POLLOUT)
        if wanted and not self._writing:
            asyncio.get_running_loop().add_writer(self._connection.fd, self._writable)
        elif self._writing and not wanted:
            asyncio.get_running_loop().remove_writer(self._connection.fd)
        self._writing = wanted

    def _writable(self) -> None:
        try:
            self._connection.proceed(select.POLLOUT, self.network.clock())
        except OSError as error:
            self._lose(error)
            return
        self._flush()

    def _readable(self) -> None:
        now = self.network.clock()
        garbled: list[Asked] = []
        try:
            if not self._connection.connected:
                self._connection.proceed(select.POLLIN, now)
                return
            answers = self._connection.receive(now, garbled)
        except (OSError, WireError) as error:
            self._lose(error)
            return
        self._answered += len(answers)
        for asked, answer in answers:
            asked[3].answer(asked, answer)
        for _, _, _, stream, _ in garbled:
            stream.fail(WireError("an answer that makes no sense"))
        if not self._waiting:
            self._slow = False
        if not self.live and self.retired:
            self.close()

    def wake(self) -> None:
        """Look, when the alarm rings, whose time is over, and whether others wait behind a question that takes its time.

        RFC 7766 section 6.2.1.1 has servers answer in any order; CoreDNS takes one question of a connection after the
        other, and forwards it before it reads the next.
        """
        if self._waiting and self._connection.connected:
            self._readable()  # what has come while the loop was busy is not late
        now = self.network.clock()
        if now < self._due:  # an alarm that was set before a sooner one
            return
        self._due = inf
        answered, self._answered = self._answered, 0
        if not self._waiting:
            return
        streams: list[Stream] = list(dict.fromkeys(stream for _, _, _, stream, _ in self._waiting.values()))
        due = now + LATE
        for stream in streams:
            if stream.until <= now:
                stream.wake()
            elif stream.until < due:
                due = stream.until
        self._set_alarm(due)
        head = streams[0]
        late = now - head.asked_at >= LATE
        if self._slow or not late or answered >= BRISK or len(self._waiting) <= PACE * answered:
            return
        self._slow = True
        if not self.live:  # they have all left before it was known to be slow: nobody else would close it
            self.close()
            return
        if len(streams) > 1:
            self.network.keep_apart(self.server, now)
        for stream in streams[1:]:
            stream.spread(now)

    def _set_alarm(self, due: float) -> None:
        self._due = due
        self.network.alarms.set(due, self)

    def leave(self) -> None:
        """Let a stream go; what it has not been told is then nobody's."""
        self.live -= 1
        if not self.live and (self.retired or self._slow or not self._connection.connected):
            self.close()

    def retire(self) -> None:
        """Take no more lookups; closed when those it has are done."""
        self.retired = True
        self.network.forget(self)
        if not self.live:
            self.close()

    def _lose(self, error: OSError | WireError) -> None:
        """The connection is gone: its streams go on elsewhere, or have failed."""
        streams = dict.fromkeys(stream for _, _, _, stream, _ in self._waiting.values())
        self.close()
        for stream in streams:
            stream.lose(self, error)

    def close(self) -> None:
        """Close the socket, in the loop's own thread, and have it watched no longer."""
        self.retired = True
        self.network.forget(self)
        self._waiting.clear()
        self._unsent.clear()
        with contextlib.suppress(RuntimeError):  # no loop runs: what was watched is not any more
            loop = asyncio.get_running_loop()
            loop.remove_reader(self._connection.fd)
            loop.remove_writer(self._connection.fd)
        self._connection.close()

    def drop(self) -> None:
        """Close the socket alone: after a fork, where the loop's watch is the parent's."""
        self.retired = True
        self._connection.close()

    def __del__(self) -> None:
        """The loop is closed, or is gone itself."""
        with contextlib.suppress(AttributeError):  # it was never opened
            self._connection.close()

    def __repr__(self) -> str:
        """State in one line."""
        state = "retired" if self.retired else "slow" if self._slow else "open"
        return f"<Shared {self._connection!r}, {state}, {self.live} streams>"
