"""A pod: a network namespace with its own /etc files, in which programs are run.

May import the standard library, namespaces and topology; never knows which servers there are.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import namespaces
from .topology import SERVICE_ADDRESS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

REPOSITORY = Path(__file__).resolve().parents[2]
SEARCH = "default.svc.cluster.local svc.cluster.local cluster.local"
RESOLV_CONF = f"nameserver {SERVICE_ADDRESS}\nsearch {SEARCH}\noptions ndots:5\n"
NSSWITCH_CONF = "hosts: files dns\n"


class Pod:
    """Where the program under test lives; ``link`` is the node's end of its veth pair."""

    def __init__(self, name: str, namespace: str, addresses: Sequence[str], link: str) -> None:
        self.name = name
        self.namespace = namespace
        self.addresses = list(addresses)
        self.link = link
        self._etc = namespaces.ETC_NETNS / namespace
        self.reset_files()

    def reset_files(self) -> None:
        """Write resolv.conf, hosts and nsswitch.conf as the kubelet and a Debian image have them."""
        own = "".join(f"{address}\t{self.name}\n" for address in self.addresses)
        self.write("resolv.conf", RESOLV_CONF)
        self.write("hosts", f"127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n{own}")
        self.write("nsswitch.conf", NSSWITCH_CONF)

    def write(self, name: str, text: str) -> None:
        """Write /etc/NAME of this pod; programs that already run see it too, for the file stays the same one.

        A file that the pod did not have before is seen by programs started afterwards, and only if
        the machine itself has a file of that name to mount it over.
        """
        (self._etc / name).write_text(text)

    def options(self, options: str) -> None:
        """Rewrite resolv.conf with these options in place of ``ndots:5``."""
        self.write("resolv.conf", f"nameserver {SERVICE_ADDRESS}\nsearch {SEARCH}\noptions {options}\n")

    def run(
        self,
        argv: Sequence[str | Path],
        env: Mapping[str, str] | None = None,
        timeout: float = 60.0,
        stdin: str | None = None,
    ) -> str:
        """Run a command in the pod and give back what it printed; timeout in seconds.

        Raises subprocess.CalledProcessError with both outputs for any exit status but 0, and
        subprocess.TimeoutExpired after the whole process group was killed.
        """
        pipe = subprocess.PIPE
        process = self.start(argv, env=env, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        try:
            output, errors = process.communicate(stdin, timeout=timeout)
        except BaseException:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
            raise
        if process.returncode:
            sys.stderr.write(errors)
            raise subprocess.CalledProcessError(process.returncode, process.args, output, errors)
        return str(output)

    def start(
        self, argv: Sequence[str | Path], env: Mapping[str, str] | None = None, **options: Any
    ) -> subprocess.Popen[Any]:
        """Start a command in the pod in a process group of its own; ``options`` are Popen's."""
        command = ["ip", "netns", "exec", self.namespace, *map(str, argv)]
        return subprocess.Popen(command, env=environment(env), start_new_session=True, **options)

    def python(
        self,
        script: str | Path,
        *args: str | Path,
        python: str | Path = sys.executable,
        env: Mapping[str, str] | None = None,
        timeout: float = 60.0,
    ) -> str:
        """Run a Python program, given as its path or as its text, and give back what it printed."""
        source: list[str | Path] = [script] if isinstance(script, Path) else ["-c", script]
        return self.run([python, *source, *args], env=env, timeout=timeout)

    def json(
        self,
        script: str | Path,
        *args: str | Path,
        python: str | Path = sys.executable,
        env: Mapping[str, str] | None = None,
        timeout: float = 60.0,
    ) -> Any:
        """As ``python``, for a program that prints one JSON document."""
        return json.loads(self.python(script, *args, python=python, env=env, timeout=timeout))

    def run_json(self, argv: Sequence[str | Path], timeout: float = 60.0) -> Any:
        """As ``run``, for a command that prints one JSON document."""
        return json.loads(self.run(argv, timeout=timeout))


def environment(extra: Mapping[str, str] | None = None) -> dict[str, str]:
    """The environment of programs in the pod: ours without resolver settings, src first on PYTHONPATH."""
    ours = {
        name: value
        for name, value in os.environ.items()
        if name not in ("RES_OPTIONS", "LOCALDOMAIN", "HOSTALIASES")
    }
    path = [str(REPOSITORY / "src"), ours.get("PYTHONPATH", "")]
    return {**ours, "PYTHONPATH": os.pathsep.join(filter(None, path)), **(extra or {})}
