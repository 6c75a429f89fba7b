"""The node-local cache: preferred while it answers, never waited for, never the only server."""

from __future__ import annotations

from typing import Any

import pytest

from steadydns.resolution.model import UDP
from steadydns.resolution.walk import TRY_AGAIN, Found
from tests.unit.network import DNS, NODE_LOCAL, RULES, FakeNetwork, FakeServer, Pod, cluster_zone

PREFERRED = RULES._replace(search=(), preferred=NODE_LOCAL)
NAME = "redis.prod.svc.cluster.local"


def pod(**faults: Any) -> Pod:
    """A pod with a node-local cache beside the cluster's DNS."""
    return Pod(
        FakeNetwork({DNS: FakeServer(cluster_zone()), NODE_LOCAL: FakeServer(cluster_zone(), **faults)}),
        PREFERRED,
    )


def again(one: Pod, after: float = 1.0) -> float:
    """Look the name up some seconds later, without the cache; return the seconds it took."""
    one.cache.flush()
    one.network.seen.clear()
    one.network.now += after
    return one.took(NAME)


def asked(one: Pod) -> set[object]:
    """Who was asked since the last `again`."""
    return {seen.server for seen in one.network.seen}


def test_the_first_lookup_does_not_wait_for_it() -> None:
    """It is probed in the background while the cluster's DNS answers."""
    one = pod()
    assert one.took(NAME) == pytest.approx(0.002)
    assert asked(one) == {DNS}
    assert one.network.probe_count[NODE_LOCAL] == 1


def test_it_is_used_once_it_has_answered_a_probe() -> None:
    """The next lookup goes to it, on the connection the probe made."""
    one = pod()
    one.lookup(NAME)
    assert again(one) == pytest.approx(0.001)
    assert asked(one) == {NODE_LOCAL}


@pytest.mark.parametrize(("udp", "tcp", "most"), [("silent", "silent", 0.41), ("refused", "refused", 0.01)])
def test_when_it_goes_away_the_same_call_is_answered_by_another(udp: str, tcp: str, most: float) -> None:
    """The call that notices is answered by the cluster's DNS; the next one does not ask it at all."""
    one = pod()
    one.lookup(NAME)
    again(one)
    gone = one.network.servers[NODE_LOCAL]
    gone.udp, gone.tcp = udp, tcp
    assert again(one) <= most
    assert DNS in asked(one)
    assert again(one, 0.1) <= 0.002
    assert asked(one) == {DNS}


@pytest.mark.parametrize("pause", [0.05, 0.5, 1.0, 2.0])
def test_it_is_used_again_within_ten_seconds_of_its_return(pause: float) -> None:
    """With a lookup now and then, its return is noticed soon, however long it was away."""
    one = pod()
    one.lookup(NAME)
    again(one)
    server = one.network.servers[NODE_LOCAL]
    server.udp = server.tcp = "silent"
    for _ in range(int(20 / pause)):
        again(one, pause)
    server.udp = server.tcp = "answers"
    back = one.network.now
    while NODE_LOCAL not in asked(one):
        assert again(one, pause) <= 0.41
        assert one.network.now - back <= 10


def test_where_there_is_none_it_is_hardly_ever_looked_for() -> None:
    """Without a node-local cache the probes become rare: every five minutes."""
    one = pod()
    del one.network.servers[NODE_LOCAL]
    for _ in range(360):
        again(one, 10)
        assert asked(one) == {DNS}
    assert one.network.probe_count[NODE_LOCAL] <= 25


def test_with_transport_udp_it_is_asked_over_udp() -> None:
    """A preference for UDP holds for it too."""
    one = pod()
    one.rules = one.rules._replace(transport=UDP)
    one.lookup(NAME)
    again(one)
    assert {(seen.server, seen.transport) for seen in one.network.seen} == {(NODE_LOCAL, UDP)}


def test_it_is_never_the_only_server() -> None:
    """With it alone alive or with it alone dead, a lookup succeeds; with all dead it fails at the deadline."""
    one = pod()
    one.lookup(NAME)
    one.network.servers[DNS].udp = one.network.servers[DNS].tcp = "silent"
    assert again(one) == pytest.approx(0.001)
    server = one.network.servers[NODE_LOCAL]
    server.udp = server.tcp = "silent"
    one.cache.flush()
    began = one.network.now
    assert one.verdict(NAME) == TRY_AGAIN
    assert one.network.now - began == pytest.approx(10)


def test_a_name_it_fails_for_is_asked_elsewhere() -> None:
    """SERVFAIL of the node-local cache is not the last word."""
    one = pod()
    one.lookup(NAME)
    one.network.servers[NODE_LOCAL].zone = cluster_zone(failing={NAME: 2})
    one.cache.flush()
    assert isinstance(one.lookup(NAME), Found)
