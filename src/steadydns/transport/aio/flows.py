"""The flows of lookups in an event loop: questions on shared TCP connections, and on UDP ports of their own."""

from __future__ import annotations

import asyncio
import contextlib
from math import inf
from typing import TYPE_CHECKING, Final, Protocol

from steadydns.resolution.model import Question
from steadydns.transport.udp import Datagram
from steadydns.wire.message import WireError

if TYPE_CHECKING:
    from steadydns.resolution.model import Flow
    from steadydns.transport.aio.connection import Shared
    from steadydns.transport.aio.network import LoopNetwork
    from steadydns.transport.pipeline import Asked
    from steadydns.wire.message import Answer


class Inbox(Protocol):
    """Where it is told what comes of a flow."""

    def put(self, flow: Flow, question: Question, answer: Answer) -> None:
        """An answer came."""

    def broken(self, flow: Flow, error: Exception) -> None:
        """Nothing more will come of the flow."""


class Stream:
    """A flow on a shared connection, or on two if it did not get on with the first."""

    __slots__ = ("_may_move", "_network", "_on", "_unanswered", "asked_at", "flow", "inbox")

    until: float = inf
    """Monotonic seconds: when its connection wakes it."""

    def __init__(self, flow: Flow, inbox: Inbox | None, network: LoopNetwork, *, may_move: bool) -> None:
        self.flow = flow
        self.inbox = inbox
        self.asked_at = 0.0
        self._network = network
        self._unanswered = list(flow.questions)
        self._on: list[Shared] = []
        self._may_move = may_move

    def ask(self, shared: Shared, now: float) -> None:
        """Put on a connection what is not answered yet.

        Raises:
            WireError: A name cannot be encoded.
        """
        self.asked_at = now
        self._on.append(shared)
        shared.ask(self, self._unanswered, now)

    @property
    def connected(self) -> bool:
        """Whether a handshake is over."""
        return any(shared.connected for shared in self._on)

    @property
    def finished(self) -> bool:
        """Whether nothing more is to come."""
        return not self._unanswered

    def answer(self, asked: Asked, answer: Answer) -> None:
        """Take an answer; of two to one question the first counts."""
        question, unanswered = Question(asked[0], asked[1]), self._unanswered
        if question not in unanswered:
            return
        unanswered.remove(question)
        if not unanswered:
            self.release()
        if self.inbox is not None:
            self.inbox.put(self.flow, question, answer)

    def _fail(self, error: Exception) -> None:
        if self.inbox is not None:
            self.inbox.broken(self.flow, error)

    def fail(self, error: Exception) -> None:
        """Take note that an answer makes no sense."""
        if self._unanswered:
            self.release()
            self._fail(error)

    def lose(self, shared: Shared, error: Exception) -> None:
        """Take note that a connection is gone, and ask anew on another one where that is no failure."""
        if shared in self._on:
            self._on.remove(shared)
        if self._on or not self._unanswered:
            return
        # Whoever was not served while others were was only unlucky: some servers close after so many answers.
        if self._may_move or shared.answered_at > self.asked_at:
            self._may_move = False
            try:
                now = self._network.clock()
                self.ask(self._network.connection(shared.server, now), now)
            except (OSError, WireError) as another:
                error = another
            else:
                return
        self._unanswered.clear()
        self._fail(error)

    def wake(self) -> None:
        """Do nothing: its exchange has an alarm of its own."""

    def spread(self, now: float) -> None:
        """Ask on another connection, too, where nobody else is in the way."""
        if not self._unanswered or len(self._on) != 1:
            return
        try:
            shared = self._network.connection(self._on[0].server, now, apart=True)
            if shared not in self._on:
                self.ask(shared, now)
        except OSError:  # then the one it is on has to do
            return

    def release(self) -> None:
        """Wait for nothing any more."""
        self._unanswered.clear()
        on, self._on = self._on, []
        for shared in on:
            shared.leave()


