"""The driver for event loops on real sockets: connections that are shared, replaced, left, and closed with their loop."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import socket
import threading
from contextlib import ExitStack
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any

import dns.message
import pytest

from steadydns.resolution.model import TCP, UDP, Flow, Question, Reply, Server, Step
from steadydns.transport.aio import connection as shared
from steadydns.transport.aio import network as loops
from steadydns.transport.aio.driver import Exchange, prompt
from steadydns.transport.aio.network import LoopNetwork
from steadydns.transport.pool import Pool
from steadydns.wire.message import AAAA, A
from tests.unit.loopback import LoopbackServer, asked, encode, read
from tests.unit.loops import RUNNERS
from tests.unit.network import FakeServer, Zone, cluster_zone

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from steadydns.transport.aio.flows import Prompt

    Runner = Callable[[Coroutine[Any, Any, Any]], Any]

PAIR = (Question(b"api.example.com", A), Question(b"api.example.com", AAAA))
MANY = Zone({f"n{number}.test": "192.0.2.1 2001:db8::1" for number in range(500)})


@pytest.fixture(params=RUNNERS)
def runner(request: pytest.FixtureRequest) -> Runner:
    """What runs a coroutine: asyncio's loop, and uvloop."""
    return RUNNERS[request.param]


@pytest.fixture
def network(monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopNetwork]:
    """A loop's network; the test's runner closes the loop. A busy machine is not to be taken for a slow server."""
    monkeypatch.setattr(shared, "LATE", 10.0)
    pool = Pool()
    yield LoopNetwork(pool, monotonic)
    pool.close()


@pytest.fixture
def real() -> Iterator[LoopbackServer]:
    """A server of many names."""
    with LoopbackServer(FakeServer(MANY)) as server:
        yield server


def soon() -> float:
    """Later than anything here takes."""
    return monotonic() + 10


def questions(number: int) -> tuple[Question, Question]:
    """Both questions about a name."""
    name = f"n{number}.test".encode()
    return Question(name, A), Question(name, AAAA)


async def ask(
    network: LoopNetwork, server: Server, asked: tuple[Question, ...] = PAIR, transport: str = TCP
) -> list[Reply]:
    """Open one flow and wait until every question is answered, or the flow has failed."""
    exchange = Exchange(network)
    try:
        replies = await exchange.perform(Step((Flow(server, transport, asked, monotonic()),), soon()))
        while len(replies) < len(asked) and all(reply.question for reply in replies):
            more = await exchange.perform(Step((), soon()))
            assert more
            replies += more
        return replies
    finally:
        exchange.close()


def failures(replies: list[Reply]) -> list[str]:
    """What went wrong."""
    return [reply.failure for reply in replies]


def test_all_lookups_share_one_connection(runner: Runner, network: LoopNetwork, real: LoopbackServer) -> None:
    """A hundred lookups at once and more after them use one connection, and each gets its own answers."""

    async def main() -> None:
        every = await asyncio.gather(*[ask(network, real.server, questions(n)) for n in range(100)])
        every += await asyncio.gather(*[ask(network, real.server, questions(n)) for n in range(100, 120)])
        for number, replies in enumerate(every):
            assert {reply.question for reply in replies} == set(questions(number))
            assert failures(replies) == ["", ""]

    runner(main())
    assert len({client for _, _, client in real.seen}) == 1
    assert len(real.seen) == 240


def test_answers_in_any_order_find_their_questions(runner: Runner, network: LoopNetwork) -> None:
    """A server that answers the last question first is understood (RFC 7766 section 6.2.1.1)."""
    number = 8
    with Reversing(2 * number) as server:

        async def main() -> None:
            every = await asyncio.gather(*[ask(network, server.server, questions(n)) for n in range(number)])
            for n, replies in enumerate(every):
                assert [reply.question for reply in replies] == list(reversed(questions(n)))

        runner(main())


def test_a_closed_connection_is_replaced_without_a_failure(
    runner: Runner, network: LoopNetwork, real: LoopbackServer
) -> None:
    """An idle connection closed by the server costs a handshake, not a failed attempt (RFC 7766 section 6.2.4)."""

    async def main() -> None:
        assert failures(await ask(network, real.server)) == ["", ""]
        assert network.has_idle(real.server, monotonic())
        real.close_connections()
        while network.has_idle(real.server, monotonic()):  # noqa: ASYNC110 -- until its end has been noticed
            await asyncio.sleep(0)
        assert failures(await ask(network, real.server)) == ["", ""]

    runner(main())
    assert len({client for _, _, client in real.seen}) == 2


