"""aiodns' DNSResolver: addresses are ours, in aiodns' own values; what was configured otherwise is left alone."""

from __future__ import annotations

import asyncio
import socket
import warnings
from typing import TYPE_CHECKING, Any

import aiodns
import pytest
from aiodns.error import ARES_ECONNREFUSED, ARES_ENODATA, ARES_ENOTFOUND, ARES_ETIMEOUT, DNSError

from steadydns import activation
from tests.unit.loopback import LoopbackServer
from tests.unit.network import FakeServer, Zone

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator

    from steadydns.resolver import Resolver
    from steadydns.system.pod import Pod

METHODS = ("__init__", "getaddrinfo", "gethostbyname", "query", "query_dns")
STOCK = {name: vars(aiodns.DNSResolver)[name] for name in METHODS if name in vars(aiodns.DNSResolver)}

# The same calls are put to the real c-ares and to us: the values are compared, c-ares' being the model.
CALLS: dict[str, Callable[[Any], Any]] = {
    "one address": lambda r: r.getaddrinfo("v4.example.com", port=80, type=socket.SOCK_STREAM),
    "IPv6 only": lambda r: r.getaddrinfo("two.example.com", family=socket.AF_INET6, port=443),
    "an alias": lambda r: r.getaddrinfo("alias.example.com", family=socket.AF_INET, port=80),
    "a service name": lambda r: r.getaddrinfo("v4.example.com", port="http"),
    "a datagram": lambda r: r.getaddrinfo("v4.example.com", port=80, type=socket.SOCK_DGRAM),
    "a number": lambda r: r.getaddrinfo("127.0.0.1", port=80),
    "no such name": lambda r: r.getaddrinfo("none.example.com"),
    "no such family": lambda r: r.getaddrinfo("v4.example.com", family=socket.AF_INET6),
    "no name at all": lambda r: r.getaddrinfo("a..b"),
    "a host": lambda r: r.gethostbyname("alias.example.com", socket.AF_INET),
    "no host": lambda r: r.gethostbyname("none.example.com", socket.AF_INET),
    "A records": lambda r: r.query("v4.example.com", "A"),
    "AAAA records": lambda r: r.query("two.example.com", "AAAA"),
    "no AAAA records": lambda r: r.query("v4.example.com", "AAAA"),
    "no records": lambda r: r.query("none.example.com", "A"),
    "no record of a number": lambda r: r.query("127.0.0.1", "A"),
    "a query is absolute": lambda r: r.query("redis.prod", "A"),
    "an unknown type": lambda r: r.query("v4.example.com", "NONE"),
    "native A records": lambda r: r.query_dns("alias.example.com", "A"),
    "native AAAA records": lambda r: r.query_dns("two.example.com", "AAAA"),
    "no native records": lambda r: r.query_dns("v4.example.com", "AAAA"),
    "no native name": lambda r: r.query_dns("none.example.com", "A"),
}


@pytest.fixture
def real() -> Iterator[LoopbackServer]:
    """A name server with a few names."""
    zone = Zone(
        {
            "v4.example.com": "192.0.2.1",
            "two.example.com": "192.0.2.1 2001:db8::1",
            "alias.example.com": "=v4.example.com",
            "redis.prod.svc.cluster.local": "10.96.1.2",
        }
    )
    with LoopbackServer(FakeServer(zone)) as server:
        yield server


def within(make: Callable[[], Any], use: Callable[[Any], Coroutine[Any, Any, Any]]) -> Any:
    """Run a coroutine with a resolver that is closed afterwards."""

    async def main() -> Any:
        resolver = make()
        try:
            return await use(resolver)
        finally:
            if hasattr(resolver, "close"):
                await resolver.close()

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        return asyncio.run(main())


def plain() -> Any:
    """A resolver that asks the server of resolv.conf, as one without options does."""
    return aiodns.DNSResolver(nameservers=["127.0.0.1"])


def values(result: Any) -> Any:
    """What a result says, whatever its classes; a TTL may have been counted down."""
    if isinstance(result, (list, tuple)):
        return [values(one) for one in result]
    if isinstance(result, (str, bytes, int)):
        return result
    names = getattr(result, "__dataclass_fields__", None) or type(result).__slots__
    return {
        name: values(getattr(result, name))
        for name in names
        if name != "ttl" or not 0 < getattr(result, name) <= 30
    }


async def outcome(call: Callable[[Any], Any], resolver: Any) -> Any:
    """The values, or the class and the arguments of the exception."""
    try:
        return values(await call(resolver))
    except Exception as error:
        return type(error), error.args


