"""Differences that a review found, each as a case."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import signal
import socket
import threading
from time import monotonic
from typing import TYPE_CHECKING, Any

import pytest

import steadydns
from steadydns import activation
from steadydns.calls.settings import rules as make_rules
from steadydns.resolution.flights import Flight, Flights
from steadydns.resolution.model import TCP
from steadydns.resolver import Resolver
from steadydns.system.pod import Pod
from steadydns.wire.message import FORMERR, SERVFAIL
from tests.unit.loopback import LoopbackServer
from tests.unit.network import FakeServer, cluster_zone
from tests.unit.program import run

if TYPE_CHECKING:
    from pathlib import Path

    from steadydns.config import Config
    from steadydns.resolution.model import Question
    from steadydns.resolution.rules import Rules
    from steadydns.system.resolvconf import ResolvConf


def test_a_lookup_that_was_interrupted_holds_nobody_up(
    resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An exception in the middle of a lookup, such as a signal handler's, leaves no flight behind."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(resolver, "_lead", interrupted)
        with pytest.raises(KeyboardInterrupt):
            resolver.getaddrinfo("redis.prod", 80)
    assert len(resolver._flights) == 0
    assert resolver.getaddrinfo("redis.prod", 80)


def test_a_flight_whose_leader_is_gone_is_given_up_at_its_deadline(resolver: Resolver) -> None:
    """A leader that could not even say so makes others wait until its own time is over, and no longer."""
    settings = resolver._settings()
    lost: Flight[Any] = Flight(monotonic() - 1)
    lost.leader = threading.get_ident() + 1
    resolver._flights.join((b"redis.prod", (1, 28), id(settings.rules)), lost)
    assert resolver.getaddrinfo("redis.prod", 80)
    assert len(resolver._flights) == 0


def test_leaving_a_flight_that_was_never_entered_ends_no_other() -> None:
    """The flight of somebody else goes on."""
    flights: Flights[int] = Flights()
    theirs = flights.join("x", Flight())
    flights.leave("x", Flight(), None)
    assert len(flights) == 1
    flights.leave("x", theirs, 1)


def test_a_wrapper_around_ours_is_not_run_in_the_loop(
    installed: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What someone puts around socket.getaddrinfo may wait: asyncio runs it in a thread, hit or not."""
    ours = socket.getaddrinfo
    ours("redis.prod", 80, 0, socket.SOCK_STREAM)
    threads: list[int] = []

    def wrapper(*arguments: Any) -> Any:
        threads.append(threading.get_ident())
        return ours(*arguments)

    async def main() -> Any:
        return await asyncio.get_running_loop().getaddrinfo("redis.prod", 80, type=socket.SOCK_STREAM)

    with monkeypatch.context() as patch:  # undone before uninstall, which leaves others' patches alone
        patch.setattr(socket, "getaddrinfo", wrapper)
        assert asyncio.run(main()) == ours("redis.prod", 80, 0, socket.SOCK_STREAM)
    assert threads
    assert threading.get_ident() not in threads


def test_text_and_bytes_are_not_compared() -> None:
    """Under `python -bb`, hosts and ports of both kinds, numeric ones too, raise no BytesWarning."""
    program = """
import socket, subprocess, sys
code = '''
import socket, steadydns
steadydns.install()
for host in ("localhost", b"localhost", "127.0.0.1", b"127.0.0.1", "localhost"):
    for port in (80, "80", b"80"):
        assert socket.getaddrinfo(host, port)
'''
print(subprocess.run([sys.executable, "-bb", "-c", code]).returncode)
"""
    assert run(program).strip() == "0"


class Unhashable(str):
    """A host name that cannot be remembered."""

    __slots__ = ()
    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, other: object) -> bool:
        return str(self) == other


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "redis.prod"])
def test_a_name_that_cannot_be_hashed_resolves(installed: Resolver, host: str) -> None:
    """A str of that sort works with stock, so it does here."""
    rows = socket.getaddrinfo(Unhashable(host), 80, 0, socket.SOCK_STREAM)
    assert rows == socket.getaddrinfo(host, 80, 0, socket.SOCK_STREAM)


def hold_all(held: list[int]) -> None:
    """Open descriptors until there are no more."""
    while True:
        held.append(os.dup(0))


def test_without_descriptors_the_error_is_libcs(installed: Resolver) -> None:
    """A process that may open no more files is told so, not that the network has a temporary failure."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    installed.close()
    held: list[int] = []
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(soft, 256), hard))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            hold_all(held)
        with pytest.raises(OSError, match="Too many open files") as raised:
            socket.getaddrinfo("redis.prod", 80)
    finally:
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert installed.stats()["fallbacks"] == {"error": 1}
    assert raised.value.errno == errno.EMFILE


FINAL = "redis.prod.svc.cluster.local."


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({"ttl": 0}, FINAL),
        ({"negative_ttl": None}, "gone.example.com."),
        ({"failing": {FINAL[:-1]: SERVFAIL}}, FINAL),
        ({"failing": {FINAL[:-1]: FORMERR}}, FINAL),
        ({"failing": {f"{FINAL[:-1]} AAAA": SERVFAIL}}, FINAL),
    ],
)
def test_an_open_connection_changes_neither_the_answer_nor_the_questions(
    options: dict[str, Any], name: str, etc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first attempt on a connection that stands ready is the first attempt of the whole, not one more."""

    def told(one: Resolver, warm: str) -> tuple[object, list[Question]]:
        if warm:
            one.resolve(warm)
        real.questions()
        found: object
        try:
            found = one.getaddrinfo(name, 80)
        except OSError as error:
            found = error.args
        return found, sorted(question for _, question in real.questions())

    with LoopbackServer(FakeServer(cluster_zone(**options))) as real:

        def rules(config: Config, conf: ResolvConf) -> Rules:
            made = make_rules(config, conf)
            return made._replace(servers=(real.server,), preferred=None, transport="tcp")

        monkeypatch.setattr("steadydns.resolver.make_rules", rules)
        pod = Pod(str(etc.parent), environ={}, hostname=lambda: "pod-1")
        cold, ready = Resolver(pod=pod), Resolver(pod=pod)
        assert told(ready, "redis.default.svc.cluster.local.") == told(cold, "")
        cold.close()
        ready.close()


