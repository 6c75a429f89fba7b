"""Faults of a node, each a context manager: its rules are there while the context lasts.

May import the standard library, builds, firewall, namespaces and topology; never restarts or changes a server.

Every fault takes anything with a ``topology``, and is made of packet rules in the node's namespaces. So flows
that were established before a fault keep their NAT mapping and meet the fault in the middle of their life, as
on a real node, and faults can be combined and switched on from another process (``python -m tests.lab fault``).
"""

from __future__ import annotations

import subprocess
import time
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TYPE_CHECKING, Protocol

from . import builds, namespaces
from .firewall import counter, table
from .topology import NODE_LOCAL_ADDRESS, SERVICE_ADDRESS, Topology

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

RACE_WINDOW_MS = 20
RACE_ROUND_TRIP_MS = 2
DELAY_MARK = "0x35"
DELAY_TABLE = "53"  # number of a routing table
DELAY_DEVICE = "delay0"
SERVFAIL_PORT = 5353
FROM_POD = 'iifname "pod*"'
BOTH_PROTOCOLS = "meta l4proto { udp, tcp }"


class HasTopology(Protocol):
    """A node, or whatever else knows the names of one."""

    @property
    def topology(self) -> Topology:
        """The names of the node."""


class Drops:
    """The count of packets that a fault has dropped so far."""

    def __init__(self) -> None:
        self._tables: list[tuple[str, str]] = []  # (namespace, table)
        self._finished = 0

    @property
    def drops(self) -> int:
        """Packets dropped; stays readable after the fault is over."""
        return self._finished + sum(counter(*where, "drops") for where in self._tables)

    @contextmanager
    def counting(self, namespace: str, table_name: str) -> Iterator[None]:
        """Count this table's drops, and keep their number when the table goes."""
        self._tables.append((namespace, table_name))
        try:
            yield
        finally:
            self._tables.remove((namespace, table_name))
            self._finished += counter(namespace, table_name, "drops")


@contextmanager
def _dropping(namespaces_: Iterable[str], name: str, rules: str, *, sets: str = "") -> Iterator[Drops]:
    """In each namespace a table with ``rules`` that send packets to a chain that counts and drops them."""
    body = f"{sets}\ncounter drops {{ }}\nchain dropped {{ counter name drops drop; }}\n{rules}"
    drops = Drops()
    with ExitStack() as stack:
        for namespace in namespaces_:
            table_name = stack.enter_context(table(namespace, name, body))
            stack.enter_context(drops.counting(namespace, table_name))
        yield drops


def _chain(hook: str, *rules: str, priority: str = "raw") -> str:
    lines = "\n".join(rules)
    return f"chain {hook} {{ type filter hook {hook} priority {priority};\n{lines}\n}}"


@contextmanager
def race(node: HasTopology, window_ms: int = RACE_WINDOW_MS) -> Iterator[Drops]:
    """Drop a pod's UDP query that follows another of the same address and port, not answered yet, within the window.

    That is what conntrack does when two packets of a flow that it does not know yet are on their way at
    once: both get an entry, the second cannot be inserted, and its packet is dropped. Once an answer has come
    the flow is known; so a port that the kernel gives to the next socket soon after is not hit. And no answer comes before
    the second packet has left, which in a node of namespaces it may: a round trip takes two milliseconds meanwhile.
    """
    window = f"timeout {window_ms}ms"
    sets = f"set flows {{ type ipv4_addr . inet_service; flags dynamic,timeout; {window}; size 65535; }}"
    # The node-local cache's flows are kept out of conntrack, so they cannot lose the race.
    tracked = f"{FROM_POD} udp dport 53 ip daddr != {NODE_LOCAL_ADDRESS}"
    rules = _chain(
        "prerouting",
        f"{tracked} ip saddr . udp sport @flows jump dropped",
        f"{tracked} add @flows {{ ip saddr . udp sport {window} }}",
        "udp sport 53 delete @flows { ip daddr . udp dport }",
    )
    with (
        delay(node, RACE_ROUND_TRIP_MS),
        _dropping([node.topology.node], "race", rules, sets=sets) as drops,
    ):
        yield drops


@contextmanager
def dead_backend(node: HasTopology, index: int = 0) -> Iterator[Drops]:
    """Drop silently whatever goes to or comes from one backend: its host is gone, its Endpoints are not yet.

    Beyond the node, as in a cluster: conntrack has confirmed the flow by then and sends every retry of
    the same socket to the same dead backend.
    """
    with _dropping([node.topology.backend(index)], "dead", _fabric("jump dropped")) as drops:
        yield drops


@contextmanager
def loss(node: HasTopology, percent: float) -> Iterator[Drops]:
    """Drop this share of the packets between the node and the backends, each way, UDP and TCP alike."""
    some = f"{BOTH_PROTOCOLS} numgen random mod 10000 < {round(percent * 100)} jump dropped"
    with _dropping(node.topology.backends, "loss", _fabric(some)) as drops:
        yield drops


def _fabric(rule: str) -> str:
    """Chains of a backend's namespace that apply a rule to what comes and goes, but not to its loopback."""
    return "\n".join(
        [_chain("prerouting", f'iifname "eth0" {rule}'), _chain("output", f'oifname "eth0" {rule}')]
    )


