"""What steadydns promises about the queries on the wire with a pod's own resolv.conf: ndots:5, three search domains."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.lab import faults
from tests.lab.client import Client, failed

if TYPE_CHECKING:
    from tests.lab.node import Node
    from tests.lab.packets import Packet
    from tests.lab.pod import Pod

pytestmark = pytest.mark.lab

OURS = "steadydns.auto"
# Nothing is lost here, so nothing is to be asked twice: a busy machine must not be taken for a loss. Stock waits 5 s.
PATIENT = {"STEADYDNS_FIRST_RETRY": "5", "STEADYDNS_TCP_CONNECT_RACE": "5"}
TRANSPORTS = pytest.mark.parametrize("transport", ["auto", "udp"])


def asked(node: Node, client: Client, name: str) -> list[Packet]:
    """The queries that one lookup, which succeeds, puts on the wire."""
    with node.capture(client.pod) as capture:
        assert failed(client.look_up(name)) == []
    return capture.queries


@pytest.fixture(scope="module")
def pod(lab_node: Node) -> Pod:
    """A pod of its own: the kernel still delivers what a process of an earlier test had sent into a fault."""
    return lab_node.add_pod("witness")


@TRANSPORTS
def test_external_names(lab_node: Node, pod: Pod, transport: str) -> None:
    """The first name below com takes at most 5 queries, the next one 2, and one asked for again none; stock 8 each."""
    names = ("api.example.com", "www.example.com", "api.example.com")
    with Client(pod, OURS, {**PATIENT, "STEADYDNS_TRANSPORT": transport}) as ours, Client(pod) as stock:
        mine = [len(asked(lab_node, ours, name)) for name in names]
        stats = ours.stats()
        peer = [len(asked(lab_node, stock, name)) for name in names]
    told = f"{mine} {peer} {stats}"
    assert mine[0] <= 5, told
    assert mine[1:] == [2, 0], told
    assert peer == [8, 8, 8], told


@TRANSPORTS
@pytest.mark.parametrize(("name", "most", "stock_needs"), [("redis", 2, 2), ("redis.prod", 3, 4)])
def test_cluster_names(
    lab_node: Node, pod: Pod, transport: str, name: str, most: int, stock_needs: int
) -> None:
    """A service of the pod's own namespace takes 2 queries, one of another namespace at most 3."""
    with Client(pod, OURS, {**PATIENT, "STEADYDNS_TRANSPORT": transport}) as ours, Client(pod) as stock:
        assert 2 <= len(asked(lab_node, ours, name)) <= most
        assert len(asked(lab_node, stock, name)) == stock_needs


@TRANSPORTS
def test_external_names_are_never_sent_with_a_cluster_suffix(
    lab_node: Node, pod: Pod, transport: str
) -> None:
    """No query has an external name as a whole in front of a search domain, whether the name exists or not."""
    names = ("api.example.com", "www.example.org", "www.test.net", "nosuch.example.com", "a.b.example.com")
    with (
        Client(pod, OURS, {**PATIENT, "STEADYDNS_TRANSPORT": transport}) as ours,
        lab_node.capture(pod) as capture,
    ):
        ours.look_up(*names, *names)
    sent = {query.name for query in capture.queries}
    assert {f"{name}." for name in names} <= sent
    assert [query for query in sent if query.endswith("cluster.local.") and query.startswith(names)] == []


@pytest.mark.slow
def test_an_expired_cut_is_proven_again_in_the_same_flight(lab_node: Node, pod: Pod) -> None:
    """After the proofs have expired, they and the name itself are asked in one round trip."""
    with Client(pod, OURS, PATIENT) as ours:
        assert failed(ours.look_up("www.example.com")) == []
        time.sleep(6)  # the server lets a denial live for 5 s
        with faults.delay(lab_node, 50), lab_node.capture(pod) as capture:
            assert failed(ours.look_up("api.example.com")) == []
    queries = capture.queries
    answers = [packet for packet in capture.packets if packet.response]
    assert {"com.svc.cluster.local.", "api.example.com."} <= {query.name for query in queries}
    assert len(queries) <= 5
    assert max(query.time for query in queries) < min(answer.time for answer in answers)


def test_a_breach_of_rfc_8020_changes_no_answer(pod: Pod) -> None:
    """The name ns.dns, which has addresses below a name that CoreDNS denies, has glibc's addresses."""
    with Client(pod, OURS) as ours, Client(pod) as stock:
        (mine,) = ours.look_up("ns.dns")
        # Each backend answers with its own address.
        peers = stock.look_up(*["ns.dns"] * 20)
    assert failed([mine, *peers]) == []
    assert mine.rows in [peer.rows for peer in peers]
