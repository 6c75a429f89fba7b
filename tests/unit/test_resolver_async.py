"""The resolver in event loops: the answers, statistics and flights of the one for threads, and nothing left behind."""

from __future__ import annotations

import asyncio
import contextvars
import os
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import pytest

from steadydns.contract import originals as stock
from steadydns.resolution.model import TCP
from steadydns.transport.aio import gate
from tests.unit.loops import RUNNERS

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from steadydns.resolver import Resolver
    from tests.unit.loopback import LoopbackServer

    Runner = Callable[[Coroutine[Any, Any, Any]], Any]

NAME = "redis.prod"
STREAM = socket.SOCK_STREAM
ROWS = [(socket.AF_INET, STREAM, 6, "", ("10.96.1.2", 80))]

mark: contextvars.ContextVar[str] = contextvars.ContextVar("mark", default="none")


@pytest.fixture(params=RUNNERS)
def runner(request: pytest.FixtureRequest) -> Runner:
    """What runs a coroutine: asyncio's loop, and uvloop."""
    return RUNNERS[request.param]


class Held:
    """Keeps a server's answers back until told."""

    def __init__(self, real: LoopbackServer, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked = threading.Event()
        self.go_on = threading.Event()
        self._respond = real._respond
        monkeypatch.setattr(real, "_respond", self.respond)

    def respond(self, *arguments: Any) -> bytes:
        self.asked.set()
        self.go_on.wait(10)
        return self._respond(*arguments)

    async def begun(self) -> None:
        """Return when the first question has arrived."""
        await asyncio.get_running_loop().run_in_executor(None, self.asked.wait, 10)


@pytest.fixture
def held(real: LoopbackServer, monkeypatch: pytest.MonkeyPatch) -> Held:
    """The pod's server does not answer until it may."""
    return Held(real, monkeypatch)


def test_it_gives_what_the_sync_one_gives(runner: Runner, resolver: Resolver) -> None:
    """Rows, errors and their causes are the same for every kind of call."""
    calls: list[tuple[Any, ...]] = [
        (NAME, 80, 0, STREAM),
        (NAME, "http"),
        (NAME, None, socket.AF_INET),
        (NAME, 80, socket.AF_INET6, STREAM),
        (NAME, 80, socket.AF_INET6, STREAM, 0, socket.AI_V4MAPPED),
        (NAME, 80, socket.AF_INET6, STREAM, 0, socket.AI_V4MAPPED | socket.AI_ALL),
        ("www.example.com", 443, 0, STREAM, 0, socket.AI_CANONNAME),
        ("www.example.com", 443, 0, STREAM, 0, socket.AI_ADDRCONFIG),
        ("gone.prod", 80),
        (NAME, "nosuchservice", 0, STREAM),
        (NAME, 80, 99),
        ("127.0.0.1", 80),
        ("localhost", 80, 0, STREAM),
        (None, 80),
        ([], 80),
        ("x" * 70, 80),
        ("bücher.prod", 80),
    ]

    async def awaited(call: tuple[Any, ...]) -> str:
        try:
            return repr(await resolver.agetaddrinfo(*call))
        except Exception as error:
            return repr((error, error.__cause__.__class__))

    def blocking(call: tuple[Any, ...]) -> str:
        try:
            return repr(resolver.getaddrinfo(*call))
        except Exception as error:
            return repr((error, error.__cause__.__class__))

    async def main() -> list[str]:
        return [await awaited(call) for call in calls]

    first = runner(main())
    resolver.flush()
    assert first == [blocking(call) for call in calls]


def test_misses_and_hits_are_counted_as_in_threads(
    runner: Runner, resolver: Resolver, real: LoopbackServer
) -> None:
    """Queries by server, misses, hits and failures are told by stats()."""

    async def main() -> None:
        for _ in range(3):
            assert await resolver.agetaddrinfo(NAME, 80, 0, STREAM) == ROWS
        with pytest.raises(socket.gaierror):
            await resolver.agetaddrinfo("gone.prod", 80)

    runner(main())
    stats = resolver.stats()
    assert (stats["hits"], stats["misses"], stats["fallbacks"]) == (2, 2, {})
    assert stats["queries"] == {str(real.server): {TCP: len(real.questions())}}


def test_no_thread_is_used(runner: Runner, resolver: Resolver) -> None:
    """A hundred names that were never asked for start no thread and no executor."""

    async def main() -> None:
        asyncio.get_running_loop().set_default_executor = None  # type: ignore[method-assign, assignment]
        before = threading.active_count()
        rows = await asyncio.gather(
            *[resolver.agetaddrinfo(f"n{n}.prod", 80) for n in range(100)], return_exceptions=True
        )
        assert all(isinstance(one, socket.gaierror) for one in rows)
        assert threading.active_count() == before

    runner(main())


def test_tasks_that_ask_the_same_share_one_lookup(
    runner: Runner, resolver: Resolver, real: LoopbackServer
) -> None:
    """A hundred tasks ask for a name at once: one lookup's questions, a list of rows of its own for each."""

    async def main() -> None:
        every = await asyncio.gather(*[resolver.agetaddrinfo(NAME, 80, 0, STREAM) for _ in range(100)])
        assert every == [ROWS] * 100
        assert len({id(rows) for rows in every}) == 100

    runner(main())
    questions = real.questions()
    assert len(questions) == len(set(questions))
    assert resolver.statistics.coalesced == 99


def test_every_waiter_has_an_exception_of_its_own(runner: Runner, resolver: Resolver) -> None:
    """Tasks that waited for a lookup that failed raise different objects."""

    async def main() -> None:
        errors = await asyncio.gather(
            *[resolver.agetaddrinfo("gone.prod", 80) for _ in range(5)], return_exceptions=True
        )
        assert len({id(error) for error in errors}) == 5
        assert {repr(error) for error in errors} == {"gaierror(-2, 'Name or service not known')"}

    runner(main())


@pytest.mark.parametrize("whose", ["leader", "waiter"])
def test_cancelling_one_cancels_nobody_else(
    whose: str, runner: Runner, resolver: Resolver, held: Held
) -> None:
    """Of tasks that wait for one name, one is cancelled, be it the one that asks: the others get their answer."""

    async def main() -> None:
        tasks = [asyncio.ensure_future(resolver.agetaddrinfo(NAME, 80, 0, STREAM)) for _ in range(5)]
        await held.begun()
        cancelled = tasks.pop(0 if whose == "leader" else 3)
        cancelled.cancel()
        with pytest.raises(asyncio.CancelledError):
            await cancelled
        held.go_on.set()
        assert await asyncio.gather(*tasks) == [ROWS] * 4

    runner(main())
    assert len(resolver._flights) == 0


@pytest.mark.parametrize("leader", ["thread", "task"])
def test_threads_and_tasks_share_a_lookup(
    leader: str, runner: Runner, resolver: Resolver, held: Held, real: LoopbackServer
) -> None:
    """Whoever asks first, a thread or a task, the other waits for its answer."""

    async def main() -> None:
        loop = asyncio.get_running_loop()

        def thread() -> Any:
            return loop.run_in_executor(None, resolver.getaddrinfo, NAME, 80, 0, STREAM)

        def task() -> Any:
            return asyncio.ensure_future(resolver.agetaddrinfo(NAME, 80, 0, STREAM))

        first = thread() if leader == "thread" else task()
        await held.begun()
        second = task() if leader == "thread" else thread()
        while resolver.statistics.coalesced < 1:  # noqa: ASYNC110 -- there is no event for it
            await asyncio.sleep(0)
        held.go_on.set()
        assert list(await asyncio.gather(first, second)) == [ROWS, ROWS]

    runner(main())
    questions = real.questions()
    assert len(questions) == len(set(questions))


def test_a_blocking_call_in_the_loops_thread_does_not_wait_for_its_own_task(
    runner: Runner, resolver: Resolver
) -> None:
    """While a task's lookup is under way, a blocking call for the same name in that thread makes its own."""

    async def main() -> None:
        task = asyncio.ensure_future(resolver.agetaddrinfo(NAME, 80, 0, STREAM))
        while not len(resolver._flights):  # noqa: ASYNC110 -- there is no event for it
            await asyncio.sleep(0)
        began = time.monotonic()
        assert resolver.getaddrinfo(NAME, 80, 0, STREAM) == ROWS
        assert time.monotonic() - began < 5
        assert await task == ROWS

    runner(main())


def test_loops_in_several_threads_share_a_lookup(
    resolver: Resolver, real: LoopbackServer, held: Held
) -> None:
    """Two loops in two threads ask for one name: one lookup, whose loop does not matter to the other."""
    results: list[Any] = []

    def run() -> None:
        results.append(asyncio.run(resolver.agetaddrinfo(NAME, 80, 0, STREAM)))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 10
    while resolver.statistics.coalesced < 1 and time.monotonic() < deadline:
        held.go_on.wait(0.001)  # not set yet: a moment for the other thread
    held.go_on.set()
    for thread in threads:
        thread.join(10)
    assert results == [ROWS, ROWS]
    questions = real.questions()
    assert len(questions) == len(set(questions))


def test_the_loop_goes_on_during_a_lookup(runner: Runner, resolver: Resolver, held: Held) -> None:
    """Waiting for a server blocks nobody else in the loop."""

    async def main() -> None:
        task = asyncio.ensure_future(resolver.agetaddrinfo(NAME, 80, 0, STREAM))
        await held.begun()
        for _ in range(100):
            await asyncio.sleep(0)
        assert not task.done()
        held.go_on.set()
        assert await task == ROWS

    runner(main())


def test_what_is_libcs_goes_to_the_default_executor(runner: Runner, resolver: Resolver) -> None:
    """A name of the hosts file is asked of the original in another thread, within the caller's context."""
    seen: list[tuple[int, str]] = []

    def original(*arguments: Any) -> Any:
        seen.append((threading.get_ident(), mark.get()))
        return stock.public(*arguments)

    resolver.public.original = original

    async def main() -> None:
        mark.set("mine")
        assert await resolver.agetaddrinfo("localhost", 80, 0, STREAM)

    runner(main())
    assert resolver.stats()["fallbacks"] == {"hosts": 1}
    assert [where for _, where in seen] == ["mine"]
    assert seen[0][0] != threading.get_ident()


def test_an_error_inside_goes_to_libc(
    runner: Runner, resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever goes wrong in the driver, the original answers, and the reason is counted."""

    def broken(*_: Any) -> Any:
        raise ZeroDivisionError

    monkeypatch.setattr(resolver.cache, "store", broken)
    resolver.public.original = lambda *_: ["libc's"]

    async def main() -> None:
        rows: list[Any] = await resolver.agetaddrinfo(NAME, 80)
        assert rows == ["libc's"]

    runner(main())
    assert resolver.stats()["fallbacks"] == {"error": 1}


def test_a_loop_that_cannot_watch_sockets_is_answered_by_libc(resolver: Resolver) -> None:
    """On a loop without add_reader, as some that simulate time, the original answers in the executor."""

    def refuse(*_: Any) -> Any:
        raise NotImplementedError

    resolver.public.original = lambda *_: ["libc's"]
    loop = asyncio.new_event_loop()
    loop.add_reader = refuse  # type: ignore[method-assign, assignment]
    rows: list[Any] = loop.run_until_complete(resolver.agetaddrinfo(NAME, 80))
    loop.run_until_complete(loop.shutdown_default_executor())
    loop.close()
    assert rows == ["libc's"]
    assert resolver.stats()["fallbacks"] == {"error": 1}


def test_many_loops_one_after_the_other(runner: Runner, resolver: Resolver, real: LoopbackServer) -> None:
    """Each loop of a process opens a connection of its own, and nothing of a closed one is left."""

    async def main() -> None:
        resolver.flush()
        assert await resolver.agetaddrinfo(NAME, 80, 0, STREAM) == ROWS

    for _ in range(4):
        runner(main())
    assert sum(len(network) for network in resolver.awaiting._networks.values()) == 0
    assert len({client for _, _, client in real.seen}) == 4


@pytest.mark.parametrize("inside", [True, False])
def test_closing_the_resolver_closes_its_connections(inside: bool, resolver: Resolver) -> None:
    """close() reaches the connections of running loops and of those that stand still, and lookups go on working."""
    loop = asyncio.new_event_loop()

    async def main() -> None:
        await resolver.agetaddrinfo(NAME, 80)
        if inside:
            resolver.close()
            await asyncio.sleep(0)

    loop.run_until_complete(main())
    (network,) = resolver.awaiting._networks.values()
    if not inside:
        assert len(network) == 1
        resolver.close()
    assert len(network) == 0
    resolver.flush()
    loop.run_until_complete(main())
    resolver.close()
    loop.close()


def test_a_forked_child_has_connections_of_its_own(resolver: Resolver, real: LoopbackServer) -> None:
    """A child asks on its own connection, and the parent's goes on being of use."""

    async def ask() -> bool:
        resolver.flush()
        return await resolver.agetaddrinfo(NAME, 80, 0, STREAM) == ROWS

    loop = asyncio.new_event_loop()
    assert loop.run_until_complete(ask())
    child = os.fork()
    if not child:
        good = False
        try:
            good = asyncio.run(ask())
        finally:
            os._exit(not good)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert loop.run_until_complete(ask())
    loop.close()
    assert len({client for _, _, client in real.seen}) == 2


def test_more_lookups_than_may_ask_at_once_wait_for_their_turn(
    runner: Runner, resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No more than the limit ask at any time, everyone gets an answer, and the cancelled ones leave no place taken."""
    monkeypatch.setattr(gate, "MAX_ASKING", 4)
    most = 0

    async def main() -> None:
        nonlocal most
        await resolver.agetaddrinfo(NAME, 80, 0, STREAM)
        (network,) = resolver.awaiting._networks.values()

        async def count() -> None:
            nonlocal most
            while True:
                most = max(most, network.gate.inside)
                await asyncio.sleep(0)

        counting = asyncio.ensure_future(count())
        tasks = [asyncio.ensure_future(resolver.agetaddrinfo(f"n{n}.prod", 80)) for n in range(40)]
        await asyncio.sleep(0)
        for task in tasks[::4]:
            task.cancel()
        outcomes = await asyncio.gather(*tasks, return_exceptions=True)
        counting.cancel()
        assert [isinstance(one, socket.gaierror) for one in outcomes] == [False, True, True, True] * 10
        assert network.gate.inside == 0

    runner(main())
    assert most == 4


def test_those_who_wait_for_a_slow_lookup_do_not_wait_long(
    runner: Runner, resolver: Resolver, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A lookup gives its place up when its first attempt has taken too long, and one whose time is over has failed."""
    monkeypatch.setattr(gate, "MAX_ASKING", 1)
    rules = resolver._settings().rules._replace(first_retry=0.05, deadline=0.2, transport=TCP)
    resolver._known = resolver._settings()._replace(rules=rules, until=time.monotonic() + 60)

    async def main() -> None:
        outcomes = await asyncio.gather(
            *[resolver.agetaddrinfo(f"n{n}.prod", 80) for n in range(3)], return_exceptions=True
        )
        assert [getattr(one, "errno", None) for one in outcomes] == [socket.EAI_AGAIN] * 3
        (network,) = resolver.awaiting._networks.values()
        assert network.gate.inside == 0

    runner(main())
    held.go_on.set()
