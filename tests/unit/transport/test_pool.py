"""Connections kept open between lookups, and the probes made in the background."""

from __future__ import annotations

import os
import socket
from time import monotonic
from typing import TYPE_CHECKING

import pytest

from steadydns.resolution.model import TCP, Flow, Question, Server, Step
from steadydns.transport.blocking import Exchange
from steadydns.transport.pool import IDLE_LIMIT, MAX_IDLE, PROBE_LIMIT, Pool
from steadydns.transport.tcp import Connection
from steadydns.wire.message import A
from tests.unit.loopback import LoopbackServer
from tests.unit.network import FakeServer, cluster_zone

if TYPE_CHECKING:
    from collections.abc import Iterator

QUESTION = Question(b"redis.prod.svc.cluster.local", A)


@pytest.fixture
def real() -> Iterator[LoopbackServer]:
    """A server on loopback."""
    with LoopbackServer(FakeServer(cluster_zone())) as server:
        yield server


@pytest.fixture
def pool() -> Iterator[Pool]:
    """A pool, closed at the end."""
    made = Pool()
    yield made
    made.close()


def connection(server: Server, answered_at: float) -> Connection:
    """A connection that answered at that time."""
    made = Connection(server)
    made.connected = True
    made.answered_at = answered_at
    return made


def is_closed(one: Connection) -> bool:
    """Whether its socket is gone."""
    return bool(one.sock.fileno() == -1)


def test_the_connection_that_answered_last_is_taken_first(real: LoopbackServer, pool: Pool) -> None:
    """The warmest one, and then the next, and then none."""
    first, second = connection(real.server, 1.0), connection(real.server, 2.0)
    pool.put(first)
    pool.put(second)
    assert [pool.take(real.server, 3.0) for _ in range(3)] == [second, first, None]
    first.close()
    second.close()


def test_connections_too_old_are_closed_before_the_server_does_it(real: LoopbackServer, pool: Pool) -> None:
    """Nine seconds without an answer, and a connection is not used again."""
    old, older = connection(real.server, 2.0), connection(real.server, 1.0)
    pool.put(older)
    pool.put(old)
    assert pool.has_idle(real.server, 2.0 + IDLE_LIMIT)
    assert not pool.has_idle(real.server, 2.1 + IDLE_LIMIT)
    assert pool.take(real.server, 2.1 + IDLE_LIMIT) is None
    assert is_closed(old)
    assert is_closed(older)


def test_servers_have_connections_of_their_own(real: LoopbackServer, pool: Pool) -> None:
    """What is idle for one server is nothing to another."""
    pool.put(connection(real.server, 1.0))
    other = Server(int(socket.AF_INET), "127.0.0.2")
    assert not pool.has_idle(other, 1.0)
    assert pool.take(other, 1.0) is None


def test_no_more_than_so_many_are_kept(real: LoopbackServer, pool: Pool) -> None:
    """One beyond the limit is closed."""
    made = [connection(real.server, 1.0) for _ in range(MAX_IDLE + 1)]
    for one in made:
        pool.put(one)
    assert [is_closed(one) for one in made] == [False] * MAX_IDLE + [True]


def test_unproven_connections_are_retired(real: LoopbackServer, pool: Pool) -> None:
    """Those that have answered nothing since a question went unanswered are closed, the others kept."""
    dead, alive = connection(real.server, 1.0), connection(real.server, 5.0)
    pool.put(dead)
    pool.put(alive)
    pool.retire(real.server, 4.0)
    assert is_closed(dead)
    assert pool.take(real.server, 6.0) is alive
    alive.close()


def test_closing_closes_everything(real: LoopbackServer, pool: Pool) -> None:
    """Idle connections and probes; the pool may be used again."""
    one = connection(real.server, 1.0)
    pool.put(one)
    pool.probe(real.server, QUESTION, 1.0)
    probing = pool._probes[real.server].connection
    pool.close()
    assert is_closed(one)
    assert is_closed(probing)
    assert pool.take(real.server, 1.0) is None
    assert pool.probed(real.server, 1.0) is None


