"""The two acts of the demonstration, and how they are told.

1. Under the race: what a thread waits for. 2. Without it: what the search list costs.
"""

from __future__ import annotations

import json
import platform
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from steadydns.cli.demo.node import ALONE, SERVICE
from steadydns.cli.demo.screen import TICK
from steadydns.cli.demo.server import DELAY
from steadydns.cli.demo.table import milliseconds, seconds, table
from steadydns.cli.demo.zone import CLUSTER, EXTERNAL, NDOTS, SEARCH
from steadydns.system.pod import libc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steadydns.cli.demo.node import Node
    from steadydns.cli.demo.program import Program
    from steadydns.cli.demo.screen import Screen

TITLES: Final = {"stock": "stock getaddrinfo", "steadydns": "steadydns", "loopback": "steadydns"}


class Job(NamedTuple):
    """Names to be looked up."""

    title: str
    names: tuple[str, ...]
    threads: int = 1


class Result(NamedTuple):
    """What came of a job."""

    took: float
    """Seconds."""
    lookups: list[dict[str, Any]]
    queries: dict[str, int]

    @property
    def slowest(self) -> float:
        """Seconds of the lookup that took longest."""
        return max(float(lookup["took"]) for lookup in self.lookups)

    @property
    def errors(self) -> int:
        """Lookups that failed."""
        return sum(1 for lookup in self.lookups if lookup["error"])

    @property
    def answers(self) -> dict[str, list[str]]:
        """The addresses of each name, in the order they were given."""
        return {lookup["name"]: lookup["addresses"] for lookup in self.lookups}


UNDER_RACE: Final = Job("8 external names at once", EXTERNAL, threads=len(EXTERNAL))

JOBS: Final = (
    Job(f"{len(EXTERNAL)} external names", EXTERNAL),
    Job("the same again", EXTERNAL),
    Job(f"{len(CLUSTER)} names of the cluster", CLUSTER),
)


class Story:
    """The demonstration in a node, told on a screen."""

    def __init__(self, node: Node, screen: Screen) -> None:
        self._node = node
        self._screen = screen
        self._results: dict[str, list[Result]] = {subject: [] for subject in node.subjects}

    def tell(self, left_out: Sequence[str]) -> int:
        """Run it all; return the exit status: 1 if a lookup failed or answers differ, which must not be."""
        began = monotonic()
        self._introduce(left_out)
        self._node.take_queries()
        self._race()
        self._search_list()
        return self._conclude(monotonic() - began)

    def _introduce(self, left_out: Sequence[str]) -> None:
        node, line = self._node, self._screen.line
        version = f"Python {platform.python_version()}, {libc()}"
        if node.mode == ALONE:
            line(f"steadydns and a name server on loopback ({version})")
        elif node.has_pod_network:
            line(f"A pod in a network of its own, a name server at {SERVICE} ({version})")
        else:
            line(f"A pod and a name server at {SERVICE} in a network of their own ({version})")
        for index, text in enumerate(left_out):
            line(f"   {'' if index else 'left out':<14}{text}")
        line(f"   resolv.conf   search {' '.join(SEARCH)}")
        line(f"                 options ndots:{NDOTS}, as in every pod of Kubernetes")
        line(f"   name server   answers after {milliseconds(DELAY)}, by UDP and by TCP")
        line("   the race      of two queries that leave one UDP port at once, the second is")
        line(f"                 lost, as in conntrack; {node.race_maker} does it here")
        line()

    def _race(self) -> None:
        line = self._screen.line
        line(f"1. With the race: {UNDER_RACE.threads} threads look up one external name each")
        line()
        with self._node.race():
            for subject in self._node.subjects:
                with self._node.lookups(subject) as program:
                    self._perform(subject, program, UNDER_RACE)
        found = [self._results[subject][0] for subject in self._node.subjects]
        rows = [
            ("", *(TITLES[subject] for subject in self._node.subjects)),
            ("slowest lookup", *(seconds(result.slowest) for result in found)),
            ("errors", *(str(result.errors) for result in found)),
            ("queries on the wire", *(_by_transport(result) for result in found)),
        ]
        self._show(rows)
        line("   libc sends A and AAAA from one port, and waits 5 s for what was lost; steadydns")
        line("   asks both on one TCP connection, and never two at once on one UDP port.")
        line()

    def _search_list(self) -> None:
        line = self._screen.line
        line("2. Without the race: one name after the other, through the search list")
        line()
        for subject in self._node.subjects:
            with self._node.lookups(subject) as program:
                for job in JOBS:
                    self._perform(subject, program, job)
        rows = [("", *(TITLES[subject] for subject in self._node.subjects))]
        for index, job in enumerate(JOBS, 1):
            found = (self._results[subject][index] for subject in self._node.subjects)
            rows.append((job.title, *(_cost(result) for result in found)))
        self._show(rows)
        line("   libc tries every search domain before the name itself; steadydns has it proven")
        line("   once that nothing there ends in .com. And it remembers answers for their TTL.")
        line()

    def _show(self, rows: Sequence[Sequence[str]]) -> None:
        self._screen.end()
        for text in table(rows):
            self._screen.line(text)
        self._screen.line()

    def _perform(self, subject: str, program: Program, job: Job) -> None:
        """Have a job done, saying how far it is."""
        self._screen.begin()
        began = monotonic()
        program.tell(json.dumps({"names": job.names, "threads": job.threads}))
        lookups: list[dict[str, Any]] = []
        while True:
            message = program.hear(TICK)
            if message is None or "name" in message:
                lookups += [message] if message else []
                waited = monotonic() - began
                done = f"{len(lookups)} of {len(job.names)} answered"
                self._screen.progress(f"   {TITLES[subject]}: {done}, {waited:.1f} s")
            else:
                break
        result = Result(message["seconds"], lookups, self._node.take_queries())
        self._results[subject].append(result)

    def _conclude(self, took: float) -> int:
        line = self._screen.line
        errors = sum(result.errors for results in self._results.values() for result in results)
        lost = given_up(*([result.answers for result in results] for results in self._results.values()))
        if len(self._results) > 1:
            line(
                "THE ANSWERS DIFFER."
                if lost is None
                else f"Both gave the same addresses in the same order, but for {lost} that libc gave up under the race."
                if lost
                else "Both gave the same addresses in the same order."
            )
        line(f"That took {took:.0f} s, and nothing of it is left on this machine.")
        line("In a service it is one line: import steadydns.auto")
        return 1 if errors or lost is None else 0


def given_up(
    stock: Sequence[dict[str, list[str]]], ours: Sequence[dict[str, list[str]]] | None = None
) -> int | None:
    """Return how many addresses stock's first answers lack: libc gives what it has of a name whose other half got lost.

    None: the answers differ in another way.
    """
    if ours is None or stock == ours:
        return 0
    (under_race, *rest), (whole, *others) = stock, ours
    if rest != others or under_race.keys() != whole.keys():
        return None
    for name, addresses in under_race.items():
        if not addresses or [one for one in whole[name] if one in addresses] != addresses:
            return None
    return sum(map(len, whole.values())) - sum(map(len, under_race.values()))


def _by_transport(result: Result) -> str:
    """The number of queries over each transport that was used."""
    return ", ".join(
        f"{number} {transport.upper()}" for transport, number in result.queries.items() if number
    )


def _cost(result: Result) -> str:
    return f"{sum(result.queries.values())} queries, {milliseconds(result.took):>8}"
