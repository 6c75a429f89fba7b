"""One question on a UDP port of its own."""

from __future__ import annotations

import select
import socket
from typing import TYPE_CHECKING

import dns.message
import pytest

from steadydns.resolution.model import Question, Server
from steadydns.transport.udp import EDNS_PAYLOAD, Datagram
from steadydns.wire.message import A, WireError
from tests.unit.loopback import asked, encode
from tests.unit.network import cluster_zone

if TYPE_CHECKING:
    from collections.abc import Iterator

QUESTION = Question(b"redis.prod.svc.cluster.local", A)


@pytest.fixture
def peer() -> Iterator[socket.socket]:
    """A UDP socket in the part of the server."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(10)
        yield sock


def ask(peer: socket.socket, *, edns: bool = True) -> tuple[Datagram, dns.message.Message, tuple[str, int]]:
    """Ask the peer; return the datagram, the query as it arrived, and where it came from."""
    datagram = Datagram(
        Server(int(socket.AF_INET), "127.0.0.1", 0, peer.getsockname()[1]), QUESTION, edns=edns
    )
    data, client = peer.recvfrom(4096)
    return datagram, dns.message.from_wire(data), client


EMPTY_OPT = 11  # octets of an OPT record without options, at the end of a query (RFC 6891 section 6.1.2)


def right(query: dns.message.Message) -> bytes:
    """The answer to a query."""
    return encode(query, asked(query), cluster_zone().ask(asked(query)))


def wait(datagram: Datagram) -> None:
    """Wait until something is there to be read."""
    assert select.select([datagram.fd], [], [], 10)[0]


def test_the_answer_is_read(peer: socket.socket) -> None:
    """Nothing before it came, then the addresses."""
    datagram, query, client = ask(peer)
    assert datagram.receive() is None
    peer.sendto(right(query), client)
    wait(datagram)
    answer = datagram.receive()
    assert answer is not None
    assert answer.addresses == (socket.inet_aton("10.96.1.2"),)
    datagram.close()


@pytest.mark.parametrize(("edns", "payload"), [(True, EDNS_PAYLOAD), (False, 0)])
def test_edns_says_how_large_an_answer_may_be(peer: socket.socket, edns: bool, payload: int) -> None:
    """With EDNS 1232 octets are announced; without it there is no OPT record."""
    datagram, query, _ = ask(peer, edns=edns)
    assert query.payload == payload
    assert query.edns == (0 if edns else -1)
    datagram.close()


def forgeries(query: dns.message.Message) -> list[bytes]:
    """Datagrams that are not the answer."""
    wrong_id = right(query)
    other = dns.message.make_query("evil.test.", "A", id=query.id)
    other_type = dns.message.make_query(query.question[0].name, "AAAA", id=query.id)
    return [
        b"",
        b"\0",
        b"garbage" * 10,
        bytes([wrong_id[0] ^ 1]) + wrong_id[1:],
        query.to_wire(),
        right(other),
        right(other_type),
    ]


def test_forged_and_garbled_datagrams_are_dropped_and_the_wait_goes_on(peer: socket.socket) -> None:
    """Wrong id, another question, a query, garbage: none of them ends the wait (CVE-2023-29483)."""
    datagram, query, client = ask(peer)
    for forged in forgeries(query):
        peer.sendto(forged, client)
        wait(datagram)
        assert datagram.receive() is None
    for forged in forgeries(query):
        peer.sendto(forged, client)
    peer.sendto(right(query), client)
    wait(datagram)
    answer = datagram.receive()
    assert answer is not None
    assert answer.addresses
    datagram.close()


def test_an_answer_that_is_cut_off_is_malformed(peer: socket.socket) -> None:
    """The right id and question with records that make no sense: the server is broken, and waiting is of no use."""
    datagram, query, client = ask(peer)
    whole = right(query)
    end_of_question = len(query.to_wire()) - EMPTY_OPT
    peer.sendto(whole[: end_of_question + 3], client)
    wait(datagram)
    with pytest.raises(WireError):
        datagram.receive()
    datagram.close()


def test_another_address_is_not_heard(peer: socket.socket) -> None:
    """The kernel drops what comes from anyone but the server asked."""
    datagram, query, client = ask(peer)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(right(query), client)
    assert not select.select([datagram.fd], [], [], 0)[0]
    datagram.close()


def test_a_port_without_a_server_is_an_error_at_once(peer: socket.socket) -> None:
    """ICMP port unreachable raises ConnectionRefusedError."""
    server = Server(int(socket.AF_INET), "127.0.0.1", 0, peer.getsockname()[1])
    peer.close()
    datagram = Datagram(server, QUESTION, edns=True)
    wait(datagram)
    with pytest.raises(ConnectionRefusedError):
        datagram.receive()
    datagram.close()


def test_a_name_that_cannot_be_sent_is_refused(peer: socket.socket) -> None:
    """An impossible name raises before a socket is opened."""
    server = Server(int(socket.AF_INET), "127.0.0.1", 0, peer.getsockname()[1])
    with pytest.raises(WireError):
        Datagram(server, Question(b"a..b", A), edns=True)


def test_ids_and_ports_differ(peer: socket.socket) -> None:
    """Sixteen questions come from sixteen ports, under ids that are not all alike."""
    asked_now = [ask(peer) for _ in range(16)]
    assert len({client for _, _, client in asked_now}) == 16
    assert len({query.id for _, query, _ in asked_now}) > 1
    for datagram, _, _ in asked_now:
        datagram.close()
