from __future__ import annotations

import pytest

from benchmarks.comparison import BASE, CHANGED, TWIN, Row, lower_quartile, spread


def row(base: list[float], changed: list[float], twin: list[float], **options: float) -> Row:
    """A row with these values, round by round."""
    made = Row("a measure", "us", options.get("tolerance", 0.03), options.get("most_added", 0.0))
    made.values.update({BASE: base, CHANGED: changed, TWIN: twin})
    return made


def test_the_spread_is_the_median_and_the_quartiles() -> None:
    """Quartiles lie between the values as statistics.quantiles puts them; one value is its own spread."""
    assert spread([1.0, 2.0, 3.0, 4.0, 5.0]) == (2.0, 3.0, 4.0)
    assert spread([7.0]) == (7.0, 7.0, 7.0)
    assert lower_quartile([50.0, 10.0, 30.0, 20.0, 40.0]) == 20.0


def test_a_ratio_is_taken_within_a_round() -> None:
    """A machine that is ten times slower in one round changes no ratio, though it changes the medians."""
    found = row([10.0, 100.0, 20.0], [11.0, 110.0, 22.0], [10.0, 100.0, 20.0])
    assert found.ratio == pytest.approx((1.1, 1.1, 1.1))
    assert found.noise == pytest.approx((1.0, 1.0, 1.0))
    assert found.median(BASE) == 20.0


@pytest.mark.parametrize(
    ("changed", "verdict"),
    [(1.0, "same"), (1.029, "same"), (1.031, "MORE"), (0.971, "same"), (0.969, "less")],
)
def test_within_three_per_cent_is_the_same(changed: float, verdict: str) -> None:
    """Where an A/A run is quiet, 3 % decide."""
    found = row([1.0] * 4, [changed] * 4, [1.0] * 4)
    assert found.verdict == verdict
    assert found.passed == (verdict != "MORE")


@pytest.mark.parametrize("noisy", [[0.92, 0.92, 1.0, 1.0, 1.0], [1.0, 1.0, 1.0, 1.08, 1.08]])
def test_a_noisy_a_a_run_allows_as_much_as_it_spreads(noisy: list[float]) -> None:
    """The quartile of the A/A ratios that is further from 1 is allowed, on either side."""
    assert row([1.0] * 5, [1.07] * 5, noisy).verdict == "same"
    assert row([1.0] * 5, [1.09] * 5, noisy).verdict == "MORE"
    assert row([1.0] * 5, [1.07] * 5, noisy).allowed == pytest.approx(0.08)


def test_a_row_may_have_a_tolerance_in_its_own_unit() -> None:
    """0.3 MB more are allowed of 20 MB, and 0.5 MB are not."""
    options = {"tolerance": 0.0, "most_added": 0.3}
    assert row([20.0] * 3, [20.29] * 3, [20.0] * 3, **options).verdict == "same"
    assert row([20.0] * 3, [20.5] * 3, [20.0] * 3, **options).verdict == "MORE"


def test_the_cells_say_what_was_found() -> None:
    """Medians, both ratios with their quartiles, what is allowed, and the verdict."""
    assert row([10.0] * 3, [12.0] * 3, [10.0] * 3).cells == (
        "a measure", "us", "10", "12", "1.200 (1.200 to 1.200)", "1.000 (1.000 to 1.000)", "3.0 %", "MORE",
    )  # fmt: skip
