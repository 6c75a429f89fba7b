from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.house.samples import package
from tests.house.sources import PACKAGE, sources

PROBE = Path(__file__).with_name("probe.py")

# Loaded by the call that needs them, never by the import: 5 to 40 ms each on a usual machine.
NOT_BY_IMPORTING = ("asyncio", "dns", "ssl", "tenacity")
NOT_BY_ACTIVATING = ("dns", "tenacity")


def probe(folder: Path, *modules: str, **environment: str) -> dict[str, Any]:
    """Import modules in a fresh interpreter that finds our package in ``folder``, and return its report."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("STEADYDNS_")}
    done = subprocess.run(
        [sys.executable, str(PROBE), *modules],
        env={**kept, "PYTHONPATH": str(folder), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def submodules() -> list[str]:
    """Return every module of the package but the one that is a program."""
    names = [f"steadydns.{source.module}".rstrip(".") for source in sources(PACKAGE)]
    return [name for name in names if not name.endswith("__main__")]


def test_importing_does_no_io() -> None:
    """Importing every module, auto among them but disabled, opens no system file and no socket."""
    report = probe(PACKAGE.parent, *submodules(), STEADYDNS_DISABLED="1")
    assert report["io"] == []
    assert report["failed"] == {}


def test_importing_loads_nothing_heavy() -> None:
    """``import steadydns`` loads neither asyncio nor ssl nor dnspython nor tenacity."""
    report = probe(PACKAGE.parent, "steadydns")
    assert [name for name in NOT_BY_IMPORTING if name in report["modules"]] == []


def test_activating_loads_nothing_heavy() -> None:
    """``import steadydns.auto`` works and loads neither dnspython nor tenacity."""
    report = probe(PACKAGE.parent, "steadydns.auto")
    assert report["failed"] == {}
    assert [name for name in NOT_BY_ACTIVATING if name in report["modules"]] == []


def test_a_disabled_import_loads_nothing_at_all() -> None:
    """With STEADYDNS_DISABLED the import loads its own two modules and no third one of ours."""
    report = probe(PACKAGE.parent, "steadydns.auto", STEADYDNS_DISABLED="1")
    assert [name for name in report["modules"] if name.startswith("steadydns")] == [
        "steadydns",
        "steadydns.auto",
    ]


@pytest.mark.parametrize(
    ("text", "event"),
    [
        ("open('/etc/hosts').close()", "open /etc/hosts"),
        ("import socket; socket.gethostname()", "socket.gethostname"),
        ("import subprocess; subprocess.run(['true'])", "subprocess.Popen"),
    ],
)
def test_io_at_import_is_found(tmp_path: Path, text: str, event: str) -> None:
    """The probe reports a file of the system that is opened, a socket call and a process."""
    package(tmp_path, __init__=text)
    assert event in probe(tmp_path, "steadydns")["io"]


def test_a_heavy_import_is_found(tmp_path: Path) -> None:
    """The probe reports modules that an import loads on the way, and imports that fail."""
    package(tmp_path, __init__="import asyncio", broken="import no_such_module")
    report = probe(tmp_path, "steadydns", "steadydns.broken")
    assert "asyncio" in report["modules"]
    assert list(report["failed"]) == ["steadydns.broken"]
