"""The mini node answers as a Kubernetes node does, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab import builds, faults, namespaces
from tests.lab.node import Node
from tests.lab.packets import overlapping
from tests.lab.pod import REPOSITORY, Pod
from tests.lab.topology import NODE_LOCAL_ADDRESS

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = pytest.mark.lab

LOOKUPS = Path(__file__).parent / "programs" / "lookups.py"
NONAME, NODATA, AGAIN = socket.EAI_NONAME, socket.EAI_NODATA, socket.EAI_AGAIN
WEB = {f"10.244.3.{index}" for index in (10, 11, 12, 13)}


def look_up(pod: Pod, *arguments: str) -> list[dict[str, Any]]:
    """The results of a program that looks names up in the pod."""
    found: list[dict[str, Any]] = pod.json(LOOKUPS, *arguments)["lookups"]
    return found


def addresses(lookup: dict[str, Any]) -> set[str]:
    """The addresses of one result."""
    return {row[4] for row in lookup["rows"]}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("redis", {"10.96.0.20"}),
        ("redis.prod", {"10.96.0.21"}),
        ("redis.default.svc.cluster.local.", {"10.96.0.20"}),
        ("kube-dns.kube-system", {"10.96.0.10"}),
        ("dual", {"10.96.0.22", "fd00:10:96::22"}),
        ("web", WEB),
        ("web-1.web", {"10.244.3.11"}),
        ("external", {"192.0.2.10", "2001:db8::10"}),
        ("10-244-1-2.default.pod.cluster.local", {"10.244.1.2"}),
        ("api.example.com", {"192.0.2.11", "2001:db8::11"}),
        ("x7.many.example.com", {"192.0.2.100", "2001:db8::100"}),
        ("alias.example.com", {"192.0.2.10", "2001:db8::10"}),
        ("cross.example.com", {"203.0.113.10", "2001:db8:1::10"}),
        ("v4only.example.com", {"192.0.2.4"}),
        ("v6only.example.com", {"2001:db8::6"}),
        ("www.test.net", {"203.0.113.20", "2001:db8:2::20"}),
        ("pod", {"10.244.1.10"}),
    ],
)
def test_names_have_their_addresses(pod: Pod, name: str, expected: set[str]) -> None:
    """Services, endpoints, external names and zones resolve through the stock resolver of the pod."""
    (found,) = look_up(pod, name)
    assert (found["error"], addresses(found)) == (0, expected)


@pytest.mark.parametrize(
    ("name", "error"),
    [
        ("nosuch", NONAME),
        ("nosuch.example.com.", NONAME),
        ("com.default.svc.cluster.local.", NONAME),
        ("nosuch.prod.svc.cluster.local.", NONAME),
        ("dangling.example.com.", NONAME),
        ("prod.svc.cluster.local.", NODATA),
        ("default.pod.cluster.local.", NODATA),
        ("cluster.local.", NODATA),
        ("text.example.com.", NODATA),
        ("x.refused.test.", AGAIN),
        ("x.servfail.test.", AGAIN),
    ],
)
def test_names_without_addresses_say_why(pod: Pod, name: str, error: int) -> None:
    """A name that does not exist, one without addresses and one that is refused differ in their errors."""
    (found,) = look_up(pod, name)
    assert found["error"] == error


def test_a_large_answer_comes_over_tcp(lab_node: Node, pod: Pod) -> None:
    """An answer that does not fit into a datagram is truncated and fetched again over TCP."""
    marker = lab_node.marker()
    (found,) = look_up(pod, "--family", "4", "big.example.com.")
    assert len(addresses(found)) == 90
    assert {(query.type, query.proto) for query in lab_node.queries(marker)} == {("A", "udp"), ("A", "tcp")}


@pytest.mark.parametrize("peer", [builds.glibc_peer, builds.musl_peer])
def test_c_peers_resolve(pod: Pod, peer: Callable[[], Path]) -> None:
    """The same C program, linked to glibc and to musl, resolves in the pod and reports its libc's own error."""
    found = pod.run_json([peer(), "-t", "2", "redis", "api.example.com", "nosuch"])
    assert [addresses(lookup) for lookup in found["lookups"]] == [
        {"10.96.0.20"},
        {"192.0.2.11", "2001:db8::11"},
        set(),
    ]
    text = {"glibc": "Name or service not known", "musl": "Name does not resolve"}[found["libc"]]
    assert (found["lookups"][2]["error"], found["lookups"][2]["text"]) == (NONAME, text)
    assert found["libc"] == peer.__name__.partition("_")[0]


