"""gRPC: channels are led to a name server on loopback, which answers from our cache."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import dns.flags
import dns.message
import dns.query
import dns.rcode
import grpc
import pytest

from steadydns import activation
from steadydns.calls.forwarder import HOST, Forwarder
from steadydns.hooks import grpc as hook
from tests.unit.program import run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from steadydns.resolver import Resolver
    from tests.unit.loopback import LoopbackServer


@pytest.fixture
def forwarder(resolver: Resolver) -> Iterator[Forwarder]:
    """A name server on the test's resolver."""
    one = Forwarder(resolver)
    yield one
    one.close()


def ask(
    forwarder: Forwarder, name: str, kind: str, *, tcp: bool = False, **options: Any
) -> dns.message.Message:
    """Put a question to it."""
    query = dns.message.make_query(name, kind, **options)
    exchange = dns.query.tcp if tcp else dns.query.udp
    return exchange(query, HOST, timeout=20, port=forwarder.port())


@pytest.mark.parametrize("tcp", [False, True])
def test_it_answers_from_the_cache(tcp: bool, forwarder: Forwarder, real: LoopbackServer) -> None:
    """Two questions for one name cost one; the TTL is what is left of it."""
    for _ in range(2):
        response = ask(forwarder, "www.example.com.", "A", tcp=tcp)
        (rrset,) = response.answer
        assert [record.address for record in rrset] == ["203.0.113.2"]
        assert 0 < rrset.ttl <= 30
    assert len([q for _, q in real.questions() if q.name == b"www.example.com"]) == 1


def test_an_alias_is_shown_with_its_target(forwarder: Forwarder, real: LoopbackServer) -> None:
    """The CNAME stands before the addresses of its target."""
    real.fake.zone.names["alias.example.com"] = "=www.example.com"
    response = ask(forwarder, "alias.example.com.", "A")
    assert [str(rrset) for rrset in response.answer if rrset.rdtype == 5] == [
        f"alias.example.com. {response.answer[0].ttl} IN CNAME www.example.com."
    ]
    assert response.answer[1].name.to_text() == "www.example.com."


