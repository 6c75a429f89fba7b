"""A pod in which the same calls are made with and without steadydns, and how to compare what came of them."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.contract.call import World
from tests.contract.compare import Difference, difference
from tests.contract.probe import LENGTH

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tests.contract.call import Call, Outcome
    from tests.contract.names import Zone
    from tests.lab.pod import Pod

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDER = Path(__file__).resolve().parent

OWN_SERVER = "nameserver 127.0.0.1\nsearch {search}\noptions {options}\n"
SEARCH = "default.svc.cluster.local svc.cluster.local cluster.local"

compared = 0
"""Outcomes compared so far in this process."""
equal = 0
"""How many of them were equal."""


def resolv_conf(options: str = "ndots:5 timeout:1", search: str = SEARCH) -> str:
    """A resolv.conf that names the server of `ServerProcess`."""
    return OWN_SERVER.format(options=options, search=search)


class _Process:
    """A program in the pod that is spoken to in pickles."""

    def __init__(
        self, pod: Pod, script: Path, python: str | Path, environ: dict[str, str], prefix: Sequence[str] = ()
    ) -> None:
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed in close()
        path = os.pathsep.join((str(REPOSITORY / "src"), str(REPOSITORY)))
        self._process = pod.start(
            [*prefix, python, "-B", script],
            env={"PYTHONPATH": path, **environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
        )

    def ask(self, *command: Any) -> Any:
        """Send a command, and wait for what the program says to it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        data = pickle.dumps(command)
        head = b""
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(LENGTH.pack(len(data)) + data)
            self._process.stdin.flush()
            head = self._process.stdout.read(LENGTH.size)
        if len(head) < LENGTH.size:
            raise RuntimeError(f"the program in the pod has ended:\n{self.errors}")
        return pickle.loads(self._process.stdout.read(*LENGTH.unpack(head)))

    @property
    def errors(self) -> str:
        """What the program has written to its standard error so far."""
        return os.pread(self._errors.fileno(), 2**20, 0).decode(errors="replace")

    def close(self) -> None:
        """End it."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()
        self._errors.close()


class ServerProcess(_Process):
    """The name server of ours, on the pod's loopback; one at a time in a pod."""

    def __init__(self, pod: Pod) -> None:
        super().__init__(pod, FOLDER / "server.py", sys.executable, {})
        self.count()

    def serve(self, zone: Zone) -> None:
        """Serve this zone from now on."""
        self.ask("zone", zone)

    def count(self) -> int:
        """How many queries came since this, `log` or `serve` was called last."""
        return int(self.ask("count"))

    def log(self) -> list[str]:
        """The questions since then, each as `name type`."""
        return list(self.ask("log"))


class Session(_Process):
    """A process in which calls are made, in a world of its own.

    ``python`` is the interpreter under test. It needs what steadydns needs, or PYTHONPATH in the world's environment
    that leads to it.
    """

    def __init__(self, pod: Pod, world: World | None = None, python: str | Path = sys.executable) -> None:
        self.world = world or World()
        environ = {"PYTHONHASHSEED": "0", **self.world.environ}
        super().__init__(pod, FOLDER / "probe.py", python, environ)
        self.ask("world", self.world)

    def __enter__(self) -> Session:  # noqa: PYI034 - typing.Self needs Python 3.11
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def rewrite(self, **files: str | None) -> None:
        """Replace files below /etc; `_` in a name stands for a dot."""
        self.ask("world", World({name.replace("_", "."): text for name, text in files.items()}))

    def stock(self, calls: Iterable[Call]) -> list[Outcome]:
        """What the calls give with nothing installed."""
        return list(self.ask("stock", list(calls)))

    def ours(self, calls: Iterable[Call], *modes: str) -> dict[str, list[Outcome]]:
        """What the calls give with steadydns: see probe.py for the modes."""
        return dict(self.ask("ours", list(calls), modes))

    def differences(self, calls: Iterable[Call]) -> list[Difference]:
        """Make the calls with libc, then with steadydns cold and as a hit; count, and return what differs."""
        global compared, equal  # noqa: PLW0603 - the one count that is reported at the end
        asked = list(calls)
        theirs = self.stock(asked)
        mine = self.ours(asked, "cold", "hit")
        found = []
        for call, stock, cold, hit in zip(asked, theirs, mine["cold"], mine["hit"], strict=True):
            both = (difference(call, "cold", stock, cold), difference(call, "hit", stock, hit))
            differs = [one for one in both if one is not None]
            compared += 1
            equal += not differs
            found += differs
        return found

    def check(self, calls: Iterable[Call]) -> None:
        """Fail with every call that steadydns answers otherwise than libc."""
        found = self.differences(calls)
        text = "\n".join(map(str, found[:20]))
        assert not found, f"{len(found)} differences in {self.world}\n{text}"
        errors = self.ask("stats").get("fallbacks", {}).get("error", 0)
        assert errors == 0, f"{errors} calls failed in steadydns, and were libc's:\n{self.errors}"
