"""Numbers of what happened."""

from __future__ import annotations

from steadydns.resolution.model import UDP
from steadydns.telemetry.statistics import Statistics
from tests.unit.network import DNS, RULES, pod


def test_a_lookups_events_are_counted() -> None:
    """Queries by server and transport, time-outs, retries and failures, each as often as it happened."""
    one = pod(rules=RULES._replace(transport=UDP, search=()), drop=frozenset({0, 1}))
    one.lookup("api.example.com")
    statistics = Statistics()
    statistics.take(one.record)
    assert statistics.queries_by_server() == {str(DNS): {"udp": 4}}
    assert (statistics.retries, statistics.timeouts, statistics.failures, statistics.stale) == (1, 2, 0, 0)
    one.network.servers[DNS].udp = "refused"
    one.cache.flush()
    one.lookup("api.example.com")
    statistics.take(one.record)
    assert statistics.failures == 4


def test_fallbacks_are_counted_by_reason() -> None:
    """Each reason has its number."""
    statistics = Statistics()
    for reason in ("numeric", "hosts", "numeric"):
        statistics.fallback(reason)
    assert statistics.fallbacks == {"numeric": 2, "hosts": 1}
