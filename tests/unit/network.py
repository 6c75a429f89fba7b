"""A network in memory, with a clock of its own: runs any resolution generator against scripted name servers.

What a server knows is a `Zone`; what goes wrong with it is data on a `FakeServer`. No sockets, no sleeping: time
passes only where the generator waits. tests/unit/transport/test_scenarios.py holds it against real sockets.
"""

from __future__ import annotations

import heapq
import socket
from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from steadydns.resolution.cache import Cache
from steadydns.resolution.model import TCP, UDP, Flow, Question, Reply, Server, Step
from steadydns.resolution.record import Record
from steadydns.resolution.rules import Environment, Rules
from steadydns.resolution.servers import Servers
from steadydns.resolution.walk import Found, NotFound, lookup
from steadydns.wire.message import AAAA, FORMERR, NOERROR, NXDOMAIN, PTR, A, Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Mapping

T = TypeVar("T")

MAX_STEPS = 1000
"""More than any lookup needs: a generator that spins is found by it."""

MAX_LINKS = 8


def packed(address: str) -> bytes:
    """An address as an answer holds it."""
    return socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)


class Response(NamedTuple):
    """What a server says to one question."""

    rcode: int
    addresses: tuple[str, ...] = ()
    ttl: int = 30
    aliases: tuple[str, ...] = ()
    """The targets of the CNAME chain."""
    negative_ttl: int | None = None
    """The minimum of the SOA record; None: there is none."""

    def answer(self, question: Question, *, truncated: bool = False) -> Answer:
        """Return it as the codec would read it."""
        return Answer(
            self.rcode,
            truncated,
            True,
            () if truncated else tuple(map(packed, self.addresses)),
            self.ttl if self.addresses else 0,
            self.aliases[-1].encode() if self.aliases else b"",
            bool(self.aliases),
            self.negative_ttl,
            self.rcode == NOERROR and bool(self.aliases) and not self.addresses,
        )


class Zone:
    """Names and their addresses. Obeys RFC 8020: a name that has names below it exists."""

    def __init__(
        self,
        names: Mapping[str, str],
        *,
        ttl: int = 30,
        negative_ttl: int | None = 30,
        failing: Mapping[str, int] | None = None,
        lying: Iterable[str] = (),
    ) -> None:
        """Make a zone.

        Args:
            names: For each name its addresses, divided by blanks, or `=` and the name it is an alias of.
            ttl: Of every record, seconds.
            negative_ttl: Of every denial, seconds; None leaves the SOA out.
            failing: The response code for a name, or for a name and type such as "www.example.com AAAA".
            lying: Names that are denied though something exists below them.
        """
        self.names = {name.lower(): value for name, value in names.items()}
        self.ttl = ttl
        self.negative_ttl = negative_ttl
        self.failing = dict(failing or {})
        self.lying = frozenset(lying)
        self.below: frozenset[str] = frozenset()
        self.changed()

    def changed(self) -> None:
        """Find out anew which names exist without addresses of their own."""
        self.below = frozenset(
            ".".join(labels[at:])
            for labels in (name.split(".") for name in self.names)
            for at in range(1, len(labels))
        )

    def ask(self, question: Question) -> Response:
        """Return what the zone says."""
        name = question.name.decode().lower()
        kind = {A: "A", AAAA: "AAAA", PTR: "PTR"}[question.type]
        rcode = self.failing.get(f"{name} {kind}", self.failing.get(name))
        if rcode is not None:
            return Response(rcode)
        aliases: list[str] = []
        while self.names.get(name, "").startswith("=") and len(aliases) < MAX_LINKS:
            name = self.names[name][1:]
            aliases.append(name)
        if name not in self.names:
            exists = name in self.below and name not in self.lying
            return Response(NOERROR if exists else NXDOMAIN, (), 0, tuple(aliases), self.negative_ttl)
        data = self.names[name].split()
        addresses = tuple(a for a in data if kind == "PTR" or (":" in a) == (kind == "AAAA"))
        return Response(
            NOERROR, addresses, self.ttl, tuple(aliases), None if addresses else self.negative_ttl
        )