def test_a_deadline_shorter_than_the_first_retry_is_kept_on_an_open_connection(
    resolver: Resolver, real: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A connection that stands ready is not waited on for longer than the whole call may take."""
    resolver.resolve("redis.prod")
    rules = resolver._settings().rules._replace(deadline=0.1, first_retry=5.0, transport=TCP)
    resolver._known = resolver._settings()._replace(rules=rules, until=monotonic() + 60)
    monkeypatch.setattr(real.fake, "tcp", "silent")
    waits: list[float] = []
    with monkeypatch.context() as patch:
        patch.setattr("steadydns.transport.tcp.Connection.prompt", lambda *a: waits.append(a[3]))
        with pytest.raises(socket.gaierror, match="Temporary failure"):
            resolver.getaddrinfo("api.example.com.", 80)
    assert waits == []


def test_a_new_address_of_the_pod_changes_what_a_known_call_asks(
    resolver: Resolver, real: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With AI_ADDRCONFIG the families that count are those of now, however often the call was made before."""
    families = [(True, False)]
    monkeypatch.setattr(resolver.surroundings, "families", lambda: families[0])

    def asked(name: str) -> list[int]:
        real.questions()
        resolver.getaddrinfo(name, 80, 0, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG)
        return [question.type for _, question in real.questions()]

    assert asked("redis.default.svc.cluster.local.") == [1]
    assert asked("redis.prod.svc.cluster.local.") == [1]
    families[0] = (True, True)
    assert sorted(asked("www.example.com.")) == [1, 28]
    families[0] = (True, False)
    assert asked("api.example.com.") == [1]


def test_an_install_that_fails_leaves_the_one_before_in_place(pod: Pod) -> None:
    """What is no Config is refused, and what worked goes on working."""
    steadydns.install()
    before = activation.resolver()
    with pytest.raises(TypeError, match="a Config is expected"):
        steadydns.install({"deadline": 3})  # type: ignore[arg-type]
    assert steadydns.is_installed()
    assert activation.resolver() is before
    activation.uninstall()


def test_no_aaaa_that_is_taken_back_leaves_nothing_behind(resolver: Resolver, etc: Path) -> None:
    """A kind of call that was met under `no-aaaa` asks for both families once resolv.conf does not say it any more."""
    text = (etc / "resolv.conf").read_text()
    (etc / "resolv.conf").write_text(text + "options no-aaaa\n")
    assert families(resolver.getaddrinfo("api.example.com", 443)) == {socket.AF_INET}
    (etc / "resolv.conf").write_text(text)
    resolver.flush()
    assert families(resolver.getaddrinfo("api.example.com", 443)) == {socket.AF_INET, socket.AF_INET6}


def families(rows: list[tuple[Any, ...]]) -> set[int]:
    """The address families of rows."""
    return {row[0] for row in rows}


def test_an_interrupt_while_a_flight_is_left_leaves_none_behind(
    resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signal handler that raises just then holds nobody up until the flight's own time is over."""
    leave, interrupts = Flights.leave, [KeyboardInterrupt]

    def left(*arguments: Any) -> None:
        if interrupts:
            raise interrupts.pop()
        leave(*arguments)

    monkeypatch.setattr(Flights, "leave", left)
    with pytest.raises(KeyboardInterrupt):
        resolver.getaddrinfo("redis.prod", 80)
    assert len(resolver._flights) == 0


def test_a_flight_may_be_left_again() -> None:
    """Who interrupted the first time has told some of the waiters."""
    flights: Flights[int] = Flights()
    flight: Flight[int] = Flight()
    locks = [threading.Lock(), threading.Lock()]
    for lock in locks:
        lock.acquire()
        flight.watch(lock.release)
    locks[0].release()
    flights.leave("x", flight, 1)
    assert not any(lock.locked() for lock in locks)


class LimitReachedError(Exception):
    """What a time limit raises, as those of job queues do."""


@pytest.mark.parametrize("limit", [LimitReachedError, TimeoutError])
@pytest.mark.parametrize("opened", [False, True])
@pytest.mark.parametrize("bound", [False, True])
def test_what_a_signal_handler_raises_is_the_callers(
    resolver: Resolver, real: LoopbackServer, limit: type[Exception], opened: bool, bound: bool
) -> None:
    """A time limit ends a lookup: it is no error of ours that libc is asked after, and no failure of the network's."""

    class Limit:
        def reached(self, *_: object) -> None:
            raise limit

    def reached(*_: object) -> None:
        raise limit

    if opened:
        resolver.getaddrinfo("redis.prod", 80)
    real.fake.tcp = real.fake.udp = "silent"
    before = signal.signal(signal.SIGALRM, Limit().reached if bound else reached)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.1)
        with pytest.raises(limit):
            resolver.getaddrinfo("api.example.com", 80)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert resolver.stats()["fallbacks"] == {}
    assert len(resolver._flights) == 0
