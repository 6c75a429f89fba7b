"""Arguments in every combination: hosts by family and flags, and ports by type, protocol, family and flags."""

from __future__ import annotations

import socket
from itertools import product
from typing import TYPE_CHECKING, Any

from tests.contract.call import Call, gai

if TYPE_CHECKING:
    from collections.abc import Iterator

FAMILIES = (0, int(socket.AF_INET), int(socket.AF_INET6))

HOSTS: tuple[Any, ...] = (
    "redis", "redis.prod", "redis.prod.svc.cluster.local", "dual", "external", "web-0.web", "ns.dns", "broken", "sick",
    b"redis", b"api.example.com", "api.example.com", "API.Example.COM", "api.example.com.", "v4.test", "v6.test",
    "alias.test", "dangling.test", "many.test", "x.wild.test", "below.test", "under_score.test", "café.test", "servfail.test",
    "refused.test.", "formerr.test", "a-servfail.test", "aaaa-servfail.test", "aaaa-nxdomain.test", "nosuch", "nosuch.test.",
    "hosts-only.test", "hosts-alias", "six-only.test", "both.test", "localhost", "dotted.test.", "alias-one-family.quirk.test",
    "127.1", "0x7f.1", "::1", "1.2.3.4", "fe80::1%lo", "fe80::1%nosuch", "1.2.3.400", "[::1]", "", None, ".", "a..b", "l" * 64,
    "x" * 254, "a b", "v4.test\0x", "\udc80", 25,
)  # fmt: skip

FLAGS = tuple(
    int(flag)
    for flag in (
        0,
        socket.AI_CANONNAME,
        socket.AI_ADDRCONFIG,
        socket.AI_V4MAPPED,
        socket.AI_V4MAPPED | socket.AI_ALL,
        socket.AI_V4MAPPED | socket.AI_ADDRCONFIG,
        socket.AI_ADDRCONFIG | socket.AI_CANONNAME | socket.AI_V4MAPPED | socket.AI_ALL,
        socket.AI_NUMERICHOST,
        socket.AI_PASSIVE | socket.AI_NUMERICSERV,
        0x40,  # AI_IDN
        0x80 | socket.AI_CANONNAME,  # AI_CANONIDN
        0x800,  # none
    )
)

PORTS: tuple[Any, ...] = (
    None, 0, 80, 65535, 65536, -1, "80", b"80", "http", b"domain", "ntp", "nosuchservice", "", " 80", "70000", True, 80.0, "\udc80",
)  # fmt: skip
KINDS = ((0, 0), (1, 0), (2, 0), (3, 0), (5, 0), (0, 6), (0, 17), (1, 17), (99, 0), (0, 99), (2, 136))


def hosts() -> Iterator[Call]:
    """Every host in every family with every set of flags."""
    for host, family, flags in product(HOSTS, FAMILIES, FLAGS):
        yield gai(host, 80, family, 1, 0, flags)


def ports() -> Iterator[Call]:
    """Every port with every type and protocol, of a name with two families, of one with none, of an address."""
    for host, port, (type_, proto), flags in product(
        ("dual", "nosuch.test.", "::1"), PORTS, KINDS, (0, int(socket.AI_NUMERICSERV))
    ):
        yield gai(host, port, 0, type_, proto, flags)
