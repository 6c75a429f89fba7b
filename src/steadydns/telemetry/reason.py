"""What a finished lookup means: was it notable, why was it slow, how did it fail. Pure functions of one Lookup."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from steadydns.resolution.record import FAILURE, FALLBACK, RESPONSE, SENT, STALE, TIMEOUT

if TYPE_CHECKING:
    from steadydns.resolution.record import Record
    from steadydns.telemetry.lookup import Lookup

TIMEOUT_RETRY: Final = "timeout_retry"
SEARCH_EXPANSION: Final = "search_expansion"
SLOW_SERVER: Final = "slow_server"
COALESCED_WAIT: Final = "coalesced_wait"
CONNECT: Final = "connect"
NATIVE_FALLBACK: Final = "native_fallback"

DENIALS: Final = frozenset({"host_not_found", "no_data"})
"""Failures that are answers: the name, or its addresses, do not exist."""

ANSWERED: Final = frozenset({"NOERROR", "NXDOMAIN"})
"""Response codes that settle a question."""


def used_network(record: Record) -> bool:
    """Whether anything was asked, or another caller's query or libc waited for."""
    return record.waited > 0 or record.asked or any(event.kind == FALLBACK for event in record.events)


def notable(lookup: Lookup, threshold: float) -> bool:
    """Whether the lookup deserves a span: it took the threshold's seconds, or failed otherwise than by a denial."""
    if lookup.ended - lookup.started >= threshold:
        return True
    if lookup.error is None:
        return False
    return lookup.reason not in DENIALS or any(
        event.kind == TIMEOUT or (event.kind == RESPONSE and event.detail not in ANSWERED)
        for event in lookup.record.events
    )


def slow_reason(lookup: Lookup) -> str:
    """Return the cause that took the most of the lookup's time; of equal ones the first in `seconds_by_cause`."""
    causes = seconds_by_cause(lookup)
    return max(causes, key=causes.__getitem__)


def seconds_by_cause(lookup: Lookup) -> dict[str, float]:
    """Share the lookup's time out to what it was spent on.

    ================  ================================================================================
    native_fallback   from asking libc to the end
    coalesced_wait    waiting for another caller's query
    timeout_retry     up to each timeout, from what happened last before it
    connect           a TCP handshake that UDP had to race, and flows that were refused or reset
    search_expansion  up to each response that came before the name that answered was even asked
    slow_server       up to every other response; the cause where no time can be told apart
    ================  ================================================================================
    """
    record = lookup.record
    causes = dict.fromkeys(
        (NATIVE_FALLBACK, COALESCED_WAIT, TIMEOUT_RETRY, CONNECT, SEARCH_EXPANSION, SLOW_SERVER), 0.0
    )
    causes[COALESCED_WAIT] = record.waited
    causes[CONNECT] = record.connect_wait
    target = (lookup.matched or lookup.name.rstrip(".")).encode("utf-8")
    asked = False
    before = None
    for event in record.events:
        elapsed = event.at - before if before is not None else 0.0
        if event.kind == SENT:
            asked = asked or (event.question is not None and event.question.name == target)
        elif event.kind == TIMEOUT:
            causes[TIMEOUT_RETRY] += elapsed
        elif event.kind == FAILURE:
            causes[CONNECT] += elapsed
        elif event.kind == RESPONSE:
            causes[SLOW_SERVER if asked else SEARCH_EXPANSION] += elapsed
        elif event.kind == FALLBACK:
            causes[NATIVE_FALLBACK] = lookup.ended - event.at
        before = event.at
    if not any(causes.values()):
        causes[SLOW_SERVER] = lookup.duration
    return causes


def error_type(lookup: Lookup) -> str:
    """Return `error.type`: 'timeout' where the last that was heard is silence, else the reason; '' on success."""
    if lookup.error is None:
        return ""
    if lookup.reason == "try_again" and _last_heard(lookup.record) == TIMEOUT:
        return "timeout"
    return lookup.reason or type(lookup.error).__qualname__


def _last_heard(record: Record) -> str:
    return next((e.kind for e in reversed(record.events) if e.kind in (TIMEOUT, RESPONSE, FAILURE)), "")


def cache_result(record: Record) -> str:
    """Return `steadydns.cache.result`: what the cache, or the queries under way, had for this lookup."""
    kinds = {event.kind for event in record.events}
    if STALE in kinds:
        return "stale"
    if SENT in kinds:
        return "miss"
    if record.waited > 0:
        return "coalesced"
    return "bypass" if FALLBACK in kinds else "hit"
