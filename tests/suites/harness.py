"""Run a library's tests without steadydns and with it, and compare test by test.

Each side has a network namespace of its own with a pod's resolv.conf and a name server, so that nothing leaves the
machine. steadydns is imported by a `sitecustomize` module, as an operator would activate it.
"""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tests.lab import namespaces
from tests.lab.topology import PREFIX
from tests.suites import environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.suites.libraries import Suite

FOLDER: Final = Path(__file__).parent
SOURCE: Final = FOLDER.parents[1] / "src"

WITHOUT, WITH = "without", "with"
ADDRESS: Final = "10.96.0.10"
RESOLV_CONF: Final = f"""\
nameserver {ADDRESS}
search default.svc.cluster.local svc.cluster.local cluster.local
options ndots:5
"""
WORLDS: Final = {
    "hosts": "127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n",
    "dns": "# localhost is the name server's\n",
}
"""Who knows localhost, and so nearly all that is looked up: the hosts file, as in a pod, or the name server.

By the hosts file it is libc that answers, behind our hooks; by the name server it is we.
"""

LIMIT: Final = 1800.0  # seconds for one side, far more than it takes
REPEATS: Final = 3  # how often both sides run the file of a test again that came out differently

MISSING: Final = "missing"
PASSED: Final = ("passed", "xfailed", "xpassed")  # a strict xpass is a failure in pytest's own words
SKIPPED: Final = ("skipped",)
FAILED: Final = ("failed", "error")


@dataclass(frozen=True)
class Outcome:
    """What became of one test, and why."""

    word: str
    detail: str = ""


@dataclass(frozen=True)
class Run:
    """What one process showed: `shim` is what it said of steadydns at its end, `trouble` why it proves nothing."""

    outcomes: dict[str, Outcome]
    left_out: tuple[str, ...] = ()
    shim: dict[str, Any] = field(default_factory=dict)
    trouble: str = ""

    def count(self, words: tuple[str, ...]) -> int:
        """Return how many tests ended with one of these words."""
        return sum(outcome.word in words for outcome in self.outcomes.values())

    def __str__(self) -> str:
        """Passed, failed and skipped."""
        passed, skipped = self.count(PASSED), self.count(SKIPPED)
        return f"{passed} / {len(self.outcomes) - passed - skipped} / {skipped}"


@dataclass(frozen=True)
class Comparison:
    """Both sides of a suite in one world, and what differed: for good, or in a way that is no difference."""

    suite: str
    world: str
    without: Run
    ours: Run
    differences: tuple[str, ...]
    unsteady: tuple[str, ...]

    @property
    def failing(self) -> tuple[str, ...]:
        """The tests that fail on both sides, each with the last line of why: they show less than those that pass."""
        return tuple(
            f"{name}: {' '.join(outcome.detail.splitlines()[-1:])}"
            for name, outcome in sorted(self.without.outcomes.items())
            if outcome.word in FAILED and word(name, self.ours) == outcome.word
        )


