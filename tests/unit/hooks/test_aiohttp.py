"""aiohttp's AsyncResolver, its default beside aiodns: asks us, in new sessions and in those that are open."""

from __future__ import annotations

import asyncio
import socket
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any
from unittest import mock

import aiodns
import aiohttp
import pytest
from aiohttp.resolver import AsyncResolver, DefaultResolver, ThreadedResolver

from steadydns import activation

if TYPE_CHECKING:
    from steadydns.resolver import Resolver
    from steadydns.system.pod import Pod
    from tests.unit.loopback import LoopbackServer

STOCK = vars(AsyncResolver)["resolve"]
NAME = "redis.prod"


def run(coroutine: Any) -> Any:
    """Run it in a loop of its own."""
    return asyncio.run(coroutine)


def test_aiohttp_takes_to_cares_beside_aiodns() -> None:
    """What this hook is for: the default resolver is AsyncResolver where aiodns is installed."""
    assert DefaultResolver is AsyncResolver


def test_it_is_replaced_and_put_back(pod: Pod) -> None:
    """Afterwards the class has the very function it had."""
    activation.install()
    assert vars(AsyncResolver)["resolve"] is not STOCK
    activation.uninstall()
    assert vars(AsyncResolver)["resolve"] is STOCK


def test_a_default_resolver_asks_us(installed: Resolver, real: LoopbackServer) -> None:
    """The values are those of aiohttp's ThreadedResolver, with the cluster's search list, over TCP."""

    async def main() -> None:
        mine, threaded = AsyncResolver(), ThreadedResolver()
        found = await mine.resolve(NAME, 80)
        assert found == await threaded.resolve(NAME, 80)
        assert found[0]["host"] == "10.96.1.2"
        await mine.close()

    run(main())
    assert {transport for transport, _ in real.questions()} == {"tcp"}


def test_an_open_session_is_covered_from_install_on(pod: Pod, real: LoopbackServer) -> None:
    """A connector made before install() resolves through us: what it asks arrives at our server."""

    async def main() -> None:
        connector = aiohttp.TCPConnector(family=socket.AF_INET)
        async with aiohttp.ClientSession(connector=connector):
            activation.install()
            try:
                found = await connector._resolve_host("redis.prod", 80)
            finally:
                activation.uninstall()
        assert [one["host"] for one in found] == ["10.96.1.2"]

    run(main())
    assert real.questions()


def test_a_missing_name_is_an_error_that_aiohttp_knows(installed: Resolver) -> None:
    """It is a gaierror, so an OSError, and a session reports it as a connection that failed."""

    async def main() -> None:
        with pytest.raises(socket.gaierror):
            await AsyncResolver().resolve("gone.prod")
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ClientConnectorError, match=r"gone\.prod"):
                await session.get("http://gone.prod/")

    run(main())


def test_servers_of_its_own_are_left_alone(installed: Resolver, real: LoopbackServer) -> None:
    """A resolver with options asks whom it was told to ask: here, nobody."""

    async def main() -> None:
        own = AsyncResolver(nameservers=["127.0.0.9"], timeout=0.05, tries=1)
        with pytest.raises(OSError, match=r"."):
            await own.resolve("www.example.com")
        await own.close()

    run(main())
    assert real.questions() == []


class Fake:
    """What the tests of a service put in the place of DNSResolver: it knows one address, and no server."""

    def __init__(self, *_: Any, **__: Any) -> None:
        pass

    async def getaddrinfo(self, *_: Any, **__: Any) -> Any:
        node = SimpleNamespace(family=socket.AF_INET, addr=(b"192.0.2.77", 80))
        return SimpleNamespace(nodes=[node])

    def gethostbyname(self, *_: Any) -> Any:
        raise AssertionError

    def cancel(self) -> None:
        pass


async def resolved(name: str = NAME) -> list[str]:
    """Resolve by a resolver of the default kind, and close it."""
    one = AsyncResolver()
    try:
        return [found["host"] for found in await one.resolve(name, 80)]
    finally:
        await one.close()


def test_a_stand_in_for_the_class_is_asked(
    installed: Resolver, real: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever replaces aiodns.DNSResolver, as aiohttp's own tests do, is asked: here as without us."""
    monkeypatch.setattr("aiodns.DNSResolver", Fake)
    assert run(resolved()) == ["192.0.2.77"]
    assert real.questions() == []


def test_a_mock_is_asked(installed: Resolver, real: LoopbackServer) -> None:
    """A mock, which has every attribute, is not taken for aiodns' own."""
    with mock.patch("aiodns.DNSResolver") as stand_in:
        stand_in.return_value.getaddrinfo = mock.AsyncMock(side_effect=Fake().getaddrinfo)
        assert run(resolved()) == ["192.0.2.77"]
    assert real.questions() == []


def test_a_replaced_method_is_asked(installed: Resolver, real: LoopbackServer) -> None:
    """So is whoever replaces the method alone, on the class or on one resolver."""
    with mock.patch.object(aiodns.DNSResolver, "getaddrinfo", Fake.getaddrinfo):
        assert run(resolved()) == ["192.0.2.77"]

    async def on_one() -> None:
        one = AsyncResolver()
        with mock.patch.object(one._resolver, "getaddrinfo", Fake().getaddrinfo):
            assert (await one.resolve(NAME, 80))[0]["host"] == "192.0.2.77"
        assert (await one.resolve(NAME, 80))[0]["host"] == "10.96.1.2"
        await one.close()

    run(on_one())


@pytest.mark.parametrize(
    "hooks", ["stdlib,asyncio,aiohttp", "stdlib,asyncio,aiohttp,aiodns", "stdlib,asyncio,aiodns,aiohttp"]
)
def test_the_order_of_the_hooks_does_not_matter(
    hooks: str, pod: Pod, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The resolver of aiodns is known as such whether its hook came before, after or not at all."""
    monkeypatch.setattr(ThreadedResolver, "resolve", Threaded.resolve)
    activation.install(hooks=hooks)
    try:
        assert run(resolved()) == ["192.0.2.88"]
    finally:
        activation.uninstall()


class Threaded:
    """Shows that it was asked, which our hook does."""

    async def resolve(self, host: str, port: int = 0, family: int = socket.AF_INET) -> list[dict[str, Any]]:
        return [{"host": "192.0.2.88"}]


def test_beyond_uninstall_it_does_what_the_original_does(pod: Pod, monkeypatch: pytest.MonkeyPatch) -> None:
    """What someone still holds asks c-ares again."""
    activation.install()
    held: Any = vars(AsyncResolver)["resolve"]
    activation.uninstall()
    asked: list[str] = []

    class Cares:
        async def getaddrinfo(self, host: str, **_: Any) -> Any:
            asked.append(host)
            raise OSError("c-ares was asked")

    async def main() -> None:
        one = AsyncResolver()
        one._resolver = Cares()  # type: ignore[assignment]
        with pytest.raises(OSError, match="c-ares was asked"):
            await held(one, "www.example.com")

    run(main())
    assert asked == ["www.example.com"]
