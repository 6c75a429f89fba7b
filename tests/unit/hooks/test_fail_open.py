"""What goes wrong inside steadydns never reaches the caller: libc answers instead."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

from steadydns import activation
from steadydns.contract import originals as stock
from tests.unit.program import run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from steadydns.resolver import Resolver
    from steadydns.system.pod import Pod
    from tests.unit.loopback import LoopbackServer

NAME = "redis.prod"
LIBC: list[tuple[Any, ...]] = [("what libc says",)]


@pytest.fixture
def over_libc(pod: Pod, monkeypatch: pytest.MonkeyPatch) -> Iterator[Resolver]:
    """Installed over a libc that answers every name with LIBC."""
    monkeypatch.setattr(stock, "public", lambda *_: list(LIBC))
    activation.install()
    yield activation.resolver()
    activation.uninstall()


def fail(*_: object, **__: object) -> Any:
    """An error that nobody expects."""
    raise RuntimeError("a bug of ours")


INSIDE = [
    "steadydns.resolver.read",
    "steadydns.resolver.make_rules",
    "steadydns.resolver.lookup",
    "steadydns.resolver.run",
    "steadydns.resolver.in_order",
    "steadydns.transport.blocking.Exchange",
    "steadydns.transport.blocking.Connection",
    "steadydns.transport.pipeline.Deframer.cut",
    "steadydns.resolution.cache.Cache.store",
    "steadydns.resolution.cache.Cache.get",
    "steadydns.resolution.walk.candidates",
    "steadydns.resolution.flights.Flights.join",
    "steadydns.calls.ranking.Surroundings.rank",
    "steadydns.system.pod.Pod.resolv_conf",
    "steadydns.system.pod.Pod.hosts",
    "steadydns.system.pod.Pod.nsswitch_plan",
]


@pytest.mark.parametrize("where", INSIDE)
def test_an_unexpected_error_makes_libc_answer(
    where: str, over_libc: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever it is raised, the caller gets libc's answer, and the fallback is counted."""
    monkeypatch.setattr(where, fail)
    assert socket.getaddrinfo(NAME, 80) == LIBC
    assert over_libc.stats()["fallbacks"] == {"error": 1}


FIRST_ATTEMPT = [
    "steadydns.resolver.Resolver.certain",
    "steadydns.resolver.Resolver.found",
    "steadydns.resolver.in_order",
    "steadydns.resolver.in_every_order",
    "steadydns.transport.pool.Pool.take",
    "steadydns.transport.tcp.Connection.prompt",
    "steadydns.transport.tcp.Connection.collect",
    "steadydns.transport.tcp.read_direct",
    "steadydns.resolution.cache.Cache.held",
    "steadydns.resolution.cache.Cache.keep",
    "steadydns.calls.ranking.Surroundings.look",
    "steadydns.calls.ranking.Surroundings.rank",
]


@pytest.mark.parametrize("where", FIRST_ATTEMPT)
def test_an_unexpected_error_of_the_shortest_way_makes_libc_answer(
    where: str, over_libc: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a connection that stands ready and a call of a known kind: a first attempt, and then a cached answer."""
    socket.getaddrinfo("api.example.com.", 80)
    monkeypatch.setattr(where, fail)
    answers = [socket.getaddrinfo("www.example.com.", 80) for _ in range(2)]
    assert LIBC in answers
    assert all(len(rows) == 3 or rows == LIBC for rows in answers)
    assert over_libc.stats()["fallbacks"] == {"error": answers.count(LIBC)}


@pytest.mark.parametrize("where", ["cares", "observe"])
def test_an_error_of_telemetry_changes_no_answer(
    where: str, installed: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Even an observer that raises, which it promises never to do, costs nobody an answer."""
    monkeypatch.setattr(installed.observer, "cares", lambda *_, **__: True)
    monkeypatch.setattr(installed.observer, where, fail)
    assert socket.getaddrinfo(NAME, 80, 0, 1)[0][4] == ("10.96.1.2", 80)
    with pytest.raises(socket.gaierror, match="Name or service not known"):
        socket.getaddrinfo("gone.prod", 80)


def test_an_interrupt_passes_and_leaves_nothing_behind(
    installed: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """KeyboardInterrupt while waiting reaches the caller; the next lookup of the name works."""

    def interrupted(*_: object) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr("steadydns.transport.blocking.Exchange.perform", interrupted)
        with pytest.raises(KeyboardInterrupt):
            socket.getaddrinfo(NAME, 80)
    assert len(installed._flights) == 0
    assert socket.getaddrinfo(NAME, 80, 0, 1)[0][4] == ("10.96.1.2", 80)


def test_a_lookup_made_inside_a_lookup_works(
    installed: Resolver, real: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signal handler or an exporter that looks up the same name gets its answer, and so does the outer call."""
    inner: list[object] = []
    perform = __import__("steadydns.transport.blocking", fromlist=["Exchange"]).Exchange.perform

    def nested(exchange: Any, step: Any) -> Any:
        if not inner:
            inner.append(None)
            inner[0] = socket.getaddrinfo(NAME, 80, 0, 1)[0][4]
        return perform(exchange, step)

    monkeypatch.setattr("steadydns.transport.blocking.Exchange.perform", nested)
    assert socket.getaddrinfo(NAME, 80, 0, 1)[0][4] == ("10.96.1.2", 80)
    assert inner == [("10.96.1.2", 80)]


FORK = """
import os, socket, sys, threading
from pathlib import Path
from steadydns import activation
import steadydns.resolver as module
from steadydns.system.pod import Pod
from tests.unit.loopback import LoopbackServer
from tests.unit.network import FakeServer, cluster_zone

arrived = threading.Event()
class Seen(list):
    def append(self, item):
        super().append(item)
        arrived.set()

with LoopbackServer(FakeServer(cluster_zone())) as real:
    rules = module.make_rules
    module.make_rules = lambda config, conf: rules(config, conf)._replace(servers=(real.server,), preferred=None)
    module.Pod = lambda: Pod(sys.argv[1], environ={}, hostname=lambda: "pod-1")
    activation.install()
    def look(name):
        return socket.getaddrinfo(name, 80, 0, 1)[0][4][0]
    assert look("www.example.com") == "203.0.113.2"
    real.fake.tcp = real.fake.udp = "silent"
    real.seen = Seen()
    found = []
    thread = threading.Thread(target=lambda: found.append(look("redis.prod")))
    thread.start()
    assert arrived.wait(30), "the question is in flight"
    resolver = activation.resolver()
    locks = (resolver.cache._lock, resolver.pool._lock)
    held, go = threading.Event(), threading.Event()
    def hold():
        with locks[0], locks[1]:
            held.set()
            go.wait(30)
    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(30)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            assert len(resolver._flights) == 0
            assert resolver.cache.counts(0)["entries"] > 0, "the cache came along"
            assert look("www.example.com") == "203.0.113.2"
            real.fake.tcp = real.fake.udp = "answers"
            assert look("redis.prod") == "10.96.1.2"
            code = 0
        except BaseException as error:
            print("child:", repr(error), file=sys.stderr)
        finally:
            os._exit(code)
    go.set()
    holder.join()
    real.fake.tcp = real.fake.udp = "answers"
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    thread.join(30)
    assert found == ["10.96.1.2"]
    activation.uninstall()
"""


def test_a_fork_during_a_lookup_disturbs_neither_process(etc: Path) -> None:
    """With a lookup in flight and every lock held by other threads, the child resolves, cached names and new ones."""
    run(FORK, str(etc.parent))
