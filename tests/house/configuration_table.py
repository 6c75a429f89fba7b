"""``python -m tests.house.configuration_table --check|--write``: the knob table of docs/configuration.md."""

from __future__ import annotations

import sys
from pathlib import Path

from steadydns.config import Knob, knobs

DOCUMENT = Path(__file__).parents[2] / "docs" / "configuration.md"
BEGIN = (
    "<!-- begin: generated from steadydns.config by `python -m tests.house.configuration_table --write` -->"
)
END = "<!-- end: generated -->"


def table() -> str:
    """Return one row for every knob."""
    rows = [
        "| environment, knob | default | what it does | where the default comes from |",
        "| --- | --- | --- | --- |",
    ]
    return "\n".join([*rows, *map(row, knobs())])


def row(knob: Knob) -> str:
    """Return a knob's row."""
    cells = (f"`{knob.environment}`<br>`{knob.name}`", shown_default(knob), knob.doc, knob.source)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def shown_default(knob: Knob) -> str:
    """Return the default as the environment would set it, with its unit."""
    value = knob.default_text
    number = isinstance(knob.default, (int, float)) and not isinstance(knob.default, bool)
    return f"`{value}` {knob.unit}" if number else f"`{value}`" if value else "none"


def with_table(document: str) -> str:
    """Return the document with a fresh table between the two marks."""
    before, _, rest = document.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table()}\n\n{END}{after}"


def main(arguments: list[str]) -> int:
    """Write the table, or return 1 if the document does not hold it."""
    current = DOCUMENT.read_text(encoding="utf-8")
    wanted = with_table(current)
    if arguments == ["--write"]:
        DOCUMENT.write_text(wanted, encoding="utf-8")
        return 0
    if arguments != ["--check"]:
        print(__doc__, file=sys.stderr)
        return 2
    if current != wanted:
        print(
            f"{DOCUMENT} is out of date: run python -m tests.house.configuration_table --write",
            file=sys.stderr,
        )
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
