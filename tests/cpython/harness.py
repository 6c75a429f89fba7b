"""Run modules of CPython's test suite stock and with a shim, and compare test by test.

Each run is a process in a network namespace of its own with only loopback, so that nothing depends on where
it runs. The shim is imported by a ``sitecustomize`` module, as an operator would activate it.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path

RUNNER = Path(__file__).with_name("runner.py")
SOURCE = Path(__file__).parents[2] / "src"

MODULES = (
    "test.test_socket",
    "test.test_asyncio.test_events",
    "test.test_asyncio.test_base_events",
    "test.test_httplib",
    "test.test_smtplib",
    "test.test_urllib2_localnet",
    "test.test_xmlrpc",
)

# Tests that look no name up and cannot run everywhere: part of a test's name, and why.
EXCLUDED = {
    "ThreadedVSOCKSocketStreamTest": "waits for ever, stock too, in a virtual machine whose host has no vsock peer",
}

REPEATS = 2  # how often a test that came out differently is run again on both sides before it counts


@dataclass(frozen=True)
class Subject:
    """An interpreter, with a shim or stock (``shim`` empty), and the folders its imports may come from."""

    python: str
    shim: str = ""
    path: tuple[str, ...] = (str(SOURCE),)


@dataclass(frozen=True)
class Request:
    """What a run executes."""

    module: str
    match: str = ""
    only: tuple[str, ...] | None = None
    timeout: float = 300.0


@dataclass(frozen=True)
class Outcome:
    """What became of one test: pass, skip, fail, ..., and the skip's reason or the traceback."""

    outcome: str
    detail: str = ""


@dataclass(frozen=True)
class Run:
    """The outcomes of one process; ``trouble`` says why it did not end, or that the shim was not there."""

    outcomes: dict[str, Outcome]
    patched: bool
    trouble: str = ""


def obstacle() -> str:
    """Say what keeps this machine from running the suite in a network namespace; empty if nothing does."""
    if shutil.which("unshare") is None:
        return "the unshare command is missing: install util-linux"
    probe = subprocess.run([*namespace(), "true"], capture_output=True, text=True, check=False)
    return f"no network namespace ({probe.stderr.strip()}): run as root" if probe.returncode else ""


def namespace() -> list[str]:
    """Return the command that starts another in a network namespace; one of our own users if not root."""
    return ["unshare", "--net", *([] if os.geteuid() == 0 else ["--user", "--map-root-user"]), "--"]


def execute(subject: Subject, request: Request) -> Run:
    """Run one module and read back what became of each test."""
    with tempfile.TemporaryDirectory(prefix="cpython-suite-") as name:
        folder = Path(name)
        path = list(subject.path)
        if subject.shim:
            (folder / "site").mkdir()
            (folder / "site" / "sitecustomize.py").write_text(f"import {subject.shim}\n", encoding="utf-8")
            path.insert(0, str(folder / "site"))
        (folder / "work").mkdir()
        out = folder / "events.jsonl"
        order = {
            "module": request.module,
            "match": request.match,
            "only": request.only,
            "exclude": tuple(EXCLUDED),
            "timeout": request.timeout,
            "shim": subject.shim,
            "folder": str(folder / "work"),
            "out": str(out),
        }
        done = subprocess.run(
            [*namespace(), subject.python, str(RUNNER), json.dumps(order)],
            env=environment(path),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        events = out.read_text(encoding="utf-8").splitlines() if out.exists() else []
        return read_events([json.loads(line) for line in events], done.returncode, done.stderr)


def environment(path: list[str]) -> dict[str, str]:
    """Return the caller's environment without what would change an interpreter's behaviour or ours."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "STEADYDNS_", "PYTEST_"))}
    return {**kept, "PYTHONPATH": os.pathsep.join(path), "PYTHONDONTWRITEBYTECODE": "1"}


def read_events(events: list[dict[str, object]], status: int, stderr: str) -> Run:
    """Make a Run of the runner's lines."""
    outcomes = {str(e["id"]): Outcome(str(e["outcome"]), str(e["detail"])) for e in events if "id" in e}
    if not events:
        return Run(outcomes, patched=False, trouble=f"did not start (status {status}): {stderr[-2000:]}")
    trouble = "" if events[0]["loaded"] else f"the shim was not imported: {stderr[-2000:]}"
    if "end" not in events[-1]:
        last = next((e["start"] for e in reversed(events) if "start" in e), "none")
        trouble = f"did not end (status {status}), last test started: {last}: {stderr[-2000:]}"
    return Run(outcomes, patched=bool(events[0]["patched"]), trouble=trouble)


@dataclass(frozen=True)
class Comparison:
    """Both runs of one module, and every difference that lasted."""

    python: str
    module: str
    stock: Run
    shimmed: Run
    differences: tuple[str, ...]

    def __str__(self) -> str:
        """Count in one line, so that a run of nothing is seen to be one."""
        kinds = [outcome.outcome for outcome in self.stock.outcomes.values()]
        counts = ", ".join(f"{kinds.count(kind)} {kind}" for kind in sorted(set(kinds)))
        return f"{self.python} {self.module}: {len(kinds)} tests ({counts}), {len(self.differences)} differ"


def compare(stock: Subject, shimmed: Subject, request: Request, *, must_patch: bool) -> Comparison:
    """Run a module on both sides; a test that came out differently is run again before it counts."""
    with ThreadPoolExecutor(2) as pool:
        runs = pool.map(lambda subject: execute(subject, request), (stock, shimmed))
        first, second = runs
    differing = tuple(differing_tests(first, second))
    settled = differing
    for _ in range(REPEATS):
        if not settled or first.trouble or second.trouble:
            break
        again = replace(request, only=settled)
        settled = tuple(differing_tests(execute(stock, again), execute(shimmed, again)))
    lines = [difference(name, first, second) for name in differing if name in settled]
    lines += [f"{side}: {run.trouble}" for side, run in (("stock", first), ("shim", second)) if run.trouble]
    if must_patch and not second.patched:
        lines.append("shim: lookups still go to CPython's own getaddrinfo, so nothing was compared")
    if not first.outcomes:
        lines.append("stock: no test ran")
    return Comparison(shimmed.python, request.module, first, second, tuple(lines))


def differing_tests(first: Run, second: Run) -> list[str]:
    """Return the tests whose outcome is not the same on both sides, or that only one side has."""
    names = sorted(first.outcomes.keys() | second.outcomes.keys())
    missing = Outcome("missing")
    return [
        n for n in names if first.outcomes.get(n, missing).outcome != second.outcomes.get(n, missing).outcome
    ]


def difference(name: str, first: Run, second: Run) -> str:
    """Describe one difference with the last lines of what the shim's side said."""
    missing = Outcome("missing")
    before, after = first.outcomes.get(name, missing), second.outcomes.get(name, missing)
    detail = after.detail or before.detail
    return f"{name}: stock {before.outcome}, shim {after.outcome}\n" + "\n".join(detail.splitlines()[-6:])
