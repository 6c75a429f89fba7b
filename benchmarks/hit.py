"""A call whose answer is cached: steadydns beside functools.lru_cache and stock on a name of the hosts file.

May import the lab; never imports steadydns: that happens in the pod.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.report import Report, median_ratio, rotated
from tests.lab.node import Node

if TYPE_CHECKING:
    from tests.lab.pod import Pod

PROGRAM = Path(__file__).parent / "programs" / "hit_client.py"
ROUNDS = 7
CALLS = 1_000_000
BOUND_US = 0.45
OURS, LRU, STOCK = "steadydns", "functools.lru_cache", "stock, hosts file"
# contender: (process, case, calls in each round)
CONTENDERS = {
    OURS: ("steadydns", "DNS name", CALLS),
    LRU: ("stock", "lru_cache", CALLS),
    STOCK: ("stock", "hosts name", CALLS // 50),
    "steadydns, keywords": ("steadydns", "DNS name, keywords", CALLS),
    "functools.lru_cache, keywords": ("stock", "lru_cache, keywords", CALLS),
    "steadydns, hosts file": ("steadydns", "hosts name", CALLS),
}


class Process:
    """A Python process in the pod that lives through all rounds."""

    def __init__(self, pod: Pod, how: str) -> None:
        command = [sys.executable, str(PROGRAM), how]
        self._process = pod.start(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def microseconds(self, case: str, calls: int) -> float:
        """The mean of so many calls."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"case": case, "calls": calls}) + "\n")
        self._process.stdin.flush()
        return float(json.loads(self._process.stdout.readline())) / 1000

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def measure(rounds: int | None = None) -> Report:
    """Run all rounds."""
    report = Report(
        "hit",
        rounds or ROUNDS,
        ("contender", "mean us", "best us", "steadydns is"),
        notes=f"one call of socket.getaddrinfo, mean of {CALLS:,} calls, median of the rounds",
    )
    means: dict[str, list[float]] = {name: [] for name in CONTENDERS}
    with Node(query_log=False) as node:
        processes = {how: Process(node.pod, how) for how in ("steadydns", "stock")}
        for number in range(report.rounds):
            for name in rotated(list(CONTENDERS), number):
                how, case, calls = CONTENDERS[name]
                means[name].append(processes[how].microseconds(case, calls))
            print(".", end="", file=sys.stderr, flush=True)
        for process in processes.values():
            process.close()
    for name, values in means.items():
        ratio = median_ratio(means[OURS], values)
        compared = "" if name == OURS else f"{ratio:.2f} x" if ratio > 0.5 else f"1/{1 / ratio:.0f}"
        report.rows.append((name, statistics.median(values), min(values), compared))
    report.add("hit", statistics.median(means[OURS]), " us", BOUND_US)
    report.add("hit / functools.lru_cache", median_ratio(means[OURS], means[LRU]))
    report.add("stock on a hosts name / hit", median_ratio(means[STOCK], means[OURS]))
    return report
