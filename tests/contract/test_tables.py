"""Arguments in every combination beside libc: in a pod with IPv4, and in one with both families and the lab's CoreDNS."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from tests.contract.call import World, lookup
from tests.contract.cases import tables
from tests.contract.cases.zone import HOSTS
from tests.contract.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lab.node import Node

pytestmark = pytest.mark.lab

WORLD = World({"hosts": HOSTS})

# The lab's servers change the order of these from one answer to the next.
ROTATING = ("web", "web.default.svc.cluster.local", "several.example.com", "big.example.com.")
NAMES = (
    "redis", "redis.prod", "redis.prod.svc", "redis.nosuch", "REDIS", "kubernetes.default.svc", "dual", "web-0.web", "web-9.web",
    "external", "dns", "nosuch", "prod.svc.cluster.local", "cluster.local", "10-244-1-2.default.pod",
    "_http._tcp.redis", "www.example.com", "WWW.Example.COM", "www.example.com.", "example.com", "alias.example.com", "alias3.example.com.",
    "cross.example.com", "dangling.example.com", "loop1.example.com", "v4only.example.com", "v6only.example.com", "text.example.com",
    "x.many.example.com", "nosuch.example.com", "www.example.org", "www.test.net", "x.many.test.net", "com", "com.", "a.b.c.d.e.f",
    "x.servfail.test", "x.refused.test", "x.formerr.test", "pod", "localhost",
)  # fmt: skip


def test_hosts_by_family_and_flags(sessions: Callable[[World], Session]) -> None:
    """Every kind of host in every family with every set of flags: rows, errors and audit events are libc's."""
    sessions(WORLD).check(tables.hosts())


def test_ports_by_type_and_protocol(sessions: Callable[[World], Session]) -> None:
    """Every kind of port with every type and protocol: rows, errors and audit events are libc's."""
    sessions(WORLD).check(tables.ports())


@pytest.mark.parametrize("flags", [0, 2, 32, 8 | 16])
def test_a_dual_stack_pod_with_coredns(lab_node_with_cache: Node, flags: int) -> None:
    """Through the node-local cache and CoreDNS, where RFC 6724 prefers IPv6: libc's rows, order and errors."""
    pod = lab_node_with_cache.pod
    with Session(pod) as session:
        session.check(
            lookup(name, family, flags)._replace(rotates=name in ROTATING)
            for name, family in itertools.product(NAMES + ROTATING, tables.FAMILIES)
        )
