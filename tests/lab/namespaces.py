"""Network namespaces: make, enter, remove, and sweep what a killed process left behind.

May import the standard library and topology; never knows what runs inside a namespace.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import socket
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from .topology import PREFIX

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

CLONE_NEWNET = 0x40000000  # <sched.h>; os.setns exists from Python 3.12 on only
ETC_NETNS = Path("/etc/netns")
RUN_NETNS = Path("/run/netns")

T = TypeVar("T")


def create(name: str) -> None:
    """Make a namespace with its loopback up and a folder of its own for /etc (see ip-netns(8))."""
    (ETC_NETNS / name).mkdir(parents=True, exist_ok=True)
    checked(["ip", "netns", "add", name])
    checked(["ip", "-n", name, "link", "set", "lo", "up"])


def remove(name: str) -> None:
    """End what runs in the namespace, by process id, and remove it; a namespace that is gone is no error."""
    if (RUN_NETNS / name).exists():
        end_processes(processes(name))
        subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)
    shutil.rmtree(ETC_NETNS / name, ignore_errors=True)
    with contextlib.suppress(OSError):  # not empty: another node, or someone else, has files there
        ETC_NETNS.rmdir()


def processes(name: str) -> list[int]:
    """Ids of the processes whose network namespace this is, but for our own."""
    found = subprocess.run(["ip", "netns", "pids", name], check=False, capture_output=True, text=True)
    return [int(pid) for pid in found.stdout.split() if int(pid) != os.getpid()]


def end_processes(pids: Iterable[int], grace_s: float = 1.0) -> None:
    """Terminate these processes; those still there after ``grace_s`` seconds are killed."""
    left = [pid for pid in pids if _signal(pid, signal.SIGTERM)]
    deadline = time.monotonic() + grace_s
    while left and time.monotonic() < deadline:
        time.sleep(0.005)
        left = [pid for pid in left if alive(pid)]
    for pid in left:
        _signal(pid, signal.SIGKILL)


def sweep() -> None:
    """Remove the namespaces of nodes whose process was killed before it could."""
    for name in existing():
        owner = name.removeprefix(f"{PREFIX}-").split("-")[0]
        if owner.isdigit() and not alive(int(owner)):
            remove(name)


def remove_all(prefix: str) -> None:
    """Remove the namespaces whose names begin like this."""
    for name in existing():
        if name.startswith(prefix):
            remove(name)


def existing() -> list[str]:
    """Names of all of the lab's namespaces on this machine."""
    folders = (folder for folder in (RUN_NETNS, ETC_NETNS) if folder.is_dir())
    return sorted({entry.name for folder in folders for entry in folder.glob(f"{PREFIX}-*")})


def inside(name: str, action: Callable[[], T]) -> T:
    """Call ``action`` in a thread that has entered the namespace; a socket made there stays there."""
    outcome: list[T] = []
    failure: list[BaseException] = []

    def enter_and_call() -> None:
        try:
            _enter(name)
            outcome.append(action())
        except BaseException as error:  # handed on to the calling thread below
            failure.append(error)

    thread = threading.Thread(target=enter_and_call)
    thread.start()
    thread.join()
    if failure:
        raise failure[0]
    return outcome[0]


def _enter(name: str) -> None:
    """Move the calling thread, and no other, into the namespace; there is no way back but its end."""
    with (RUN_NETNS / name).open("rb") as handle:
        if ctypes.CDLL(None, use_errno=True).setns(handle.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), f"setns to {name}")


def listening_socket(name: str, port: int) -> socket.socket:
    """A TCP socket that listens on the loopback of the namespace."""
    return inside(name, lambda: socket.create_server(("127.0.0.1", port)))


def checked(argv: list[str], stdin: str | None = None) -> str:
    """Run a command and give back what it printed; its error output is the exception's text."""
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(argv)}: exit {done.returncode}: {done.stderr.strip()}")
    return done.stdout


def ip_batch(name: str, lines: Iterable[str]) -> None:
    """Run several ip(8) commands in the namespace with one process."""
    checked(["ip", "-n", name, "-batch", "-"], stdin="\n".join(lines) + "\n")


def _signal(pid: int, number: int) -> bool:
    try:
        os.kill(pid, number)
    except ProcessLookupError:
        return False
    return True


def alive(pid: int) -> bool:
    """Whether the process exists and is not a zombie, which waits for nothing but its parent."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"
