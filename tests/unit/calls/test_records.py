"""Questions that dnspython's messages ask: who is asked, in which order, and under which id."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import dns.message
import dns.rcode

from steadydns.resolution.model import Server

if TYPE_CHECKING:
    import pytest

    from steadydns.resolver import Resolver
    from tests.unit.loopback import LoopbackServer

NAME = "www.example.com."


def test_the_response_settles_the_question(resolver: Resolver, real: LoopbackServer) -> None:
    """It is the server's own, and the query that was handed in is as it was."""
    query = dns.message.make_query(NAME, "A", use_edns=0)
    before = query.to_wire()
    response = resolver.ask(query, 5.0)
    assert response is not None
    assert [record.address for record in response.answer[0]] == ["203.0.113.2"]
    assert query.to_wire() == before


def test_every_attempt_has_an_id_of_its_own(
    resolver: Resolver, real: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An attempt's id tells nothing about the next one's."""
    query = dns.message.make_query(NAME, "A")
    ids = iter(range(1000, 1010))
    monkeypatch.setattr("dns.entropy.random_16", lambda: next(ids))
    real.fake.drop = frozenset((0, 1))
    response = resolver.ask(query, 10.0)
    assert response is not None
    assert response.id == 1002


def test_a_server_without_edns_is_asked_without(resolver: Resolver, real: LoopbackServer) -> None:
    """FORMERR to a question with EDNS (RFC 6891 section 7) is followed by one without it."""
    real.fake.edns = False
    response = resolver.ask(dns.message.make_query(NAME, "A", use_edns=0), 5.0)
    assert response is not None
    assert response.rcode() == dns.rcode.NOERROR


def test_nobody_answers(resolver: Resolver, real: LoopbackServer) -> None:
    """Where no server says anything in time there is no response."""
    real.fake.tcp = real.fake.udp = "silent"
    assert resolver.ask(dns.message.make_query(NAME, "A"), 0.2) is None


def test_tcp_is_used_where_it_is_asked_for(resolver: Resolver, real: LoopbackServer) -> None:
    """A caller that wants the whole answer gets it over TCP at once."""
    assert resolver.ask(dns.message.make_query(NAME, "A"), 5.0, tcp=True) is not None
    assert {transport for transport, _ in real.questions()} == {"tcp"}


def test_the_cache_on_the_node_is_asked_first_while_it_answers(
    resolver: Resolver, real: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its address comes first once it has answered, and is left out again when it has failed."""
    settings = resolver._settings()
    away = Server(int(socket.AF_INET), "127.0.0.9")
    rules = settings.rules._replace(preferred=real.server, servers=(away,))
    monkeypatch.setattr(resolver, "_settings", lambda: settings._replace(rules=rules))
    assert resolver.node_local() == ""
    resolver.servers.answered(real.server, 0.0, tcp=True)
    assert resolver.node_local() == "127.0.0.1"
    assert resolver.ask(dns.message.make_query(NAME, "A"), 5.0) is not None
    assert resolver.nameservers() == ("127.0.0.9",)
    resolver.servers.failed(real.server, 0.0)
    assert resolver.node_local() == ""


def test_what_is_known_of_a_name(resolver: Resolver, real: LoopbackServer) -> None:
    """The answer that a lookup used, under whichever name of the search list it was found."""
    assert resolver.known(b"redis.prod", 1) is None
    resolver.getaddrinfo("redis.prod", 80, socket.AF_INET)
    entry = resolver.known(b"redis.prod", 1)
    assert entry is not None
    assert entry.addresses == (socket.inet_aton("10.96.1.2"),)