def test_a_server_that_closes_after_so_many_answers_costs_nobody_a_failure(
    runner: Runner, network: LoopNetwork
) -> None:
    """Lookups left over on such a connection go on with the next one, however often that happens."""
    with Closing(after=10) as server:

        async def main() -> None:
            every = await asyncio.gather(*[ask(network, server.server, questions(n)) for n in range(40)])
            assert {failure for replies in every for failure in failures(replies)} == {""}

        runner(main())
    assert server.connections >= 8


def test_a_fresh_connection_that_is_closed_is_a_failure(runner: Runner, network: LoopNetwork) -> None:
    """A server that accepts and closes is not asked for ever."""
    with Closing(after=0) as server:

        async def main() -> None:
            assert failures(await ask(network, server.server)) == ["reset"]

        runner(main())
    assert server.connections == 1


def test_an_answer_that_makes_no_sense_is_nobody_elses(runner: Runner, network: LoopNetwork) -> None:
    """A garbled answer fails its own lookup; those on the same connection get theirs."""
    with Garbling(b"n3.test") as server:

        async def main() -> None:
            every = await asyncio.gather(*[ask(network, server.server, questions(n)) for n in range(6)])
            assert [failures(replies) for replies in every] == [
                ["malformed"] if n == 3 else ["", ""] for n in range(6)
            ]

        runner(main())
    assert server.connections == 1


