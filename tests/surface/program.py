"""Runs the call paths of one library, each in a child of the process that has imported library and steadydns.

usage: program.py, with {"order", "imports", "port", "control", "paths": [{"label", "code", "connects", "limit"}]} as
JSON on its standard input; prints one JSON object for each path. Imports the standard library, and what it is told to.
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import tempfile
import time
import traceback
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

# Taken before gevent or eventlet can replace it.
FORK, SLEEP, SOCKET, WAIT = os.fork, time.sleep, socket.socket, os.waitpid
SETTLED = 0.4
"""Seconds for which a program may go on after it has reached the listener: a second lookup would show by then."""


def install() -> None:
    """Import what a service imports."""
    import steadydns.auto  # noqa: F401 - importing it activates it


class Control:
    """The world's account of what it saw."""

    def __init__(self, port: int) -> None:
        self._port = port

    def seen(self, label: str) -> dict[str, Any]:
        with SOCKET() as sock:
            sock.connect(("127.0.0.1", self._port))
            sock.sendall(label.encode() + b"\n")
            data = b""
            while not data.endswith(b"\n"):
                data += sock.recv(4096)
        found: dict[str, Any] = json.loads(data)
        return found


def child(scope: dict[str, Any], path: dict[str, Any], port: int, output: int) -> None:
    """Run the program; never returns."""
    os.setpgid(0, 0)
    for number in (1, 2):
        os.dup2(output, number)
    try:
        exec(
            path["code"],
            {**scope, "NAME": f"{path['label']}.surface.test", "PORT": port, "run": asyncio.run},
        )
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(0)


def perform(scope: dict[str, Any], path: dict[str, Any], port: int, control: Control) -> dict[str, Any]:
    """Run one path in a child of its own, until it ends or has shown what it does."""
    with tempfile.TemporaryFile() as output:
        pid = FORK()
        if pid == 0:
            child(scope, path, port, output.fileno())
        deadline = time.monotonic() + path["limit"]
        settled = float("inf")
        while time.monotonic() < min(deadline, settled):
            ended, _ = WAIT(pid, os.WNOHANG)
            if ended:
                break
            if settled == float("inf") and path["connects"] and control.seen(path["label"])["reached"]:
                settled = time.monotonic() + SETTLED
            SLEEP(0.02)
        try:
            os.killpg(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        try:
            WAIT(pid, 0)
        except ChildProcessError:
            pass
        SLEEP(0.01)
        output.seek(0)
        said = output.read().decode(errors="replace")
    return {"label": path["label"], "said": said[-3000:], **control.seen(path["label"])}


def main() -> None:
    """Import in the order that was asked for, and run every path."""
    spec = json.load(sys.stdin)
    scope: dict[str, Any] = {"__name__": "program", "asyncio": asyncio, "socket": socket}
    steps: list[Callable[[], None]] = [install, lambda: exec(spec["imports"], scope)]
    for step in steps if spec["order"] == "before" else reversed(steps):
        step()
    scope["socket"] = sys.modules["socket"]
    control = Control(spec["control"])
    for path in spec["paths"]:
        print(json.dumps(perform(scope, path, spec["port"], control)), flush=True)


if __name__ == "__main__":
    main()
