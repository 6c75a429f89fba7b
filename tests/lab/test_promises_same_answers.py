"""What steadydns promises of every answer in the lab: stock's rows, in stock's order, or stock's error."""

from __future__ import annotations

import itertools
import socket
from typing import TYPE_CHECKING

import pytest

from tests.lab.client import Call, Client

if TYPE_CHECKING:
    from tests.lab.client import Lookup
    from tests.lab.node import Node
    from tests.lab.pod import Pod

pytestmark = pytest.mark.lab

OURS = "steadydns.auto"
FAMILIES = (socket.AF_UNSPEC, socket.AF_INET, socket.AF_INET6)
FLAGS = (
    0,
    socket.AI_CANONNAME,
    socket.AI_ADDRCONFIG,
    socket.AI_V4MAPPED,
    socket.AI_V4MAPPED | socket.AI_ALL,
    socket.AI_NUMERICHOST,
    socket.AI_PASSIVE | socket.AI_NUMERICSERV,
)
# The servers change the order of these from one answer to the next, so stock's own order differs too.
ROTATING = (
    "web", "web.default", "web.default.svc.cluster.local", "several.example.com", "several.example.com.",
    "big.example.com",
)  # fmt: skip
NAMES = (
    *ROTATING,
    # services, endpoints, names of the cluster
    "redis", "redis.", "REDIS", "redis.default", "redis.prod", "redis.prod.svc", "redis.prod.svc.cluster.local",
    "redis.prod.svc.cluster.local.", "redis.nosuch", "kubernetes", "kubernetes.default.svc", "kube-dns.kube-system",
    "dual", "dual.default", "web-0.web", "web-1.web.default.svc", "web-9.web", "external", "nosuch", "nosuch.prod",
    "prod.svc.cluster.local", "svc.cluster.local", "cluster.local", "10-244-1-2.default.pod",
    "10-244-1-2.nosuch.pod.cluster.local", "default.pod.cluster.local", "_http._tcp.redis",
    # the world
    "www.example.com", "www.example.com.", "WWW.Example.COM", "api.example.com", "example.com", "example.com.",
    "x1.many.example.com", "alias.example.com", "alias2.example.com.", "cross.example.com", "dangling.example.com",
    "loop1.example.com", "v4only.example.com", "v6only.example.com", "text.example.com", "mail.example.com",
    "zero.example.com", "short.example.com", "long.example.com", "under_score.example.com", "_sip._tcp.example.com",
    "nosuch.example.com", "nosuch.example.com.", "www.example.org", "www.test.net", "x.many.test.net", "com", "com.",
    "a.b.c.d.e.example.com", "x.servfail.test", "x.refused.test.",
    # not for DNS at all
    "pod", "localhost", "127.0.0.1", "::1", "fe80::1%1", "192.0.2", "0x7f.1", "256.1.1.1", "", ".", "a..b", "-x",
    "bad name", "x" * 64, "x." * 127, "caf\u00e9.example.com",
)  # fmt: skip


def comparable(lookup: Lookup) -> tuple[object, ...]:
    """What must be equal: everything, but for the order of addresses that the server itself rotates."""
    if lookup.name not in ROTATING:
        return lookup.outcome
    families = [":" in address for address in lookup.addresses]
    return lookup.error, lookup.canonical, families, sorted(lookup.addresses)


def compare(pod: Pod, calls: list[Call]) -> None:
    """Make the calls with both, and fail with each call whose outcome differs, and both outcomes."""
    with Client(pod, OURS) as ours, Client(pod) as stock:
        pairs = list(zip(ours.call(calls), stock.call(calls), calls, strict=True))
        assert ours.stats()["fallbacks"].get("error", 0) == 0
    differences = [
        f"{call}\n  gave {mine.outcome}\n  stock {peer.outcome}"
        for mine, peer, call in pairs
        if comparable(mine) != comparable(peer)
    ]
    assert not differences, "\n".join(differences)


def test_there_are_enough_names() -> None:
    """No name is listed twice, and there are at least 60."""
    assert len(set(NAMES)) == len(NAMES) >= 60


@pytest.mark.slow
@pytest.mark.parametrize("flags", FLAGS)
def test_every_name_and_family(pod: Pod, flags: int) -> None:
    """Names of every kind in every family have stock's rows and errors, enums, texts and order included."""
    calls = [Call(name, 80, family, flags=flags) for name, family in itertools.product(NAMES, FAMILIES)]
    compare(pod, calls)


def test_every_port_and_type(pod: Pod) -> None:
    """Ports of every kind, with every type and protocol, have stock's rows and errors."""
    ports = (None, 0, 443, 65535, 65536, -1, "https", "80", "0", "domain", "nosuchservice", "", " 80")
    types = (
        (0, 0),
        (socket.SOCK_STREAM, 0),
        (socket.SOCK_DGRAM, 0),
        (socket.SOCK_RAW, 0),
        (0, socket.IPPROTO_TCP),
    )
    odd = ((socket.SOCK_STREAM, socket.IPPROTO_UDP), (99, 0), (0, 99))
    calls = [
        Call(name, port, 0, type_, proto)
        for name, port, (type_, proto) in itertools.product(
            ("www.example.com.", "nosuch."), ports, types + odd
        )
    ]
    compare(pod, calls)


@pytest.mark.slow
def test_a_dual_stack_pod(lab_node_with_cache: Node) -> None:
    """On a dual-stack node, where RFC 6724 prefers IPv6, through the node-local cache: stock's rows and errors."""
    names = [name for name in NAMES if "servfail" not in name and "refused" not in name]
    calls = [Call(name, 80, family) for name, family in itertools.product(names, FAMILIES)]
    compare(lab_node_with_cache.pod, calls)


@pytest.mark.parametrize(
    "options",
    [
        "ndots:1",
        "ndots:2",
        "ndots:0",
        "ndots:15",
        "ndots:5 single-request",
        "ndots:5 use-vc",
        "ndots:5 no-aaaa",
        "rotate",
    ],
)
def test_every_option(pod: Pod, options: str) -> None:
    """Under every option of resolv.conf that changes what is asked, names have stock's rows and errors."""
    pod.options(options)
    names = (
        "redis",
        "redis.prod",
        "www.example.com",
        "www.example.com.",
        "nosuch",
        "nosuch.example.com",
        "com",
    )
    calls = [Call(name, 80, family) for name, family in itertools.product(names, FAMILIES)]
    compare(pod, calls)
