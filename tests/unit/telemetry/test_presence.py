"""What is known of the application's OpenTelemetry without importing it."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import pytest

from steadydns.telemetry.presence import (
    CONTEXT,
    METRICS,
    TRACE,
    detached,
    loaded,
    recording_parent,
    silence,
    suppressed,
)


@pytest.fixture
def absent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make it look as if nobody had imported OpenTelemetry."""
    for name in (CONTEXT, TRACE, METRICS):
        monkeypatch.delitem(sys.modules, name, raising=False)


@pytest.mark.usefixtures("absent")
def test_nothing_is_loaded_by_asking() -> None:
    """Without OpenTelemetry every question has a plain answer, and none of them imports it."""
    with detached(), silence():
        assert (suppressed(), recording_parent()) == (False, None)
    assert not sys.modules.keys() & {CONTEXT, TRACE, METRICS}


def test_a_module_that_is_still_being_imported_is_not_there_yet(monkeypatch: pytest.MonkeyPatch) -> None:
    """A lookup made while another thread imports OpenTelemetry neither waits nor uses half a module."""
    half = ModuleType("half")
    half.__spec__ = SimpleNamespace(_initializing=True)  # type: ignore[assignment]
    monkeypatch.setitem(sys.modules, "half", half)
    assert loaded("half") is None
    half.__spec__ = SimpleNamespace(_initializing=False)  # type: ignore[assignment]
    assert loaded("half") is half


def test_a_blocked_module_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A None in sys.modules, which blocks an import, is no module."""
    monkeypatch.setitem(sys.modules, TRACE, None)
    assert loaded(TRACE) is None