@dataclass
class FakeServer:
    """A name server and what is wrong with it."""

    zone: Zone
    latency: float = 0.001
    """Seconds from question to answer, and for a TCP handshake."""
    udp: str = "answers"
    """'answers', 'silent', 'refused' (ICMP port unreachable)."""
    tcp: str = "answers"
    """'answers', 'silent' (connects, never answers), 'blocked' (the handshake never ends), 'refused', 'reset' (closes
    at the first question)."""
    drop: frozenset[int] = frozenset()
    """Datagrams that get lost, counted from 0."""
    late: Mapping[int, float] = field(default_factory=dict)
    """Seconds until the answer to the n-th datagram comes, counted from 0."""
    truncates: bool = False
    """Over UDP only the TC bit comes."""
    edns: bool = True
    """Otherwise an OPT record is answered with FORMERR."""
    datagrams: int = 0


class Seen(NamedTuple):
    """A question that reached the wire."""

    at: float
    server: Server
    transport: str
    question: Question
    flow: Flow


class FakeNetwork:
    """Servers by address, TCP connections kept between lookups, and the clock. Satisfies environment.Network."""

    def __init__(self, servers: Mapping[Server, FakeServer], start: float = 1000.0) -> None:
        self.servers = dict(servers)
        self.now = start
        self.seen: list[Seen] = []
        self.idle: dict[Server, list[float]] = {}
        """For each idle connection the time of its last answer."""
        self.probes: dict[Server, tuple[float, bool]] = {}
        self.probe_count: Counter[Server] = Counter()
        self.retired: list[tuple[Server, float]] = []
        self._events: list[tuple[float, int, Flow, Callable[[], Reply | None]]] = []
        self._waiting: dict[Flow, set[Question]] = {}
        self._answered: dict[Flow, float] = {}
        self._order = count()
        self.steps: list[Step] = []

    def clock(self) -> float:
        """The time, monotonic seconds."""
        return self.now

    # What a resolution may ask of its driver.

    def has_idle(self, server: Server, now: float) -> bool:
        return bool(self.idle.get(server))

    def probe(self, server: Server, question: Question, now: float) -> None:
        self.probe_count[server] += 1
        known = self.servers.get(server)
        works = known is not None and known.tcp == "answers"
        wait = 2 * known.latency if known is not None and works else 1.0
        self.probes.setdefault(server, (now + wait, works))

    def probed(self, server: Server, now: float) -> bool | None:
        ready, works = self.probes.get(server, (float("inf"), False))
        if now < ready:
            return None
        del self.probes[server]
        if works:
            self.idle.setdefault(server, []).append(now)
        return works

    def retire(self, server: Server, unproven_since: float) -> None:
        self.retired.append((server, unproven_since))
        self.idle[server] = [at for at in self.idle.get(server, []) if at >= unproven_since]

    # The driver.

    def run(self, program: Generator[Step, list[Reply], T]) -> T:
        """Run a resolution to its end, as transport.blocking.run does."""
        try:
            step = next(program)
            for _ in range(MAX_STEPS):
                step = program.send(self._perform(step))
        except StopIteration as stop:
            result: T = stop.value
            return result
        finally:
            self._close()
        raise AssertionError(f"no end after {MAX_STEPS} steps")

    def _perform(self, step: Step) -> list[Reply]:
        self.steps.append(step)
        replies: list[Reply] = []
        for flow in step.flows:
            self._waiting[flow] = set(flow.questions)
            failure = self._open(flow)
            if failure:
                del self._waiting[flow]
                replies.append(Reply(flow, None, None, failure))
        while not replies:
            if not self._events or self._events[0][0] > step.until:
                self.now = max(self.now, step.until)
                break
            self.now = max(self.now, self._events[0][0])
            while self._events and self._events[0][0] <= self.now:
                reply = heapq.heappop(self._events)[3]()
                if reply is not None:
                    replies.append(reply)
        return replies

    def _close(self) -> None:
        for flow, waiting in self._waiting.items():
            if flow.transport == TCP and not waiting and flow in self._answered:
                self.idle.setdefault(flow.server, []).append(self._answered[flow])
        self._waiting.clear()
        self._answered.clear()
        self._events.clear()

    def _at(self, when: float, flow: Flow, event: Callable[[], Reply | None]) -> None:
        heapq.heappush(self._events, (when, next(self._order), flow, event))

    def _open(self, flow: Flow) -> str:
        server = self.servers.get(flow.server)
        if flow.transport == UDP:
            flow.connected = True
            self._send(flow, server)
            return ""
        if self.idle.get(flow.server):
            self.idle[flow.server].pop()
            if server is not None and server.tcp == "refused":
                # Reset, connected anew, refused.
                self._at(self.now + 2 * server.latency, flow, lambda: self._broken(flow, "refused"))
                return ""
            self._connected(flow)
        elif server is None or server.tcp == "blocked":
            pass
        elif server.tcp == "refused":
            self._at(self.now + server.latency, flow, lambda: self._broken(flow, "refused"))
        else:
            self._at(self.now + server.latency, flow, lambda: self._connected(flow))
        return ""

    def _connected(self, flow: Flow) -> None:
        flow.connected = True
        self._send(flow, self.servers.get(flow.server))

    def _send(self, flow: Flow, server: FakeServer | None) -> None:
        for question in flow.questions:
            self.seen.append(Seen(self.now, flow.server, flow.transport, question, flow))
            if server is not None:
                self._arrive(flow, server, question)

    def _arrive(self, flow: Flow, server: FakeServer, question: Question) -> None:
        latency = server.latency
        if flow.transport == UDP:
            number = server.datagrams
            server.datagrams += 1
            if server.udp == "refused":
                self._at(self.now + latency, flow, lambda: self._broken(flow, "refused"))
            if server.udp != "answers" or number in server.drop:
                return
            latency = server.late.get(number, latency)
        elif server.tcp == "reset":
            self._at(self.now + latency, flow, lambda: self._broken(flow, "reset"))
            return
        elif server.tcp != "answers":
            return
        answer = self._answer(flow, server, question)
        self._at(self.now + latency, flow, lambda: self._deliver(flow, question, answer))

    @staticmethod
    def _answer(flow: Flow, server: FakeServer, question: Question) -> Answer:
        if flow.transport == UDP and flow.edns and not server.edns:
            return Response(FORMERR).answer(question)
        truncated = flow.transport == UDP and server.truncates
        return server.zone.ask(question).answer(question, truncated=truncated)

    def _deliver(self, flow: Flow, question: Question, answer: Answer) -> Reply | None:
        if flow not in self._waiting or question not in self._waiting[flow]:
            return None
        self._waiting[flow].discard(question)
        self._answered[flow] = self.now
        if not self._waiting[flow]:
            # The driver gives a stream back, or closes the port, with the last answer.
            if flow.transport == TCP:
                self.idle.setdefault(flow.server, []).append(self.now)
            del self._waiting[flow]
        return Reply(flow, question, answer, "")

    def _broken(self, flow: Flow, failure: str) -> Reply | None:
        if self._waiting.pop(flow, None) is None:
            return None
        return Reply(flow, None, None, failure)

    # What a test wants to know.

    def questions(self) -> list[str]:
        """What reached the wire since the last call, in its order: 'name A' or 'name AAAA'."""
        seen, self.seen = self.seen, []
        return [shown(one.question) for one in seen]