def test_flows_spread_over_both_backends(lab_node: Node, pod: Pod) -> None:
    """Kube-proxy's rules send each new flow to a random backend; a flow stays with its own."""
    marker = lab_node.marker()
    look_up(pod, "--threads", "4", "x{0..199}.many.example.com.")
    queries = lab_node.queries(marker)
    assert len(queries) == 400
    share = Counter(query.backend for query in queries)
    assert share.keys() == {"dns0", "dns1"}
    assert min(share.values()) > 100  # 50 of 200 flows: seven standard deviations away
    backends_of_flow: dict[str, set[str]] = {}
    for query in queries:
        backends_of_flow.setdefault(query.client, set()).add(query.backend)
    assert all(len(backends) == 1 for backends in backends_of_flow.values())


def test_capture_sees_what_the_stock_resolver_does(lab_node: Node, pod: Pod) -> None:
    """The capture has each query and answer once, and shows that glibc has A and AAAA on one port at once."""
    with (
        faults.delay(lab_node, 5),
        lab_node.capture() as capture,
    ):  # so that no answer is there before both left
        look_up(pod, "www.example.com")
    queries = capture.queries
    assert Counter(query.type for query in queries) == {"A": 4, "AAAA": 4}
    assert {query.name for query in queries if query.name.count(".") == 3} == {"www.example.com."}
    answers = [packet for packet in capture.packets if not packet.is_query]
    assert sorted((answer.id, answer.name) for answer in answers) == sorted((q.id, q.name) for q in queries)
    assert overlapping(capture.packets)


def test_capture_reads_tcp(lab_node: Node, pod: Pod) -> None:
    """With use-vc the capture finds the messages inside of the TCP streams, and no overlap."""
    pod.options("ndots:5 use-vc")
    with lab_node.capture() as capture:
        look_up(pod, "www.example.com")
    assert Counter((query.proto, query.type) for query in capture.queries) == {
        ("tcp", "A"): 4,
        ("tcp", "AAAA"): 4,
    }
    assert len(capture.packets) == 16
    assert overlapping(capture.packets) == []


def test_pod_files_are_its_own(pod: Pod) -> None:
    """A test may rewrite resolv.conf, hosts and nsswitch.conf of a pod, and the machine's stay as they were."""
    before = Path("/etc/hosts").read_text()
    pod.write("hosts", "192.0.2.99 redis\n")
    assert addresses(look_up(pod, "redis")[0]) == {"192.0.2.99"}
    pod.write("nsswitch.conf", "hosts: dns\n")
    assert addresses(look_up(pod, "redis")[0]) == {"10.96.0.20"}
    pod.write("resolv.conf", "nameserver 10.96.0.10\nsearch prod.svc.cluster.local\n")
    assert addresses(look_up(pod, "redis")[0]) == {"10.96.0.21"}
    assert Path("/etc/hosts").read_text() == before


def test_the_cluster_changes_while_servers_run(lab_node: Node, pod: Pod) -> None:
    """Namespaces, services and endpoints that are added, changed and removed are so in DNS at once."""

    def becomes(name: str, expected: set[str]) -> bool:
        deadline = time.monotonic() + 5
        while time.monotonic() < deadline:
            if all(addresses(found) == expected for found in look_up(pod, *[name] * 8)):
                return True
        return False

    api = lab_node.api
    api.add_namespace("stage")
    api.add_service("stage", "redis", "10.96.0.77")
    assert becomes("redis.stage", {"10.96.0.77"})
    api.add_service("stage", "redis", "10.96.0.78")
    assert becomes("redis.stage", {"10.96.0.78"})
    api.add_headless_service("stage", "db", {"db-0": "10.244.9.1", "db-1": "10.244.9.2"})
    assert becomes("db.stage", {"10.244.9.1", "10.244.9.2"})
    api.set_endpoints("stage", "db", {"db-1": "10.244.9.2"})
    assert becomes("db.stage", {"10.244.9.2"})
    api.remove_service("stage", "db")
    api.remove_service("stage", "redis")
    assert becomes("db.stage", set())
    assert becomes("redis.stage", set())
    api.remove_namespace("stage")


