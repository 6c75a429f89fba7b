"""NSD, Debian's authoritative server, in a pod of its own: a server that answers faster than any client here asks.

May import the standard library, namespaces and servers' zones; CoreDNS in Go is the limit where lookups come fast.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from . import namespaces
from .requirements import Missing
from .servers import HERE, write_zones

if TYPE_CHECKING:
    from collections.abc import Mapping

    from .pod import Pod

CONFIGURATION = """\
server:
    server-count: {count}
    ip-address: {address}
    username: ""
    chroot: ""
    zonesdir: "{zones}"
    database: ""
    pidfile: ""
    zonelistfile: "{folder}/zone.list"
    xfrdfile: "{folder}/xfrd.state"
    xfrdir: "{folder}"
    tcp-count: 1000
    tcp-timeout: 10
    verbosity: 0
    rrl-ratelimit: 0
    minimal-responses: yes
remote-control:
    control-enable: no
zone:
    name: .
    zonefile: root.zone
zone:
    name: example.com
    zonefile: example.com.zone
"""
ZONE = """\
zone:
    name: {origin}
    zonefile: "{path}"
"""


def lacking(*, dnsperf: bool = True) -> list[Missing]:
    """What is missing of NSD and, unless nobody measures its ceiling, of dnsperf."""
    commands = {"nsd": "apt-get install nsd"}
    if dnsperf:
        commands["dnsperf"] = "apt-get install dnsperf"
    return [
        Missing(command, "no such command", remedy)
        for command, remedy in commands.items()
        if path_of(command) is None
    ]


def path_of(command: str) -> str | None:
    """Where a command is, also in the folders that only root's PATH has."""
    return shutil.which(command) or shutil.which(command, path="/usr/sbin:/sbin")


class Nsd:
    """NSD with the lab's example.com and root, which denies the rest, in a pod of a node; as a context manager.

    ``zones`` are the texts of further zone files by their origin.
    """

    def __init__(self, pod: Pod, processes: int = 1, zones: Mapping[str, str] | None = None) -> None:
        self.address = pod.addresses[0]
        self._pod = pod
        self._processes = processes
        self._folder = Path(tempfile.mkdtemp(prefix="steadydns-nsd-"))
        self._zones = write_zones(self._folder, zones or {})
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Nsd:  # noqa: PYI034 -- typing.Self needs Python 3.11
        configuration = self._folder / "nsd.conf"
        text = CONFIGURATION.format(
            count=self._processes, address=self.address, zones=HERE / "zones", folder=self._folder
        )
        text += "".join(ZONE.format(origin=origin, path=path) for origin, path in self._zones.items())
        configuration.write_text(text)
        command: list[str | Path] = [path_of("nsd") or "nsd", "-d", "-c", configuration]
        log = self._folder / "nsd.log"
        with log.open("wb") as output:
            self._process = self._pod.start(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        deadline = time.monotonic() + 10
        while not namespaces.inside(self._pod.namespace, self._is_ready):
            if self._process.poll() is not None or time.monotonic() > deadline:
                said = log.read_text()
                self.__exit__()
                raise RuntimeError(f"NSD does not answer:\n{said}")
            time.sleep(0.02)
        return self

    def _is_ready(self) -> bool:
        try:
            socket.create_connection((self.address, 53), timeout=1).close()
        except OSError:
            return False
        return True

    def __exit__(self, *exc: object) -> None:
        if self._process is not None:
            namespaces.end_processes([self._process.pid])
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)

    def ceiling(self, client: Pod, names: list[str], *, tcp: bool, seconds: float = 2.0) -> float:
        """Lookups (an A and an AAAA question) that it answers in a second, as dnsperf asks them from that pod."""
        data = self._folder / "questions"
        data.write_text("".join(f"{name} A\n{name} AAAA\n" for name in names))
        mode = ["-m", "tcp", "-c", "1"] if tcp else ["-m", "udp", "-c", "1"]
        options = ["-s", self.address, "-d", str(data), "-l", str(seconds), *mode, "-q", "200"]
        output = client.run([path_of("dnsperf") or "dnsperf", *options])
        rate = next(line for line in output.splitlines() if "Queries per second:" in line)
        return float(rate.split()[-1]) / 2
