from __future__ import annotations

import sys

import pytest

from tests.cpython.harness import MODULES, Request, Subject, compare, obstacle
from tests.lab.requirements import refuse


@pytest.mark.cpython
@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("module", MODULES)
def test_cpythons_own_tests_come_out_the_same(module: str) -> None:
    """Every test of CPython passes, is skipped or fails with the shim as it does without."""
    if problem := obstacle():
        refuse(problem)
    found = compare(
        Subject(sys.executable), Subject(sys.executable, "steadydns.auto"), Request(module), must_patch=True
    )
    assert found.differences == ()
    assert found.stock.outcomes
