"""What steadydns promises of faults, on Alpine's libc: an interpreter on musl, with and without it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lab import builds, faults, musl_python
from tests.lab.client import Client, failed

if TYPE_CHECKING:
    from pathlib import Path

    from tests.lab.node import Node
    from tests.lab.pod import Pod

pytestmark = [pytest.mark.lab, pytest.mark.slow]

OURS = "steadydns.auto"


def client(pod: Pod, python: Path, module: str | None = None) -> Client:
    """A client on musl; stock, or with steadydns."""
    path = f"{builds.HERE.parents[1] / 'src'}:{musl_python.site_packages()}"
    return Client(pod, module, env={"PYTHONPATH": path}, python=python)


def test_a_dead_backend_fails_no_lookup(lab_node: Node, pod: Pod, on_musl: Path) -> None:
    """With one of two backends dead no lookup fails; stock musl, which stays with one of them, fails some."""
    with faults.dead_backend(lab_node, 0):
        with client(pod, on_musl, OURS) as ours:
            assert failed(ours.look_up("dead{0..19}.many.example.com", threads=8)) == []
        with client(pod, on_musl) as stock:
            assert failed(stock.look_up("dead{0..19}.many.example.com.", threads=20)) != []


def test_loss_fails_no_lookup(lab_node: Node, pod: Pod, on_musl: Path) -> None:
    """With a tenth of the packets lost each way, no lookup fails."""
    with faults.loss(lab_node, 10), client(pod, on_musl, OURS) as ours:
        assert failed(ours.look_up("loss{0..99}.many.example.com", threads=8)) == []


def test_a_dead_first_server_fails_no_lookup(pod: Pod, on_musl: Path) -> None:
    """All servers are asked at once, as in musl: the one that answers is enough."""
    pod.write("resolv.conf", "nameserver 10.244.9.9\nnameserver 10.96.0.10\noptions timeout:1\n")
    with client(pod, on_musl, OURS) as ours:
        assert failed(ours.look_up("first{0..19}.many.example.com")) == []
