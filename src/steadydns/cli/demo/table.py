"""Tables in plain text. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

INDENT: Final = "   "
GAP: Final = "   "


def table(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return the rows as lines with columns of equal width, the first at the left, the others at the right.

    The first row is the heading; a rule is drawn below it.
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = []
    for row in rows:
        first, *others = row
        cells = [
            first.ljust(widths[0]),
            *(text.rjust(width) for text, width in zip(others, widths[1:], strict=True)),
        ]
        lines.append(INDENT + GAP.join(cells).rstrip())
    lines.insert(1, INDENT + "-" * (sum(widths) + len(GAP) * (len(widths) - 1)))
    return lines


def seconds(value: float) -> str:
    """Return a duration in seconds, to the millisecond."""
    return f"{value:.3f} s"


def milliseconds(value: float) -> str:
    """Return a duration in milliseconds."""
    return f"{1000 * value:.1f} ms"
