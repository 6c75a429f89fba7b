"""Compare two versions of steadydns: ``python -m benchmarks compare A [B] [MEASURE ...]``.

A and B are folders of checkouts or git commits; B is this checkout if it is not given. Only the sources of steadydns
differ: benchmarks, servers and interpreter are the same. Ends with 1 when B takes more than is allowed, and with 2 when this
machine cannot run it.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any, NamedTuple

from benchmarks import checkouts, names
from benchmarks.comparison import BASE, CHANGED, COLUMNS, LEGS, TWIN, Row, lower_quartile
from benchmarks.report import machine, rotated, table
from benchmarks.single_pod import single_pod
from tests.lab import nsd, requirements

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from benchmarks.checkouts import Sources
    from benchmarks.names import Names
    from tests.lab.pod import Pod

PROGRAM = Path(__file__).parent / "programs" / "slices.py"
ROUNDS = 10
MEMORY_NAMES = 1000
IMPORT_SLICES = 6
IMPORT = "import steadydns.auto"


class Sliced(NamedTuple):
    """A measure that is taken in slices by a process of each version."""

    title: str
    how: str  # slices.py knows it by this name
    slices: int
    size: int  # names of a slice; for hits, calls
    warm: int = 0  # names that are looked up before
    tasks: int = 0
    dot: str = "."
    unit: str = "us"

    @property
    def names(self) -> int:
        """How many names a round takes."""
        return self.warm + (1 if self.how == "hit" else self.slices * self.size)


SLICED = {
    "hit": (Sliced("hit", "hit", 20, 20_000, unit="ns"),),
    "second": (Sliced("second call", "second", 10, 100, 20),),
    "cold": (
        Sliced("cold, absolute name", "cold", 15, 20, 10),
        Sliced("cold, ndots:5", "cold", 15, 20, 10, dot=""),
    ),
    "asyncio": (
        Sliced("asyncio, 64 tasks", "asyncio", 10, 640, 64, 64),
        Sliced("asyncio, 1,000 tasks", "asyncio", 3, 2000, 64, 1000),
    ),
}
PER_SECOND = {"us": 1e6, "ns": 1e9, "ms": 1e3}
MEASURES = (*SLICED, "import", "rss")


class Client:
    """A process in the pod that measures with the sources of one version."""

    def __init__(self, pod: Pod, how: str, sources: Sources, seed: int) -> None:
        pipe = subprocess.PIPE
        # The same order of hashes for all versions of a round, another one in each round.
        env = sources.environment(PYTHONHASHSEED=str(seed))
        self._process = pod.start(
            [sys.executable, str(PROGRAM), how], env, stdin=pipe, stdout=pipe, text=True
        )
        started = self._read()
        if not started["file"].startswith(str(sources.path)):
            raise RuntimeError(f"{started['file']} was imported, which is not in {sources.path}")
        self.after_import: float = started["after_import"]

    def ask(self, **asked: Any) -> dict[str, float]:
        """Have a slice measured."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        answer: dict[str, float] = self._read()
        return answer

    def _read(self) -> Any:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the measuring process has ended; what it printed says why")
        return json.loads(line)

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


@contextmanager
def clients(pod: Pod, how: str, versions: dict[str, Sources], number: int) -> Iterator[dict[str, Client]]:
    """Start one process for each version, in the order of this round."""
    with ExitStack() as stack:
        running = {}
        for leg in rotated(LEGS, number):
            running[leg] = Client(pod, how, versions[leg], number)
            stack.callback(running[leg].close)
        yield running


class Comparison:
    """The versions, where they are measured, and what has come out so far."""

    def __init__(self, pod: Pod, versions: dict[str, Sources], fresh: Names) -> None:
        self._pod = pod
        self._versions = versions
        self._fresh = fresh
        self.rows: dict[str, Row] = {}

    def add(self, row: Row, taken: dict[str, float]) -> None:
        """Add what one round has brought for this row."""
        kept = self.rows.setdefault(row.name, row)
        for leg, value in taken.items():
            kept.values[leg].append(value)

    def sliced(self, measure: Sliced, number: int) -> None:
        """Run one round of a measure in slices, in which the versions take turns."""
        taken: dict[str, list[dict[str, float]]] = {leg: [] for leg in LEGS}
        always = self._fresh.take(1) if measure.how == "hit" else []
        with clients(self._pod, measure.how, self._versions, number) as running:
            if measure.warm:
                warm = self._fresh.take(measure.warm, measure.dot)
                for client in running.values():
                    client.ask(names=warm, tasks=8)
            for turn in range(measure.slices):
                batch = always or self._fresh.take(measure.size, measure.dot)
                for leg in rotated(LEGS, number + turn):
                    asked = {"names": batch, "calls": measure.size, "tasks": measure.tasks}
                    taken[leg].append(running[leg].ask(**asked))
        for clock in ("wall", "cpu"):
            row = Row(f"{measure.title}, {clock}", measure.unit)
            seconds = {leg: lower_quartile([one[clock] for one in ones]) for leg, ones in taken.items()}
            self.add(row, {leg: value * PER_SECOND[measure.unit] for leg, value in seconds.items()})

    def imports(self, number: int) -> None:
        """Run one round of imports: what an interpreter takes longer than an empty one does."""
        taken: dict[str, list[tuple[float, float]]] = {leg: [] for leg in (*LEGS, "nothing")}
        for turn in range(IMPORT_SLICES):
            for leg in rotated(list(taken), number + turn):
                version = self._versions[BASE if leg == "nothing" else leg]
                code = "pass" if leg == "nothing" else IMPORT
                taken[leg].append(interpreter(code, version.environment(PYTHONHASHSEED=str(number))))
        for at, clock in enumerate(("wall", "cpu")):
            least = {leg: min(one[at] for one in ones) for leg, ones in taken.items()}
            row = Row(f"import, {clock}", "ms", tolerance=0.1)
            self.add(row, {leg: (least[leg] - least["nothing"]) * PER_SECOND["ms"] for leg in LEGS})

    def memory(self, number: int) -> None:
        """Run one round of memory: after the import, and after some lookups."""
        batch = self._fresh.take(MEMORY_NAMES, ".")
        with clients(self._pod, "memory", self._versions, number) as running:
            after_import = {leg: client.after_import for leg, client in running.items()}
            after_lookups = {leg: client.ask(names=batch)["resident"] for leg, client in running.items()}
        self.add(Row("RSS after import", "MB", 0.0, most_added=0.3), after_import)
        self.add(Row(f"RSS after {MEMORY_NAMES:,} lookups", "MB", 0.0, most_added=0.3), after_lookups)

    def round(self, measures: Sequence[str], number: int) -> None:
        """Run one round of everything that was asked for."""
        for name in measures:
            for measure in SLICED.get(name, ()):
                self.sliced(measure, number)
            if name == "import":
                self.imports(number)
            if name == "rss":
                self.memory(number)
            print(".", end="", file=sys.stderr, flush=True)


