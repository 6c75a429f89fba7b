"""The synchronous driver on real sockets: flows that are replaced, closed, answered in pieces."""

from __future__ import annotations

import select
import signal
import socket
from time import monotonic
from typing import TYPE_CHECKING

import dns.message
import pytest

from steadydns.resolution.model import TCP, UDP, Flow, Question, Reply, Server, Step
from steadydns.transport.blocking import Exchange, run
from steadydns.transport.pool import Pool
from steadydns.transport.tcp import Connection, failure_of
from steadydns.wire.framing import frame
from steadydns.wire.message import AAAA, A, WireError
from tests.unit.loopback import LoopbackServer, asked, encode, read
from tests.unit.network import FakeServer, cluster_zone

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from steadydns.wire.message import Answer

QUESTION = Question(b"api.example.com", A)
PAIR = (QUESTION, Question(b"api.example.com", AAAA))


@pytest.fixture
def pool() -> Iterator[Pool]:
    """A pool, closed at the end."""
    made = Pool()
    yield made
    made.close()


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A TCP server that the test plays itself."""
    with socket.create_server(("127.0.0.1", 0)) as sock:
        sock.settimeout(10)
        yield sock


def server_of(listener: socket.socket) -> Server:
    """Its address."""
    return Server(int(socket.AF_INET), "127.0.0.1", 0, listener.getsockname()[1])


def soon() -> float:
    """Later than anything here takes."""
    return monotonic() + 10


def stream(server: Server, questions: tuple[Question, ...] = PAIR) -> Flow:
    """A TCP flow."""
    return Flow(server, TCP, questions, monotonic())


def all_replies(exchange: Exchange, flow: Flow, number: int) -> list[Reply]:
    """Perform until so many replies came."""
    replies = exchange.perform(Step((flow,), soon()))
    while len(replies) < number:
        more = exchange.perform(Step((), soon()))
        assert more
        replies += more
    return replies


def test_a_lookup_gives_its_connection_back(pool: Pool) -> None:
    """Answered, a connection waits in the pool; the next lookup needs no new one."""
    with LoopbackServer(FakeServer(cluster_zone())) as real:
        for _ in range(3):
            exchange = Exchange(pool, monotonic)
            all_replies(exchange, stream(real.server), 2)
            exchange.close()
        assert len({client for _, _, client in real.seen}) == 1
        assert len(real.seen) == 6


def test_a_connection_the_server_closed_is_replaced_without_a_failure(pool: Pool) -> None:
    """An idle connection closed by the server costs a handshake, not a failed attempt (RFC 7766 section 6.2.4)."""
    with LoopbackServer(FakeServer(cluster_zone())) as real:
        exchange = Exchange(pool, monotonic)
        all_replies(exchange, stream(real.server), 2)
        exchange.close()
        (idle,) = pool._idle[real.server]
        real.close_connections()
        assert select.select([idle.fd], [], [], 10)[0], "the end has arrived"
        exchange = Exchange(pool, monotonic)
        replies = all_replies(exchange, stream(real.server), 2)
        exchange.close()
        assert [reply.failure for reply in replies] == ["", ""]
        assert len({client for _, _, client in real.seen}) == 2


def test_a_fresh_connection_that_is_closed_is_a_failure(listener: socket.socket, pool: Pool) -> None:
    """Only a pooled connection is replaced, and only once."""
    exchange = Exchange(pool, monotonic)
    flow = stream(server_of(listener))
    assert exchange.perform(Step((flow,), monotonic() + 0.01)) == []
    peer, _ = listener.accept()
    peer.close()
    (reply,) = exchange.perform(Step((), soon()))
    assert (reply.flow, reply.question, reply.failure) == (flow, None, "reset")
    assert exchange.perform(Step((), soon())) == []
    exchange.close()


def test_garbage_closes_the_connection(listener: socket.socket, pool: Pool) -> None:
    """A peer that does not speak DNS is 'malformed', and its connection never reaches the pool."""
    exchange = Exchange(pool, monotonic)
    flow = stream(server_of(listener))
    exchange.perform(Step((flow,), monotonic() + 0.01))
    peer, _ = listener.accept()
    peer.sendall(frame(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    (reply,) = exchange.perform(Step((), soon()))
    assert reply.failure == "malformed"
    exchange.close()
    assert not pool.has_idle(flow.server, monotonic())
    peer.close()


def test_a_half_answered_connection_is_closed(pool: Pool) -> None:
    """A lookup that ends with a question in flight must not leave its answer to the next one."""
    with LoopbackServer(FakeServer(cluster_zone())) as real:
        exchange = Exchange(pool, monotonic)
        flow = stream(real.server)
        exchange.perform(Step((flow,), soon()))
        waiting = list(exchange._channels.values())
        exchange.close()
        assert bool(waiting) != pool.has_idle(real.server, monotonic())


def test_nobody_listening_is_refused(listener: socket.socket, pool: Pool) -> None:
    """A refused connection is reported as such, at once."""
    server = server_of(listener)
    listener.close()
    exchange = Exchange(pool, monotonic)
    (reply,) = exchange.perform(Step((stream(server),), soon()))
    assert reply.failure == "refused"
    exchange.close()


def test_an_address_without_a_route_is_unreachable(pool: Pool) -> None:
    """What the kernel refuses to send is a reply, not an exception."""
    nowhere = Server(int(socket.AF_INET), "255.255.255.255")
    for transport in (TCP, UDP):
        exchange = Exchange(pool, monotonic)
        (reply,) = exchange.perform(Step((Flow(nowhere, transport, (QUESTION,), monotonic()),), soon()))
        assert reply.failure == "unreachable"
        exchange.close()


def test_a_step_without_time_returns_at_once(pool: Pool) -> None:
    """A time that has come already opens the flows and waits for nothing."""
    with LoopbackServer(FakeServer(cluster_zone(), tcp="silent")) as real:
        exchange = Exchange(pool, monotonic)
        assert exchange.perform(Step((stream(real.server),), monotonic() - 1)) == []
        exchange.close()


def test_the_clock_decides_when_time_is_over(pool: Pool) -> None:
    """The driver asks the clock it was given, and no other."""
    with LoopbackServer(FakeServer(cluster_zone(), tcp="silent", udp="silent")) as real:
        times = iter([0.0, 0.0, 0.0, 0.001, 5.0, 5.0, 5.0])
        exchange = Exchange(pool, lambda: next(times))
        assert exchange.perform(Step((Flow(real.server, UDP, (QUESTION,), 0.0),), 0.002)) == []
        exchange.close()


def test_a_programs_result_is_returned_and_its_flows_closed(pool: Pool) -> None:
    """run() gives what the generator returned, also when it asked nothing."""

    def program(server: Server) -> Generator[Step, list[Reply], int]:
        replies = yield Step((Flow(server, UDP, (QUESTION,), monotonic()),), soon())
        return len(replies)

    def silent() -> Generator[Step, list[Reply], str]:
        return "nothing"
        yield

    with LoopbackServer(FakeServer(cluster_zone())) as real:
        assert run(program(real.server), pool, monotonic) == 1
    assert run(silent(), pool, monotonic) == "nothing"


def test_an_interrupted_program_closes_its_sockets(pool: Pool) -> None:
    """KeyboardInterrupt passes, and no socket is left open."""
    opened: list[Flow] = []

    def program(server: Server) -> Generator[Step, list[Reply], None]:
        opened.append(stream(server))
        yield Step((opened[0],), monotonic())
        raise KeyboardInterrupt

    with LoopbackServer(FakeServer(cluster_zone(), tcp="silent")) as real:
        with pytest.raises(KeyboardInterrupt):
            run(program(real.server), pool, monotonic)
        assert not pool.has_idle(real.server, monotonic())


def test_questions_wait_for_the_handshake(listener: socket.socket, pool: Pool) -> None:
    """Asked before it is connected, a connection sends everything in one piece once it is."""
    connection = Connection(server_of(listener))
    connection.ask((QUESTION,))
    connection.ask(PAIR[1:])
    assert connection.events & select.POLLOUT
    poller = select.poll()
    poller.register(connection.fd, connection.events)
    while not connection.connected or connection.events & select.POLLOUT:
        for _, events in poller.poll(10_000):
            connection.proceed(events, 1.0)
    peer, _ = listener.accept()
    assert len(peer.recv(4096)) == 2 * (2 + 12 + len(b"\3api\7example\3com\0") + 4)
    assert connection.events == select.POLLIN
    peer.close()
    connection.close()


@pytest.mark.parametrize("cut", [1, 2, 3, 20])
def test_a_second_answer_that_comes_in_two_pieces_is_in_nobodys_way(
    listener: socket.socket, cut: int
) -> None:
    """CoreDNS sends two answers where a plugin has refused, and a segment may end anywhere in the second one."""
    connection = Connection(server_of(listener))
    peer, _ = listener.accept()
    rest = b""
    for number in range(3):
        answers: list[Answer | None] = [None]
        prompted = connection.prompt(QUESTION.name, (A,))
        query = dns.message.from_wire(read(peer, int.from_bytes(read(peer, 2), "big")))
        answer = frame(encode(query, asked(query), cluster_zone().ask(asked(query))))
        peer.sendall(rest + answer + answer[:cut])
        rest = answer[cut:]
        assert connection.collect(prompted, QUESTION.name, (A,), answers, 5.0), number
        assert answers[0] is not None
    peer.close()
    connection.close()


def test_signals_do_not_prolong_the_wait_for_an_answer(listener: socket.socket) -> None:
    """A timer of the service's that rings all the time, as a profiler's does, keeps no lookup waiting for ever."""
    rings = 0

    def ring(*_: object) -> None:
        nonlocal rings
        rings += 1
        assert rings < 100, "still waiting"

    connection = Connection(server_of(listener))
    peer, _ = listener.accept()
    before = signal.signal(signal.SIGALRM, ring)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.05, 0.05)
        answers: list[Answer | None] = [None]
        prompted = connection.prompt(QUESTION.name, (A,))
        assert not connection.collect(prompted, QUESTION.name, (A,), answers, 0.2)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        peer.close()
        connection.close()
    assert rings >= 2


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (ConnectionRefusedError(), "refused"),
        (ConnectionResetError(), "reset"),
        (BrokenPipeError(), "reset"),
        (TimeoutError(), "reset"),
        (OSError(101, "Network is unreachable"), "unreachable"),
        (WireError("x"), "malformed"),
    ],
)
def test_every_failure_has_a_word(error: Exception, word: str) -> None:
    """Four words say what an exchange failed with."""
    assert failure_of(error) == word
