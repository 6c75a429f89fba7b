"""The table of the README: what a fault costs stock, and what it costs steadydns.

May import the lab; never imports steadydns: that happens in the pod.
"""

from __future__ import annotations

import re
import sys
from contextlib import nullcontext
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks.report import Report
from tests.lab import faults
from tests.lab.client import Client, failed, percentile, slowest
from tests.lab.node import Node

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

ROUNDS = 1
TURNS = 12
MANY_THREADS = 8


class Fault(NamedTuple):
    """A fault, and what is promised under it."""

    name: str
    apply: Callable[[Node], AbstractContextManager[Any]]
    many: int  # lookups of steadydns on 8 threads, for the promise
    percent: int  # which share of them has to be done ...
    bound: float  # ... within this time, in seconds


FAULTS = (
    Fault("none", lambda node: nullcontext(), 200, 100, 0.5),
    Fault("race", faults.race, 200, 100, 0.5),
    Fault("dead backend", faults.dead_backend, 200, 100, 1.5),
    Fault("30 % loss", lambda node: faults.loss(node, 30), 300, 99, 2.0),
    Fault("TCP/53 blocked", faults.tcp_blocked, 200, 100, 0.5),
)
FEW = 40  # lookups of each, all at once: stock needs 10 s for one
MODULES = {"stock": None, "steadydns": "steadydns.auto"}


class Outcome(NamedTuple):
    """What a number of lookups came to."""

    slowest: float  # seconds
    errors: int
    queries: float  # of a lookup, on the wire, every transmission counted


def measure(rounds: int | None = None) -> Report:
    """Run all rounds."""
    report = Report(
        "faults",
        rounds or ROUNDS,
        ("fault", "contender", "lookups", "slowest s", "errors", "queries per lookup"),
        notes=f"{FEW} lookups at once of absolute external names",
    )
    with Node(query_log=False) as node:
        for fault in FAULTS:
            compare(report, node, fault)
        blocked(report, node)
    return report


def blocked(report: Report, node: Node) -> None:
    """Where TCP/53 is blocked, what was learnt from the first lookup makes later ones as fast as plain UDP."""
    ours: list[float] = []
    plain: list[float] = []
    with (
        faults.tcp_blocked(node),
        Client(node.pod, MODULES["steadydns"]) as client,
        Client(node.pod, MODULES["steadydns"], {"STEADYDNS_TRANSPORT": "udp"}) as udp,
    ):
        (first,) = client.look_up("www.example.com")
        udp.look_up("www.example.com")
        for turn in range(TURNS):  # in turns, so that both see the machine in the same state
            ours += [one.seconds for one in client.look_up(f"blocked{turn}-{{10..49}}.many.example.com")]
            plain += [one.seconds for one in udp.look_up(f"blocked{turn}-{{50..89}}.many.example.com")]
    report.add("TCP/53 blocked, the first lookup", first.seconds, " s", 0.2)
    report.add("TCP/53 blocked, later lookups / transport=udp", median(ours) / median(plain), "", 1.1)


def compare(report: Report, node: Node, fault: Fault) -> None:
    """Both contenders under one fault, in alternating order, and then what is promised."""
    outcomes: dict[str, list[Outcome]] = {contender: [] for contender in MODULES}
    label = re.sub("[^0-9a-z]", "", fault.name.lower())
    with fault.apply(node):
        for number in range(report.rounds):
            for contender in sorted(MODULES, reverse=bool(number % 2)):
                names = f"{label}-{number}-{contender}-{{1..{FEW}}}.many.example.com."
                outcomes[contender].append(few(node, MODULES[contender], names))
                print(".", end="", file=sys.stderr, flush=True)
        with Client(node.pod, MODULES["steadydns"]) as ours:
            lookups = ours.look_up(f"{label}{{1..{fault.many}}}.many.example.com", threads=MANY_THREADS)
    for contender, found in outcomes.items():
        report.rows.append(
            (
                fault.name,
                contender,
                FEW * len(found),
                max(one.slowest for one in found),
                sum(one.errors for one in found),
                sum(one.queries for one in found) / len(found),
            )
        )
    share = "slowest" if fault.percent == 100 else f"{fault.percent} %"
    what = f"{fault.name}, {fault.many} lookups under ndots:5 on {MANY_THREADS} threads"
    report.add(f"{what}, {share}", percentile(lookups, fault.percent), " s", fault.bound)
    report.add(f"{what}, errors", len(failed(lookups)), "", 0)


def few(node: Node, module: str | None, names: str) -> Outcome:
    """The lookups of one contender in one round."""
    with Client(node.pod, module) as client, node.capture() as capture:
        lookups = client.look_up(names, threads=FEW)
    return Outcome(slowest(lookups), len(failed(lookups)), len(capture.queries) / len(lookups))
