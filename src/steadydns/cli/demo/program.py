"""A child process that is told what to do by lines, and says what it did by lines of JSON."""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
from time import monotonic
from typing import Any, Final

OURS: Final = ("RES_OPTIONS", "LOCALDOMAIN", "HOSTALIASES")
"""What would change the lookups beside resolv.conf (resolv.conf(5), hostname(7)); and every setting of steadydns."""

ENDING: Final = 0.5
"""Seconds a program may take to end when its input has ended."""


class Ended(Exception):  # noqa: N818 - what happened to it, as the standard library's EOFError
    """The program is gone, though there was something to do for it."""


class Program:
    """One module of this package, running."""

    def __init__(self, module: str, *arguments: object) -> None:
        environment = {
            name: value
            for name, value in os.environ.items()
            if name not in OURS and not name.startswith("STEADYDNS_")
        }
        self._module = module
        self._buffer = b""
        self._process = subprocess.Popen(  # noqa: S603 - our own interpreter and module
            [sys.executable, "-m", f"{__package__}.{module}", str(os.getpid()), *map(str, arguments)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment,
            # Ctrl-C is for the process that the user sees; it ends the others.
            start_new_session=True,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._input, self._output = self._process.stdin, self._process.stdout

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def tell(self, line: str) -> None:
        """Send a line."""
        try:
            self._input.write(line.encode() + b"\n")
            self._input.flush()
        except BrokenPipeError:
            raise Ended(f"the program {self._module} has ended") from None

    def hear(self, seconds: float = 30.0) -> dict[str, Any] | None:
        """Return the next message; None when there was none in that time.

        Raises:
            Ended: The program is gone.
        """
        until = monotonic() + seconds
        while b"\n" not in self._buffer:
            if not select.select([self._output], [], [], max(until - monotonic(), 0.0))[0]:
                return None
            data = os.read(self._output.fileno(), 65536)
            if not data:
                raise Ended(f"the program {self._module} has ended")
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\n")
        message: dict[str, Any] = json.loads(line)
        return message

    def close(self) -> None:
        """End the program, and wait until it is gone."""
        self._input.close()
        try:
            self._process.wait(ENDING)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._output.close()
