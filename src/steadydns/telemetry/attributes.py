"""What a lookup's span says, as plain dicts. Pure; names are the semantic conventions', else `steadydns.*`.

`dns.question.type` and `dns.response_code` are named as in the Elastic Common Schema, which the conventions are
being given (open-telemetry/semantic-conventions issue 2432).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from steadydns.resolution.record import (
    FAILURE,
    FALLBACK,
    RESPONSE,
    RETRY,
    SENT,
    STALE,
    TIMEOUT,
    type_name,
)
from steadydns.telemetry.reason import cache_result, error_type, slow_reason

if TYPE_CHECKING:
    from steadydns.resolution.record import Event
    from steadydns.telemetry.lookup import Lookup

    Attributes = dict[str, str | int | float | list[str]]

MAX_EVENTS: Final = 32
"""Events on one span; ten seconds of retries can make more of them than anybody reads."""

MAX_ANSWERS: Final = 10

SHOWN: Final = frozenset({SENT, RESPONSE, TIMEOUT, FAILURE, RETRY, STALE, FALLBACK})
"""Kinds of events that explain where time went; what the cache and the cuts spared took none."""


def span_attributes(lookup: Lookup, threshold: float, *, answers: bool) -> Attributes:
    """Return the span's attributes.

    Args:
        lookup: What happened.
        threshold: Seconds from which on a lookup is slow and gets a reason.
        answers: Whether the addresses may be shown.
    """
    record = lookup.record
    events = record.events
    kinds = [event.kind for event in events]
    found: Attributes = {
        "dns.question.name": lookup.name,
        "steadydns.cache.result": cache_result(record),
        "steadydns.query.count": kinds.count(SENT),
        "steadydns.query.timeout_count": kinds.count(TIMEOUT),
        "steadydns.query.retry_count": kinds.count(RETRY),
        "steadydns.search.candidate_count": record.candidates or 1,
        "steadydns.resolver": "native" if FALLBACK in kinds else "stub",
    }
    if lookup.error is not None:
        found["error.type"] = error_type(lookup)
    elif answers and lookup.answers:
        found["dns.answers"] = list(lookup.answers[:MAX_ANSWERS])
    if lookup.duration >= threshold:
        found["steadydns.slow.reason"] = slow_reason(lookup)
    if lookup.matched and lookup.matched != lookup.name.rstrip("."):
        found["steadydns.search.matched_name"] = lookup.matched
    if record.waited:
        found["steadydns.wait.duration"] = record.waited
    _add_server(found, events)
    if len(events) > MAX_EVENTS:
        dropped = len(shown(events)) - MAX_EVENTS
        if dropped > 0:
            found["steadydns.events_dropped"] = dropped
    return found


def shown(events: list[Event]) -> list[Event]:
    """Return the events that a span shows, all of them."""
    return [event for event in events if event.kind in SHOWN]


def event_attributes(event: Event) -> Attributes:
    """Return one event's attributes."""
    found: Attributes = {}
    if event.question is not None:
        found["dns.question.name"] = event.question.name.decode("ascii", "replace")
        found["dns.question.type"] = type_name(event.question.type)
    if event.server is not None:
        found["server.address"] = event.server.address
    if event.transport:
        found["network.transport"] = event.transport
    if event.detail and event.kind in _DETAILS:
        found[_DETAILS[event.kind]] = event.detail
    return found


_DETAILS: Final = {
    RESPONSE: "dns.response_code",
    FAILURE: "error.type",
    FALLBACK: "steadydns.fallback.reason",
}


def _add_server(found: Attributes, events: list[Event]) -> None:
    """Add the name server that was used last, and the last response code."""
    for event in reversed(events):
        if event.transport and event.server is not None:
            found["server.address"] = event.server.address
            found["server.port"] = event.server.port
            found["network.transport"] = event.transport
            found["network.protocol.name"] = "dns"
            break
    for event in reversed(events):
        if event.kind == RESPONSE:
            found["dns.response_code"] = event.detail
            break
