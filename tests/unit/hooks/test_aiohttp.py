"""aiohttp's AsyncResolver, its default beside aiodns: asks us, in new sessions and in those that are open."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

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
