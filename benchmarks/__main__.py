"""Run benchmarks: ``python -m benchmarks [NAME ...] [--json FILE] [--rounds N]``, all by default.

``python -m benchmarks compare A [B]`` and ``instructions [REF]`` compare two versions of steadydns, see compare.py and
instructions.py. Ends with 1 when a figure misses
its bound, and with 2 when this machine cannot run what was asked for.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import asyncio_cold, cold, compare, faults, hit, import_cost, instructions, telemetry, wire
from benchmarks.report import machine
from tests.lab import nsd, requirements

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from benchmarks.report import Report

BENCHMARKS: dict[str, Callable[[int | None], Report]] = {
    "hit": hit.measure,
    "cold": cold.measure,
    "asyncio": asyncio_cold.measure,
    "faults": faults.measure,
    "import": import_cost.measure,
    "wire": wire.measure,
    "telemetry": telemetry.measure,
}
COMMANDS: dict[str, Callable[[Sequence[str]], int]] = {
    "compare": compare.main,
    "instructions": instructions.main,
}
WITHOUT_LAB = {"import", "wire", "telemetry"}


def main() -> int:
    """Run what was asked for; the exit status."""
    if len(sys.argv) > 1 and sys.argv[1] in COMMANDS:
        return COMMANDS[sys.argv[1]](sys.argv[2:])
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="|".join(BENCHMARKS), help="which to run; all by default")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there, too")
    parser.add_argument(
        "--rounds", type=int, metavar="N", help="rounds in place of each benchmark's own number"
    )
    arguments = parser.parse_args()
    names = arguments.names or list(BENCHMARKS)
    if unknown := [name for name in names if name not in BENCHMARKS]:
        parser.error(f"no such benchmark: {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    lacking = [] if WITHOUT_LAB.issuperset(names) else requirements.missing()
    if "asyncio" in names:
        lacking += nsd.lacking()
    if lacking:
        print("The lab cannot run here:", *(f"  {one}" for one in lacking), sep="\n", file=sys.stderr)
        return 2
    if (load := os.getloadavg()[0]) > 0.5:
        print(
            f"Other work runs on this machine (load {load:.1f}): the figures will be too high.",
            file=sys.stderr,
        )
    reports = []
    for name in names:
        reports.append(BENCHMARKS[name](arguments.rounds))
        print(f"\n{reports[-1].text()}\n", flush=True)
    if arguments.json:
        content = {"machine": machine(), "reports": [report.as_json() for report in reports]}
        arguments.json.write_text(json.dumps(content, indent=1) + "\n")
    return 0 if all(report.passed for report in reports) else 1


if __name__ == "__main__":
    sys.exit(main())
