"""docs/suites.md: what was found, on each Python that it was found on."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tests.suites.harness import Comparison
    from tests.suites.libraries import Suite

DOCUMENT: Final = Path(__file__).resolve().parents[2] / "docs" / "suites.md"
BEGIN, END = "<!-- the tables: python -m tests.suites --write -->", "<!-- end of the tables -->"
HEADING: Final = "### Python "
WORLD: Final = {"hosts": "hosts file", "dns": "name server"}


def rows(found: list[tuple[Suite, Comparison]]) -> str:
    """Return the table."""
    lines = [
        "| library | localhost by | tests | without | with | differences | answered by steadydns | left to libc |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for suite, comparison in found:
        shim = comparison.ours.shim
        cells = (
            f"{suite.name} {suite.version}",
            WORLD[comparison.world],
            str(len(comparison.without.outcomes)),
            str(comparison.without),
            str(comparison.ours),
            str(len(comparison.differences)),
            str(shim.get("lookups", 0)),
            str(sum(shim.get("fallbacks", {}).values())),
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def details(found: list[tuple[Suite, Comparison]]) -> str:
    """Return the differences, the tests that end now one way and now another, and those that fail on both sides."""
    lines: list[str] = []
    for title, kind in (
        ("Differences:", "differences"),
        ("No difference, but not the same every time:", "unsteady"),
        ("Failing on both sides:", "failing"),
    ):
        texts = [
            f"- {suite.name}, {WORLD[comparison.world]}: {text.splitlines()[0]}"
            for suite, comparison in found
            for text in getattr(comparison, kind)
        ]
        if texts:
            lines += ["", title, "", *texts]
    return "\n".join(lines)


def section(found: list[tuple[Suite, Comparison]]) -> str:
    """Return what is said of this Python."""
    return f"{HEADING}{sys.version.split()[0]}\n\n{rows(found)}\n{details(found)}".rstrip("\n")


def document(text: str, new: str) -> str:
    """Return the document with this section in place of the one for the same minor version; others are kept."""
    head, _, rest = text.partition(BEGIN)
    body, _, tail = rest.partition(END)
    sections = {minor(part): f"{HEADING}{part}".strip() for part in body.split(HEADING)[1:]}
    sections[minor(new.removeprefix(HEADING))] = new
    ordered = "\n\n".join(sections[key] for key in sorted(sections))
    return f"{head}{BEGIN}\n\n{ordered}\n\n{END}{tail}"


def minor(section_text: str) -> tuple[int, int]:
    """Return the Python that a section is about."""
    major, second, _ = section_text.split(maxsplit=1)[0].split(".")
    return int(major), int(second)
