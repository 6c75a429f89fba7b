"""docs/coverage.md, made of what the programs showed."""

from __future__ import annotations

import difflib
import json
import subprocess
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Final

from steadydns.patching.registry import DEFAULT
from tests.surface.results import ORDERS, Result

if TYPE_CHECKING:
    from tests.surface.paths import Library

DOCUMENT: Final = Path(__file__).resolve().parents[2] / "docs" / "coverage.md"
BEGIN, END = "<!-- the table: python -m tests.surface --write -->", "<!-- end of the table -->"
STDLIB: Final = "Standard library"

Chosen = list[tuple[str, "Library"]]


def summary(results: list[Result]) -> str:
    """Return how many call paths are covered, in a line each for the standard library and the rest."""
    lines = []
    for text, wanted in ((STDLIB, True), ("Other libraries", False)):
        chosen = [found for found in by_path(results).values() if (found[0].library == STDLIB) is wanted]
        if chosen:
            covered = sum(all(one.covered for one in found) for found in chosen)
            lines.append(f"{text}: {covered} of {len(chosen)} call paths covered in both orders")
    return "\n".join(lines)


def by_path(results: list[Result]) -> dict[tuple[str, str], list[Result]]:
    """Return the results of each path, in the order of ORDERS."""
    found: dict[tuple[str, str], list[Result]] = {}
    for result in sorted(results, key=lambda one: ORDERS.index(one.order)):
        found.setdefault((result.library, result.call), []).append(result)
    return found


def versions(python: Path, chosen: Chosen) -> dict[str, str]:
    """Return the versions of the distributions, as installed."""
    names = sorted({package for _, library in chosen for package in library.packages})
    program = (
        "import json, sys; from importlib.metadata import version;"
        "print(json.dumps({name: version(name) for name in json.load(sys.stdin)}))"
    )
    done = subprocess.run(
        [python, "-c", program], input=json.dumps(names), capture_output=True, text=True, check=True
    )
    found: dict[str, str] = json.loads(done.stdout)
    return found


def rows(chosen: Chosen, results: list[Result], python: Path) -> str:
    """Return the table, a section for each kind of library."""
    found, installed = by_path(results), versions(python, chosen)
    lines: list[str] = []
    for title, group in groupby(chosen, key=lambda one: one[0]):
        lines += [
            "",
            f"### {title}",
            "",
            "| library | call | before | after | by |",
            "| --- | --- | --- | --- | --- |",
        ]
        for _, library in group:
            packages = ", ".join(f"{name} {installed[name]}" for name in library.packages)
            name = f"{library.name} ({packages})" if packages else library.name
            for path in library.paths:
                both = found[library.name, path.call]
                covered = any(one.covered for one in both)
                hook = path.hook or library.hook
                by = f"`{hook}`" if covered else "-"
                if covered and hook not in DEFAULT:
                    by += ", opt-in"
                verdicts = " | ".join(one.verdict for one in both)
                lines.append(f"| {name} | {path.call} | {verdicts} | {by} |")
    return "\n".join(lines[1:])


def uncovered(chosen: Chosen, results: list[Result]) -> str:
    """Return what is not covered, why not, and what helps."""
    found = by_path(results)
    lines = ["| library | call | why | what helps |", "| --- | --- | --- | --- |"]
    for _, library in chosen:
        calls = [
            path.call
            for path in library.paths
            if not all(one.covered for one in found[library.name, path.call])
        ]
        if calls:
            reason = library.reason or "no hook for it"
            lines.append(f"| {library.name} | {', '.join(calls)} | {reason} | {library.remedy or '-'} |")
    return "\n".join(lines)


def document(chosen: Chosen, results: list[Result], python: Path) -> str:
    """Return the whole document: what stands around the table is kept."""
    text = DOCUMENT.read_text(encoding="utf-8") if DOCUMENT.exists() else f"{BEGIN}\n{END}\n"
    head, _, rest = text.partition(BEGIN)
    tail = rest.partition(END)[2]
    body = "\n\n".join(
        (
            *(f"{line}." for line in summary(results).splitlines()),
            "### Not covered",
            uncovered(chosen, results),
            rows(chosen, results, python),
        )
    )
    return f"{head}{BEGIN}\n\n{body}\n\n{END}{tail}"


def difference(text: str) -> str:
    """Return what differs from the document as it stands."""
    now = DOCUMENT.read_text(encoding="utf-8").splitlines() if DOCUMENT.exists() else []
    return "\n".join(difflib.unified_diff(now, text.splitlines(), "docs/coverage.md", "found", "", "", 0, ""))
