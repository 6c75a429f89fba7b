"""What steadydns promises on a node with NodeLocal DNSCache: used while it is there, not missed when it is not."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.lab import faults
from tests.lab.client import Client, failed, slowest
from tests.lab.topology import NODE_LOCAL_ADDRESS, SERVICE_ADDRESS

if TYPE_CHECKING:
    from tests.lab.node import Node

pytestmark = [pytest.mark.lab, pytest.mark.slow]

OURS = "steadydns.auto"
BACK_WITHIN_S = 10


@pytest.mark.parametrize("refuse", [False, True], ids=["hangs", "crashed"])
def test_node_local_cache_goes_and_comes_back(lab_node_with_cache: Node, refuse: bool) -> None:
    """When the cache goes in the middle of a run no lookup fails or takes over 0.6 s; back, it is used within 10 s."""
    node, label = lab_node_with_cache, f"refuse{refuse}"
    with Client(node.pod, OURS) as ours:
        ours.look_up(f"{label}-start{{0..9}}.many.example.com", pause_s=0.02)
        assert used(ours, f"{label}-found", BACK_WITHIN_S)
        ours.begin(f"{label}{{0..299}}.many.example.com", threads=8, pause_s=0.05, announce=100)
        ours.wait_announced()
        with faults.node_local_down(node, refuse=refuse) as down:
            lookups = ours.finish()
            assert down.drops >= 1
            assert ours.queries_to(SERVICE_ADDRESS) >= 100
            away = ours.queries_to(NODE_LOCAL_ADDRESS)
            lookups += ours.look_up(f"{label}-away{{0..19}}.many.example.com")
            assert ours.queries_to(NODE_LOCAL_ADDRESS) == away
        assert used(ours, f"{label}-back", BACK_WITHIN_S)
    assert failed(lookups) == []
    assert slowest(lookups) <= 0.6


def used(client: Client, label: str, within_s: float) -> bool:
    """Whether, while lookups go on, one of them is answered by the cache before the time is over."""
    before, deadline, number = client.queries_to(NODE_LOCAL_ADDRESS), time.monotonic() + within_s, 0
    while time.monotonic() < deadline:
        assert failed(client.look_up(f"{label}{number}.many.example.com", pause_s=0.05)) == []
        if client.queries_to(NODE_LOCAL_ADDRESS) > before:
            return True
        number += 1
    return False


def test_without_the_cache_nothing_waits_for_it(lab_node: Node) -> None:
    """On a node without the cache, whose address is silent, no lookup is slower than the race of TCP and UDP."""
    with Client(lab_node.pod, OURS) as ours:
        lookups = ours.look_up("nocache{0..199}.many.example.com", threads=4, pause_s=0.02)
        assert ours.queries_to(NODE_LOCAL_ADDRESS) == 0
    assert failed(lookups) == []
    assert slowest(lookups) <= 0.2