@contextlib.contextmanager
def namespace(side: str, world: str) -> Iterator[str]:
    """Make a namespace with the files of a pod and a name server, and remove it after use."""
    name = f"{PREFIX}-{os.getpid()}-suites-{side}"
    namespaces.create(name)
    try:
        # An address that is not loopback, without which AI_ADDRCONFIG finds that there is no network; one of the link,
        # to which a test of anyio binds; and a way to addresses that never answer, for urllib3's tests of timeouts.
        namespaces.ip_batch(
            name,
            [
                f"address add {ADDRESS}/32 dev lo",
                "address add fd00::10/128 dev lo nodad",
                "address add fe80::10/64 dev lo scope link nodad",
                "route add 240.0.0.0/8 dev lo",
            ],
        )
        etc = namespaces.ETC_NETNS / name
        (etc / "resolv.conf").write_text(RESOLV_CONF)
        (etc / "nsswitch.conf").write_text("hosts: files dns\n")
        (etc / "hosts").write_text(WORLDS[world])
        with subprocess.Popen(
            [*inside(name), sys.executable, str(FOLDER / "names.py"), ADDRESS],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as server:
            assert server.stdout is not None
            if server.stdout.readline() != "ready\n":
                raise RuntimeError("the name server did not start")
            try:
                yield name
            finally:
                server.communicate(timeout=10)
    finally:
        namespaces.remove(name)


def inside(name: str) -> list[str]:
    """Return the command that starts another in the namespace."""
    return ["ip", "netns", "exec", name]


def execute(suite: Suite, world: str, side: str, files: tuple[str, ...] = ()) -> Run:
    """Run a suite, or some files of it, on one side."""
    python, packed = environment.python(suite), environment.archive(suite)
    with tempfile.TemporaryDirectory(prefix="suites-") as name, namespace(side, world) as network:
        folder = Path(name)
        (folder / "work").mkdir()
        environment.unpack(packed, suite.sources, folder / "work")
        return record(
            [*inside(network), str(python)], suite, side, folder, files=files or suite.tests, limit=LIMIT
        )


def record(
    command: list[str], suite: Suite, side: str, folder: Path, *, files: tuple[str, ...], limit: float
) -> Run:
    """Run pytest by this command in the `work` of the folder, and read back what it recorded."""
    path = [str(FOLDER), str(SOURCE)]
    if side == WITH:
        (folder / "site").mkdir()
        (folder / "site" / "sitecustomize.py").write_text("import steadydns.auto\n", encoding="utf-8")
        path.insert(0, str(folder / "site"))
    out = folder / "events.jsonl"
    with (folder / "said").open("w+", encoding="utf-8", errors="replace") as said:
        process = subprocess.Popen(
            [
                *command,
                *("-m", "pytest", "-p", "recorder", "-p", "no:cacheprovider", "--record-to", str(out)),
                *(f"--leave-out={part}" for part in suite.excluded),
                *suite.arguments,
                *files,
            ],
            cwd=folder / "work",
            env={**surroundings(), **suite.environ, "PYTHONPATH": os.pathsep.join(path)},
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=subprocess.STDOUT,
        )
        try:
            status: int | None = process.wait(limit)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            status = None
        said.seek(0)
        tail = said.read()[-3000:]
    lines = out.read_text(encoding="utf-8").splitlines() if out.exists() else []
    return read_events([json.loads(line) for line in lines], suite, side, status, tail)


def surroundings() -> dict[str, str]:
    """Return the caller's environment without what changes an interpreter's behaviour, a library's or ours."""
    kept = {
        key: value
        for key, value in os.environ.items()
        if not key.startswith(("PYTHON", "STEADYDNS_", "PYTEST_", "OTEL_", "AIOHTTP_", "GEVENT_"))
        and not key.lower().endswith("_proxy")
        and key not in ("RES_OPTIONS", "LOCALDOMAIN", "CI")
    }
    return {**kept, "PYTHONDONTWRITEBYTECODE": "1"}


def read_events(events: list[dict[str, Any]], suite: Suite, side: str, status: int | None, said: str) -> Run:
    """Make a Run of the recorder's lines; it is no evidence if the process did not end, or had the wrong resolver."""
    outcomes: dict[str, Outcome] = {}
    for event in events:
        if "id" in event:
            outcomes[event["id"]] = Outcome(event["outcome"], event["detail"])
    left_out = tuple(event["left_out"] for event in events if "left_out" in event)
    begin = next((event["begin"] for event in events if "begin" in event), None)
    end = next((event["end"] for event in events if "end" in event), None)
    if begin is None:
        trouble = f"did not start (status {status}): {said}"
    elif end is None:
        last = next((event["start"] for event in reversed(events) if "start" in event), "none")
        trouble = f"did not end (status {status}), last test started: {last}: {said}"
    elif not outcomes:
        trouble = f"no test ran: {said}"
    else:
        trouble = wrong_resolver(suite, side, begin, end)
    return Run(outcomes, left_out, end or {}, trouble)


def wrong_resolver(suite: Suite, side: str, begin: dict[str, Any], end: dict[str, Any]) -> str:
    """Say what is wrong with a side whose lookups did not go where they had to; empty if nothing is."""
    if side == WITHOUT:
        there = any(state["patched"] or state["installed"] for state in (begin, end))
        return "steadydns was there, and had to be away" if there else ""
    for when, state in (("begin", begin), ("end", end)):
        if not (state["patched"] and state["installed"]):
            return f"steadydns was not active at the {when}, so nothing was compared"
    lacking = sorted({"stdlib", "hostby", "sockets", *suite.hooks} - set(end["hooks"]))
    if lacking:
        return f"hooks that were not in place at the end: {', '.join(lacking)}"
    if not end["lookups"] + sum(end["fallbacks"].values()):
        return "steadydns saw no lookup"
    return ""


def compare(suite: Suite, world: str, run: Callable[[Suite, str, str, tuple[str, ...]], Run]) -> Comparison:
    """Run both sides; the files of tests that came out differently are run again on both, to find out why."""
    first, second = both(suite, world, (), run)
    differing = differing_tests(first, second)
    again: list[tuple[Run, Run]] = []
    if differing and not first.trouble and not second.trouble:
        files = tuple(sorted({file_of(name, suite) for name in differing}))
        again = [both(suite, world, files, run) for _ in range(REPEATS)]
    verdicts = {name: judge(name, [(first, second), *again]) for name in differing}
    differences = [text for text, lasts in verdicts.values() if lasts]
    differences += [
        f"{side}: {found.trouble}" for side, found in ((WITHOUT, first), (WITH, second)) if found.trouble
    ]
    return Comparison(
        suite.name,
        world,
        first,
        second,
        tuple(differences),
        tuple(text for text, lasts in verdicts.values() if not lasts),
    )


def both(
    suite: Suite, world: str, files: tuple[str, ...], run: Callable[[Suite, str, str, tuple[str, ...]], Run]
) -> tuple[Run, Run]:
    """Run both sides at the same time, so that a busy machine is busy for both."""
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda side: run(suite, world, side, files), (WITHOUT, WITH))
    return first, second


