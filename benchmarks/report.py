"""What a benchmark has found: a table, figures beside their bounds, and the same as JSON.

May import the standard library only; measures nothing.
"""

from __future__ import annotations

import os
import platform
import statistics
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    Cell = str | float | None


@dataclass(frozen=True)
class Figure:
    """One number; ``bound`` is the most it may be, None for a number that is given for information."""

    name: str
    value: float
    unit: str = ""
    bound: float | None = None

    @property
    def passed(self) -> bool:
        """Whether the bound, if any, is kept."""
        return self.bound is None or self.value <= self.bound

    @property
    def text(self) -> str:
        """One line."""
        verdict = "    " if self.bound is None else ("PASS" if self.passed else "FAIL")
        limit = "" if self.bound is None else f"  (at most {self.bound:g}{self.unit})"
        return f"{verdict}  {self.name}: {shown(self.value)}{self.unit}{limit}"


@dataclass
class Report:
    """All of one benchmark; the first column of ``rows`` names the row."""

    benchmark: str
    rounds: int
    columns: Sequence[str]
    rows: list[Sequence[Cell]] = field(default_factory=list)
    figures: list[Figure] = field(default_factory=list)
    notes: str = ""

    @property
    def passed(self) -> bool:
        """Whether all bounds are kept."""
        return all(figure.passed for figure in self.figures)

    def add(self, name: str, value: float, unit: str = "", bound: float | None = None) -> None:
        """Add a figure."""
        self.figures.append(Figure(name, value, unit, bound))

    def text(self) -> str:
        """What a person reads."""
        rounds = f"{self.rounds} round{'s' * (self.rounds > 1)}"
        head = f"{self.benchmark}: {self.notes} ({rounds}, Python {platform.python_version()})"
        lines = table(self.columns, self.rows)
        return "\n".join([head, "", *lines, "", *(figure.text for figure in self.figures)])

    def as_json(self) -> dict[str, Any]:
        """The same for a program."""
        return {
            "benchmark": self.benchmark,
            "rounds": self.rounds,
            "table": [dict(zip(self.columns, row, strict=True)) for row in self.rows],
            "figures": [{**asdict(figure), "passed": figure.passed} for figure in self.figures],
        }


def table(columns: Sequence[str], rows: Sequence[Sequence[Cell]]) -> list[str]:
    """The lines of a table; its first column is aligned to the left, the others to the right."""
    cells = [list(columns), *([shown(cell) for cell in row] for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(columns))]
    return [
        "  ".join(
            cell.ljust(width) if column == 0 else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]


def shown(cell: Cell) -> str:
    """A cell as text: three significant digits, and no more behind the point than they need."""
    if cell is None:
        return "-"
    if isinstance(cell, str):
        return cell
    return f"{cell:.0f}" if abs(cell) >= 100 or cell == int(cell) else f"{cell:.3g}"


def machine() -> dict[str, str | float | int]:
    """What the figures depend on."""
    return {
        "python": platform.python_version(),
        "libc": " ".join(platform.libc_ver()),
        "kernel": platform.release(),
        "processor": _processor(),
        "cores": os.cpu_count() or 0,
        "load": os.getloadavg()[0],
    }


def _processor() -> str:
    with open("/proc/cpuinfo") as lines:  # noqa: PTH123 -- not a path that could be elsewhere
        names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def rotated(names: Sequence[str], number: int) -> list[str]:
    """The names in the order of this round, so that none is always first or always after the same other."""
    start = number % len(names)
    return [*names[start:], *names[:start]]


def median_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median over the rounds of ours / theirs, each of one and the same round."""
    return statistics.median(one / other for one, other in zip(ours, theirs, strict=True))


def median_difference(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median over the rounds of ours - theirs."""
    return statistics.median(one - other for one, other in zip(ours, theirs, strict=True))


def percentile(values: Sequence[float], percent: int) -> float:
    """The value that this share of the values does not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * percent // 100) - 1)]
