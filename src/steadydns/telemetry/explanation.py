"""What a lookup did, for people: the story that explain() tells and the line that rides on a gaierror's `__cause__`.

Made from a Record after the fact. Imports the resolution's values only; asks nothing, logs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from steadydns.resolution.record import (
    CACHED,
    CUT,
    FAILURE,
    RESPONSE,
    SENT,
    STALE,
    TIMEOUT,
    type_name,
)
from steadydns.resolution.search import candidates
from steadydns.runtime.named import NamedTuple

if TYPE_CHECKING:
    from typing_extensions import Self

    from steadydns.resolution.model import Question
    from steadydns.resolution.record import Event, Record
    from steadydns.resolution.rules import Rules

TIMED_OUT: Final = "timeout"
UNANSWERED: Final = "unanswered"
"""Result of a query that nobody waited for any more: another one brought the answer, or the time was up."""

MAX_TOLD: Final = 6
"""Servers and names in one line: a longer one is read by nobody."""


class Query(NamedTuple):
    """One question put to one server."""

    name: str
    type: str
    server: str
    transport: str
    """'tcp' or 'udp'."""
    sent: float
    """Seconds after the lookup began."""
    took: float | None
    """Seconds until its result; None where there was none."""
    result: str
    """A response code such as 'NOERROR', 'timeout', 'unanswered', or 'refused', 'reset', 'unreachable', 'malformed'."""


class _Fields(NamedTuple):
    name: str
    source: str
    candidates: tuple[str, ...]
    cuts: tuple[str, ...]
    queries: tuple[Query, ...]
    servers: tuple[str, ...]
    cached: tuple[str, ...]
    stale: bool
    waited: float
    duration: float
    answers: tuple[str, ...]
    error: str
    matched_name: str


class Explanation(_Fields):
    """Every step of one lookup. An immutable value; `str()` of it is the story in lines, times in milliseconds.

    Attributes:
        name: What was asked, as it was given.
        source: Why libc answers the name and nothing was looked up; '' where steadydns does.
        candidates: The names of the search list's walk, in its order (resolv.conf(5)).
        cuts: Those that were not asked, because a denial above them proves that they do not exist (RFC 8020).
        queries: What was sent, in its order.
        servers: Whom questions are put to, the preferred one first.
        cached: What the cache answered, as 'name type'.
        stale: Whether an expired answer was used because no server answered (RFC 8767).
        waited: Seconds spent waiting for another caller's query.
        duration: Seconds in all.
        answers: The addresses, in the order that getaddrinfo gives them.
        error: 'host_not_found', 'no_data', 'try_again' or 'no_recovery'; '' where there are addresses.
        matched_name: The candidate that has the addresses.
    """

    __slots__ = ()

    def __new__(
        cls,
        name: str,
        source: str,
        rules: Rules,
        record: Record,
        duration: float,
        answers: tuple[str, ...],
        error: str,
        matched: str = "",
    ) -> Self:
        """Make it from a finished lookup."""
        ours = not source
        servers = ((rules.preferred,) if rules.preferred else ()) + rules.servers
        return super().__new__(
            cls,
            name,
            source,
            _walk(name, rules) if ours else (),
            tuple(
                _text(event.question.name) for event in record.events if event.kind == CUT and event.question
            ),
            queries(record),
            tuple(map(str, servers)) if ours else (),
            tuple(
                _asked(event.question) for event in record.events if event.kind == CACHED and event.question
            ),
            record.count(STALE) > 0,
            record.waited,
            duration,
            answers,
            error,
            matched,
        )

    def __reduce__(self) -> tuple[Any, ...]:
        """Copy and pickle the fields: the constructor takes a finished lookup, which is gone by then."""
        return _restored, (tuple(self),)

    def __str__(self) -> str:
        if self.source:
            return f"{self.name}: libc answers ({self.source})"
        lines = [f"{self.name}: {', '.join(self.answers) or self.error} in {_ms(self.duration)}"]
        if self.matched_name and self.matched_name != self.name.rstrip("."):
            lines.append(f"  found as    {self.matched_name}")
        lines += _column("search list", self.candidates if len(self.candidates) > 1 else ())
        lines += _column("ruled out", self.cuts)
        lines += _column("servers", (", ".join(self.servers),))
        lines += _column("from cache", self.cached)
        if self.stale:
            lines.append("  stale       no server answered, so an expired answer was used")
        if self.waited:
            lines.append(f"  waited      {_ms(self.waited)} for another caller's query")
        lines += _column("queries", tuple(map(_line, self.queries)) or ("none",))
        return "\n".join(lines)


def _restored(fields: tuple[Any, ...]) -> Explanation:
    return tuple.__new__(Explanation, fields)


def queries(record: Record) -> tuple[Query, ...]:
    """Return the queries of a lookup, each with what came of it."""
    found: list[Query] = []
    for event in record.events:
        if event.kind == SENT and event.question is not None:
            name, type_ = _text(event.question.name), type_name(event.question.type)
            sent = event.at - record.started
            found.append(Query(name, type_, str(event.server), event.transport, sent, None, UNANSWERED))
        elif event.kind in (RESPONSE, TIMEOUT, FAILURE):
            _conclude(found, event, event.at - record.started)
    return tuple(found)


def _conclude(found: list[Query], event: Event, at: float) -> None:
    """Note a result on the query it belongs to; a flow's failure is that of every question still open on it."""
    result = TIMED_OUT if event.kind == TIMEOUT else event.detail
    server, question = str(event.server), event.question
    for index, query in enumerate(found):
        if query.result != UNANSWERED or (query.server, query.transport) != (server, event.transport):
            continue
        if question is None or (query.name, query.type) == (_text(question.name), type_name(question.type)):
            found[index] = query._replace(took=at - query.sent, result=result)
            if question is not None:
                return


