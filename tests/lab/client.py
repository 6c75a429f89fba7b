"""A process in a pod that makes lookups when told to, stock or with steadydns, so that faults can come and go meanwhile.

May import the standard library, pod and programs/lookups; never imports steadydns: that happens in the pod.
"""

from __future__ import annotations

import json
import math
import os
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from .programs.lookups import expanded

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from .pod import Pod

PROGRAM = Path(__file__).parent / "programs" / "client.py"
STREAM = int(socket.SOCK_STREAM)


class Call(NamedTuple):
    """The arguments of socket.getaddrinfo."""

    host: str
    port: str | int | None = 80
    family: int = 0
    type: int = STREAM
    proto: int = 0
    flags: int = 0


class Lookup(NamedTuple):
    """What one call gave."""

    name: str
    started: float  # seconds of the client's own monotonic clock
    seconds: float
    errno: int | None  # 0: it worked; None: it raised something that is no OSError
    error: str  # the exception's type and arguments
    addresses: list[str]
    canonical: str  # the name in the first row
    rows: list[str]  # each as repr() has it, enums included

    @property
    def outcome(self) -> tuple[str, list[str]]:
        """All of it that a caller sees, but for the time."""
        return self.error, self.rows


class Client:
    """A process in the pod; as a context manager.

    ``module`` is imported there first: ``steadydns.auto`` to activate, None for the stock resolver. ``prefix`` is
    a command that runs the client, such as ``unshare --mount``; ``python`` the interpreter. ``loop`` is "asyncio" or
    "uvloop" where the lookups are to be made by that loop's getaddrinfo; what is said of threads then holds for tasks.
    """

    def __init__(
        self,
        pod: Pod,
        module: str | None = None,
        env: Mapping[str, str] | None = None,
        prefix: Sequence[str] = (),
        python: str | Path = sys.executable,
        loop: str = "",
    ) -> None:
        self.pod = pod
        self._loop = loop
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 -- closed when the context ends
        command = [*prefix, str(python), str(PROGRAM), *([module] if module else [])]
        pipe = subprocess.PIPE
        self._process = pod.start(command, env=env, stdin=pipe, stdout=pipe, stderr=self._errors, text=True)

    def __enter__(self) -> Client:  # noqa: PYI034 -- typing.Self needs Python 3.11
        return self

    def __exit__(self, *exc: object) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()
        self._errors.close()

    @property
    def errors(self) -> str:
        """What the process has written to its standard error so far."""
        return os.pread(self._errors.fileno(), 2**20, 0).decode(errors="replace")

    def look_up(self, *names: str, threads: int = 1, pause_s: float = 0.0) -> list[Lookup]:
        """Look names up for a TCP connection to port 80; ``x{0..199}.example.com`` stands for 200 of them."""
        self.begin(*names, threads=threads, pause_s=pause_s)
        return self.finish()

    def begin(self, *names: str, threads: int = 1, pause_s: float = 0.0, announce: int = 0) -> None:
        """As ``look_up``, which ``finish`` then completes; ``wait_announced`` returns when ``announce`` are done."""
        calls = [Call(name) for pattern in names for name in expanded(pattern)]
        self._send(calls=calls, threads=threads, pause_s=pause_s, announce=announce, loop=self._loop)

    def wait_announced(self) -> None:
        """Return when as many lookups are done as ``begin`` was told to announce."""
        assert "announced" in self._receive()

    def finish(self) -> list[Lookup]:
        """The results of what was begun, in the order of the names."""
        return [Lookup(**one) for one in self._receive()["lookups"]]

    def call(self, calls: Iterable[Call], threads: int = 1) -> list[Lookup]:
        """Make these calls."""
        self._send(calls=list(calls), threads=threads, loop=self._loop)
        return self.finish()

    def stats(self) -> dict[str, Any]:
        """What steadydns.stats() says in that process."""
        self._send(stats=True)
        return self._receive()

    def queries_to(self, server: str) -> int:
        """How many queries the process has sent to this server, according to its own statistics."""
        return sum(self.stats()["queries"].get(server, {}).values())

    def _send(self, **asked: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()

    def _receive(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the client has ended:\n{self.errors}")
        answer: dict[str, Any] = json.loads(line)
        return answer


def failed(lookups: Iterable[Lookup]) -> list[str]:
    """The errors among the results, with their names."""
    return [f"{lookup.name}: {lookup.error}" for lookup in lookups if lookup.error]


def slowest(lookups: Iterable[Lookup]) -> float:
    """The longest time, in seconds."""
    return max(lookup.seconds for lookup in lookups)


def percentile(lookups: Iterable[Lookup], percent: float) -> float:
    """The time within which this share of the lookups was done, in seconds (nearest rank)."""
    times = sorted(lookup.seconds for lookup in lookups)
    return times[math.ceil(len(times) * percent / 100) - 1]