def shown(question: Question) -> str:
    """A question as tests write it."""
    return f"{question.name.decode()} {({A: 'A', AAAA: 'AAAA'})[question.type]}"


DNS = Server(int(socket.AF_INET), "10.96.0.10")
OTHER = Server(int(socket.AF_INET), "10.96.0.11")
NODE_LOCAL = Server(int(socket.AF_INET), "169.254.20.10")

CLUSTER = (b"default.svc.cluster.local", b"svc.cluster.local", b"cluster.local")

NAMES = {
    "kubernetes.default.svc.cluster.local": "10.96.0.1",
    "redis.default.svc.cluster.local": "10.96.1.1",
    "redis.prod.svc.cluster.local": "10.96.1.2",
    "ns.dns.cluster.local": "10.96.0.10",
    "api.example.com": "203.0.113.1 2001:db8::1",
    "www.example.com": "203.0.113.2",
    "v6.example.com": "2001:db8::6",
    "shop.example.net": "203.0.113.3",
    "2.1.96.10.in-addr.arpa": "redis.prod.svc.cluster.local.",
}
"""A cluster and the world."""


def cluster_zone(**options: Any) -> Zone:
    """The zone of NAMES, with the denial that CoreDNS gives for dns.cluster.local."""
    return Zone(NAMES, lying=("dns.cluster.local",), **options)


