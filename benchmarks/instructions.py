"""Count instructions: ``python -m benchmarks instructions [REF]``, this checkout beside another version under callgrind.

REF is a git commit or the folder of a checkout; the parent commit if it is not given. A count hardly depends on what
else the machine does, so it shows differences that a clock cannot. Ends with 1 when something takes over 10 % more
instructions than in REF, and with 2 when this machine cannot run it.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks import checkouts, names
from benchmarks.report import machine, table
from benchmarks.single_pod import single_pod
from tests.lab import nsd, requirements

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.checkouts import Sources
    from tests.lab.pod import Pod

PROGRAM = Path(__file__).parent / "programs" / "counted.py"
NO_CODEC = 3  # the exit status of the program where the codec's functions are not those it knows
PARENT = "HEAD^"
BOUND = 1.1
WARM = 5  # names that the program looks up before
TIMEOUT_S = 300.0


class Case(NamedTuple):
    """Something that is counted, and how often it is done in the shorter of two runs."""

    title: str
    how: str  # counted.py knows it by this name
    times: int


CASES = (
    Case("hit", "hit", 2000),
    Case("second call", "second", 500),
    Case("first exchange", "first", 200),
    Case("codec, both queries and both responses", "codec", 500),
)


class Counted(NamedTuple):
    """Instructions of one call; None where the version cannot do it."""

    title: str
    base: float | None
    changed: float | None

    @property
    def ratio(self) -> float | None:
        """This checkout / REF."""
        return None if self.base is None or self.changed is None else self.changed / self.base

    @property
    def passed(self) -> bool:
        """Whether this checkout keeps within the bound."""
        return self.ratio is None or self.ratio <= BOUND

    @property
    def cells(self) -> tuple[str | None, ...]:
        """The row of the table."""
        counts = [None if value is None else f"{value:,.0f}" for value in (self.base, self.changed)]
        if self.ratio is None:
            return (self.title, *counts, None, "not compared")
        return (self.title, *counts, f"{self.ratio:.3f}", "PASS" if self.passed else "FAIL")


def total(text: str) -> int:
    """Return the instructions of the whole run, from a file that callgrind has written.

    Raises:
        ValueError: it holds no total, as where the run was broken off.
    """
    found = re.search(r"^(?:totals|summary): (\d+)$", text, re.MULTILINE)
    if found is None:
        raise ValueError("callgrind has written no total")
    return int(found[1])


def of_one(shorter: int, longer: int, times: int) -> float:
    """Return the instructions of one call, from the totals of a run with ``times`` calls and of one with twice as many.

    What both runs do alike, such as starting the interpreter, drops out.
    """
    return (longer - shorter) / times


def counted(pod: Pod, sources: Sources, case: Case, folder: Path) -> float | None:
    """Count one case of one version; None where its codec has another shape."""
    totals = []
    for times in (case.times, 2 * case.times):
        out = folder / "callgrind.out"
        valgrind = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}"]
        program = [sys.executable, str(PROGRAM), case.how, str(times), str(2 * case.times), names.ORIGIN]
        try:
            pod.run([*valgrind, *program], sources.environment(PYTHONHASHSEED="0"), TIMEOUT_S)
        except subprocess.CalledProcessError as error:
            if error.returncode == NO_CODEC and case.how == "codec":
                return None
            raise
        totals.append(total(out.read_text()))
        print(".", end="", file=sys.stderr, flush=True)
    return of_one(totals[0], totals[1], case.times)


def run(base: Sources, changed: Sources, folder: Path) -> list[Counted]:
    """Count everything; the rows of the table."""
    needed = names.Names(2 * max(case.times for case in CASES) + WARM)
    with single_pod({names.ORIGIN: needed.zone}) as pod:
        for sources in (base, changed):
            command = [sys.executable, str(PROGRAM), "second", "1", "1", names.ORIGIN]
            pod.run(command, sources.environment())  # writes the .pyc files
        rows = [
            Counted(case.title, *(counted(pod, sources, case, folder) for sources in (base, changed)))
            for case in CASES
        ]
    print(file=sys.stderr)
    return rows


def text(rows: Sequence[Counted], base: Sources, changed: Sources) -> str:
    """What a person reads."""
    columns = ("instructions of one", "REF", "here", "here / REF", f"at most {BOUND:g}")
    lines = table(columns, [row.cells for row in rows])
    return "\n".join([f"REF:  {base.label}", f"here: {changed.label}", "", *lines])


def lacking() -> list[requirements.Missing]:
    """What this machine lacks for counting."""
    found = [*requirements.missing_for_namespaces(), *nsd.lacking(dnsperf=False)]
    if shutil.which("valgrind") is None:
        remedy = "apt-get install --no-install-recommends valgrind"
        found.append(requirements.Missing("valgrind", "no such command", remedy))
    return found


def main(arguments: Sequence[str]) -> int:
    """Count what was asked for; the exit status."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks instructions", description=__doc__)
    parser.add_argument("ref", nargs="?", default=PARENT, metavar="REF", help=f"{PARENT} by default")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all counts there, too")
    asked = parser.parse_args(arguments)
    if missing := lacking():
        lines = ["Instructions cannot be counted here:", *(f"  {one}" for one in missing)]
        print("\n".join(lines), file=sys.stderr)
        return 2
    folder = Path(tempfile.mkdtemp(prefix="steadydns-instructions-"))
    try:
        base = checkouts.copy(asked.ref, folder / "1")
        changed = checkouts.copy(str(checkouts.REPOSITORY), folder / "2")
        rows = run(base, changed, folder)
    except checkouts.Unknown as error:
        print(error, file=sys.stderr)
        return 2
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    print(text(rows, base, changed))
    if asked.json:
        versions = {"REF": base.label, "here": changed.label}
        found = [{**row._asdict(), "ratio": row.ratio, "passed": row.passed} for row in rows]
        content = {"machine": machine(), "versions": versions, "rows": found}
        asked.json.write_text(json.dumps(content, indent=1) + "\n")
    return 0 if all(row.passed for row in rows) else 1
