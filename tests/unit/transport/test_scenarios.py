"""The same faults in the fake network and on real loopback sockets: the same answers, the same questions."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Generator
from time import monotonic
from typing import Any

import pytest

from steadydns.resolution.cache import Cache
from steadydns.resolution.model import TCP, UDP, Question, Reply, Step
from steadydns.resolution.record import Record
from steadydns.resolution.rules import Environment, Network, Rules
from steadydns.resolution.servers import Servers
from steadydns.resolution.walk import Found, NotFound, lookup
from steadydns.transport.aio.driver import run as aio_run
from steadydns.transport.aio.network import LoopNetwork
from steadydns.transport.blocking import run
from steadydns.transport.pool import Pool
from steadydns.wire.message import AAAA, FORMERR, REFUSED, SERVFAIL, A
from tests.unit.loopback import LoopbackServer
from tests.unit.network import DNS, RULES, FakeNetwork, FakeServer, Pod, Zone, cluster_zone, texts

FAST = RULES._replace(first_retry=0.05, connect_race=0.03, deadline=0.6)
"""As the defaults, but shorter: nothing here depends on how long a wait is."""

CALM = RULES._replace(first_retry=10.0, connect_race=10.0, deadline=20.0)
"""For what comes without a wait: a busy machine is not to be taken for a loss."""

NAME = "redis.prod.svc.cluster.local"
ALIASES = Zone({"www.shop.test": "=cdn.test", "cdn.test": "203.0.113.9 2001:db8::9"})


def server(zone: Zone | None = None, **faults: Any) -> FakeServer:
    """A server with faults."""
    return FakeServer(zone or cluster_zone(), **faults)


SCENARIOS: dict[str, tuple[FakeServer, list[str], Rules]] = {
    "search list": (
        server(),
        ["api.example.com", "www.example.com", "redis", "redis.prod", "gone.example.com"],
        CALM,
    ),
    "exact": (server(), ["api.example.com", "redis.prod"], CALM._replace(exact=True)),
    "udp": (server(), ["api.example.com", "redis"], CALM._replace(transport=UDP)),
    "serial": (server(), ["api.example.com", "redis"], CALM._replace(transport=UDP, serial=True)),
    "a datagram lost": (server(drop=frozenset({0})), [f"{NAME}."], FAST._replace(transport=UDP)),
    "udp dead": (server(udp="silent"), [f"{NAME}."], FAST),
    "udp refused": (server(udp="refused"), [f"{NAME}."], CALM._replace(transport=UDP)),
    "tcp refused": (server(tcp="refused"), [f"{NAME}.", "api.example.com."], CALM),
    "tcp blocked": (server(tcp="blocked"), [f"{NAME}.", "api.example.com."], FAST),
    "tcp reset": (server(tcp="reset"), [f"{NAME}."], FAST),
    "tcp silent": (server(tcp="silent"), [f"{NAME}."], FAST),
    "all refused": (server(udp="refused", tcp="refused"), [f"{NAME}."], FAST),
    "all dead": (server(udp="silent", tcp="silent"), [f"{NAME}."], FAST),
    "truncated": (server(truncates=True), [f"{NAME}."], CALM._replace(transport=UDP)),
    "no edns": (server(edns=False), [f"{NAME}."], CALM._replace(transport=UDP)),
    "servfail": (server(cluster_zone(failing={NAME: SERVFAIL})), [f"{NAME}."], FAST),
    "refused": (server(cluster_zone(failing={NAME: REFUSED})), [f"{NAME}."], CALM._replace(transport=UDP)),
    "format error": (
        server(cluster_zone(failing={NAME: FORMERR})),
        [f"{NAME}."],
        CALM._replace(transport=TCP),
    ),
    "one family fails": (server(cluster_zone(failing={f"{NAME} AAAA": SERVFAIL})), [f"{NAME}."], CALM),
    "no soa": (server(cluster_zone(negative_ttl=None)), ["api.example.com"] * 2, CALM),
    "ttl 0": (server(cluster_zone(ttl=0)), ["redis"] * 2, CALM),
    "aliases": (server(ALIASES), ["www.shop.test"], CALM),
}

UNCOUNTED = {"all dead", "udp dead", "tcp silent", "tcp reset", "servfail", "tcp blocked"}
"""Where the number of attempts, or the transport of a retry, hangs on which of two events comes first."""


def told(result: Found | NotFound) -> object:
    """What a caller learns."""
    if isinstance(result, NotFound):
        return result.reason
    canonical = [(answer.canonical, answer.aliased) for answer in result.answers]
    return result.candidate, sorted(texts(result)), canonical, result.complete


def in_memory(fake: FakeServer, names: list[str], rules: Rules) -> tuple[list[object], Counter[Any]]:
    """Play a scenario in the fake network."""
    fake.datagrams = 0
    pod = Pod(FakeNetwork({DNS: fake}), rules)
    results = [told(pod.lookup(name)) for name in names]
    return results, Counter((seen.transport, seen.question) for seen in pod.network.seen)


Begin = Callable[[str, Network], Generator[Step, list[Reply], Found | NotFound]]


def blocking(names: list[str], begin: Begin) -> list[Found | NotFound]:
    """Look the names up in this thread."""
    pool = Pool()
    results = [run(begin(name, pool), pool, monotonic) for name in names]
    pool.close()
    return results


def awaiting(names: list[str], begin: Begin) -> list[Found | NotFound]:
    """Look the names up in an event loop."""
    pool = Pool()
    network = LoopNetwork(pool, monotonic)

    async def main() -> list[Found | NotFound]:
        return [await aio_run(begin(name, network), network) for name in names]

    results = asyncio.run(main())
    pool.close()
    assert len(network) == 0, "closed with its loop"
    return results


DRIVERS = {"threads": blocking, "asyncio": awaiting}


def on_loopback(
    fake: FakeServer, names: list[str], rules: Rules, driver: str
) -> tuple[list[object], Counter[Any]]:
    """Play it with real sockets."""
    fake.datagrams = 0
    with LoopbackServer(fake) as real:
        rules = rules._replace(servers=(real.server,))
        cache, servers = Cache(1000, 1 << 20, 30.0, 5.0), Servers()

        def begin(name: str, network: Network) -> Generator[Step, list[Reply], Found | NotFound]:
            now = monotonic()
            environment = Environment(
                rules,
                cache,
                servers,
                network,
                monotonic,
                Record(now),
                now,
                now + rules.deadline,
                lambda _: None,
            )
            return lookup(name.encode(), (A, AAAA), environment)

        results = [told(result) for result in DRIVERS[driver](names, begin)]
        return results, Counter(real.questions())


@pytest.mark.parametrize("driver", DRIVERS)
@pytest.mark.parametrize("name", SCENARIOS)
def test_the_fake_network_is_like_real_sockets(name: str, driver: str) -> None:
    """A scenario gives the same results over loopback as in memory, and the same questions arrive."""
    fake, names, rules = SCENARIOS[name]
    expected, questions = in_memory(fake, names, rules)
    results, arrived = on_loopback(fake, names, rules, driver)
    assert results == expected
    if name in UNCOUNTED:
        assert {question for _, question in arrived} <= {question for _, question in questions}
    elif fake.udp == "refused":
        assert not arrived, "nobody listens"
    else:
        assert arrived == questions


def test_no_udp_port_is_used_twice() -> None:
    """Each question over UDP comes from a source port of its own."""
    with LoopbackServer(server(drop=frozenset({0, 1}))) as real:
        rules = FAST._replace(servers=(real.server,), transport=UDP)
        pool, cache, servers = Pool(), Cache(1000, 1 << 20, 30.0, 5.0), Servers()
        for name in (b"api.example.com", b"redis", b"www.example.com"):
            now = monotonic()
            record = Record(now)
            environment = Environment(
                rules, cache, servers, pool, monotonic, record, now, now + 5, lambda _: None
            )
            run(lookup(name, (A, AAAA), environment), pool, monotonic)
        ports = [client[1] for transport, _, client in real.seen if transport == UDP]
        # The kernel may give a closed port again; never one while it is open, and hardly ever so soon.
        assert len(set(ports)) >= len(ports) - 1
        assert Question(b"redis.default.svc.cluster.local", A) in [question for _, question, _ in real.seen]
