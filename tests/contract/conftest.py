"""Pods in which libc and steadydns are asked the same, and the line that says how many calls were equal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract import session
from tests.contract.call import World
from tests.contract.cases.zone import ZONE
from tests.contract.session import ServerProcess, Session, resolv_conf
from tests.lab.fixtures import build_before_tests, lab_node, lab_node_with_cache, make_node, on_musl, pod

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.lab.node import Node
    from tests.lab.pod import Pod

__all__ = ["lab_node", "lab_node_with_cache", "make_node", "on_musl", "pod", "pytest_collection_finish"]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Build CoreDNS before the first test's clock starts."""
    build_before_tests(session)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say how many calls were compared, and how many of them were equal."""
    if session.compared:
        terminalreporter.write_line(f"{session.equal} equal of {session.compared}")


@pytest.fixture(scope="session")
def own_pod(lab_node: Node) -> Pod:
    """A pod whose name server is ours: it answers in one order, and says whatever a case wants."""
    return lab_node.add_pod("own")


@pytest.fixture(scope="session")
def own_server(own_pod: Pod) -> Iterator[ServerProcess]:
    """The server in it; a test that serves another zone puts `ZONE` back."""
    server = ServerProcess(own_pod)
    server.serve(ZONE)
    yield server
    server.close()


@pytest.fixture
def sessions(own_pod: Pod, own_server: ServerProcess) -> Iterator[Callable[..., Session]]:
    """Begin sessions in that pod: `sessions(world)`; a resolv.conf that names the server is there already."""
    begun = []

    def begin(world: World | None = None, **options: str) -> Session:
        world = world or World()
        files = {"resolv.conf": resolv_conf(), "nsswitch.conf": "hosts: files dns\n", **world.files}
        begun.append(Session(own_pod, world._replace(files=files), **options))
        return begun[-1]

    yield begin
    for one in begun:
        one.close()
