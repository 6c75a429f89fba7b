"""What telemetry adds to a lookup that was not a hit: microseconds for each Observer.observe().

Each case runs in an interpreter of its own, since it differs in what of OpenTelemetry is loaded; figures are the least of
the rounds. Beside each stands what the same OpenTelemetry calls cost alone, measured in the same rounds. No network, no
file. May import the standard library; never imports steadydns.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from benchmarks.import_cost import environment
from benchmarks.report import Report

PROGRAM = Path(__file__).parent / "programs" / "observing.py"
ROUNDS = 40
BUDGETS = {
    "no opentelemetry": 1.0,
    "API, no SDK": 2.0,
    "SDK, histogram": 12.0,
    "SDK, histogram in a span": 12.0,
    "SDK, span of 3 events": 60.0,
}
"""Microseconds to aim at; not all are reached, and OpenTelemetry's own calls are most of them (decision 0003)."""


def measure(rounds: int | None = None) -> Report:
    """Run all rounds."""
    report = Report(
        "telemetry",
        rounds or ROUNDS,
        ("what is loaded", "observe us", "bare calls us", "budget us"),
        notes="what one finished lookup costs, the least of the rounds",
    )
    for case, budget in BUDGETS.items():
        command = [sys.executable, str(PROGRAM), case, str(report.rounds)]
        done = subprocess.run(command, env=environment(), capture_output=True, text=True, check=True)
        ours, floor = map(float, done.stdout.split())
        report.rows.append((case, ours, floor, budget))
        print(".", end="", file=sys.stderr, flush=True)
    return report