RULES = Rules(
    servers=(DNS,),
    preferred=None,
    search=CLUSTER,
    ndots=5,
    transport="auto",
    serial=False,
    edns=True,
    rotate=False,
    exact=False,
    external=(),
    internal=(),
    first_retry=0.4,
    connect_race=0.1,
    deadline=10.0,
    attempts=2,
    stale=3600.0,
    stale_cluster=60.0,
    cluster=(b"cluster.local",),
    prefetch=True,
)


class Pod:
    """One process in a fake network: what it remembers between lookups."""

    def __init__(self, network: FakeNetwork, rules: Rules = RULES, cache: Cache | None = None) -> None:
        self.network = network
        self.rules = rules
        self.cache = cache or Cache(1000, 1 << 20, 30.0, 5.0)
        self.servers = Servers()
        self.refreshed: list[Question] = []
        self.record = Record(0.0)

    def environment(self) -> Environment:
        """Return the surroundings of one lookup that begins now."""
        now = self.network.now
        self.record = Record(now)
        return Environment(
            self.rules,
            self.cache,
            self.servers,
            self.network,
            self.network.clock,
            self.record,
            now,
            now + self.rules.deadline,
            self.refreshed.append,
        )

    def lookup(self, name: str, types: tuple[int, ...] = (A, AAAA)) -> Found | NotFound:
        """Resolve a name."""
        return self.network.run(lookup(name.encode(), types, self.environment()))

    def addresses(self, name: str, types: tuple[int, ...] = (A, AAAA)) -> list[str]:
        """Resolve a name that exists; return its addresses as text."""
        found = self.lookup(name, types)
        assert isinstance(found, Found), found
        return texts(found)

    def verdict(self, name: str, types: tuple[int, ...] = (A, AAAA)) -> str:
        """Resolve a name that does not exist; return why."""
        found = self.lookup(name, types)
        assert isinstance(found, NotFound), found
        return found.reason

    def took(self, name: str) -> float:
        """Resolve a name, whatever comes of it; return the seconds it took, to the microsecond."""
        before = self.network.now
        self.lookup(name)
        return round(self.network.now - before, 6)


def texts(found: Found) -> list[str]:
    """The addresses of an answer as text."""
    return [
        socket.inet_ntop(socket.AF_INET if len(one) == 4 else socket.AF_INET6, one)
        for answer in found.answers
        for one in answer.addresses
    ]


def pod(zone: Zone | None = None, rules: Rules = RULES, **faults: Any) -> Pod:
    """A pod with one server, 10.96.0.10."""
    return Pod(FakeNetwork({DNS: FakeServer(zone or cluster_zone(), **faults)}), rules)
