"""What happened during one lookup, kept as plain tuples; spans, metrics, stats and explain() are made from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from steadydns.named import NamedTuple
from steadydns.transport.exchange import TCP, Question, Reply

if TYPE_CHECKING:
    from steadydns.transport.exchange import Flow, Server
    from steadydns.wire.message import Answer

SENT: Final = "query.sent"
RESPONSE: Final = "query.response"
TIMEOUT: Final = "query.timeout"
FAILURE: Final = "query.failure"
RETRY: Final = "query.retry"
CACHED: Final = "cache.hit"
STALE: Final = "cache.stale"
CUT: Final = "search.cut"
FALLBACK: Final = "fallback"
"""libc was asked after all; the detail is the reason."""


_RCODES: Final = ("NOERROR", "FORMERR", "SERVFAIL", "NXDOMAIN", "NOTIMP", "REFUSED")


def rcode_name(rcode: int) -> str:
    """Return the response code's name (IANA registry "DNS RCODEs"), or RCODE with its number."""
    return _RCODES[rcode] if rcode < len(_RCODES) else f"RCODE{rcode}"


_TYPES: Final = {1: "A", 28: "AAAA"}


def type_name(number: int) -> str:
    """Return the RR type's name, or TYPE with its number (RFC 3597 section 5)."""
    return _TYPES.get(number) or f"TYPE{number}"


class Event(NamedTuple):
    """One thing that happened."""

    at: float
    """Monotonic seconds."""
    kind: str
    question: Question | None = None
    server: Server | None = None
    transport: str = ""
    detail: str = ""
    """The response code's name, or the word for a failure."""


class Record:
    """The events of one lookup, in their order.

    What every lookup has, questions sent and answers, is kept raw and becomes events only when someone looks.
    """

    __slots__ = ("_events", "_prompted", "_raw", "candidates", "connect_wait", "queries", "started", "waited")

    def __init__(self, started: float) -> None:
        self.started = started
        self._events: list[Event] = []
        self._prompted: tuple[Server, bytes, tuple[int, ...], list[Answer | None], float] | None = None
        self._raw: list[tuple[float, Flow, tuple[Question, ...] | Reply]] = []
        self.queries: list[tuple[Server, str, int]] = []
        """(server, transport, number of questions) of each flow."""
        self.candidates = 0
        """Names of the search list that were considered."""
        self.waited = 0.0
        """Seconds spent waiting for another caller's query."""
        self.connect_wait = 0.0
        """Seconds after which a TCP handshake was raced with UDP; 0: it was not."""

    def sent(self, now: float, flow: Flow) -> None:
        """Note that a flow was opened with its questions."""
        questions = flow.questions
        self.queries.append((flow.server, flow.transport, len(questions)))
        self._raw.append((now, flow, questions))

    def replied(self, now: float, reply: Reply) -> None:
        """Note an answer."""
        self._raw.append((now, reply.flow, reply))

    def prompted(
        self, server: Server, name: bytes, types: tuple[int, ...], answers: list[Answer | None], now: float
    ) -> None:
        """Note that types of one name were asked for at the start, over TCP, and what has come by now."""
        self.queries.append((server, TCP, len(types)))
        self._prompted = (server, name, types, answers, now)

    def note(self, event: Event) -> None:
        """Note anything else."""
        self.events.append(event)

    @property
    def events(self) -> list[Event]:
        """All events so far; the list itself."""
        if self._prompted is not None:
            server, name, types, answers, now = self._prompted
            self._prompted = None
            asked = [(Question(name, type_), answer) for type_, answer in zip(types, answers, strict=True)]
            self._events += [Event(self.started, SENT, question, server, TCP) for question, _ in asked]
            self._events += [
                Event(now, RESPONSE, question, server, TCP, rcode_name(answer.rcode))
                for question, answer in asked
                if answer is not None
            ]
        if self._raw:
            raw, self._raw = self._raw, []
            for at, flow, what in raw:
                if isinstance(what, Reply):
                    rcode = "" if what.answer is None else rcode_name(what.answer.rcode)
                    self._events.append(
                        Event(at, RESPONSE, what.question, flow.server, flow.transport, rcode)
                    )
                else:
                    self._events += [Event(at, SENT, one, flow.server, flow.transport) for one in what]
        return self._events

    @property
    def incidents(self) -> list[Event]:
        """The events that are neither a question sent nor an answer."""
        return [event for event in self._events if event.kind not in (SENT, RESPONSE)] if self._events else []

    def count(self, kind: str) -> int:
        """Return how many events are of that kind."""
        return sum(1 for event in self.events if event.kind == kind)

    def last(self, kind: str) -> Event | None:
        """Return the last event of that kind."""
        return next((event for event in reversed(self.events) if event.kind == kind), None)
