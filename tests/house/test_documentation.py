from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.house.documentation import promiseless_tests, sleeping, undocumented
from tests.house.samples import package
from tests.house.sources import PACKAGE, REPOSITORY

if TYPE_CHECKING:
    from pathlib import Path


def test_every_public_name_is_documented() -> None:
    """Every module, and every public class, function and method of the package, has a docstring."""
    assert undocumented(PACKAGE) == []


def test_every_test_states_its_promise() -> None:
    """Every test of the repository has a docstring that is a sentence."""
    assert promiseless_tests(REPOSITORY / "tests") == []


def test_no_unit_test_waits_for_real_time() -> None:
    """No file under tests/unit calls a sleep: the clock is an argument there."""
    assert sleeping(REPOSITORY / "tests" / "unit") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def f(): ...", ["no module docstring", "f has no docstring"]),
        ("'''Doc.'''\nclass C:\n  '''Doc.'''\n  def m(self): ...", ["C.m has no docstring"]),
        ("'''Doc.'''\nif x:\n  async def g(): ...", ["g has no docstring"]),
        ("'''Doc.'''\nclass C:\n  '''Doc.'''\n  def _m(self):\n    def inner(): ...", []),
        ("'''Doc.'''\n@overload\ndef f(): ...", []),
    ],
)
def test_an_undocumented_name_is_found(tmp_path: Path, text: str, expected: list[str]) -> None:
    """The docstring rule finds what is public, and only that."""
    problems = undocumented(package(tmp_path, sample=text))
    assert len(problems) == len(expected)
    assert all(end in problem for end, problem in zip(expected, problems, strict=True))


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("def test_a(): ...", 1),
        ("def test_a():\n  '''a'''", 1),
        ("class TestA:\n  async def test_a(self):\n    '''No sentence'''", 1),
        ("def test_a():\n  '''A call is answered.'''", 0),
        ("def helper(): ...", 0),
    ],
)
def test_a_test_without_a_promise_is_found(tmp_path: Path, text: str, count: int) -> None:
    """The promise rule finds tests without a sentence, in classes too."""
    assert len(promiseless_tests(package(tmp_path, test_sample=text))) == count


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("import time\ntime.sleep(0.1)", 1),
        ("from time import sleep\nsleep(1)", 1),
        ("await asyncio.sleep(0.1)", 1),
        ("await asyncio.sleep(0)", 0),
    ],
)
def test_a_sleep_is_found(tmp_path: Path, text: str, count: int) -> None:
    """The sleep rule finds every way to wait, but not the one that only yields to the loop."""
    assert len(sleeping(package(tmp_path, sample=text))) == count
