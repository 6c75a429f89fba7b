"""What steadydns promises while the node's DNS is broken, to tasks of an event loop; the bounds are those of threads."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from tests.lab import faults
from tests.lab.client import Client, failed, percentile, slowest
from tests.lab.packets import overlapping
from tests.lab.topology import SERVICE_ADDRESS

if TYPE_CHECKING:
    from tests.lab.node import Node
    from tests.lab.pod import Pod

pytestmark = pytest.mark.lab

OURS = "steadydns.auto"
AGAIN = "gaierror(-3, 'Temporary failure in name resolution')"
STALE_AFTER = 1.8
KINDS = pytest.mark.parametrize("loop", ["asyncio", "uvloop"])


@KINDS
def test_answers_are_those_of_libc(pod: Pod, loop: str) -> None:
    """Names of every kind have stock's rows, in its order with its enums, or its error; only these are libc's to ask."""
    names = (
        "redis",
        "redis.prod",
        "dual",
        "external",
        "www.example.com",
        "alias.example.com",
        "v6only.example.com",
        "text.example.com",
        "nosuch.example.com",
        "nosuch",
        "pod",
        "127.0.0.1",
    )
    with Client(pod, OURS, loop=loop) as ours, Client(pod, loop="asyncio") as stock:
        lookups, peers = ours.look_up(*names, threads=4), stock.look_up(*names, threads=4)
        assert [lookup.outcome for lookup in lookups] == [peer.outcome for peer in peers]
        assert ours.stats()["fallbacks"] == {"hosts": 1, "numeric": 1}


@pytest.mark.parametrize("transport", ["auto", "udp"])
def test_race_costs_nothing(lab_node: Node, pod: Pod, transport: str) -> None:
    """Conntrack's race drops none of 200 lookups' queries, for no port has two in flight."""
    with faults.race(lab_node) as race:
        environment = {"STEADYDNS_TRANSPORT": transport}
        with Client(pod, OURS, environment, loop="asyncio") as ours, lab_node.capture() as capture:
            lookups = ours.look_up("arace{0..199}.many.example.com", threads=64)
        drops = race.drops
    assert failed(lookups) == []
    assert slowest(lookups) < 1.5
    assert overlapping(capture.packets) == []
    assert drops == 0


@KINDS
@pytest.mark.parametrize("index", [0, 1])
def test_dead_backend_costs_a_retry(lab_node: Node, pod: Pod, index: int, loop: str) -> None:
    """With one of two backends dead, 200 lookups of 8 tasks all succeed within 1.5 s."""
    with faults.dead_backend(lab_node, index), Client(pod, OURS, loop=loop) as ours:
        lookups = ours.look_up(f"adead-{loop}-{{0..199}}.many.example.com", threads=8)
    assert failed(lookups) == []
    assert slowest(lookups) <= 1.5


def test_the_backend_in_use_dies(lab_node: Node, pod: Pod) -> None:
    """When the backend behind the shared connection goes, and then the other one, nothing fails."""
    with Client(pod, OURS, loop="asyncio") as ours:
        with faults.dead_backend(lab_node, 0):
            ours.begin("aturn{0..199}.many.example.com", threads=8, pause_s=0.03, announce=100)
            ours.wait_announced()
        with faults.dead_backend(lab_node, 1):
            lookups = ours.finish()
    assert failed(lookups) == []
    assert slowest(lookups) <= 1.5


@pytest.mark.slow
def test_loss_costs_no_lookup(lab_node: Node, pod: Pod) -> None:
    """With 30 % of the packets lost each way, 300 lookups all succeed, 99 % of them within 2 s."""
    with faults.loss(lab_node, 30) as loss, Client(pod, OURS, loop="asyncio") as ours:
        lookups = ours.look_up("aloss{0..299}.many.example.com", threads=8)
    assert failed(lookups) == []
    assert percentile(lookups, 99) <= 2
    assert loss.drops > 100


@KINDS
@pytest.mark.parametrize("warm", [True, False])
def test_all_down_ends_at_the_deadline(lab_node: Node, pod: Pod, warm: bool, loop: str) -> None:
    """With every server gone 200 tasks' calls give EAI_AGAIN at their deadline, not 0.5 s later, and libc is not asked."""
    deadline = 2
    with Client(pod, OURS, {"STEADYDNS_DEADLINE": str(deadline)}, loop=loop) as ours:
        if warm:
            assert failed(ours.look_up("warm{0..3}.many.example.com", threads=4)) == []
        with faults.all_down(lab_node):
            lookups = ours.look_up("adown{0..197}.many.example.com", "redis", "web-1.web", threads=200)
        assert ours.stats()["fallbacks"] == {}
    assert {lookup.error for lookup in lookups} == {AGAIN}
    assert min(lookup.seconds for lookup in lookups) >= deadline
    assert slowest(lookups) <= deadline + 0.5


def test_tcp_blocked_costs_the_first_lookup_little(lab_node: Node, pod: Pod) -> None:
    """Where a policy allows only UDP/53, the first lookup takes at most 0.2 s, later ones ask over UDP at once."""
    with faults.tcp_blocked(lab_node), Client(pod, OURS, loop="asyncio") as ours:
        (first,) = ours.look_up("www.example.com")
        tried = ours.stats()["queries"][SERVICE_ADDRESS]["tcp"]
        later = ours.look_up("ablocked{0..99}.many.example.com", threads=16)
        queries = ours.stats()["queries"][SERVICE_ADDRESS]
    assert failed([first, *later]) == []
    assert first.seconds <= 0.2
    assert queries["tcp"] == tried
    assert queries["udp"] >= 2 * len(later)


def test_servfail_is_reported_as_glibc_does(lab_node: Node, pod: Pod) -> None:
    """While all servers answer SERVFAIL, each call gives glibc's own error, and nothing of it is remembered."""
    names = ("www.example.com", "api.example.com.", "redis", "nosuch")
    with Client(pod, OURS, loop="asyncio") as ours, Client(pod, loop="asyncio") as stock:
        with faults.servfail(lab_node):
            lookups, peers = ours.look_up(*names), stock.look_up(*names)
        afterwards = ours.look_up(*names[:3])
    assert [lookup.outcome for lookup in lookups] == [peer.outcome for peer in peers]
    assert {lookup.errno for lookup in lookups} == {socket.EAI_AGAIN}
    assert failed(afterwards) == []


def test_stale_answers_bridge_an_outage(lab_node: Node, pod: Pod) -> None:
    """An expired answer is given 1.8 s after the servers fell silent, and is counted."""
    environment = {"STEADYDNS_MAX_TTL": "1"}
    with Client(pod, OURS, environment, loop="asyncio") as ours:
        (before,) = ours.look_up("www.example.com")
        ours.look_up("astale{0..1}.many.example.com", pause_s=0.6)  # until it has expired
        with faults.all_down(lab_node):
            (stale,) = ours.look_up("www.example.com")
        assert ours.stats()["stale"] >= 1
    assert stale.addresses == before.addresses
    assert STALE_AFTER <= stale.seconds <= STALE_AFTER + 0.5


def test_a_slow_name_does_not_hold_up_others(lab_node: Node, pod: Pod) -> None:
    """CoreDNS takes a connection's questions in turn; while it is busy with one, others get their answers elsewhere."""
    with Client(pod, OURS, loop="asyncio") as ours:
        assert failed(ours.look_up("www.example.com")) == []
        first, *others = ours.look_up("x.slow.test.", "abehind{0..19}.many.example.com", threads=21)
    assert failed([first, *others]) == []
    assert slowest(others) < 0.35
    assert first.seconds > 0.5
