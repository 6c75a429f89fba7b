"""Numbers of what happened, for stats().

Plain integers: a lost update between threads costs a count, a lock would cost every lookup.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steadydns.resolution.model import TCP
from steadydns.resolution.record import FAILURE, RETRY, STALE, TIMEOUT

if TYPE_CHECKING:
    from steadydns.resolution.model import Server
    from steadydns.resolution.record import Record


class Statistics:
    """Counters since the start or the last reset."""

    __slots__ = (
        "coalesced",
        "failures",
        "fallbacks",
        "hits",
        "misses",
        "negative_hits",
        "queries",
        "retries",
        "stale",
        "timeouts",
    )

    def __init__(self) -> None:
        self.hits = 0
        """Calls answered with addresses, without a query and without waiting for one."""
        self.misses = 0
        """Calls that needed at least one query."""
        self.negative_hits = 0
        self.coalesced = 0
        """Calls that waited for another caller's query."""
        self.stale = 0
        self.retries = 0
        self.timeouts = 0
        self.failures = 0
        """Flows that were refused, reset or garbled."""
        self.queries: dict[tuple[Server, str], int] = {}
        """By server and transport."""
        self.fallbacks: dict[str, int] = {}
        """Calls that libc answered, by reason."""

    def fallback(self, reason: str) -> None:
        """Count a call that libc answers."""
        self.fallbacks[reason] = self.fallbacks.get(reason, 0) + 1

    def lookup(self, record: Record, found: bool | None) -> None:
        """Count one lookup and what happened in it; whether it found addresses, None where libc was asked after all."""
        if record.asked:
            self.misses += 1
        elif not record.waited:
            if found:
                self.hits += 1
            elif found is not None:
                self.negative_hits += 1
        prompt = record.prompt
        if prompt is not None:
            key = prompt[0], TCP
            self.queries[key] = self.queries.get(key, 0) + len(prompt[2])
        if record.flows or record.noted:
            self.take(record)

    def take(self, record: Record) -> None:
        """Count what happened in one lookup; what it asked at the start aside, while that is raw."""
        queries = self.queries
        for server, transport, number in record.flows:
            key = server, transport
            queries[key] = queries.get(key, 0) + number
        for event in record.noted or ():
            kind = event.kind
            if kind == TIMEOUT:
                self.timeouts += 1
            elif kind == RETRY:
                self.retries += 1
            elif kind == FAILURE:
                self.failures += 1
            elif kind == STALE:
                self.stale += 1

    def queries_by_server(self) -> dict[str, dict[str, int]]:
        """Return {server: {transport: queries}}."""
        table: dict[str, dict[str, int]] = {}
        for (server, transport), number in list(self.queries.items()):
            table.setdefault(str(server), {})[transport] = number
        return table
