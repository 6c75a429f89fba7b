"""A lookup that no cache has: steadydns beside glibc, musl and the smallest possible TCP client, against CoreDNS.

May import the lab; never imports steadydns: that happens in the pod.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from contextlib import AbstractContextManager, ExitStack, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks import names
from benchmarks.report import Report, median_difference, median_ratio, percentile, rotated
from tests.lab import builds, faults
from tests.lab.node import Node
from tests.lab.topology import SERVICE_ADDRESS

if TYPE_CHECKING:
    from tests.lab.pod import Pod

PROGRAM = Path(__file__).parent / "programs" / "cold_client.py"
ROUNDS = 25  # many and short, so that what else the machine does hits all contenders alike
SIZE = 40  # lookups of each contender in a round
WARM = 5  # further ones that are not counted: connections are opened, search domains proven
DELAYS_MS = (0.0, 1.0)
OURS, STOCK, BARE, C_GLIBC, C_MUSL = "steadydns", "glibc (Python)", "bare TCP", "glibc (C)", "musl (C)"
CONTENDERS = {
    "absolute name": (OURS, STOCK, BARE, C_GLIBC, C_MUSL),
    "ndots:5": (OURS, STOCK, C_GLIBC, C_MUSL),
}
BOUNDS = {
    (0.0, "absolute name"): 0.8,
    (0.0, "ndots:5"): 0.3,
    (1.0, "absolute name"): 1.0,
    (1.0, "ndots:5"): 0.3,
}
OVERHEAD_US = 30


class Batch(NamedTuple):
    """What one contender took for the names of one round, in microseconds."""

    times: list[float]
    cpu: float | None  # of one lookup

    @property
    def median(self) -> float:
        """The median."""
        return statistics.median(self.times)


class PythonClient:
    """A Python process in the pod that lives through all rounds."""

    def __init__(self, pod: Pod, how: str) -> None:
        command = [sys.executable, str(PROGRAM), how, SERVICE_ADDRESS]
        self._process = pod.start(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def batch(self, names: list[str]) -> Batch:
        """Look the names up; the first ones are not counted."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"names": names, "warm": WARM}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline())
        return Batch([one * 1e6 for one in answer["seconds"]], answer["cpu"] * 1e6 / len(answer["seconds"]))

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


class CPeer:
    """The lab's C program, started for each round; starting is not in its times."""

    def __init__(self, pod: Pod, binary: Path) -> None:
        self._pod = pod
        self._binary = binary

    def batch(self, names: list[str]) -> Batch:
        """Look the names up; the first ones are not counted."""
        lookups = self._pod.run_json([self._binary, "-p", "443", *names])["lookups"]
        assert not any(lookup["error"] for lookup in lookups)
        return Batch([lookup["seconds"] * 1e6 for lookup in lookups[WARM:]], None)

    def close(self) -> None:
        """Do nothing: no process stays."""


def measure(rounds: int | None = None) -> Report:
    """Run all rounds."""
    report = Report(
        "cold",
        rounds or ROUNDS,
        ("delay ms", "name", "contender", "median us", "p99 us", "CPU us", "x glibc"),
        notes="A and AAAA of a name that was never asked for, against CoreDNS in the mini node",
    )
    fresh = names.Names(report.rounds * (SIZE + WARM) * len(CONTENDERS) * len(DELAYS_MS))
    with ExitStack() as stack:
        pod_node = stack.enter_context(Node(query_log=False, zones={names.ORIGIN: fresh.zone}))
        pod = pod_node.pod
        clients: dict[str, PythonClient | CPeer] = {
            OURS: PythonClient(pod, "steadydns"),
            STOCK: PythonClient(pod, "stock"),
            BARE: PythonClient(pod, "bare"),
            C_GLIBC: CPeer(pod, builds.glibc_peer()),
            C_MUSL: CPeer(pod, builds.musl_peer()),
        }
        for client in clients.values():
            stack.callback(client.close)
        for ms in DELAYS_MS:
            slow: AbstractContextManager[None] = faults.delay(pod_node, ms) if ms else nullcontext()
            with slow:
                for kind, contenders in CONTENDERS.items():
                    taken = run_rounds(clients, contenders, kind, fresh, report.rounds)
                    conclude(report, ms, kind, taken)
    return report


def run_rounds(
    clients: dict[str, PythonClient | CPeer],
    contenders: tuple[str, ...],
    kind: str,
    fresh: names.Names,
    rounds: int,
) -> dict[str, list[Batch]]:
    """The batches of each contender, round by round, each round in another order and with names of its own."""
    taken: dict[str, list[Batch]] = {contender: [] for contender in contenders}
    dot = "." if kind == "absolute name" else ""
    for number in range(rounds):
        batch = fresh.take(SIZE + WARM, dot)
        for contender in rotated(contenders, number):
            taken[contender].append(clients[contender].batch(batch))
        print(".", end="", file=sys.stderr, flush=True)
    return taken


def conclude(report: Report, ms: float, kind: str, taken: dict[str, list[Batch]]) -> None:
    """Write the rows and figures of one delay and one kind of name."""
    medians = {contender: [batch.median for batch in batches] for contender, batches in taken.items()}
    for contender, batches in taken.items():
        every = [one for batch in batches for one in batch.times]
        cpus = [batch.cpu for batch in batches if batch.cpu is not None]
        report.rows.append(
            (
                f"{ms:g}",
                kind,
                contender,
                statistics.median(medians[contender]),
                percentile(every, 99),
                statistics.median(cpus) if cpus else None,
                median_ratio(medians[contender], medians[STOCK]),
            )
        )
    where = f"{ms:g} ms of delay, {kind}"
    report.add(
        f"{where}: steadydns / glibc", median_ratio(medians[OURS], medians[STOCK]), "", BOUNDS[ms, kind]
    )
    if BARE in medians:
        overhead = median_difference(medians[OURS], medians[BARE])
        report.add(f"{where}: steadydns - bare TCP", overhead, " us", OVERHEAD_US)
        report.add(f"{where}: bare TCP / glibc (the floor)", median_ratio(medians[BARE], medians[STOCK]))
