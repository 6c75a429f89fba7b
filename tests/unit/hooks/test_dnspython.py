"""dnspython's default resolver: SRV and TXT go out as our questions do; a resolver of one's own is left alone."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import dns.asyncresolver
import dns.resolver
import pytest

from steadydns import activation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steadydns.resolver import Resolver
    from tests.unit.loopback import LoopbackServer

NAME = "www.example.com."


@pytest.fixture
def asking(pod: Any) -> Iterator[Resolver]:
    """The resolver in place, with the hook."""
    activation.install(hooks="+dnspython")
    yield activation.resolver()
    activation.uninstall()


def test_the_default_resolver_asks_the_pods_servers(asking: Resolver, real: LoopbackServer) -> None:
    """The answer is dnspython's own, and the question arrives at the pod's name server."""
    answer = dns.resolver.resolve(NAME, "A")
    assert [record.address for record in answer] == ["203.0.113.2"]
    assert [question.name for _, question in real.questions()] == [b"www.example.com"]


def test_so_does_the_asynchronous_one(asking: Resolver, real: LoopbackServer) -> None:
    """Under asyncio the questions are asked beside the loop."""

    async def main() -> Any:
        return await dns.asyncresolver.resolve(NAME, "A")

    assert [record.address for record in asyncio.run(main())] == ["203.0.113.2"]
    assert real.questions()


def test_a_lost_question_is_asked_again_soon(asking: Resolver, real: LoopbackServer) -> None:
    """The first datagram is lost, and the answer comes all the same: dnspython's own patience is not needed."""
    real.fake.drop = frozenset((0,))
    assert dns.resolver.resolve(NAME, "A", lifetime=5).rrset is not None
    assert len(real.questions()) == 2


def test_errors_are_dnspythons(asking: Resolver, real: LoopbackServer) -> None:
    """A name that does not exist is NXDOMAIN, and silence runs into the caller's lifetime."""
    with pytest.raises(dns.resolver.NXDOMAIN):
        dns.resolver.resolve("gone.example.com.", "A")
    real.fake.tcp = real.fake.udp = "silent"
    with pytest.raises(dns.resolver.LifetimeTimeout):
        dns.resolver.resolve(NAME, "A", lifetime=0.3)


def test_a_new_default_is_ours_and_ones_own_is_not(asking: Resolver, real: LoopbackServer) -> None:
    """reset_default_resolver() makes one that asks us; a Resolver that the application makes does not."""
    dns.resolver.reset_default_resolver()
    found: list[Any] = list(dns.resolver.get_default_resolver().nameservers)
    assert [server.kind() for server in found] == ["steadydns"]
    own = dns.resolver.Resolver(configure=False)
    assert own.nameservers == []


def test_uninstall_gives_the_default_its_servers_back(pod: Any) -> None:
    """A default resolver that was there before has its own servers and time-out again."""
    for module in (dns.resolver, dns.asyncresolver):
        module.reset_default_resolver()
    before: list[Any] = [module.get_default_resolver() for module in (dns.resolver, dns.asyncresolver)]
    settings = [(list(one.nameservers), one.timeout) for one in before]
    functions = [module.reset_default_resolver for module in (dns.resolver, dns.asyncresolver)]
    activation.install(hooks="+dnspython")
    assert [(list(one.nameservers), one.timeout) for one in before] != settings
    activation.uninstall()
    assert [(list(one.nameservers), one.timeout) for one in before] == settings
    assert [module.reset_default_resolver for module in (dns.resolver, dns.asyncresolver)] == functions
