"""Configuration and resolv.conf, brought together."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest

from steadydns.calls.settings import NODE_LOCAL, rules
from steadydns.config import Config
from steadydns.resolution.model import Server
from steadydns.system.resolvconf import parse

if TYPE_CHECKING:
    from steadydns.resolution.rules import Rules

CLUSTER = b"nameserver 10.96.0.10\nsearch default.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n"
V4 = int(socket.AF_INET)


def made(text: bytes = CLUSTER, **knobs: Any) -> Rules:
    """The rules for a resolv.conf and some knobs."""
    return rules(Config(**knobs), parse(text, {}, "pod-1"))


def test_resolv_conf_is_followed() -> None:
    """Servers, search list and ndots are resolv.conf's."""
    one = made()
    assert one.servers == (Server(V4, "10.96.0.10"),)
    assert one.search == (b"default.svc.cluster.local", b"svc.cluster.local", b"cluster.local")
    assert one.ndots == 5


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (b"", {"transport": "auto", "serial": False, "rotate": False, "attempts": 2, "deadline": 10.0}),
        (b"use-vc", {"transport": "tcp"}),
        (b"single-request", {"serial": True}),
        (b"single-request-reopen", {"serial": True}),
        (b"rotate", {"rotate": True}),
        (b"timeout:1 attempts:3", {"deadline": 3.0, "attempts": 3}),
        (b"attempts:0", {"deadline": 5.0, "attempts": 1}),
    ],
)
def test_options_are_followed(options: bytes, expected: dict[str, object]) -> None:
    """What resolv.conf(5) calls an option has its effect; the deadline is what libc would have spent."""
    one = made(CLUSTER + b"options " + options + b"\n")
    assert {name: getattr(one, name) for name in expected} == expected


def test_the_deadline_grows_with_the_servers() -> None:
    """It is timeout x attempts x servers, unless it is set."""
    assert made(CLUSTER + b"nameserver 10.96.0.11\n").deadline == 20.0
    assert made(deadline=3).deadline == 3.0


def test_a_knob_beats_use_vc() -> None:
    """transport=udp, set by the operator, is meant."""
    assert made(CLUSTER + b"options use-vc\n", transport="udp").transport == "udp"


@pytest.mark.parametrize(
    ("text", "knobs", "preferred"),
    [
        (CLUSTER, {}, Server(V4, NODE_LOCAL)),
        (CLUSTER, {"node_local": "off"}, None),
        (CLUSTER, {"node_local": "169.254.1.1"}, Server(V4, "169.254.1.1")),
        (CLUSTER, {"node_local": "fd00::10"}, Server(int(socket.AF_INET6), "fd00::10")),
        (b"nameserver 10.0.0.2\n", {}, None),
        (b"nameserver 10.0.0.2\n", {"node_local": "169.254.1.1"}, Server(V4, "169.254.1.1")),
        (CLUSTER.replace(b"10.96.0.10", NODE_LOCAL.encode()), {}, None),
    ],
)
def test_the_node_local_cache_is_looked_for_in_clusters(
    text: bytes, knobs: dict[str, Any], preferred: Server | None
) -> None:
    """By itself only where the search list is a cluster's, and not where it is a server of resolv.conf anyway."""
    assert made(text, **knobs).preferred == preferred


@pytest.mark.parametrize(
    ("search", "knobs", "zones"),
    [
        (b"default.svc.cluster.local svc.cluster.local cluster.local", {}, (b"cluster.local",)),
        (b"a.svc.Corp.Example svc.corp.example corp.example", {}, (b"corp.example",)),
        (b"corp.example", {}, ()),
        (b"corp.example", {"cluster_domain": "k8s.corp.example"}, (b"k8s.corp.example",)),
    ],
)
def test_the_clusters_zone_is_read_from_the_search_list(
    search: bytes, knobs: dict[str, Any], zones: tuple[bytes, ...]
) -> None:
    """The kubelet writes `svc.<zone>` and `<zone>`; where it does not, there is no cluster unless one is named."""
    assert made(b"nameserver 10.0.0.2\nsearch " + search + b"\n", **knobs).cluster == zones


def test_suffixes_are_compared_in_lower_case_without_dots() -> None:
    """As operators write them, so they are understood."""
    one = made(external_suffixes=".Example.COM.,XN--bcher-kva.example", internal_suffixes="corp.")
    assert one.external == (b"example.com", b"xn--bcher-kva.example")
    assert one.internal == (b"corp",)
