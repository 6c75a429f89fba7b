"""Start the demonstration as a user does, and look for what it leaves behind.

May import the standard library and pytest; never imports the demonstration.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
import uuid
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

REPOSITORY = Path(__file__).resolve().parents[2]
# In the environment of every process of a run, so that it can be found. Not of the settings that a run leaves out.
MARK = "MARK_OF_A_DEMO"
LIMIT = 40.0  # seconds that a demonstration may take
IMPOSSIBLE = 75

# In this order: no more user namespaces, then no network namespaces either, and that for good.
NO_NAMESPACES = (
    'echo 0 >/proc/sys/user/max_net_namespaces; echo 0 >/proc/sys/user/max_user_namespaces; exec "$@"'
)


class Run:
    """One demonstration, running."""

    def __init__(
        self, folder: Path, *options: str, before: Sequence[str] = (), stdout: int = subprocess.PIPE
    ) -> None:
        self.folder = folder
        self._mark = f"{MARK}={uuid.uuid4().hex}"
        self.process = subprocess.Popen(
            [*before, sys.executable, "-m", "steadydns.cli.demo", *options],
            cwd=REPOSITORY,
            env={
                **os.environ,
                "PYTHONPATH": str(REPOSITORY / "src"),
                "TMPDIR": str(folder),
                MARK: self._mark.partition("=")[2],
            },
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.PIPE,
            text=True,
        )

    def processes(self) -> list[str]:
        """The command lines of the run's processes that are there now; what a kernel has not yet reaped is not."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit():
                try:
                    if self._mark.encode() in (entry / "environ").read_bytes().split(b"\0"):
                        found.append((entry / "cmdline").read_bytes().replace(b"\0", b" ").decode())
                except OSError:
                    continue
        return found

    def wait_for(self, condition: Callable[[list[str]], bool], seconds: float = 10.0) -> bool:
        """Wait until the run's processes fulfil a condition; False if they did not in that time."""
        until = time.monotonic() + seconds
        while not condition(self.processes()):
            if time.monotonic() > until:
                return False
            time.sleep(0.02)
        return True

    def leftovers(self) -> list[str]:
        """What is still there of it: processes, which hold the namespaces, files, and mounts in our namespace."""
        self.wait_for(lambda found: not found, 2.0)
        mounts = Path("/proc/self/mountinfo").read_text().splitlines()
        return [
            *self.processes(),
            *map(str, self.folder.iterdir()),
            *(line for line in mounts if "steadydns-demo" in line or " /etc/resolv.conf " in line),
        ]


class Outcome:
    """One demonstration, after it has ended."""

    def __init__(self, run: Run) -> None:
        began = time.monotonic()
        self.stdout, self.stderr = run.process.communicate(timeout=LIMIT + 10)
        self.seconds = time.monotonic() - began
        self.status = run.process.returncode
        self.leftovers = run.leftovers()

    def cells(self, title: str) -> list[str]:
        """The cells of the table's row with this title."""
        row = next(line for line in self.stdout.splitlines() if line.strip().startswith(title))
        return [cell for cell in row.strip().removeprefix(title).split("   ") if cell.strip()]


def refuse(reason: str) -> NoReturn:
    """Fail in CI, skip elsewhere."""
    if os.environ.get("CI", "").lower() in ("true", "1"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)