def test_what_is_not_there_is_said(
    forwarder: Forwarder, real: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No such name is NXDOMAIN, no such address an empty answer, no server SERVFAIL."""
    assert ask(forwarder, "gone.example.com.", "A").rcode() == dns.rcode.NXDOMAIN
    empty = ask(forwarder, "redis.prod.svc.cluster.local.", "AAAA")
    assert (empty.rcode(), empty.answer) == (dns.rcode.NOERROR, [])
    real.fake.tcp = real.fake.udp = "refused"
    monkeypatch.setattr(forwarder._resolver, "getaddrinfo", fail)
    assert ask(forwarder, "new.example.com.", "A").rcode() == dns.rcode.SERVFAIL


def fail(*_: object) -> Any:
    """An error that nobody expects."""
    raise RuntimeError("a bug of ours")


def test_a_large_answer_is_truncated_for_udp(forwarder: Forwarder, real: LoopbackServer) -> None:
    """What does not fit into the datagram that the query allows is announced, and comes over TCP."""
    real.fake.zone.names["large.example.com"] = " ".join(f"198.51.100.{last}" for last in range(60))
    assert ask(forwarder, "large.example.com.", "A", use_edns=False).flags & dns.flags.TC
    (rrset,) = ask(forwarder, "large.example.com.", "A", tcp=True).answer
    assert len(rrset) == 60


def test_no_query_gets_no_response(forwarder: Forwarder) -> None:
    """Octets that are no message are dropped."""
    assert forwarder.respond(b"\0", None) is None


def test_a_child_has_a_name_server_of_its_own(forwarder: Forwarder) -> None:
    """After a fork the threads are gone: the child opens another port when it needs one."""
    port = forwarder.port()
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(write, str(forwarder.port()).encode())
            answered = ask(forwarder, "www.example.com.", "A").answer
            os.write(write, b" answered" if answered else b" silent")
        finally:
            os._exit(0)
    os.close(write)
    os.waitpid(child, 0)
    said = os.read(read, 100).decode().split()
    os.close(read)
    assert int(said[0]) != port
    assert said[1] == "answered"
    assert ask(forwarder, "www.example.com.", "A").answer


@pytest.mark.parametrize(
    ("text", "endpoint"),
    [
        ("name:50051", "name:50051"),
        ("name", "name"),
        ("a.b.example.com:https", "a.b.example.com:https"),
        ("dns:///name:50051", "name:50051"),
        ("dns:name:50051", "name:50051"),
        ("DNS:///name:50051", "name:50051"),
        ("dns://10.0.0.1/name:50051", ""),
        ("10.0.0.1:50051", ""),
        ("[2001:db8::1]:50051", ""),
        ("unix:/run/x.sock", ""),
        ("unix:///run/x.sock", ""),
        ("ipv4:10.0.0.1:50051", ""),
        ("xds:///name", ""),
        ("", ""),
    ],
)
def test_targets_that_are_ours(text: str, endpoint: str, pod: Any) -> None:
    """A name is led to our port; an address, another scheme or a named DNS server stays as it is."""
    assert hook.target(text) == text, "while nothing is installed"
    activation.install(hooks="+grpc")
    try:
        found = hook.target(text)
    finally:
        activation.uninstall()
    if endpoint:
        assert found.startswith("dns://127.0.0.1:")
        assert found.endswith(f"/{endpoint}")
    else:
        assert found == text


def test_the_native_resolver_is_left_alone(pod: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """GRPC_DNS_RESOLVER=native refuses a target that names a server: it gets none."""
    monkeypatch.setenv("GRPC_DNS_RESOLVER", "native")
    activation.install(hooks="+grpc")
    assert hook.target("name:50051") == "name:50051"
    activation.uninstall()


def test_channels_are_led_and_uninstall_undoes_it(pod: Any) -> None:
    """Synchronous and asynchronous channels are made with the new target; afterwards the classes are as before."""
    from grpc import _channel, aio

    kinds: list[Any] = [_channel.Channel, aio._channel.Channel]
    before = [vars(kind)["__init__"] for kind in kinds]
    activation.install(hooks="+grpc")
    with grpc.insecure_channel("name:50051") as channel:
        target = channel._channel.target()
    assert target.startswith(b"dns://127.0.0.1:")
    activation.uninstall()
    assert [vars(kind)["__init__"] for kind in kinds] == before


REAL = """
import sys
from tests.unit.hooks import pods
pods.enter(sys.argv[1], sys.argv[2])
import steadydns
steadydns.install(hooks="+grpc")
import grpc
from concurrent import futures
server = grpc.server(futures.ThreadPoolExecutor(1))
port = server.add_insecure_port("127.0.0.1:0")
echo = grpc.unary_unary_rpc_method_handler(lambda request, _: request)
server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("x", {"y": echo}),))
server.start()
with grpc.insecure_channel(f"here.example.com:{port}") as channel:
    assert channel.unary_unary("/x/y")(b"hello", timeout=30) == b"hello"
server.stop(0)
steadydns.uninstall()
"""


def test_a_call_reaches_a_server_by_name(etc: Path, real: LoopbackServer) -> None:
    """A real call to a name that only our name server knows is answered, and its question was ours."""
    real.fake.zone.names["here.example.com"] = "127.0.0.1"
    run(REAL, str(etc.parent), str(real.server.port))
    assert b"here.example.com" in {question.name for _, question in real.questions()}


def test_no_free_port_leaves_grpc_alone(pod: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where our name server cannot start, gRPC resolves as before."""

    def refuse(_: object) -> int:
        raise OSError("no port")

    activation.install(hooks="+grpc")
    monkeypatch.setattr(Forwarder, "port", refuse)
    assert hook.target("name:50051") == "name:50051"
    activation.uninstall()


def test_a_response_is_not_answered(forwarder: Forwarder) -> None:
    """A packet that is a response itself gets none (RFC 1035 section 4.1.1, QR), and nothing is printed."""
    query = dns.message.make_query("redis.prod", "A")
    assert forwarder.respond(dns.message.make_response(query).to_wire(), None) is None