def failure_text(record: Record) -> str:
    """Return one line for LookupFailed: who was asked what over which transport, and what came back."""
    told = _outcomes(queries(record))
    if not told:
        if record.waited:
            return f"another caller's query brought nothing in {record.waited:.3g} s"
        known = dict.fromkeys(_text(event.question.name) for event in record.events if event.question)
        return f"answered from the cache: {', '.join(known)}" if known else "nothing was asked"
    parts = []
    for (name, server, transport), outcomes in list(told.items())[:MAX_TOLD]:
        results = ", ".join(
            f"{text} ({times} times)" if times > 1 else text for text, times in outcomes.items()
        )
        parts.append(f"lookup {name} on {server} ({transport}): {results}")
    if len(told) > MAX_TOLD:
        parts.append(f"and {len(told) - MAX_TOLD} more")
    return "; ".join(parts)


def _outcomes(asked: tuple[Query, ...]) -> dict[tuple[str, str, str], dict[str, int]]:
    """What came back for each name, server and transport, and how often."""
    told: dict[tuple[str, str, str], dict[str, int]] = {}
    for query in asked:
        if query.result == TIMED_OUT and query.took is not None:
            text = f"no answer within {query.took:.1f} s"
        else:
            text = "no answer" if query.result == UNANSWERED else query.result
        outcomes = told.setdefault((query.name, query.server, query.transport), {})
        outcomes[text] = outcomes.get(text, 0) + 1
    return told


def _walk(name: str, rules: Rules) -> tuple[str, ...]:
    encoded = name.encode("ascii" if name.isascii() else "idna")
    return tuple(
        _text(candidate.name) for candidate in candidates(encoded, rules.search, rules.ndots, rules.libc)
    )


def _asked(question: Question) -> str:
    return f"{_text(question.name)} {type_name(question.type)}"


def _text(name: bytes) -> str:
    return name.decode("ascii", "replace")


def _column(title: str, values: tuple[str, ...]) -> list[str]:
    """The values below each other, the title before the first."""
    return [f"  {'' if index else title:<12}{value}" for index, value in enumerate(values)]


def _line(query: Query) -> str:
    came = query.result if query.took is None else f"{query.result} in {_ms(query.took)}"
    return f"+{_ms(query.sent)}  {query.name} {query.type}  {query.server} {query.transport}: {came}"


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms"
