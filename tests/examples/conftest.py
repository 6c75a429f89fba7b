"""The lab's node, for the services that are tested under its faults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.lab.fixtures import build_before_tests, lab_node, pod

if TYPE_CHECKING:
    import pytest

__all__ = ["lab_node", "pod", "pytest_collection_finish"]


def pytest_collection_finish(session: pytest.Session) -> None:
    """Build CoreDNS before the first test's clock starts."""
    build_before_tests(session)