@pytest.mark.parametrize("name", CALLS)
def test_the_values_are_those_of_cares(name: str, pod: Pod, real: LoopbackServer) -> None:
    """Each method gives what the real c-ares makes of the same zone, or its error."""
    if "native" in name and "query_dns" not in STOCK:
        pytest.skip("query_dns came with aiodns 4")
    port = real.server.port

    def configured() -> Any:
        return aiodns.DNSResolver(
            servers=["127.0.0.1"], udp_port=port, tcp_port=port, timeout=5, tries=3, lookups="b"
        )

    expected = None
    for _ in range(10):
        expected = within(configured, lambda resolver: outcome(CALLS[name], resolver))
        # The first channel of a process sometimes has no server yet, and sends nothing.
        if not (isinstance(expected, tuple) and expected[1][:1] == (ARES_ECONNREFUSED,)):
            break
    activation.install()
    try:
        found = within(plain, lambda resolver: outcome(CALLS[name], resolver))
    finally:
        activation.uninstall()
    assert found == expected


def test_the_search_list_and_the_cache_are_ours(installed: Resolver, real: LoopbackServer) -> None:
    """A name of the cluster is completed as for getaddrinfo, over TCP, and asked for once."""

    async def use(resolver: Any) -> list[bytes]:
        return [
            (await resolver.getaddrinfo("redis.prod", family=socket.AF_INET)).nodes[0].addr[0]
            for _ in range(2)
        ]

    assert within(plain, use) == [b"10.96.1.2"] * 2
    asked = real.questions()
    assert {transport for transport, _ in asked} == {"tcp"}
    assert len(asked) == len(set(asked))


def test_a_resolver_made_before_is_covered_and_left_again(pod: Pod, real: LoopbackServer) -> None:
    """The methods are replaced on the class: a live resolver is ours from install() to uninstall()."""

    async def use(resolver: Any) -> None:
        activation.install()
        assert (await resolver.getaddrinfo("v4.example.com")).nodes[0].addr[0] == b"192.0.2.1"
        assert real.questions()
        activation.uninstall()
        assert {name: vars(aiodns.DNSResolver)[name] for name in STOCK} == STOCK

    within(plain, use)


def test_servers_of_its_own_are_left_alone(installed: Resolver, real: LoopbackServer) -> None:
    """A resolver that was given other servers, ports or a search list asks as it was told to."""

    async def use(resolver: Any) -> Any:
        return await outcome(CALLS["one address"], resolver)

    elsewhere = {"nameservers": ["127.0.0.9"], "timeout": 0.05, "tries": 1}
    elsewhere_port = {"nameservers": ["127.0.0.1"], "udp_port": 9, "timeout": 0.05, "tries": 1}
    for options in (elsewhere, elsewhere_port):
        kind, _ = within(lambda options=options: aiodns.DNSResolver(**options), use)  # type: ignore[misc]
        assert kind is DNSError
    assert real.questions() == []


def test_no_answer_is_a_timeout(installed: Resolver, real: LoopbackServer) -> None:
    """EAI_AGAIN is ARES_ETIMEOUT, EAI_NONAME ARES_ENOTFOUND and EAI_NODATA ARES_ENODATA."""

    async def use(resolver: Any) -> list[int]:
        numbers = []
        for code in (socket.EAI_AGAIN, socket.EAI_NONAME, socket.EAI_NODATA):

            async def fail(*_: Any, code: int = code, **__: Any) -> Any:
                raise socket.gaierror(code, "text")

            resolver.loop.getaddrinfo = fail
            kind, arguments = await outcome(CALLS["one address"], resolver)
            assert kind is DNSError
            numbers.append(arguments[0])
        return numbers

    assert within(plain, use) == [ARES_ETIMEOUT, ARES_ENOTFOUND, ARES_ENODATA]


def test_other_records_go_to_the_cache_on_the_node(
    installed: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """MX and the like are asked of the node-local cache first while it answers, and uninstall() takes that back."""
    address = "127.0.0.8"
    monkeypatch.setattr(installed, "node_local", lambda: address)

    async def use(resolver: Any) -> None:
        resolver.query("example.com", "MX").cancel()
        assert resolver.nameservers == [address, "127.0.0.1"]
        address_is_still_ours = await resolver.getaddrinfo("v4.example.com")
        assert address_is_still_ours.nodes[0].addr[0] == b"192.0.2.1"
        monkeypatch.setattr(installed, "node_local", lambda: "")
        resolver.query("example.com", "MX").cancel()
        assert resolver.nameservers == ["127.0.0.1"]
        monkeypatch.setattr(installed, "node_local", lambda: address)
        resolver.query("example.com", "MX").cancel()
        activation.uninstall()
        assert resolver.nameservers == ["127.0.0.1"]

    within(plain, use)


def test_a_cancelled_call_is_cancelled(installed: Resolver, real: LoopbackServer) -> None:
    """What a method returns is a future: it can be cancelled, and its waiter learns it."""
    real.fake.tcp = real.fake.udp = "silent"

    async def use(resolver: Any) -> None:
        future = resolver.getaddrinfo("v4.example.com")
        assert isinstance(future, asyncio.Future)
        await asyncio.sleep(0)
        future.cancel()
        with pytest.raises(asyncio.CancelledError):
            await future
        real.fake.tcp = real.fake.udp = "answers"

    within(plain, use)
