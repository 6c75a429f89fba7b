"""The driver for event loops: runs a resolution's generator in the calling task, waiting by `await`, without a thread."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

from steadydns.resolution.model import TCP, Reply
from steadydns.transport.aio.flows import Packet, Prompt, Stream
from steadydns.transport.tcp import failure_of
from steadydns.wire.message import WireError

if TYPE_CHECKING:
    from collections.abc import Generator

    from steadydns.resolution.model import Flow, Question, Server, Step
    from steadydns.transport.aio.network import LoopNetwork
    from steadydns.wire.message import Answer

T = TypeVar("T")


def prompt(
    network: LoopNetwork, server: Server, name: bytes, types: tuple[int, ...], now: float, until: float
) -> Prompt | None:
    """Ask for types of one name on an open connection; None where there is none, and nothing was asked.

    This is the first attempt of most lookups, as `Connection.prompt` makes it. Whoever calls waits for the future of what
    is returned, at most until then, and releases it when that is interrupted.
    """
    shared = network.established(server, now)
    if shared is None:
        return None
    try:
        return shared.prompt(name, types, now, until)
    except WireError:
        return None


class Exchange:
    """The open flows of one lookup, and where their replies come in."""

    __slots__ = ("__weakref__", "_channels", "_error", "_future", "_network", "_replies")

    def __init__(self, network: LoopNetwork) -> None:
        self._network = network
        self._channels: dict[Flow, Stream | Packet] = {}
        self._replies: list[Reply] = []
        self._error: OSError | None = None
        self._future: asyncio.Future[None] | None = None

    def adopt(self, flow: Flow, stream: Prompt) -> None:
        """Go on with a flow that was opened before."""
        stream.adopt(flow, self)
        self._channels[flow] = stream

    async def perform(self, step: Step) -> list[Reply]:
        """Open the step's flows and wait for the first replies, or until its time has come.

        Raises:
            OSError: This process has run out of something.
        """
        replies: list[Reply] = []
        self._replies = replies
        for flow in step.flows:
            self._open(flow)
        network, channels = self._network, self._channels
        # With nothing open it is a wait, no more.
        while not replies and self._error is None and network.clock() < step.until:
            self._future = asyncio.get_running_loop().create_future()
            network.alarms.set(step.until, self)
            await self._future
        if self._error is not None:
            raise self._error
        for flow, channel in channels.items():
            flow.connected = channel.connected
        return replies

    def wake(self) -> None:
        """Let `perform` look around."""
        future = self._future
        if future is not None and not future.done():
            future.set_result(None)

    def _open(self, flow: Flow) -> None:
        network = self._network
        now = network.clock()
        try:
            if flow.transport == TCP:
                shared = network.connection(flow.server, now)
                # A server may close an idle connection at any time: that is no failure of the question (RFC 7766
                # section 6.2.4).
                stream = Stream(flow, self, network, may_move=shared.connected)
                stream.ask(shared, now)
                channel: Stream | Packet = stream
            else:
                channel = Packet(flow, self, network)
        except (OSError, WireError) as error:
            self.broken(flow, error)
            return
        if not channel.finished:
            self._channels[flow] = channel

    def put(self, flow: Flow, question: Question, answer: Answer) -> None:
        """Take an answer."""
        flow.connected = True
        if self._channels[flow].finished:
            del self._channels[flow]
        self._replies.append(Reply(flow, question, answer, ""))
        self.wake()

    def broken(self, flow: Flow, error: Exception) -> None:
        """Take a failure: nothing more will come of the flow."""
        self._channels.pop(flow, None)
        try:
            self._replies.append(Reply(flow, None, None, failure_of(error)))
        except OSError as exhausted:
            self._error = exhausted
        self.wake()

    def close(self) -> None:
        """Let go of what is still open."""
        for channel in self._channels.values():
            channel.release()
        self._channels.clear()


async def run(
    program: Generator[Step, list[Reply], T],
    network: LoopNetwork,
    begun: tuple[Flow, Prompt] | None = None,
) -> T:
    """Run a resolution to its end in this task and return its result; `begun` is what `prompt` left open."""
    exchange = Exchange(network)
    if begun is not None:
        exchange.adopt(*begun)
    replies: list[Reply] | None = None  # what starts a generator
    try:
        while True:
            step = program.send(replies)  # type: ignore[arg-type]
            replies = await exchange.perform(step)
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        exchange.close()
