"""What steadydns promises about answers that have expired while no server can be reached (RFC 8767)."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

import pytest

from tests.lab import faults
from tests.lab.client import Client, failed, slowest

if TYPE_CHECKING:
    from tests.lab.node import Node
    from tests.lab.pod import Pod

pytestmark = [pytest.mark.lab, pytest.mark.slow]

OURS = "steadydns.auto"
SHORT_LIVED = {"STEADYDNS_MAX_TTL": "1", "STEADYDNS_MAX_NEGATIVE_TTL": "1"}
EXPIRED_S = 1.5
STALE_AFTER_S = 1.8


@pytest.mark.parametrize(
    "name", ["www.example.com.", "www.example.com", "redis", "redis.prod", "v4only.example.com"]
)
def test_an_outage_is_survived_on_expired_answers(lab_node: Node, pod: Pod, name: str) -> None:
    """With every server gone, a name looked up before is answered as before after 1.8 s, and then at once."""
    with Client(pod, OURS, SHORT_LIVED) as ours:
        (before,) = ours.look_up(name)
        time.sleep(EXPIRED_S)
        with faults.all_down(lab_node):
            first, second = ours.look_up(name, name)
        assert ours.stats()["stale"] >= 1
    assert failed([before, first, second]) == []
    assert first.rows == second.rows == before.rows
    assert STALE_AFTER_S <= first.seconds <= STALE_AFTER_S + 0.5
    assert second.seconds <= 0.1


def test_a_denial_replaces_an_expired_answer(lab_node: Node, pod: Pod) -> None:
    """Once a server says that the service is gone, its expired address is given no more."""
    lab_node.api.add_service("default", "leaving", "10.96.0.99")
    with Client(pod, OURS, SHORT_LIVED) as ours:
        until(ours, "leaving", 0)
        time.sleep(EXPIRED_S)
        with faults.all_down(lab_node):
            lab_node.api.remove_service("default", "leaving")
            (stale,) = ours.look_up("leaving")
        until(ours, "leaving", socket.EAI_NONAME)
    assert stale.addresses == ["10.96.0.99"]


def until(client: Client, name: str, errno: int, within_s: float = 8.0) -> None:
    """Look a name up until it has this result; it is asked again 5 s after it was served stale."""
    deadline = time.monotonic() + within_s
    while (found := client.look_up(name, pause_s=0.2)[0]).errno != errno:
        assert time.monotonic() < deadline, found


def test_expired_answers_can_be_switched_off(lab_node: Node, pod: Pod) -> None:
    """With STEADYDNS_SERVE_STALE=0 an expired answer is never given: EAI_AGAIN at the deadline, as libc."""
    environment = {**SHORT_LIVED, "STEADYDNS_SERVE_STALE": "0", "STEADYDNS_DEADLINE": "3"}
    with Client(pod, OURS, environment) as ours:
        assert failed(ours.look_up("www.example.com.")) == []
        time.sleep(EXPIRED_S)
        with faults.all_down(lab_node):
            lookups = ours.look_up("www.example.com.")
    assert [lookup.errno for lookup in lookups] == [socket.EAI_AGAIN]
    assert 3 <= slowest(lookups) <= 3.5
