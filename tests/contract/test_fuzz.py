"""Random calls in random worlds beside libc; many more with `python -m tests.contract.fuzz --count 200000`."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from tests.contract import fuzz
from tests.contract.call import gai

if TYPE_CHECKING:
    from tests.contract.session import ServerProcess
    from tests.lab.pod import Pod

CALLS = 10_000


@pytest.mark.lab
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_random_calls(own_pod: Pod, own_server: ServerProcess) -> None:
    """Ten thousand random calls have libc's rows, errors and audit events, cold and as hits."""
    assert not (found := fuzz.run(own_pod, CALLS)), "\n".join(found)


def test_the_same_seed_makes_the_same_calls() -> None:
    """What is found once is found again."""
    first, second = (list(map(str, fuzz.calls(random.Random(7), 200))) for _ in range(2))
    assert first == second
    assert first != list(map(str, fuzz.calls(random.Random(8), 200)))


def test_simpler_calls_end_somewhere() -> None:
    """Making calls simpler comes to an end, at a call with two arguments."""
    call, steps = gai("A.b.c.test", "http", 2, 2, 6, 0x2A), 0
    while (following := next(fuzz.simpler(call), None)) is not None:
        call, steps = following, steps + 1
        assert steps < 100
    assert len(call.args) == 2
