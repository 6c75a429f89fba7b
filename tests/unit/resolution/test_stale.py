"""Serve-stale (RFC 8767): an expired answer is better than none, for a while, and only where no server answers."""

from __future__ import annotations

from typing import Any

import pytest

from steadydns.resolution.model import Question
from steadydns.resolution.record import STALE
from steadydns.resolution.walk import HOST_NOT_FOUND, TRY_AGAIN, Found
from steadydns.wire.message import REFUSED, SERVFAIL, A
from tests.unit.network import DNS, RULES, Pod, cluster_zone, pod, texts

EXTERNAL = "www.example.com"
CLUSTERS = "redis.prod.svc.cluster.local"


def down(one: Pod) -> None:
    """Let no server answer."""
    server = one.network.servers[DNS]
    server.udp = server.tcp = "silent"
    one.network.idle.clear()


def remembering(name: str, start: float = 1000.0, **knobs: Any) -> Pod:
    """A pod that has looked the name up, and whose answer has expired since."""
    one = pod(cluster_zone(ttl=5), RULES._replace(search=(), **knobs))
    one.network.now = start
    one.addresses(name)
    one.network.now += 6
    return one


def stale(one: Pod) -> bool:
    """Whether the answer that is held has expired and is used all the same."""
    entry = one.cache.peek(Question(EXTERNAL.encode(), A))
    return entry is not None and entry.stale


@pytest.mark.parametrize("start", [1000.0, 0.3, 12345.678, 99999.1])
def test_an_expired_answer_is_used_after_one_point_eight_seconds(start: float) -> None:
    """Not at once: the servers get 1.8 s (RFC 8767's client response timer), whatever the clock reads."""
    one = remembering(EXTERNAL, start)
    down(one)
    before = one.network.now
    found = one.lookup(EXTERNAL)
    assert isinstance(found, Found)
    assert texts(found) == ["203.0.113.2"]
    assert one.network.now - before == pytest.approx(1.8)
    assert one.record.count(STALE) == 2, "the denial of the other family is used beside it"
    assert stale(one)


@pytest.mark.parametrize("name", [EXTERNAL, "api.example.com", "v6.example.com"])
def test_a_stale_answer_serves_for_some_seconds_without_asking(name: str) -> None:
    """The next callers get it at once, of whichever families it is, and the background is told to ask anew."""
    one = remembering(name)
    down(one)
    one.lookup(name)
    one.network.now += 4
    assert one.took(name) == 0
    assert Question(name.encode(), A) in one.refreshed


def test_servers_are_asked_again_after_the_recheck() -> None:
    """Five seconds later a lookup asks the servers again, and a fresh answer replaces the stale one."""
    one = remembering(EXTERNAL)
    down(one)
    one.lookup(EXTERNAL)
    one.network.now += 5.1
    server = one.network.servers[DNS]
    server.udp = server.tcp = "answers"
    server.zone.names[EXTERNAL] = "203.0.113.99"
    found = one.lookup(EXTERNAL)
    assert isinstance(found, Found)
    assert texts(found) == ["203.0.113.99"]
    assert not stale(one)


@pytest.mark.parametrize(
    ("name", "expired_for", "used"),
    [(EXTERNAL, 3500.0, True), (EXTERNAL, 3700.0, False), (CLUSTERS, 50.0, True), (CLUSTERS, 70.0, False)],
)
def test_staleness_has_a_limit(name: str, expired_for: float, used: bool) -> None:
    """An hour for the world's names, a minute for the cluster's, whose addresses are given to other pods."""
    one = remembering(name)
    one.network.now += expired_for - 1
    down(one)
    assert isinstance(one.lookup(name), Found) is used


def test_the_limit_counts_from_the_ttls_end() -> None:
    """Serving an answer stale does not prolong its limit."""
    one = remembering(CLUSTERS)
    down(one)
    for _ in range(8):
        one.lookup(CLUSTERS)
        one.network.now += 8
    assert one.verdict(CLUSTERS) == TRY_AGAIN


@pytest.mark.parametrize("knobs", [{"stale": 0.0, "stale_cluster": 0.0}])
@pytest.mark.parametrize("name", [EXTERNAL, CLUSTERS])
def test_stale_answers_can_be_switched_off(name: str, knobs: dict[str, float]) -> None:
    """With 0 s nothing expired is ever used."""
    one = remembering(name, **knobs)
    down(one)
    assert one.verdict(name) == TRY_AGAIN


def test_a_denial_replaces_a_stale_answer() -> None:
    """NXDOMAIN is an answer: what was deleted stays deleted, also when the servers then go silent."""
    one = remembering(EXTERNAL)
    zone = one.network.servers[DNS].zone
    del zone.names[EXTERNAL]
    zone.changed()
    assert one.verdict(EXTERNAL) == HOST_NOT_FOUND
    one.network.now += 60
    down(one)
    assert one.verdict(EXTERNAL) == TRY_AGAIN


def test_a_denial_without_soa_replaces_a_stale_answer_too() -> None:
    """A denial that may not be cached still removes the old answer."""
    one = remembering(EXTERNAL)
    zone = one.network.servers[DNS].zone
    del zone.names[EXTERNAL]
    zone.negative_ttl = None
    zone.changed()
    assert one.verdict(EXTERNAL) == HOST_NOT_FOUND
    down(one)
    assert one.verdict(EXTERNAL) == TRY_AGAIN


@pytest.mark.parametrize("rcode", [SERVFAIL, REFUSED])
def test_servers_that_only_fail_lead_to_the_stale_answer(rcode: int) -> None:
    """After all rounds of SERVFAIL the expired answer is used, without waiting for the timer."""
    one = remembering(EXTERNAL)
    one.network.servers[DNS].zone.failing[EXTERNAL] = rcode
    assert one.took(EXTERNAL) < 0.1
    assert isinstance(one.lookup(EXTERNAL), Found)


def test_an_answer_in_time_is_preferred() -> None:
    """A server that answers before the timer is believed."""
    one = remembering(EXTERNAL)
    server = one.network.servers[DNS]
    server.latency = 0.5
    server.zone.names[EXTERNAL] = "203.0.113.99"
    assert one.addresses(EXTERNAL) == ["203.0.113.99"]


def test_nothing_is_stale_that_was_never_known() -> None:
    """A name without an expired answer fails at the deadline as ever."""
    one = pod(rules=RULES._replace(search=()))
    down(one)
    assert one.verdict(EXTERNAL) == TRY_AGAIN
    assert one.network.now == pytest.approx(1010)


def test_an_outage_is_survived_under_ndots_5_for_every_call() -> None:
    """The search domains' denials have expired as well; each name is served, also when just they are to be asked again."""
    one = pod(cluster_zone(ttl=5))
    one.network.now = 1000.0
    one.addresses(EXTERNAL)
    one.addresses("api.example.com")
    one.network.now += 40
    down(one)
    assert one.took(EXTERNAL) == pytest.approx(1.8)
    assert one.took(EXTERNAL) == 0
    one.network.now += 2
    assert one.took("api.example.com") == pytest.approx(1.8)
    for _ in range(8):
        one.network.now += 1
        for name in (EXTERNAL, "api.example.com"):
            assert one.took(name) <= 1.8
            assert isinstance(one.lookup(name), Found)
