from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmarks import checkouts, instructions
from benchmarks.checkouts import Sources
from benchmarks.instructions import Counted, of_one, total
from tests.lab import nsd, requirements

WRITTEN = """\
# callgrind format
version: 1
creator: callgrind-3.19.0
positions: line
events: Ir
summary: 419650088


ob=(1) /usr/lib/ld.so
fn=(1) start
0 12
calls=1 0
0 419650076

totals: 419650088
"""


def test_the_total_is_read_from_what_callgrind_writes() -> None:
    """The last line holds it; a file that ends before has it in its head."""
    assert total(WRITTEN) == 419650088
    assert total(WRITTEN.replace("totals:", "comment:")) == 419650088
    assert total(WRITTEN.replace("summary:", "comment:")) == 419650088


def test_a_run_that_was_broken_off_has_no_total() -> None:
    """Neither an empty file nor one with a line in the middle that looks alike is a count."""
    with pytest.raises(ValueError, match="no total"):
        total("")
    with pytest.raises(ValueError, match="no total"):
        total("fn=(1) totals: 12\ndesc: summary: 3\n")


def test_what_both_runs_have_in_common_drops_out() -> None:
    """Start-up of any length gives the same count of one call."""
    assert of_one(1000 + 50 * 7, 1000 + 100 * 7, 50) == 7
    assert of_one(999_000 + 50 * 7, 999_000 + 100 * 7, 50) == 7


@pytest.mark.parametrize(("changed", "passed"), [(1100.0, True), (1101.0, False), (500.0, True)])
def test_ten_per_cent_more_is_the_bound(changed: float, passed: bool) -> None:
    """Just at the bound passes, above it does not, and fewer always do."""
    row = Counted("hit", 1000.0, changed)
    assert row.passed is passed
    assert row.cells[-1] == ("PASS" if passed else "FAIL")


def test_a_case_that_one_version_cannot_do_is_not_compared() -> None:
    """The table says so, and the exit status does not depend on it."""
    row = Counted("codec", 1000.0, None)
    assert row.passed
    assert row.cells == ("codec", "1,000", None, None, "not compared")


def test_a_machine_without_valgrind_is_told_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit status is 2, not that of a count that fails."""
    monkeypatch.setattr(requirements, "missing_for_namespaces", list)
    monkeypatch.setattr(nsd, "lacking", lambda *, dnsperf: [])
    monkeypatch.setattr(shutil, "which", lambda command: None)
    assert instructions.main([]) == 2
    assert "apt-get install --no-install-recommends valgrind" in capsys.readouterr().err


@pytest.mark.parametrize(("count", "status"), [(1200.0, 1), (1000.0, 0)])
def test_an_excess_decides_the_exit_status(
    count: float, status: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """One row over the bound makes it 1, none makes it 0, and the table is printed in either case."""
    rows = [Counted("hit", 1000.0, 1000.0), Counted("codec", 1000.0, count)]
    monkeypatch.setattr(instructions, "lacking", list)
    monkeypatch.setattr(checkouts, "copy", lambda text, folder: Sources(text, Path(folder)))
    monkeypatch.setattr(instructions, "run", lambda base, changed, folder: rows)
    assert instructions.main([]) == status
    assert f"{count / 1000:.3f}" in capsys.readouterr().out
