from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from benchmarks import compare
from benchmarks.checkouts import REPOSITORY, Sources
from benchmarks.comparison import LEGS
from benchmarks.names import Names
from tests.lab import requirements

if TYPE_CHECKING:
    from benchmarks.comparison import Row


def test_words_are_measures_or_versions() -> None:
    """Measures are recognised wherever they stand, and without any all are taken."""
    found = compare.parsed(["HEAD~5", "hit", "rss", "--rounds", "3"])
    assert (found.versions, found.measures, found.rounds) == (["HEAD~5"], ["hit", "rss"], 3)
    found = compare.parsed(["cold", "a", "b"])
    assert (found.versions, found.measures) == (["a", "b"], ["cold"])
    assert compare.parsed(["a"]).measures == list(compare.MEASURES)


@pytest.mark.parametrize("words", [["hit"], ["a", "b", "c"]])
def test_one_or_two_versions_are_needed(words: list[str]) -> None:
    """None, or three, end the command with the usage."""
    with pytest.raises(SystemExit):
        compare.parsed(words)


def test_a_machine_that_lacks_something_is_told_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The exit status is 2, and the text names what is missing and how to get it."""
    missing = requirements.Missing("nsd", "no such command", "apt-get install nsd")
    monkeypatch.setattr(compare, "lacking", lambda: [missing])
    assert compare.main(["HEAD"]) == 2
    assert "nsd: no such command; apt-get install nsd" in capsys.readouterr().err


class FakeClient:
    """Answers with a time that depends on the version alone, and remembers who was asked in which order."""

    order: list[str]
    asked: list[list[str]]

    def __init__(self, leg: str) -> None:
        self.leg = leg

    def ask(self, **asked: list[str]) -> dict[str, float]:
        self.order.append(self.leg)
        self.asked.append(asked["names"])
        seconds = {"A": 1e-6, "B": 2e-6, "A again": 1e-6}[self.leg]
        return {"wall": seconds, "cpu": seconds}

    def close(self) -> None:
        """Nothing to close."""


@pytest.fixture
def rows(monkeypatch: pytest.MonkeyPatch) -> dict[str, Row]:
    """The rows of one round of cold lookups by fake clients."""
    FakeClient.order, FakeClient.asked = [], []
    measure = compare.SLICED["cold"][0]
    versions = {leg: Sources(leg, REPOSITORY / leg) for leg in LEGS}
    monkeypatch.setattr(compare, "Client", lambda pod, how, sources, seed: FakeClient(sources.label))
    comparison = compare.Comparison(None, versions, Names(measure.names))  # type: ignore[arg-type]
    comparison.sliced(measure, 0)
    return comparison.rows


def test_versions_take_turns_slice_by_slice(rows: dict[str, Row]) -> None:
    """In every slice each version is asked once, for the same names, and the first one changes."""
    after_warming = FakeClient.order[3:]
    turns = [after_warming[at : at + 3] for at in range(0, len(after_warming), 3)]
    assert len(turns) == compare.SLICED["cold"][0].slices
    assert all(sorted(turn) == sorted(LEGS) for turn in turns)
    assert [turn[0] for turn in turns[:4]] == ["A", "B", "A again", "A"]
    assert all(FakeClient.asked[at] == FakeClient.asked[at + 1] for at in range(0, len(FakeClient.asked), 3))


def test_a_slower_version_is_found(rows: dict[str, Row]) -> None:
    """Wall and processor time have a row each, in the measure's unit."""
    assert set(rows) == {"cold, absolute name, wall", "cold, absolute name, cpu"}
    found = rows["cold, absolute name, wall"]
    assert [found.median(leg) for leg in LEGS] == pytest.approx([1.0, 2.0, 1.0])
    assert found.verdict == "MORE"


def test_the_zone_has_as_many_names_as_the_rounds_take() -> None:
    """A cold round takes those of its slices and the ones before; a round of hits takes one."""
    cold = 2 * (10 + 15 * 20)
    assert compare.names_needed(["cold"], 3) == 3 * cold
    assert compare.names_needed(["hit", "rss", "import"], 2) == 2 * (1 + compare.MEMORY_NAMES)


def test_an_interpreter_that_fails_is_an_error() -> None:
    """A version that cannot be imported is not measured as a fast one."""
    with pytest.raises(RuntimeError, match="failed"):
        compare.interpreter("raise SystemExit(3)", {"PATH": ""})
    wall, cpu = compare.interpreter("pass", {"PATH": ""})
    assert wall > 0
    assert cpu > 0
