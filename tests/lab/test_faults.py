"""Each fault does to the stock resolver what it does in a cluster, and is over when its context is."""

from __future__ import annotations

import socket
import statistics
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab import builds, faults
from tests.lab.pod import REPOSITORY, Pod
from tests.lab.topology import NODE_LOCAL_ADDRESS

if TYPE_CHECKING:
    from tests.lab.node import Node

pytestmark = pytest.mark.lab

LOOKUPS = Path(__file__).parent / "programs" / "lookups.py"
NAME = "www.example.com."
# Several: a scheduler that lets CoreDNS answer the first datagram before the second is sent undoes the race.
RACING = [f"race{number}.many.example.com." for number in range(8)]
IMPATIENT = "ndots:5 timeout:1 attempts:1"  # stock's smallest time-out, for speed


def look_up(pod: Pod, *arguments: str, timeout: float = 60.0) -> list[dict[str, Any]]:
    """The results of a program that looks names up in the pod."""
    found: list[dict[str, Any]] = pod.json(LOOKUPS, *arguments, timeout=timeout)["lookups"]
    return found


def works(pod: Pod) -> bool:
    """Whether lookups are fast and right again."""
    pod.reset_files()
    found = look_up(pod, "--repeat", "6", NAME)
    return not any(lookup["error"] for lookup in found) and max(lookup["seconds"] for lookup in found) < 1


def failed(lookups: list[dict[str, Any]]) -> int:
    """How many lookups failed; none may with another error than EAI_AGAIN."""
    assert {lookup["error"] for lookup in lookups} <= {0, socket.EAI_AGAIN}
    return sum(1 for lookup in lookups if lookup["error"])


def test_race_costs_stock_five_seconds(lab_node: Node, pod: Pod) -> None:
    """With its default options glibc loses the second datagram and needs five seconds, or ten."""
    with faults.race(lab_node) as race:
        found = look_up(pod, "--threads", "8", *RACING)
    assert failed(found) == 0
    assert max(lookup["seconds"] for lookup in found) >= 4.9
    assert race.drops >= 1
    assert works(pod)


def test_race_spares_serial_queries(lab_node: Node, pod: Pod) -> None:
    """Glibc's own remedy, a new port for each query, is not hit."""
    pod.options("single-request-reopen")
    with faults.race(lab_node) as race:
        found = look_up(pod, "--repeat", "20", NAME)
    assert failed(found) == 0
    assert max(lookup["seconds"] for lookup in found) < 1
    assert race.drops == 0


def test_race_costs_musl_its_retry(lab_node: Node, pod: Pod) -> None:
    """musl, which has both queries on one port too, needs its 2.5 seconds."""
    with faults.race(lab_node):
        found = pod.run_json([builds.musl_peer(), "-t", "8", *RACING])
    assert failed(found["lookups"]) == 0
    assert 2.4 <= max(lookup["seconds"] for lookup in found["lookups"]) < 4.9


@pytest.mark.parametrize("index", [0, 1])
def test_dead_backend_fails_some_lookups(lab_node: Node, pod: Pod, index: int) -> None:
    """About half of stock's lookups are bound to the dead backend, retry it, and fail; the others succeed."""
    pod.options("timeout:1 attempts:2")
    marker = lab_node.marker()
    with faults.dead_backend(lab_node, index) as dead:
        found = look_up(pod, "--threads", "20", "x{0..39}.many.example.com.")
    assert 5 <= failed(found) <= 35
    assert all(lookup["seconds"] >= 1.9 for lookup in found if lookup["error"])
    assert dead.drops >= 4 * failed(found)
    assert {query.backend for query in lab_node.queries(marker)} == {f"dns{1 - index}"}
    assert works(pod)


