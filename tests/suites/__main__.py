"""Run other libraries' own tests without steadydns and with it; every test has to end the same way.

usage: python -m tests.suites [--write] [--only TEXT] [--world hosts|dns]

Needs root, for network namespaces. Libraries and tests, at the versions of requirements/, come from the package index
into the user's cache folder.
"""

from __future__ import annotations

import argparse
import os
import sys
import time

from tests.lab import namespaces
from tests.suites import environment, table
from tests.suites.harness import WORLDS, Comparison, compare, execute
from tests.suites.libraries import SUITES, Suite


def main() -> int:
    """Print a line for each suite as it ends, then the table; return 1 if a test differs, 2 if it cannot run."""
    parser = argparse.ArgumentParser(prog="python -m tests.suites")
    parser.add_argument(
        "--write", action="store_true", help="write docs/suites.md, the part about this Python"
    )
    parser.add_argument("--only", default="", help="suites whose name contains this")
    parser.add_argument(
        "--world", choices=tuple(WORLDS), help="who knows localhost (default: one, then the other)"
    )
    options = parser.parse_args()
    if os.geteuid() != 0:
        print(
            "the suites run in network namespaces with files in /etc/netns: run it as root", file=sys.stderr
        )
        return 2
    namespaces.sweep()
    chosen = [suite for suite in SUITES if options.only in suite.name]
    for suite in chosen:
        environment.python(suite)
        environment.archive(suite)
    found: list[tuple[Suite, Comparison]] = []
    for suite in chosen:
        for world in [options.world] if options.world else list(WORLDS):
            began = time.monotonic()
            comparison = compare(suite, world, execute)
            found.append((suite, comparison))
            print(line(suite, comparison, time.monotonic() - began), flush=True)
    print(table.rows(found))
    failures = sum(len(comparison.differences) for _, comparison in found)
    print(f"{failures} differences" if failures or not found else "no differences")
    if options.write and not options.only and not options.world:
        text = table.DOCUMENT.read_text(encoding="utf-8")
        table.DOCUMENT.write_text(table.document(text, table.section(found)), encoding="utf-8")
    return 1 if failures or not found else 0


def line(suite: Suite, comparison: Comparison, seconds: float) -> str:
    """Return what a suite showed, with every difference below it."""
    ours = comparison.ours
    counts = f"{len(comparison.without.outcomes)} tests, {comparison.without} without, {ours} with"
    verdict = f"{len(comparison.differences)} differ, {len(comparison.unsteady)} unsteady; {seconds:.0f} s"
    lines = [
        f"{suite.name} {suite.version}, localhost by {table.WORLD[comparison.world]}: {counts}, {verdict}",
        f"  steadydns at the end: {ours.shim}",
    ]
    for name in ours.left_out:
        reason = next(why for part, why in suite.excluded.items() if part in name)
        lines.append(f"  left out: {name}: {reason}")
    for title, texts in (
        ("differs", comparison.differences),
        ("unsteady", comparison.unsteady),
        ("fails on both sides", comparison.failing),
    ):
        lines += [f"  {title}: {text}".replace("\n", "\n    ") for text in texts]
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