def test_node_local_cache_answers_and_caches(lab_node_with_cache: Node) -> None:
    """A pod that asks 169.254.20.10 is answered by the cache, which asks the service over TCP, and once."""
    node = lab_node_with_cache
    node.pod.write("resolv.conf", f"nameserver {NODE_LOCAL_ADDRESS}\n")
    marker = node.marker()
    found = look_up(node.pod, "--repeat", "3", "cached.many.example.com.")
    node.pod.reset_files()
    assert all(addresses(lookup) == {"192.0.2.100", "2001:db8::100"} for lookup in found)
    asked = Counter((query.backend == "node-local", query.proto) for query in node.queries(marker))
    assert asked == {(True, "udp"): 6, (False, "tcp"): 2}


def test_dual_stack_pod_has_both_families(lab_node_with_cache: Node) -> None:
    """On a dual-stack node the pod has a source address for IPv6, so RFC 6724 puts IPv6 first."""
    (found,) = look_up(lab_node_with_cache.pod, "dual")
    assert [row[4] for row in found["rows"]] == ["fd00:10:96::22", "10.96.0.22"]


def test_pods_are_apart(make_node: Callable[..., Node]) -> None:
    """A second pod has its own address and files, and a capture sees one pod only."""
    node = make_node(query_log=False)
    other = node.add_pod("other")
    other.write("hosts", "192.0.2.99 redis\n")
    with node.capture(other) as capture:
        assert addresses(look_up(node.pod, "redis")[0]) == {"10.96.0.20"}
        assert addresses(look_up(other, "redis")[0]) == {"192.0.2.99"}
        assert addresses(look_up(other, "redis.prod")[0]) == {"10.96.0.21"}
    assert {query.source[0] for query in capture.queries} == {"10.244.1.11"}
    assert node.queries() == []


def test_a_program_that_hangs_is_ended(pod: Pod) -> None:
    """A time limit ends the program and what it has started."""
    with pytest.raises(subprocess.TimeoutExpired):
        pod.run(["sh", "-c", "sleep 77 & sleep 77"], timeout=0.3)
    assert namespaces.processes(pod.namespace) == []


def test_nothing_is_left_after_close() -> None:
    """Closing ends the servers and what runs in pods, and removes namespaces and files; starting is quick."""
    start = time.monotonic()
    with Node(node_local=True) as node:
        took = time.monotonic() - start
        pids = [pid for name in node_namespaces(node.topology.prefix) for pid in namespaces.processes(name)]
        hanging = node.pod.start(["sleep", "77"])
    assert len(pids) == 3
    assert not any(namespaces.alive(pid) for pid in pids)
    assert hanging.wait(timeout=2) != 0
    assert node_namespaces(node.topology.prefix) == []
    assert took < 10  # usually 0.5 s; 3 s is the aim on a machine that does nothing else


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_nothing_is_left_after_a_kill(number: signal.Signals) -> None:
    """A process that is killed with a node open leaves nothing behind either."""
    program = """if True:
        import time
        from tests.lab.node import Node
        with Node() as node:
            print(node.topology.prefix, flush=True)
            time.sleep(77)
    """
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True, cwd=REPOSITORY
    )
    assert process.stdout is not None
    prefix = process.stdout.readline().strip()
    assert len(node_namespaces(prefix)) == 4
    pids = [pid for name in node_namespaces(prefix) for pid in namespaces.processes(name)]
    os.kill(process.pid, number)
    process.wait()
    process.stdout.close()
    deadline = time.monotonic() + 30
    while node_namespaces(prefix) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert node_namespaces(prefix) == []
    assert not any(namespaces.alive(pid) for pid in pids)


def test_the_shell_command_runs_commands() -> None:
    """Without a terminal ``shell`` runs the commands of its input in the pod, with the faults it was given."""
    command = [sys.executable, "-m", "tests.lab", "shell", "--fault", "servfail", "--node-local"]
    script = "getent hosts redis; echo status $?; cat /etc/resolv.conf\n"
    done = subprocess.run(command, input=script, capture_output=True, text=True, cwd=REPOSITORY, check=True)
    assert done.stdout.startswith("status 2\nnameserver 10.96.0.10\n")


def node_namespaces(prefix: str) -> list[str]:
    """The namespaces of one node."""
    return [name for name in namespaces.existing() if name.startswith(prefix)]
