from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.cpython.harness import Request, Subject, compare, obstacle
from tests.house.sources import REPOSITORY
from tests.lab.requirements import refuse

if TYPE_CHECKING:
    from pathlib import Path

SUITE = """
import socket, unittest

class Lookups(unittest.TestCase):
    def test_localhost(self):
        self.assertTrue(socket.getaddrinfo("localhost", 80))

    def test_nothing_outside(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, self.assertRaises(OSError):
            probe.connect(("192.0.2.1", 53))

    def test_subtests(self):
        for name in ("127.0.0.1", "localhost"):
            with self.subTest(name):
                self.assertTrue(socket.getaddrinfo(name, None))

    @unittest.skip("always")
    def test_skipped(self): pass

    @unittest.expectedFailure
    def test_expected(self): self.fail()
"""

CRASH = """
    def test_z_crash(self):
        import os, sys
        if "deadly_shim" in sys.modules:
            os._exit(3)
"""

NOTHING = ""

BROKEN = """
import _socket, socket
original = _socket.getaddrinfo
def getaddrinfo(host, port, *args, **kwargs):
    if host == "localhost":
        raise socket.gaierror(socket.EAI_NONAME, "broken on purpose")
    return original(host, port, *args, **kwargs)
_socket.getaddrinfo = getaddrinfo
"""


@pytest.fixture(autouse=True)
def _network_namespaces() -> None:
    if problem := obstacle():
        refuse(problem)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with the sample suite and the shims."""
    for name, text in {"sample_suite": SUITE, "nothing_shim": NOTHING, "broken_shim": BROKEN}.items():
        (tmp_path / f"{name}.py").write_text(text, encoding="utf-8")
    return tmp_path


def subject(folder: Path, shim: str = "") -> Subject:
    """Return this interpreter with a shim of the folder."""
    return Subject(sys.executable, shim, (str(folder),))


def test_a_shim_that_does_nothing_is_no_difference(folder: Path) -> None:
    """Every outcome is recorded, and with a shim that does nothing both sides are the same."""
    found = compare(
        subject(folder), subject(folder, "nothing_shim"), Request("sample_suite"), must_patch=False
    )
    assert found.differences == ()
    outcomes = {name.rpartition(".")[2]: result.outcome for name, result in found.stock.outcomes.items()}
    assert outcomes == {
        "test_localhost": "pass",
        "test_nothing_outside": "pass",
        "test_subtests": "pass",
        "test_skipped": "skip",
        "test_expected": "expected failure",
    }


def test_a_broken_shim_is_reported(folder: Path) -> None:
    """A shim that changes an answer is a difference in every test that sees it, with the reason."""
    found = compare(subject(folder), subject(folder, "broken_shim"), Request("sample_suite"), must_patch=True)
    assert [line.partition("\n")[0].partition("Lookups.")[2] for line in found.differences] == [
        "test_localhost: stock pass, shim error",
        "test_subtests: stock pass, shim fail",
    ]
    assert all("broken on purpose" in line for line in found.differences)


def test_a_broken_shim_is_reported_by_cpythons_own_test(folder: Path) -> None:
    """CPython's test_socket finds the broken shim, so the suite does exercise what we replace."""
    request = Request("test.test_socket", match="GeneralModuleTests.testGetaddrinfo")
    found = compare(subject(folder), subject(folder, "broken_shim"), request, must_patch=True)
    assert any("shim error" in line or "shim fail" in line for line in found.differences)


def test_a_shim_that_is_not_there_is_reported(folder: Path) -> None:
    """A shim that cannot be imported is not taken for one that changes nothing."""
    found = compare(
        subject(folder), subject(folder, "no_such_shim"), Request("sample_suite"), must_patch=False
    )
    assert any("the shim was not imported" in line for line in found.differences)


def test_a_shim_that_patches_nothing_is_reported(folder: Path) -> None:
    """Where the shim must replace getaddrinfo, one that did not compares stock with stock, and that is said."""
    found = compare(
        subject(folder), subject(folder, "nothing_shim"), Request("sample_suite"), must_patch=True
    )
    assert any("nothing was compared" in line for line in found.differences)


def test_a_crash_is_reported_with_its_test(folder: Path) -> None:
    """A process that dies names the test it died in, and the others' outcomes are kept."""
    (folder / "sample_suite.py").write_text(SUITE + CRASH, encoding="utf-8")
    (folder / "deadly_shim.py").write_text("", encoding="utf-8")
    found = compare(
        subject(folder), subject(folder, "deadly_shim"), Request("sample_suite"), must_patch=False
    )
    died = "did not end (status 3), last test started: sample_suite.Lookups.test_z_crash"
    assert any(died in line for line in found.differences)
    assert found.shimmed.outcomes["sample_suite.Lookups.test_localhost"].outcome == "pass"


def test_an_empty_run_is_reported(folder: Path) -> None:
    """A pattern that no test matches is a difference, not a success."""
    request = Request("sample_suite", match="no_such_test")
    found = compare(subject(folder), subject(folder, "nothing_shim"), request, must_patch=False)
    assert "stock: no test ran" in found.differences


def test_the_command_reports_a_shim_that_is_not_there() -> None:
    """``python -m tests.cpython`` exits with 1 and prints the difference."""
    command = [
        sys.executable,
        "-m",
        "tests.cpython",
        "--shim",
        "no_such_shim",
        "--match",
        "testRefCountGetNameInfo",
    ]
    done = subprocess.run(
        [*command, "test.test_socket"], cwd=REPOSITORY, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "the shim was not imported" in done.stdout