def test_lookups_leave_a_connection_whose_server_is_slow_with_one(
    runner: Runner, network: LoopNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Behind a question that the server does not get done with, as CoreDNS takes them in turn, nobody stays for long."""
    monkeypatch.setattr(shared, "LATE", 0.02)
    with Sequential(b"n0.test") as server:

        async def main() -> None:
            blocked = asyncio.ensure_future(ask(network, server.server, questions(0)))
            began = monotonic()
            every = await asyncio.gather(*[ask(network, server.server, questions(n)) for n in range(1, 9)])
            assert monotonic() - began < 5
            assert {failure for replies in every for failure in failures(replies)} == {""}
            assert not blocked.done()
            assert failures(await ask(network, server.server, questions(20))) == ["", ""]
            server.proceed.set()
            assert failures(await blocked) == ["", ""]

        runner(main())
    assert 2 <= server.connections <= loops.MAX_CONNECTIONS


def test_a_cancelled_lookup_disturbs_nobody(
    runner: Runner, network: LoopNetwork, real: LoopbackServer
) -> None:
    """Whoever is cancelled leaves its questions behind; the others on the connection get their answers on it."""

    async def main() -> None:
        await ask(network, real.server)
        tasks = [asyncio.ensure_future(ask(network, real.server, questions(n))) for n in range(20)]
        await asyncio.sleep(0)
        for task in tasks[::2]:
            task.cancel()
        every = await asyncio.gather(*tasks, return_exceptions=True)
        assert [isinstance(one, asyncio.CancelledError) for one in every] == [True, False] * 10
        assert failures(await ask(network, real.server)) == ["", ""]

    runner(main())
    assert len({client for _, _, client in real.seen}) == 1


def test_a_prompt_without_a_connection_asks_nothing(
    runner: Runner, network: LoopNetwork, real: LoopbackServer
) -> None:
    """Where a handshake is to be made first, the general way makes it, with its race."""

    async def main() -> None:
        assert prompt(network, real.server, PAIR[0].name, (A, AAAA), monotonic(), soon()) is None

    runner(main())
    assert real.seen == []


def test_what_a_prompt_did_not_get_goes_on(runner: Runner, network: LoopNetwork) -> None:
    """When its time is over first, the answers still come in the exchange that adopts the stream."""
    with Sequential(b"n0.test") as server:

        async def main() -> None:
            assert failures(await ask(network, server.server, questions(1))) == ["", ""]
            now = monotonic()
            stream = prompt(network, server.server, b"n0.test", (A, AAAA), now, now + 0.01)
            assert stream is not None
            await stream.future
            assert stream.answers == [None, None]
            exchange = Exchange(network)
            exchange.adopt(Flow(server.server, TCP, tuple(stream.open_questions()), now), stream)
            server.proceed.set()
            replies = await exchange.perform(Step((), soon()))
            while len(replies) < 2:
                replies += await exchange.perform(Step((), soon()))
            assert [reply.question for reply in replies] == list(questions(0))
            exchange.close()

        runner(main())


async def prompted(network: LoopNetwork, server: Server, number: int, patience: float = 10.0) -> Prompt:
    """Ask for a name's types as a first attempt does, and wait for as long as that does."""
    now = monotonic()
    stream = prompt(network, server, f"n{number}.test".encode(), (A, AAAA), now, now + patience)
    assert stream is not None
    await asyncio.wait_for(stream.future, 10)
    return stream


def test_prompts_go_on_where_a_server_closes_after_so_many_answers(
    runner: Runner, network: LoopNetwork
) -> None:
    """Those left over have their answers from the next connection, or at least know at once that they failed."""
    with Closing(after=10) as server:

        async def main() -> None:
            assert failures(await ask(network, server.server, questions(50))) == ["", ""]
            every = await asyncio.gather(*[prompted(network, server.server, n) for n in range(20)])
            for stream in every:
                assert stream.failed or [len(one.addresses) for one in stream.answers if one] == [1, 1]
            assert not any(stream.failed for stream in every[:4])

        runner(main())
    assert server.connections >= 2


def test_a_prompt_whose_connection_is_closed_has_failed(runner: Runner, network: LoopNetwork) -> None:
    """It does not wait for its time to be over: a new attempt is made instead."""
    with Closing(after=2) as server:

        async def main() -> None:
            assert failures(await ask(network, server.server, questions(0))) == ["", ""]
            shared = network.established(server.server, monotonic())
            if shared is not None:  # else the loop has noticed already
                stream = shared.prompt(b"n1.test", (A, AAAA), monotonic(), soon())
                await asyncio.wait_for(stream.future, 10)
                assert stream.failed
                assert stream.answers == [None, None]

        runner(main())


def test_a_garbled_answer_fails_its_own_prompt(runner: Runner, network: LoopNetwork) -> None:
    """The others on the connection get theirs."""
    with Garbling(b"n3.test") as server:

        async def main() -> None:
            assert failures(await ask(network, server.server, questions(9))) == ["", ""]
            every = await asyncio.gather(*[prompted(network, server.server, n) for n in range(6)])
            assert [stream.failed for stream in every] == [n == 3 for n in range(6)]
            assert all(None not in stream.answers for stream in every if not stream.failed)

        runner(main())
    assert server.connections == 1


def test_what_comes_with_nonsense_behind_it_is_not_lost_without_a_word(
    runner: Runner, network: LoopNetwork
) -> None:
    """Whoever was answered in the same piece learns that the connection is lost, and waits no longer."""
    with Rambling(b"n3.test") as server:

        async def main() -> None:
            assert failures(await ask(network, server.server, questions(0))) == ["", ""]
            now = monotonic()
            stream = prompt(network, server.server, b"n3.test", (A,), now, now + 10)
            assert stream is not None
            await asyncio.wait_for(stream.future, 5)
            assert stream.failed
            assert failures(await ask(network, server.server, questions(1))) == ["", ""]

        runner(main())
    assert server.connections == 2


def test_each_prompt_ends_at_its_own_time(runner: Runner, network: LoopNetwork) -> None:
    """One that has less patience than those before it, or than the connection's own look, is not kept waiting."""
    with Sequential(b"n0.test") as server:

        async def main() -> None:
            assert failures(await ask(network, server.server, questions(1))) == ["", ""]
            now = monotonic()
            ended: list[str] = []

            async def wait(name: str, patience: float) -> None:
                stream = await prompted(network, server.server, 0, patience)
                ended.append(name)
                stream.release()

            await asyncio.gather(wait("patient", 0.3), wait("hasty", 0.05), wait("between", 0.15))
            assert ended == ["hasty", "between", "patient"]
            assert monotonic() - now >= 0.3
            server.proceed.set()

        runner(main())


def test_a_connection_with_questions_that_nobody_waits_for_is_not_watched_for_ever(
    runner: Runner, network: LoopNetwork, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever asked has left before the server was known to be slow, and no answer comes: it is closed."""
    monkeypatch.setattr(shared, "LATE", 0.02)
    with Forgetting(b"n0.test") as server:

        async def main() -> None:
            assert failures(await ask(network, server.server, questions(1))) == ["", ""]
            stream = prompt(network, server.server, b"n0.test", (A, AAAA), monotonic(), soon())
            assert stream is not None
            stream.release()
            assert len(network) == 1
            until = monotonic() + 5
            while len(network) and monotonic() < until:  # noqa: ASYNC110 -- nobody else would tell
                await asyncio.sleep(0)
            assert len(network) == 0

        runner(main())


def test_a_connection_that_has_answered_nothing_is_retired(runner: Runner, network: LoopNetwork) -> None:
    """After silence the next attempt gets a new connection; one that is newer than the silence stays."""
    with Sequential(b"n0.test") as server:

        async def main() -> None:
            since = monotonic()
            lookup = asyncio.ensure_future(ask(network, server.server, questions(0)))
            await asyncio.sleep(0)
            network.retire(server.server, since - 1)
            assert len(network) == 1
            network.retire(server.server, monotonic())
            assert len(network) == 0
            assert failures(await ask(network, server.server, questions(1))) == ["", ""]
            server.proceed.set()
            assert failures(await lookup) == ["", ""], "a late answer counts"

        runner(main())
    assert server.connections == 2


def test_ids_are_never_used_twice_on_a_connection(
    runner: Runner, network: LoopNetwork, real: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After so many questions a connection is replaced, and its successor is used by all."""
    monkeypatch.setattr(shared, "MAX_ASKED", 10)

    async def main() -> None:
        for number in range(10):
            assert failures(await ask(network, real.server, questions(number))) == ["", ""]
        assert len(network) == 1

    runner(main())
    assert len({client for _, _, client in real.seen}) == 2


def test_udp_ports_are_limited_and_every_question_has_its_turn(
    runner: Runner, network: LoopNetwork, real: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """More questions than ports may be open wait for each other, and each port carries one."""
    monkeypatch.setattr(loops, "MAX_PORTS", 5)
    most = 0

    async def main() -> None:
        nonlocal most

        async def count() -> None:
            nonlocal most
            while True:
                most = max(most, network._ports)
                await asyncio.sleep(0)

        counting = asyncio.ensure_future(count())
        every = await asyncio.gather(
            *[ask(network, real.server, (question,), UDP) for n in range(20) for question in questions(n)]
        )
        counting.cancel()
        assert {failure for replies in every for failure in failures(replies)} == {""}
        assert network._ports == 0

    runner(main())
    assert most == 5
    assert len(real.seen) == 40


def test_nobody_listening_is_refused(runner: Runner, network: LoopNetwork) -> None:
    """A refused connection, or an ICMP error, is reported as such, at once."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = Server(int(socket.AF_INET), "127.0.0.1", 0, listener.getsockname()[1])

    async def main() -> None:
        for transport in (TCP, UDP):
            assert failures(await ask(network, server, PAIR[:1], transport)) == ["refused"]

    runner(main())


def test_no_file_descriptors_left_is_the_callers_error(
    runner: Runner, network: LoopNetwork, real: LoopbackServer
) -> None:
    """Running out of files is no failure of the network's: libc is to say so in its own words."""

    async def main() -> None:
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        highest = os.open("/dev/null", os.O_RDONLY)
        os.close(highest)
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest, limits[1]))
        try:
            for transport in (TCP, UDP):
                with pytest.raises(OSError, match="Too many open files"):
                    await ask(network, real.server, PAIR[:1], transport)
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)

    runner(main())


