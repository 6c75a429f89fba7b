"""What ``import steadydns.auto`` adds to a process: milliseconds and megabytes, beside an empty module's import.

May import the standard library; never imports steadydns: that happens in processes of their own.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

from benchmarks.report import Report, rotated

PROGRAM = Path(__file__).parent / "programs" / "importing.py"
SOURCE = Path(__file__).resolve().parents[1] / "src"
ROUNDS = 11
BOUND_MS = 15
BOUND_MB = 2
SERVICE = ("asyncio", "ssl", "logging")
OURS, NOTHING = "steadydns.auto", "nothing"
WHERE = {"a service (asyncio, ssl, logging)": SERVICE, "a bare process": ()}


def measure(rounds: int | None = None) -> Report:
    """Run all rounds."""
    report = Report(
        "import",
        rounds or ROUNDS,
        ("where", "import", "ms", "CPU ms", "RSS MB", "USS MB", "modules"),
        notes="what importing adds to a process, .pyc files there, median of the rounds",
    )
    for where, earlier in WHERE.items():
        once(OURS, earlier)  # writes the .pyc files
        found: dict[str, list[dict[str, float]]] = {OURS: [], NOTHING: []}
        for number in range(report.rounds):
            for module in rotated((OURS, NOTHING), number):
                found[module].append(once(module, earlier))
        for module, ones in found.items():
            medians = {key: statistics.median(one[key] for one in ones) for key in ones[0]}
            report.rows.append(
                (where, module, *(medians[key] for key in ("ms", "cpu_ms", "rss_mb", "uss_mb", "modules")))
            )
            if (where, module) == (next(iter(WHERE)), OURS):
                report.add(f"import {OURS} in {where}", medians["ms"], " ms", BOUND_MS)
                report.add(f"import {OURS} in {where}, RSS", medians["rss_mb"], " MB", BOUND_MB)
    return report


def once(module: str, earlier: tuple[str, ...]) -> dict[str, float]:
    """One process."""
    command = [sys.executable, str(PROGRAM), module, *earlier]
    done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def environment() -> dict[str, str]:
    """What a process is given: our sources, no settings of ours, and leave to write .pyc files."""
    path = os.pathsep.join(filter(None, [str(SOURCE), os.environ.get("PYTHONPATH", "")]))
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STEADYDNS_")}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**kept, "PYTHONPATH": path}