def interpreter(code: str, environment: dict[str, str]) -> tuple[float, float]:
    """Return the wall and the processor seconds that a Python takes from its start to its end."""
    start = perf_counter()
    process = subprocess.Popen([sys.executable, "-c", code], env=environment)
    _, status, usage = os.wait4(process.pid, 0)
    wall = perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"python -c {code!r} failed")
    return wall, usage.ru_utime + usage.ru_stime


def names_needed(measures: Sequence[str], rounds: int) -> int:
    """How many names the zone must have."""
    of_slices = sum(measure.names for name in measures for measure in SLICED.get(name, ()))
    return rounds * (of_slices + MEMORY_NAMES * ("rss" in measures))


def run(versions: dict[str, Sources], measures: Sequence[str], rounds: int) -> list[Row]:
    """Measure; the rows of the table."""
    fresh = names.Names(names_needed(measures, rounds))
    for sources in versions.values():
        interpreter(IMPORT, sources.environment())  # writes the .pyc files
    with single_pod({names.ORIGIN: fresh.zone}) as pod:
        comparison = Comparison(pod, versions, fresh)
        for number in range(rounds):
            comparison.round(measures, number)
    print(file=sys.stderr)
    return list(comparison.rows.values())


def text(rows: Sequence[Row], versions: dict[str, Sources], rounds: int) -> str:
    """What a person reads."""
    return "\n".join(
        [
            f"A: {versions[BASE].label}",
            f"B: {versions[CHANGED].label}",
            f"{rounds} rounds; medians, and median and quartiles of the ratios within a round",
            "",
            *table(COLUMNS, [row.cells for row in rows]),
        ]
    )


def as_json(rows: Sequence[Row], versions: dict[str, Sources], rounds: int) -> dict[str, Any]:
    """The same for a program, with the figures of every round."""
    return {
        "machine": machine(),
        "versions": {leg: versions[leg].label for leg in (BASE, CHANGED)},
        "rounds": rounds,
        "rows": [
            {
                "measure": row.name,
                "unit": row.unit,
                "ratio": row.ratio._asdict(),
                "noise": row.noise._asdict(),
                "allowed": row.allowed,
                "verdict": row.verdict,
                "values": row.values,
            }
            for row in rows
        ],
    }


def parsed(arguments: Sequence[str]) -> argparse.Namespace:
    """Read the command line; words that name a measure are measures, the others versions."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks compare", description=__doc__)
    parser.add_argument(
        "words", nargs="+", metavar="A [B] [MEASURE ...]", help=f"measures: {', '.join(MEASURES)}"
    )
    parser.add_argument("--rounds", type=int, default=ROUNDS, metavar="N", help=f"{ROUNDS} by default")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there, too")
    found = parser.parse_args(arguments)
    found.measures = [word for word in MEASURES if word in found.words] or list(MEASURES)
    found.versions = [word for word in found.words if word not in MEASURES]
    if not 1 <= len(found.versions) <= 2:
        parser.error(f"one or two versions are needed, not {len(found.versions)}: {' '.join(found.versions)}")
    return found


def lacking() -> list[requirements.Missing]:
    """What this machine lacks for a comparison."""
    return [*requirements.missing_for_namespaces(), *nsd.lacking(dnsperf=False)]


def main(arguments: Sequence[str]) -> int:
    """Compare what was asked for; the exit status."""
    asked = parsed(arguments)
    if missing := lacking():
        print(
            "Versions cannot be compared here:", *(f"  {one}" for one in missing), sep="\n", file=sys.stderr
        )
        return 2
    base, changed = [*asked.versions, str(checkouts.REPOSITORY)][:2]
    folder = Path(tempfile.mkdtemp(prefix="steadydns-compare-"))
    try:
        versions = {
            BASE: checkouts.copy(base, folder / "1"),
            CHANGED: checkouts.copy(changed, folder / "2"),
            TWIN: checkouts.copy(base, folder / "3"),
        }
        rows = run(versions, asked.measures, asked.rounds)
    except checkouts.Unknown as error:
        print(error, file=sys.stderr)
        return 2
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(text(rows, versions, asked.rounds))
    if asked.json:
        asked.json.write_text(json.dumps(as_json(rows, versions, asked.rounds), indent=1) + "\n")
    return 0 if all(row.passed for row in rows) else 1