def open_sockets() -> int:
    """How many sockets this process has."""
    found = [fd.resolve() for fd in Path("/proc/self/fd").iterdir()]
    return sum(target.name.startswith("socket:") for target in found)


def test_a_closed_loop_leaves_no_socket(runner: Runner, network: LoopNetwork, real: LoopbackServer) -> None:
    """Connections are closed with their loop, and one in the same process afterwards makes its own."""
    before = open_sockets()

    async def main() -> None:
        await ask(network, real.server)
        assert len(network) == 1

    for _ in range(3):
        runner(main())
        assert len(network) == 0
    # The server has its own end of each, until it reads that ours is closed.
    assert open_sockets() - before <= 3
    assert len({client for _, _, client in real.seen}) == 3


def test_a_loop_that_is_lost_without_being_closed_leaves_no_socket(
    network: LoopNetwork, real: LoopbackServer
) -> None:
    """Nothing here keeps a loop alive that nobody closed, not even an alarm that is set; its connections go with it."""

    async def main() -> None:
        await ask(network, real.server)

    loop = asyncio.new_event_loop()
    loop.run_until_complete(main())
    assert len(network.alarms) > 0
    assert len(network) == 1
    del loop
    with pytest.warns(ResourceWarning, match="unclosed event loop"):  # asyncio's own, for it is one
        gc.collect()
    assert len(network) == 0


