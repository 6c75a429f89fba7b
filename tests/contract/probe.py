"""Makes calls in the pod, first with nothing installed and then with steadydns, and says what came of each.

Runs on the interpreter under test. Speaks pickles over stdin and stdout, each with its length in front:

("world", World)            the files are written, over a private /etc; the environment is set
("stock", calls)            -> [Outcome, ...]: with nothing installed
("ours", calls, modes)      -> {mode: [Outcome, ...]}: installed; "cold" flushes before each call, "hit" makes the call
                            again, "warm" makes the calls one after the other
("mutants", calls, names)   -> {name: [Outcome, ...]}: cold and hit in turn, each in a child that has the bug of that name
("stats",)                  -> steadydns.stats() after the latest "ours"
"""

from __future__ import annotations

import importlib
import os
import pickle
import shutil
import struct
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.contract.call import Call, Outcome, World
from tests.contract.compare import described, raised

if TYPE_CHECKING:
    from collections.abc import Iterable

LOOKUPS = (
    "socket.getaddrinfo",
    "socket.gethostby",
    "socket.getnameinfo",
    "socket.getserv",
    "socket.gethostname",
)
LENGTH = struct.Struct("!I")
KEPT_OF_ETC = (
    "hosts",
    "resolv.conf",
    "nsswitch.conf",
    "services",
    "protocols",
    "networks",
    "host.conf",
    "gai.conf",
)


class Audit:
    """The audit events of the calling thread, while it records."""

    def __init__(self) -> None:
        self.events: list[tuple[str, tuple[Any, ...]]] | None = None
        self.thread = threading.get_ident()
        sys.addaudithook(self.hook)

    def hook(self, event: str, args: tuple[Any, ...]) -> None:
        """Record a socket's event."""
        if self.events is not None and event.startswith("socket.") and threading.get_ident() == self.thread:
            self.events.append((event, args))


def plain(value: Any) -> Any:
    """The value, without the type of a str that is no plain one: the host of an audit event (docs/decisions/0004)."""
    return str.__str__(value) if isinstance(value, str) else value


def make(call: Call, audit: Audit) -> Outcome:
    """Make the call as any program would: the function is looked up in its module."""
    module, _, name = call.function.rpartition(".")
    function = getattr(sys.modules[module], name)
    audit.events = []
    try:
        result = function(*call.args, **dict(call.options))
    except Exception as error:
        kind, value = "raised", raised(error)
    else:
        kind, value = "returned", described(result)
    events, audit.events = audit.events, None
    mine = tuple(
        (name, described(list(map(plain, args)))) for name, args in events if name.startswith(LOOKUPS)
    )
    return Outcome(kind, value, mine, tuple(name for name, _ in events if not name.startswith(LOOKUPS)))


class Probe:
    """What was asked for so far."""

    def __init__(self) -> None:
        self.audit = Audit()
        self.knobs: dict[str, Any] = {}
        self.private = False
        self.counted: Any = {}

    def world(self, world: World) -> None:
        """Take over the files and the environment."""
        if not self.private:
            private_etc()
            self.private = True
        for name, text in world.files.items():
            write(name, text)
        os.environ.update(world.environ)
        self.knobs = dict(world.knobs)

    def stock(self, calls: list[Call]) -> list[Outcome]:
        """Make the calls with nothing installed."""
        return [make(call, self.audit) for call in calls]

    def ours(self, calls: list[Call], modes: Iterable[str]) -> dict[str, list[Outcome]]:
        """Make the calls with steadydns installed."""
        steadydns = importlib.import_module("steadydns")
        steadydns.install(**self.knobs)
        outcomes: dict[str, list[Outcome]] = {mode: [] for mode in modes}
        try:
            for call in calls:
                if "cold" in outcomes:
                    steadydns.flush()
                for made in outcomes.values():
                    made.append(make(call, self.audit))
        finally:
            self.counted = steadydns.stats()
            steadydns.uninstall()
        return outcomes

    def mutants(self, calls: list[Call], names: list[str]) -> dict[str, dict[str, list[Outcome]]]:
        """Make the calls with a bug put into steadydns, each in a child of its own."""
        return {name: self._mutant(calls, name) for name in names}

    def _mutant(self, calls: list[Call], name: str) -> dict[str, list[Outcome]]:
        reading, writing = os.pipe()
        child = os.fork()
        if child == 0:
            status = 1
            try:
                os.close(reading)
                from tests.contract.mutations import MUTATIONS

                MUTATIONS[name]()
                with os.fdopen(writing, "wb") as pipe:
                    pickle.dump(self.ours(calls, ("cold", "hit")), pipe)
                status = 0
            finally:
                os._exit(status)
        os.close(writing)
        with os.fdopen(reading, "rb") as pipe:
            data = pipe.read()
        os.waitpid(child, 0)
        outcomes: dict[str, list[Outcome]] = pickle.loads(data)
        return outcomes

    def stats(self) -> Any:
        """What steadydns counted."""
        return self.counted


def private_etc() -> None:
    """Cover /etc with a file system of our own that has the files which a lookup reads."""
    aside = Path("/etc")
    kept = {name: (aside / name).read_bytes() for name in KEPT_OF_ETC if (aside / name).exists()}
    mount = shutil.which("mount") or "/bin/mount"
    subprocess.run([mount, "--make-rprivate", "/"], check=True)
    subprocess.run([mount, "-t", "tmpfs", "none", "/etc"], check=True)
    for name, content in kept.items():
        (aside / name).write_bytes(content)


def write(name: str, text: str | None) -> None:
    """Replace a file by a new one: libc notices changes by inode, size and times, and times tick slowly."""
    path = Path("/etc", name)
    if text is None:
        path.unlink(missing_ok=True)
        return
    aside = path.with_suffix(".new")
    aside.write_bytes(text.encode("latin-1"))
    aside.replace(path)


def receive() -> Any:
    """The next pickle; None at the end of the input."""
    head = sys.stdin.buffer.read(LENGTH.size)
    return pickle.loads(sys.stdin.buffer.read(*LENGTH.unpack(head))) if head else None


def send(value: Any) -> None:
    """Write a pickle."""
    data = pickle.dumps(value)
    sys.stdout.buffer.write(LENGTH.pack(len(data)) + data)
    sys.stdout.buffer.flush()


def main() -> None:
    """Do what the input says until it ends."""
    for module in ("socket", "_socket", "encodings.idna"):
        importlib.import_module(module)
    probe = Probe()
    while (asked := receive()) is not None:
        command, *arguments = asked
        send(getattr(probe, command)(*arguments))


if __name__ == "__main__":
    main()