@contextmanager
def delay(node: HasTopology, ms: float) -> Iterator[None]:
    """Add this many milliseconds to every round trip between pods and the DNS service, UDP and TCP.

    Packets to the service leave conntrack alone, go to a tun device, wait in ``programs/delay.c`` and come
    back as if they had just arrived: then kube-proxy's rules and conntrack see them, once. So the backends
    stay behind the same DNAT, and flows survive the start and the end of the delay.
    """
    namespace = node.topology.node
    rules = _chain("prerouting", f"{FROM_POD} ip daddr {SERVICE_ADDRESS} notrack meta mark set {DELAY_MARK}")
    with ExitStack() as stack:
        stack.enter_context(_relay(namespace, ms))
        stack.enter_context(table(namespace, "delay", rules))
        yield


@contextmanager
def _relay(namespace: str, ms: float) -> Iterator[None]:
    """The program behind the tun device, and the routes that lead to it."""
    command = [
        "ip",
        "netns",
        "exec",
        namespace,
        str(builds.delay_relay()),
        DELAY_DEVICE,
        str(round(ms * 1000)),
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL)
    assert process.stdout is not None
    try:
        if process.stdout.readline() != b"ready\n":
            raise RuntimeError("the delay relay did not start")
        lines = [
            f"link set {DELAY_DEVICE} up",
            f"route add default dev {DELAY_DEVICE} table {DELAY_TABLE}",
            f"rule add fwmark {DELAY_MARK} lookup {DELAY_TABLE}",
        ]
        namespaces.ip_batch(namespace, lines)
        try:
            yield
        finally:
            time.sleep(ms / 1000 + 0.01)  # what is still held back is not to be lost
            namespaces.ip_batch(namespace, [f"rule del fwmark {DELAY_MARK} lookup {DELAY_TABLE}"])
    finally:
        namespaces.end_processes([process.pid])
        process.stdout.close()
        process.wait()


@contextmanager
def all_down(node: HasTopology) -> Iterator[Drops]:
    """Every server is gone: both backends as in ``dead_backend``, and the node-local cache hangs."""
    with (
        _dropping(node.topology.backends, "down", _fabric("jump dropped")) as drops,
        node_local_down(node),
    ):
        yield drops


@contextmanager
def node_local_down(node: HasTopology, *, refuse: bool = False) -> Iterator[Drops]:
    """Make the node-local cache unreachable for pods.

    It hangs: nothing comes back. With ``refuse`` it has crashed: a reset for TCP, port unreachable for UDP.
    """
    towards = f"{FROM_POD} ip daddr {NODE_LOCAL_ADDRESS}"
    if refuse:
        rules = [
            f"{towards} tcp dport 53 counter name drops reject with tcp reset",
            f"{towards} udp dport 53 counter name drops reject",
        ]
    else:
        rules = [f"{towards} {BOTH_PROTOCOLS} th dport 53 jump dropped"]
    chain = _chain("input", *rules, priority="filter")
    with _dropping([node.topology.node], "local", chain) as drops:
        yield drops


@contextmanager
def tcp_blocked(node: HasTopology) -> Iterator[Drops]:
    """Drop TCP to port 53 silently, as a NetworkPolicy does that allows only UDP/53."""
    rules = _chain("prerouting", f"{FROM_POD} tcp dport 53 jump dropped")
    with _dropping([node.topology.node], "tcp", rules) as drops:
        yield drops


@contextmanager
def servfail(node: HasTopology) -> Iterator[None]:
    """Let both backends answer SERVFAIL to everything, as CoreDNS does when its upstream servers are gone.

    Their ports are exchanged, packet by packet, for those of a server block that knows nothing else; so it
    holds for every flow at once. An open TCP connection is reset at its next query, before and after.
    """
    arriving = [f"{proto} dport 53 {proto} dport set {SERVFAIL_PORT}" for proto in ("udp", "tcp")]
    leaving = [f"{proto} sport {SERVFAIL_PORT} {proto} sport set 53" for proto in ("udp", "tcp")]
    body = "\n".join([_chain("prerouting", *arriving), _chain("output", *leaving)])
    with ExitStack() as stack:
        for namespace in node.topology.backends:
            stack.enter_context(table(namespace, "servfail", body))
        yield


BY_NAME: dict[str, Callable[..., AbstractContextManager[object]]] = {
    "race": race,
    "dead_backend": dead_backend,
    "loss": loss,
    "delay": delay,
    "all_down": all_down,
    "node_local_down": node_local_down,
    "tcp_blocked": tcp_blocked,
    "servfail": servfail,
}
ARGUMENTS: dict[str, type[float]] = {"dead_backend": int, "loss": float, "delay": float}


@contextmanager
def named(node: HasTopology, text: str) -> Iterator[None]:
    """A fault given as text: ``race``, ``dead_backend:1``, ``loss:30``, ``delay:2.5``; ValueError for others."""
    name, _, argument = text.partition(":")
    if name not in BY_NAME or (argument and name not in ARGUMENTS):
        raise ValueError(f"no such fault: {text!r}; known: {', '.join(BY_NAME)}")
    values = [ARGUMENTS[name](argument)] if argument else []
    with BY_NAME[name](node, *values):
        yield