def test_dead_backend_cuts_open_connections(lab_node: Node, pod: Pod) -> None:
    """A TCP connection that is open when its backend dies is answered no more, and lives on afterwards."""
    with pod.start(
        ["python3", "-uc", TCP_CLIENT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as client:
        assert client.stdin
        assert client.stdout
        stdin, stdout = client.stdin, client.stdout

        def ask() -> str:
            stdin.write("\n")
            stdin.flush()
            return str(stdout.readline().strip())

        marker = lab_node.marker()
        assert ask() == "answered"
        (query,) = lab_node.queries(marker)
        with faults.dead_backend(lab_node, int(query.backend[-1])):
            assert ask() == "silence"
        assert stdout.readline().strip() == "late"
        stdin.close()


# One query on one connection for each line of input. After silence it waits for the late answer too.
TCP_CLIENT = """
import socket, sys
query = b"\\0\\1\\1\\0\\0\\1\\0\\0\\0\\0\\0\\0\\3www\\7example\\3com\\0\\0\\1\\0\\1"
connection = socket.create_connection(("10.96.0.10", 53))
for line in sys.stdin:
    connection.sendall(len(query).to_bytes(2, "big") + query)
    connection.settimeout(0.5)
    try:
        connection.recv(4096)
        print("answered")
    except TimeoutError:
        print("silence")
        connection.settimeout(8)
        connection.recv(4096)
        print("late")
"""


def test_loss_is_what_was_asked_for(lab_node: Node, pod: Pod) -> None:
    """With 30 percent each way about half of the queries are answered."""
    pod.options(IMPATIENT)
    with faults.loss(lab_node, 30) as loss, lab_node.capture() as capture:
        look_up(pod, "--threads", "40", "--family", "4", "x{0..399}.many.example.com.", timeout=100)
        assert capture.wait_for(lambda packets: len(packets) == 800 - loss.drops)
    queries = len(capture.queries)
    answers = len(capture.packets) - queries
    assert queries == 400
    assert 0.38 <= answers / queries <= 0.60  # 0.49, and four and a half standard deviations
    assert works(pod)


@pytest.mark.parametrize("ms", [1.0, 20.0])
def test_delay_is_added_to_each_round_trip(lab_node: Node, pod: Pod, ms: float) -> None:
    """The round trip of UDP and of TCP becomes longer by just the delay, and both backends still answer."""
    plain = round_trip(lab_node, pod)
    marker = lab_node.marker()
    with faults.delay(lab_node, ms):
        slow = round_trip(lab_node, pod)
    for proto in ("udp", "tcp"):
        assert ms - 0.3 <= slow[proto] - plain[proto] < ms + 1, (proto, plain, slow)
    assert {query.backend for query in lab_node.queries(marker)} == {"dns0", "dns1"}
    assert works(pod)


def round_trip(node: Node, pod: Pod) -> dict[str, float]:
    """Milliseconds between a query of the pod and its answer, by protocol: the best tenth, for it is the path's own."""
    fastest = {}
    for proto, options in (("udp", "ndots:1"), ("tcp", "ndots:1 use-vc")):
        pod.options(options)
        with node.capture() as capture:
            look_up(pod, "--repeat", "40", NAME)
        asked = {}
        times = []
        for packet in capture.packets:
            if packet.is_query:
                asked[packet.source, packet.id] = packet.time
            else:
                times.append(packet.time - asked[packet.destination, packet.id])
        assert len(times) == 80
        fastest[proto] = statistics.quantiles(times, n=10)[0] * 1000
    return fastest


def test_delay_is_no_bottleneck(lab_node: Node, pod: Pod) -> None:
    """Under a delay of 20 ms, 16 threads do in the time of one round trip what one thread does in 16."""
    with faults.delay(lab_node, 20):
        found = pod.json(LOOKUPS, "--threads", "16", "x{0..319}.many.example.com.")
    assert failed(found["lookups"]) == 0
    assert found["seconds"] < 320 * 0.020 / 4


def test_all_down_is_silence(lab_node: Node, pod: Pod) -> None:
    """With every server gone stock gives EAI_AGAIN, after its time-outs and not before."""
    pod.options("timeout:1 attempts:2")
    with faults.all_down(lab_node) as down:
        (found,) = look_up(pod, NAME)
    assert found["error"] == socket.EAI_AGAIN
    assert 1.9 <= found["seconds"] < 4
    assert down.drops >= 4
    assert works(pod)


@pytest.mark.parametrize(("refuse", "least"), [(False, 0.9), (True, 0.0)])
def test_node_local_down_leaves_the_service(lab_node_with_cache: Node, refuse: bool, least: float) -> None:
    """Without the node-local cache its address is silent, or refuses; the service still answers."""
    node = lab_node_with_cache
    assert works(node.pod)
    with faults.node_local_down(node, refuse=refuse) as down:
        node.pod.write("resolv.conf", f"nameserver {NODE_LOCAL_ADDRESS}\noptions timeout:1 attempts:1\n")
        (found,) = look_up(node.pod, NAME)
        assert works(node.pod)
    assert found["error"] == socket.EAI_AGAIN
    assert least <= found["seconds"] < least + 0.9
    assert down.drops >= 1
    node.pod.write("resolv.conf", f"nameserver {NODE_LOCAL_ADDRESS}\n")
    assert failed(look_up(node.pod, NAME)) == 0
    node.pod.reset_files()


def test_tcp_blocked_leaves_udp(lab_node: Node, pod: Pod) -> None:
    """A policy for UDP/53 only: TCP is silent, UDP works as before."""
    with faults.tcp_blocked(lab_node) as blocked:
        assert works(pod)
        assert blocked.drops == 0
        attempt = (
            "import socket\n"
            "try: socket.create_connection(('10.96.0.10', 53), timeout=0.5)\n"
            "except TimeoutError: print('silence')"
        )
        assert pod.python(attempt) == "silence\n"
        assert blocked.drops >= 1


def test_servfail_is_a_temporary_failure(lab_node: Node, pod: Pod) -> None:
    """Both backends answer SERVFAIL over UDP and TCP, at once, and stock says EAI_AGAIN."""
    for options in ("ndots:5", "ndots:5 use-vc"):
        pod.options(options)
        marker = lab_node.marker()
        with faults.servfail(lab_node):
            # So many that both backends get some: one in 2^32 runs would fail by chance.
            found = look_up(pod, "--repeat", "32", NAME)
        assert failed(found) == 32
        assert max(lookup["seconds"] for lookup in found) < 1
        queries = lab_node.queries(marker)
        assert {query.backend for query in queries} == {"dns0", "dns1"}
        assert {query.rcode for query in queries} == {"SERVFAIL"}
        assert {query.proto for query in queries} == {"tcp" if "use-vc" in options else "udp"}
    assert works(pod)


def test_faults_combine(lab_node: Node, pod: Pod) -> None:
    """Faults stand beside each other: behind a delay a dead backend is as dead, and the other as slow."""
    pod.options(IMPATIENT)
    with faults.delay(lab_node, 30), faults.dead_backend(lab_node):
        found = look_up(pod, "--threads", "10", "x{0..29}.many.example.com.")
    assert 1 <= failed(found) < 30
    assert min(lookup["seconds"] for lookup in found) >= 0.030
    assert works(pod)


def test_a_fault_by_name_is_checked(lab_node: Node) -> None:
    """An unknown fault, and an argument for one that takes none, are refused with the list of those there are."""
    for text in ("nosuch", "race:3"):
        with pytest.raises(ValueError, match="known: race, dead_backend"), faults.named(lab_node, text):
            pass


def test_the_fault_command_reaches_the_node_of_another_process(lab_node: Node, pod: Pod) -> None:
    """``python -m tests.lab fault`` applies to a node that it did not make, until its input ends."""
    key = lab_node.topology.key
    command = [sys.executable, "-m", "tests.lab", "fault", "servfail", "--node", key]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=REPOSITORY) as process:
        assert process.stdout is not None
        assert process.stdout.readline().startswith("servfail is on")
        assert failed(look_up(pod, NAME)) == 1
        process.communicate()
    assert process.returncode == 0
    assert works(pod)