class Prompt(Stream):
    """The flow of a first attempt: keeps its answers, and wakes nobody before the last one.

    A lookup has one, and most end here: until it has to be more, it is less than a stream (`_grow`).
    """

    __slots__ = ("_first", "_grown", "_missing", "_types", "answers", "failed", "future", "name", "until")

    flow: Flow

    def __init__(self, shared: Shared, name: bytes, types: tuple[int, ...], now: float, until: float) -> None:
        self.inbox = None
        self.asked_at = now
        self.until = until
        self.name = name
        self.answers: list[Answer | None] = [None] * len(types)
        """In the order of the types; those that come after the wait go to the inbox instead."""
        self.failed = False
        self.future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        """What to wait for."""
        self._types = types
        self._missing = len(types)
        self._first = shared
        self._grown = False

    def _grow(self) -> None:
        """Be a stream, with all that one has."""
        if not self._grown:
            self._grown = True
            self._network = self._first.network
            self._unanswered = self.open_questions()
            self._on = [self._first] if self._missing else []
            # What an open connection fails with counts for nothing: a new attempt is made.
            self._may_move = False

    def open_questions(self) -> list[Question]:
        """What has no answer yet."""
        return [
            Question(self.name, type_)
            for type_, answer in zip(self._types, self.answers, strict=True)
            if answer is None
        ]

    @property
    def finished(self) -> bool:
        """Whether nothing more is to come."""
        return not (self._unanswered if self._grown else self._missing)

    def answer(self, asked: Asked, answer: Answer) -> None:
        """Take an answer; of two to one question the first counts."""
        if self._grown:
            self._answer_grown(asked, answer)
            return
        answers, place = self.answers, asked[4]
        if answers[place] is None:
            answers[place] = answer
            self._missing -= 1
            if not self._missing:
                self._first.leave()
                self.wake()

    def _answer_grown(self, asked: Asked, answer: Answer) -> None:
        if self.inbox is not None:
            super().answer(asked, answer)
            return
        question = Question(asked[0], asked[1])
        if question in self._unanswered:
            self._unanswered.remove(question)
            self.answers[self._types.index(question.type)] = answer
            if not self._unanswered:
                self.release()
                self.wake()

    def fail(self, error: Exception) -> None:
        """Take note that an answer makes no sense."""
        self._grow()
        super().fail(error)

    def lose(self, shared: Shared, error: Exception) -> None:
        """Take note that a connection is gone, and ask anew on another one where that is no failure."""
        self._grow()
        super().lose(shared, error)

    def spread(self, now: float) -> None:
        """Ask on another connection, too, where nobody else is in the way."""
        self._grow()
        super().spread(now)

    def release(self) -> None:
        """Wait for nothing any more."""
        self._grow()
        super().release()

    def _fail(self, error: Exception) -> None:
        self.failed = True
        super()._fail(error)
        self.wake()

    def adopt(self, flow: Flow, inbox: Inbox) -> None:
        """Tell the inbox what else comes, as of this flow."""
        self._grow()
        self.flow, self.inbox, self.until = flow, inbox, inf

    def wake(self) -> None:
        """End the wait."""
        if not self.future.done():
            self.future.set_result(None)


class Packet:
    """A flow of one question on a UDP port of its own."""

    __slots__ = ("__weakref__", "_datagram", "_inbox", "_network", "finished", "flow")

    connected: Final = True

    def __init__(self, flow: Flow, inbox: Inbox, network: LoopNetwork) -> None:
        self.flow = flow
        self.finished = False
        self._inbox = inbox
        self._network = network
        self._datagram: Datagram | None = None
        flow.connected = True
        network.open_port(self.start)

    def start(self) -> bool:
        """Send the question; whether a port is open now."""
        flow = self.flow
        try:
            self._datagram = Datagram(flow.server, flow.questions[0], edns=flow.edns)
            asyncio.get_running_loop().add_reader(self._datagram.fd, self._readable)
        except (OSError, WireError) as error:
            if self._datagram is not None:
                self._datagram.close()
            self.finished = True
            self._inbox.broken(flow, error)
            return False
        return True

    def _readable(self) -> None:
        assert self._datagram is not None
        try:
            answer = self._datagram.receive()
        except (OSError, WireError) as error:
            self.release()
            self._inbox.broken(self.flow, error)
            return
        if answer is not None:
            self.release()
            self._inbox.put(self.flow, self.flow.questions[0], answer)

    def release(self) -> None:
        """Close the port."""
        self.finished = True
        datagram, self._datagram = self._datagram, None
        if datagram is None:
            return
        with contextlib.suppress(RuntimeError):  # no loop runs: nothing is watched any more
            asyncio.get_running_loop().remove_reader(datagram.fd)
        datagram.close()
        self._network.close_port()
