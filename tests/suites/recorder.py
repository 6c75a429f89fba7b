"""A plugin of pytest that writes a line of JSON for each test as it ends, and says whether steadydns was there.

Loaded by name into the environments of other libraries, on both sides of the comparison: imports the standard library
and pytest, and steadydns only where it is there already.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the file that is written to, and the tests that are left out."""
    parser.addoption("--record-to")
    parser.addoption("--leave-out", action="append", default=[])


def pytest_configure(config: pytest.Config) -> None:
    """Start recording; a worker process of pytest's own tests of pytest has no file."""
    if config.getoption("--record-to"):
        config.pluginmanager.register(Recorder(config))


class Recorder:
    """One session."""

    def __init__(self, config: pytest.Config) -> None:
        self.out: TextIO = open(config.getoption("--record-to"), "w", encoding="utf-8")  # noqa: SIM115, PTH123
        self.parts: list[str] = config.getoption("--leave-out")
        self.phases: dict[str, list[tuple[str, str]]] = {}
        self.write(begin=shim())

    def write(self, **event: Any) -> None:
        self.out.write(json.dumps(event) + "\n")
        self.out.flush()  # a crash loses nothing that went before

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        out = [item for item in items if any(part in item.nodeid for part in self.parts)]
        items[:] = [item for item in items if item not in out]
        config.hook.pytest_deselected(items=out)
        for item in out:
            self.write(left_out=identity(item.nodeid))

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if not report.passed:
            self.write(id=identity(report.nodeid), outcome=outcome(report), detail=detail(report))

    def pytest_runtest_logstart(self, nodeid: str) -> None:
        self.phases[nodeid] = []
        self.write(start=identity(nodeid))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        self.phases[report.nodeid].append((outcome(report), detail(report)))

    def pytest_runtest_logfinish(self, nodeid: str) -> None:
        # The worst of set-up, call and tear-down; a test that was skipped or passed says so in one of them.
        phases = self.phases.pop(nodeid)
        word, text = max(phases, key=lambda phase: ORDER.index(phase[0]))
        self.write(id=identity(nodeid), outcome=word, detail=text)

    def pytest_sessionfinish(self) -> None:
        self.write(end=shim())


ORDER = ("nothing", "passed", "skipped", "xfailed", "xpassed", "failed", "error")


def identity(nodeid: str) -> str:
    """Return a test's name without the place of an installed package."""
    return nodeid.rpartition("site-packages/")[2]


def outcome(report: pytest.CollectReport | pytest.TestReport) -> str:
    """Return what pytest's own summary would call this."""
    called = getattr(report, "when", "collect") == "call"
    if hasattr(report, "wasxfail"):
        return "xfailed" if report.skipped else "xpassed"
    if report.failed:
        return "failed" if called else "error"
    if report.skipped:
        return "skipped"
    return "passed" if called else "nothing"


def detail(report: pytest.CollectReport | pytest.TestReport) -> str:
    """Return why, for a test that did not pass."""
    return "" if report.passed else report.longreprtext[-3000:]


def shim() -> dict[str, Any]:
    """Return whether lookups go through something other than CPython's function, and what steadydns says of itself."""
    import _socket

    patched = type(_socket.getaddrinfo).__name__ != "builtin_function_or_method"
    activation = sys.modules.get("steadydns.activation")
    installation = getattr(activation, "_installation", None)
    if activation is None or installation is None:
        return {
            "patched": patched,
            "installed": False,
            "hooks": [],
            "lookups": 0,
            "queries": 0,
            "fallbacks": {},
        }
    stats = activation.stats()
    return {
        "patched": patched,
        "installed": True,
        "hooks": list(installation.installed),
        "lookups": stats["hits"] + stats["misses"],
        "queries": sum(sum(by.values()) for by in stats["queries"].values()),
        "fallbacks": stats["fallbacks"],
    }
