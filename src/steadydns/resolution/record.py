"""What happened during one lookup, kept as plain tuples; spans, metrics, stats and explain() are made from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from steadydns.resolution.model import TCP, Question, Reply
from steadydns.runtime.named import NamedTuple

if TYPE_CHECKING:
    from steadydns.resolution.model import Flow, Server
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


_TYPES: Final = {1: "A", 12: "PTR", 28: "AAAA"}


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

    # What most lookups never have stands in the class.
    noted: list[Event] | None = None
    """The events so far that are not raw any more; whatever is neither a question sent nor an answer is among them."""
    prompt: tuple[Server, bytes, tuple[int, ...], list[Answer | None]] | None = None
    """What was asked at the start and is still raw: server, name, types, and the answers, which come one by one."""
    _raw: list[tuple[float, Flow, tuple[Question, ...] | Reply]] | None = None
    prompted_until = 0.0
    """Monotonic seconds: when what was asked at the start had its answers, or was no longer waited for."""
    flows: tuple[tuple[Server, str, int], ...] = ()
    """(server, transport, number of questions) of each flow; what was asked at the start aside, while that is raw."""
    asked = False
    """Whether anything was asked."""
    candidates = 0
    """Names of the search list that were considered."""
    waited = 0.0
    """Seconds spent waiting for another caller's query."""
    connect_wait = 0.0
    """Seconds after which a TCP handshake was raced with UDP; 0: it was not."""

    def __init__(self, started: float) -> None:
        self.started = started

    def sent(self, now: float, flow: Flow) -> None:
        """Note that a flow was opened with its questions."""
        questions = flow.questions
        self.flows += ((flow.server, flow.transport, len(questions)),)
        self.asked = True
        self._note_raw((now, flow, questions))

    def replied(self, now: float, reply: Reply) -> None:
        """Note an answer."""
        self._note_raw((now, reply.flow, reply))

    def _note_raw(self, what: tuple[float, Flow, tuple[Question, ...] | Reply]) -> None:
        if self._raw is None:
            self._raw = []
        self._raw.append(what)

    def prompted(
        self, server: Server, name: bytes, types: tuple[int, ...], answers: list[Answer | None]
    ) -> None:
        """Note that types of one name were asked for at the start, over TCP; the list is filled as answers come."""
        if self.prompt is not None:
            _ = self.events
        self.prompt = (server, name, types, answers)
        self.asked = True

    def forget_prompt(self, answers: list[Answer | None]) -> None:
        """Take what `prompted` has noted with that list, if it has, for not asked."""
        if self.prompt is not None and self.prompt[3] is answers:
            self.prompt = None
            self.asked = bool(self.flows)

    def note(self, event: Event) -> None:
        """Note anything else."""
        self.events.append(event)

    @property
    def events(self) -> list[Event]:
        """All events so far; the list itself."""
        events = self.noted
        if events is None:
            events = self.noted = []
        if self.prompt is not None:
            server, name, types, answers = self.prompt
            self.prompt = None
            self.flows += ((server, TCP, len(types)),)
            asked = [(Question(name, type_), answer) for type_, answer in zip(types, answers, strict=True)]
            events += [Event(self.started, SENT, question, server, TCP) for question, _ in asked]
            events += [
                Event(self.prompted_until, RESPONSE, question, server, TCP, rcode_name(answer.rcode))
                for question, answer in asked
                if answer is not None
            ]
        if self._raw:
            raw, self._raw = self._raw, None
            for at, flow, what in raw:
                if isinstance(what, Reply):
                    rcode = "" if what.answer is None else rcode_name(what.answer.rcode)
                    events.append(Event(at, RESPONSE, what.question, flow.server, flow.transport, rcode))
                else:
                    events += [Event(at, SENT, one, flow.server, flow.transport) for one in what]
        return events

    def count(self, kind: str) -> int:
        """Return how many events are of that kind."""
        return sum(1 for event in self.events if event.kind == kind)

    def last(self, kind: str) -> Event | None:
        """Return the last event of that kind."""
        return next((event for event in reversed(self.events) if event.kind == kind), None)
