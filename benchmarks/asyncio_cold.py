"""Lookups by many tasks of an event loop: steadydns beside the stock loop.getaddrinfo and aiodns, against NSD.

May import the lab; never imports steadydns: that happens in the pod.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks import names
from benchmarks.report import Report, median_ratio, rotated
from tests.lab.node import Node
from tests.lab.nsd import Nsd
from tests.lab.pod import SEARCH

if TYPE_CHECKING:
    from tests.lab.pod import Pod

PROGRAM = Path(__file__).parent / "programs" / "asyncio_client.py"
ROUNDS = 7
PROBES = 1000  # names that dnsperf asks for
SIZE = 3000  # lookups of each contender in a round
WARM = 40  # further ones that are not counted
HITS = 50_000
TASKS = {64: 6.0, 1000: 5.0}  # how many times stock's throughput is promised
RESOLV_CONF = {
    "absolute name": "nameserver {address}\n",
    "ndots:5": f"nameserver {{address}}\nsearch {SEARCH}\noptions ndots:5\n",
}
HIT_BOUND_US = 3


class Contender(NamedTuple):
    """Who looks names up, in which loop."""

    how: str
    loop: str

    def __str__(self) -> str:
        return f"{self.how}, {self.loop}"


OURS, STOCK = Contender("steadydns", "asyncio"), Contender("stock", "asyncio")
BARE = Contender("bare TCP", "asyncio")
CONTENDERS = (
    OURS,
    STOCK,
    BARE,
    Contender("aiodns", "asyncio"),
    Contender("steadydns", "uvloop"),
    Contender("stock", "uvloop"),
)


class Client:
    """A process in the pod that lives through all rounds."""

    def __init__(self, pod: Pod, contender: Contender, server: str) -> None:
        how = contender.how.removesuffix(" TCP")
        command = [sys.executable, str(PROGRAM), how, contender.loop, server]
        self._process = pod.start(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, **asked: Any) -> dict[str, float]:
        """Have it do something; what it answers."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer: dict[str, float] = json.loads(self._process.stdout.readline())
        return answer

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def measure(rounds: int | None = None) -> Report:
    """Run all rounds."""
    report = Report(
        "asyncio",
        rounds or ROUNDS,
        (
            "name",
            "tasks",
            "contender",
            "lookups/s",
            "median ms",
            "CPU us",
            "x stock",
            "errors",
            "new threads",
        ),
        notes="A and AAAA of names that were never asked for, against NSD in a pod of the mini node",
    )
    batches = report.rounds * len(TASKS) * len(RESOLV_CONF)
    fresh = names.Names(2 * PROBES + batches * (SIZE + WARM))
    with ExitStack() as stack:
        node = stack.enter_context(Node(query_log=False, dual_stack=True))
        server = stack.enter_context(Nsd(node.add_pod("nsd"), zones={names.ORIGIN: fresh.zone}))
        for tcp in (True, False):
            ceiling = server.ceiling(node.pod, fresh.take(PROBES), tcp=tcp)
            report.add(
                f"NSD's ceiling over {'TCP' if tcp else 'UDP'}, as dnsperf asks", ceiling, " lookups/s"
            )
        for kind, resolv_conf in RESOLV_CONF.items():
            node.pod.write("resolv.conf", resolv_conf.format(address=server.address))
            with ExitStack() as clients:
                running = {contender: Client(node.pod, contender, server.address) for contender in CONTENDERS}
                for client in running.values():
                    clients.callback(client.close)
                for tasks in TASKS:
                    conclude(report, kind, tasks, run_rounds(running, kind, tasks, fresh, report.rounds))
                if kind == "ndots:5":
                    hits(report, running)
    return report


def run_rounds(
    clients: dict[Contender, Client], kind: str, tasks: int, fresh: names.Names, rounds: int
) -> dict[Contender, list[dict[str, float]]]:
    """What each contender took, round by round, each round in another order and with names of its own."""
    taken: dict[Contender, list[dict[str, float]]] = {contender: [] for contender in clients}
    dot = "." if kind == "absolute name" else ""
    order = {str(contender): contender for contender in clients}
    for number in range(rounds):
        batch = fresh.take(SIZE + WARM, dot)
        for text in rotated(list(order), number):
            taken[order[text]].append(clients[order[text]].ask(names=batch, warm=WARM, tasks=tasks))
        print(".", end="", file=sys.stderr, flush=True)
    return taken


def conclude(report: Report, kind: str, tasks: int, taken: dict[Contender, list[dict[str, float]]]) -> None:
    """Write the rows and figures of one kind of name and one number of tasks."""
    seconds = {contender: [one["seconds"] for one in batches] for contender, batches in taken.items()}
    for contender, batches in taken.items():
        stock = seconds[Contender("stock", contender.loop)]
        report.rows.append(
            (
                kind,
                str(tasks),
                str(contender),
                SIZE / statistics.median(seconds[contender]),
                statistics.median(one["median"] for one in batches) * 1000,
                statistics.median(one["cpu"] for one in batches) / SIZE * 1e6,
                median_ratio(stock, seconds[contender]),
                sum(one["errors"] for one in batches),
                max(one["threads"] for one in batches),
            )
        )
    where = f"{kind}, {tasks} tasks"
    ratio = median_ratio(seconds[OURS], seconds[STOCK])
    report.add(f"{where}: time of steadydns / stock", ratio, "", 1 / TASKS[tasks])
    if kind == "absolute name":
        floor = median_ratio(seconds[BARE], seconds[STOCK])
        report.add(f"{where}: time of bare TCP / stock (the floor)", floor)
    report.add(f"{where}: errors of steadydns", sum(one["errors"] for one in taken[OURS]), "", 0)
    report.add(f"{where}: new threads of steadydns", max(one["threads"] for one in taken[OURS]), "", 0)


def hits(report: Report, clients: dict[Contender, Client]) -> None:
    """Write the figures of calls whose answer is cached."""
    for contender in (OURS, Contender("steadydns", "uvloop")):
        means = [
            clients[contender].ask(hits=HITS, names=["www.example.com"])["mean"] * 1e6
            for _ in range(report.rounds)
        ]
        report.add(
            f"a hit through {contender.loop}'s loop.getaddrinfo",
            statistics.median(means),
            " us",
            HIT_BOUND_US,
        )
