"""The synchronous driver: runs a resolution's generator in the calling thread, waiting with poll(2)."""

from __future__ import annotations

import select
from math import ceil
from typing import TYPE_CHECKING, TypeVar

from steadydns.resolution.model import TCP, Flow, Question, Reply, Step
from steadydns.runtime.native import by_signal_handler, poll
from steadydns.transport.tcp import Connection, failure_of
from steadydns.transport.udp import Datagram
from steadydns.wire.message import WireError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from steadydns.transport.pool import Pool

T = TypeVar("T")


class Stream:
    """A flow on a pooled TCP connection, which may be replaced once by a new one."""

    __slots__ = ("_may_reconnect", "connection", "flow", "pool")

    def __init__(self, flow: Flow, pool: Pool, now: float, asked: Connection | None = None) -> None:
        self.flow = flow
        self.pool = pool
        if asked is not None:
            self.connection, self._may_reconnect = asked, False
            return
        connection = pool.take(flow.server, now)
        # A server may close an idle connection at any time: that is no failure of the question (RFC 7766 section 6.2.4).
        self._may_reconnect = connection is not None
        if connection is not None:
            try:
                _ask(connection, flow.questions)
            except OSError:
                connection = None
        if connection is None:
            connection = self._open(flow)
        self.connection = connection
        flow.connected = connection.connected

    def _open(self, flow: Flow) -> Connection:
        self._may_reconnect = False
        connection = Connection(flow.server)
        _ask(connection, flow.questions)
        return connection

    @property
    def fd(self) -> int:
        """What to poll."""
        return self.connection.fd

    @property
    def events(self) -> int:
        """What to poll for."""
        return self.connection.events

    def proceed(self, events: int, now: float) -> list[Reply]:
        """Do what the polled events allow; return the answers that came."""
        flow, connection = self.flow, self.connection
        try:
            answers = connection.proceed(events, now)
        except OSError as error:
            if not self._may_reconnect or by_signal_handler(error):
                raise
            flow.questions = connection.pipeline.unanswered()
            connection.close()
            self.connection = self._open(flow)
            flow.connected = self.connection.connected
            return []
        flow.connected = connection.connected
        return [Reply(flow, Question(name, type_), answer, "") for (name, type_, _, _, _), answer in answers]

    @property
    def finished(self) -> bool:
        """Whether every question is answered."""
        return not self.connection.pipeline.waiting

    def release(self) -> None:
        """Back to the pool when nothing is in flight on it, else closed."""
        connection = self.connection
        if connection.connected and connection.answered_at and not connection.pipeline.waiting:
            self.pool.put(connection)
        else:
            connection.close()


def _ask(connection: Connection, questions: tuple[Question, ...]) -> None:
    try:
        connection.ask(questions)
    except BaseException:
        connection.close()
        raise


class _Packet:
    """A flow of one question on a UDP port of its own."""

    __slots__ = ("datagram", "fd", "finished", "flow")

    events = select.POLLIN

    def __init__(self, flow: Flow) -> None:
        self.flow = flow
        self.datagram = Datagram(flow.server, flow.questions[0], edns=flow.edns)
        self.fd = self.datagram.fd
        self.finished = False
        flow.connected = True

    def proceed(self, events: int, now: float) -> list[Reply]:
        del events, now
        answer = self.datagram.receive()
        if answer is None:
            return []
        self.finished = True
        return [Reply(self.flow, self.flow.questions[0], answer, "")]

    def release(self) -> None:
        self.datagram.close()


class Exchange:
    """The open flows of one lookup."""

    __slots__ = ("_channels", "_clock", "_poller", "_pool")

    def __init__(self, pool: Pool, clock: Callable[[], float]) -> None:
        self._pool = pool
        self._clock = clock
        self._channels: dict[int, Stream | _Packet] = {}
        self._poller = poll()

    def adopt(self, stream: Stream) -> None:
        """Go on with a flow that was opened before."""
        self._channels[stream.fd] = stream
        self._poller.register(stream.fd, stream.events)

    def perform(self, step: Step) -> list[Reply]:
        """Open the step's flows and wait for the first replies, or until its time has come."""
        replies: list[Reply] = []
        for flow in step.flows:
            self._open(flow, replies)
        clock, channels = self._clock, self._channels
        # With nothing open it is a wait, no more.
        while not replies:
            left = step.until - clock()
            if left <= 0:
                break
            for fd, events in self._poller.poll(ceil(left * 1000)):
                self._proceed(channels[fd], events, replies)
        return replies

    def _open(self, flow: Flow, replies: list[Reply]) -> None:
        try:
            channel = Stream(flow, self._pool, self._clock()) if flow.transport == TCP else _Packet(flow)
        except (OSError, WireError) as error:
            if by_signal_handler(error):
                raise
            replies.append(Reply(flow, None, None, failure_of(error)))
            return
        self._channels[channel.fd] = channel
        self._poller.register(channel.fd, channel.events)

    def _proceed(self, channel: Stream | _Packet, events: int, replies: list[Reply]) -> None:
        fd, wanted = channel.fd, channel.events
        try:
            replies += channel.proceed(events, self._clock())
        except (OSError, WireError) as error:
            self._drop(fd, channel)
            if by_signal_handler(error):
                raise
            replies.append(Reply(channel.flow, None, None, failure_of(error)))
            return
        if channel.finished:
            self._drop(fd, channel)
        elif channel.fd != fd or channel.events != wanted:
            if channel.fd != fd:
                self._poller.unregister(fd)
                del self._channels[fd]
                self._channels[channel.fd] = channel
            self._poller.register(channel.fd, channel.events)

    def _drop(self, fd: int, channel: Stream | _Packet) -> None:
        del self._channels[fd]
        self._poller.unregister(fd)
        channel.release()

    def close(self) -> None:
        """Give back or close what is still open."""
        for channel in self._channels.values():
            channel.release()
        self._channels.clear()


def run(
    program: Generator[Step, list[Reply], T],
    pool: Pool,
    clock: Callable[[], float],
    begun: Stream | None = None,
) -> T:
    """Run a resolution to its end in this thread and return its result; `begun` is what was left open before."""
    exchange = Exchange(pool, clock)
    if begun is not None:
        exchange.adopt(begun)
    replies: list[Reply] | None = None  # what starts a generator
    try:
        while True:
            step = program.send(replies)  # type: ignore[arg-type]
            replies = exchange.perform(step)
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        exchange.close()