def settle(pool: Pool, server: Server) -> bool:
    """Look at a probe until it has a verdict."""
    end = monotonic() + 10
    while monotonic() < end:
        verdict = pool.probed(server, 100.0)
        if verdict is not None:
            return verdict
        probe = pool._probes[server]
        probe._poller.poll(100)
    raise AssertionError("no verdict")


def test_a_probe_that_is_answered_leaves_its_connection(real: LoopbackServer, pool: Pool) -> None:
    """True once, then nothing to tell; the connection is idle and proven."""
    assert pool.probed(real.server, 100.0) is None
    pool.probe(real.server, QUESTION, 100.0)
    assert settle(pool, real.server) is True
    assert pool.probed(real.server, 100.0) is None
    assert pool.has_idle(real.server, 100.0)


@pytest.mark.parametrize("tcp", ["reset", "refused"])
def test_a_probe_that_fails_says_so_once(tcp: str, pool: Pool) -> None:
    """False once, and nothing is left behind."""
    with LoopbackServer(FakeServer(cluster_zone(), tcp=tcp)) as real:
        pool.probe(real.server, QUESTION, 100.0)
        if real.server in pool._probes:
            assert settle(pool, real.server) is False
        assert pool.probed(real.server, 100.0) is None
        assert not pool.has_idle(real.server, 100.0)


def test_a_silent_probe_ends_after_its_time(pool: Pool) -> None:
    """Without an answer the probe has failed when its time is over, and not before."""
    with LoopbackServer(FakeServer(cluster_zone(), tcp="silent")) as real:
        pool.probe(real.server, QUESTION, 100.0)
        pool._probes[real.server]._poller.poll(1000)
        assert pool.probed(real.server, 100.0 + PROBE_LIMIT / 2) is None
        assert pool.probed(real.server, 101.0 + 2 * PROBE_LIMIT) is False


def test_a_probe_survives_that_nobody_looks_for_a_while(real: LoopbackServer, pool: Pool) -> None:
    """Lookups seconds apart are enough to carry a probe through: handshake, question, answer."""
    pool.probe(real.server, QUESTION, 100.0)
    for at in (103.0, 106.0):
        probe = pool._probes.get(real.server)
        assert probe is not None, f"given up before {at}"
        probe._poller.register(probe.connection.fd, probe.connection.events)
        probe._poller.poll(5000)
        if pool.probed(real.server, at):
            break
    assert pool.has_idle(real.server, 106.0)


def test_one_probe_at_a_time(real: LoopbackServer, pool: Pool) -> None:
    """A second probe of the same server changes nothing."""
    pool.probe(real.server, QUESTION, 100.0)
    probe = pool._probes[real.server]
    pool.probe(real.server, QUESTION, 100.0)
    assert pool._probes[real.server] is probe


def test_a_name_that_cannot_be_asked_leaves_no_probe(real: LoopbackServer, pool: Pool) -> None:
    """An impossible name is no reason for an exception."""
    pool.probe(real.server, Question(b"a..b", A), 100.0)
    assert pool.probed(real.server, 100.0) is None


def test_a_child_process_starts_with_nothing(real: LoopbackServer, pool: Pool) -> None:
    """After a fork the child's pool is empty, its lock free, and the parent's connection still works."""
    exchange = Exchange(pool, monotonic)
    assert exchange.perform(Step((Flow(real.server, TCP, (QUESTION,), monotonic()),), monotonic() + 10))
    exchange.close()
    assert pool.has_idle(real.server, monotonic())
    with pool._lock:
        child = os.fork()
        if child == 0:
            code = 1
            try:
                pool.after_fork()
                empty = pool.take(real.server, monotonic()) is None
                code = 0 if empty and pool._lock.acquire(blocking=False) else 2
            finally:
                os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    exchange = Exchange(pool, monotonic)
    replies = exchange.perform(Step((Flow(real.server, TCP, (QUESTION,), monotonic()),), monotonic() + 10))
    assert [reply.failure for reply in replies] == [""]
    exchange.close()
    assert len({client for _, _, client in real.seen}) == 1, "the parent's connection was used for both"