def test_a_lookup_cut_off_by_the_end_of_its_loop_closes_its_sockets(
    runner: Runner, network: LoopNetwork
) -> None:
    """A task that is cancelled as the loop ends leaves neither a port nor a connection."""
    with LoopbackServer(FakeServer(cluster_zone(), udp="silent", tcp="silent")) as real:

        async def main() -> None:
            for transport in (TCP, UDP):
                task = asyncio.ensure_future(ask(network, real.server, PAIR[:1], transport))
                await asyncio.sleep(0)
                task.cancel()
                await asyncio.gather(task, return_exceptions=True)

        runner(main())
    assert network._ports == 0
    assert len(network) == 0


class Played:
    """A TCP server in threads, one for each connection, that reads questions of MANY and answers as it likes."""

    def __init__(self) -> None:
        self.connections = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.server = Server(int(socket.AF_INET), "127.0.0.1", 0, self._listener.getsockname()[1])
        self._stack = ExitStack()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> Any:
        self._begin(self._accept)
        return self

    def _begin(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _accept(self) -> None:
        while True:
            try:
                peer, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._stack.enter_context(peer)
            self._begin(self._guarded, peer)

    def _guarded(self, peer: socket.socket) -> None:
        try:
            self.play(peer)
        except OSError:
            return

    def play(self, peer: socket.socket) -> None:
        """Serve one connection."""
        raise NotImplementedError

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join(10)
        self._stack.close()


def take(peer: socket.socket) -> tuple[Question, bytes]:
    """Read a question; return it and its framed answer."""
    query = dns.message.from_wire(read(peer, int.from_bytes(read(peer, 2), "big")))
    question = asked(query)
    wire = encode(query, question, MANY.ask(question))
    return question, len(wire).to_bytes(2, "big") + wire


class Reversing(Played):
    """Answers when it has so many questions, the last first."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number

    def play(self, peer: socket.socket) -> None:
        peer.sendall(b"".join(reversed([take(peer)[1] for _ in range(self.number)])))
        read(peer, 1)


class Closing(Played):
    """Closes each connection after so many answers, as servers with such a limit do."""

    def __init__(self, after: int) -> None:
        super().__init__()
        self.after = after

    def play(self, peer: socket.socket) -> None:
        for _ in range(self.after):
            peer.sendall(take(peer)[1])
        peer.shutdown(socket.SHUT_WR)
        while peer.recv(4096):
            pass
        peer.close()


class Garbling(Played):
    """Cuts the answer about one name short."""

    def __init__(self, name: bytes) -> None:
        super().__init__()
        self.name = name

    def play(self, peer: socket.socket) -> None:
        while True:
            question, framed = take(peer)
            if question.name == self.name:
                framed = (len(framed) - 6).to_bytes(2, "big") + framed[2:-4]
            peer.sendall(framed)


class Rambling(Played):
    """Sends an answer that nobody has asked for behind the one about a name, in one piece."""

    def __init__(self, name: bytes) -> None:
        super().__init__()
        self.name = name

    def play(self, peer: socket.socket) -> None:
        while True:
            question, framed = take(peer)
            if question.name == self.name:
                framed += framed[:2] + bytes((framed[2] ^ 0x80,)) + framed[3:]
            peer.sendall(framed)


class Forgetting(Played):
    """Never answers what is asked about one name."""

    def __init__(self, name: bytes) -> None:
        super().__init__()
        self.name = name

    def play(self, peer: socket.socket) -> None:
        while True:
            question, framed = take(peer)
            if question.name != self.name:
                peer.sendall(framed)


class Sequential(Played):
    """Answers in turn, and does not go on with one name until it may."""

    def __init__(self, name: bytes) -> None:
        super().__init__()
        self.name = name
        self.proceed = threading.Event()

    def play(self, peer: socket.socket) -> None:
        while True:
            question, framed = take(peer)
            if question.name == self.name:
                self.proceed.wait(10)
            peer.sendall(framed)