def differing_tests(first: Run, second: Run) -> list[str]:
    """Return the tests that did not end the same way on both sides, or that only one side has."""
    names = sorted(first.outcomes.keys() | second.outcomes.keys())
    return [name for name in names if word(name, first) != word(name, second)]


def word(name: str, run: Run) -> str:
    """Return how a test ended."""
    return run.outcomes[name].word if name in run.outcomes else MISSING


def file_of(name: str, suite: Suite) -> str:
    """Return what pytest is given to run the file of a test."""
    path = name.partition("::")[0]
    return path.removesuffix(".py").replace("/", ".") if "--pyargs" in suite.arguments else path


def judge(name: str, pairs: list[tuple[Run, Run]]) -> tuple[str, bool]:
    """Say how a test ended in every repetition, and whether that is a difference.

    It is none when no repetition showed it again, nor when the test is unsteady without steadydns as well: when it
    ended there, at one time or another, in every way that it ended with us, and with us as it mostly ends there.
    """
    stock = [word(name, first) for first, _ in pairs]
    ours = [word(name, second) for _, second in pairs]
    text = f"{name}: {', '.join(stock)} without; {', '.join(ours)} with"
    not_again = len(pairs) > 1 and ours[1:] == stock[1:]
    usual = max(stock, key=stock.count)
    if not_again or (set(ours) <= set(stock) and usual in ours):
        return text, False
    details = [
        second.outcomes[name].detail for _, second in pairs if word(name, second) not in {usual, MISSING}
    ]
    return "\n".join([text, *"".join(details[:1]).splitlines()[-12:]]), True
