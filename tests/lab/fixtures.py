"""Fixtures for tests that need a mini node; import them into a conftest.

May import pytest and every module of the lab; never imports steadydns.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.lab import builds, musl_python, requirements
from tests.lab.node import Node

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.lab.pod import Pod

__all__ = ["build_before_tests", "lab_node", "lab_node_with_cache", "make_node", "on_musl", "pod"]


@pytest.fixture(scope="session")
def lab_node() -> Iterator[Node]:
    """The plain node of this test session: two backends, IPv4."""
    requirements.demand()
    with Node() as node:
        yield node


@pytest.fixture(scope="session")
def lab_node_with_cache() -> Iterator[Node]:
    """The dual-stack node with NodeLocal DNSCache of this test session."""
    requirements.demand()
    with Node(node_local=True, dual_stack=True) as node:
        yield node


@pytest.fixture
def pod(lab_node: Node) -> Iterator[Pod]:
    """The plain node's pod; its /etc files are as new before and after the test."""
    lab_node.pod.reset_files()
    yield lab_node.pod
    lab_node.pod.reset_files()


@pytest.fixture
def make_node() -> Iterator[Callable[..., Node]]:
    """Make nodes for one test, with Node's own arguments; they are gone after it."""
    requirements.demand()
    with ExitStack() as stack:
        yield lambda **options: stack.enter_context(Node(**options))


@pytest.fixture(scope="session")
def on_musl() -> Path:
    """The interpreter that runs on musl."""
    lacking = musl_python.lacking()
    if lacking:
        requirements.refuse(lacking)
    return musl_python.interpreter()


def build_before_tests(session: pytest.Session) -> None:
    """Build what is not built yet, outside of any test's time limit; for pytest_collection_finish."""
    wanted = any(item.get_closest_marker("lab") for item in session.items)
    if not wanted or session.config.option.collectonly or requirements.missing():
        return
    capture = session.config.pluginmanager.getplugin("capturemanager")
    with capture.global_and_fixture_disabled():
        builds.everything()
        if (
            any("on_musl" in getattr(item, "fixturenames", ()) for item in session.items)
            and not musl_python.lacking()
        ):
            musl_python.interpreter()
