"""The arithmetic of comparing two versions: ratios of the same round, their spread, and what that allows to conclude.

May import the standard library only; measures nothing.
"""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.report import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

TOLERANCE = 0.03
"""The share by which B may exceed A even where an A/A run spreads less."""

BASE, CHANGED, TWIN = "A", "B", "A again"
LEGS = (BASE, CHANGED, TWIN)
"""The versions in every round: the one compared with, the one compared, and a second copy of the first."""


class Spread(NamedTuple):
    """The median of some values, and the quartiles around it."""

    low: float
    median: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.3f} ({self.low:.3f} to {self.high:.3f})"


def spread(values: Sequence[float]) -> Spread:
    """Return median and quartiles; of a single value they are all the same."""
    if len(values) == 1:
        return Spread(values[0], values[0], values[0])
    return Spread(*statistics.quantiles(values, n=4, method="inclusive"))


def lower_quartile(values: Sequence[float]) -> float:
    """Return what a quarter of the slices took at most: other work on the machine disturbed those least."""
    return spread(values).low


@dataclass
class Row:
    """One figure of all versions, by version and round."""

    name: str
    unit: str
    tolerance: float = TOLERANCE
    most_added: float = 0.0
    """How much more B may have, in the row's unit, where that allows more than the tolerance."""
    values: dict[str, list[float]] = field(default_factory=lambda: {leg: [] for leg in LEGS})

    def median(self, leg: str) -> float:
        """Return the median over the rounds."""
        return statistics.median(self.values[leg])

    @property
    def ratio(self) -> Spread:
        """B / A, each of the same round."""
        return self._against_base(CHANGED)

    @property
    def noise(self) -> Spread:
        """A again / A, each of the same round: what comes out where nothing differs."""
        return self._against_base(TWIN)

    def _against_base(self, leg: str) -> Spread:
        return spread([one / base for one, base in zip(self.values[leg], self.values[BASE], strict=True)])

    @property
    def allowed(self) -> float:
        """How far from 1 the ratio may be: the tolerance, or the further quartile of the A/A run if that is more."""
        noise = self.noise
        return max(
            self.tolerance,
            self.most_added / self.median(BASE),
            abs(noise.low - 1),
            abs(noise.high - 1),
        )

    @property
    def verdict(self) -> str:
        """Return "same" where B is within what is allowed, else "MORE" or "less"."""
        excess = self.ratio.median - 1
        if abs(excess) <= self.allowed:
            return "same"
        return "MORE" if excess > 0 else "less"

    @property
    def passed(self) -> bool:
        """Whether B takes no more than is allowed."""
        return self.verdict != "MORE"

    @property
    def cells(self) -> tuple[str, ...]:
        """The row of the table; COLUMNS names its cells."""
        return (
            self.name,
            self.unit,
            shown(self.median(BASE)),
            shown(self.median(CHANGED)),
            str(self.ratio),
            str(self.noise),
            f"{100 * self.allowed:.1f} %",
            self.verdict,
        )


COLUMNS = ("measure", "unit", "A", "B", "B / A (quartiles)", "A / A (quartiles)", "allowed", "verdict")
