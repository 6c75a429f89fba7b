"""CoreDNS processes: configure, start, wait until ready, stop, and read their query log.

May import the standard library, namespaces and topology; never builds CoreDNS: its path is given.
"""

from __future__ import annotations

import os
import socket
import subprocess
import time
from pathlib import Path
from string import Template
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from . import namespaces
from .topology import NODE_LOCAL_ADDRESS, SERVICE_ADDRESS

if TYPE_CHECKING:
    from collections.abc import Mapping

HERE = Path(__file__).resolve().parent
API_PORT = 6443
READY_PORT = 8181
QUERY_LOG = 'log . "Q {name} {type} {proto} {rcode} {remote} {port}"'

# Id 1, recursion desired, one question: the root's SOA.
_ROOT_SOA_QUERY = b"\0\1\1\0\0\1\0\0\0\0\0\0" + b"\0\0\6\0\1"


class Query(NamedTuple):
    """One line of a server's query log."""

    backend: str  # "dns0", "dns1" or "node-local"
    name: str  # as asked, absolute, with a trailing dot
    type: str
    proto: str  # "udp" or "tcp"
    rcode: str  # "-" when the server sent nothing
    client: str  # "address:port"


class Server:
    """One CoreDNS in a namespace."""

    def __init__(self, label: str, namespace: str, address: str, corefile: str, folder: Path) -> None:
        self.label = label
        self._namespace = namespace
        self._address = address
        self._corefile = folder / f"{label}.conf"
        self._corefile.write_text(corefile)
        self._log = folder / f"{label}.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        """Whether the process was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self, binary: Path) -> None:
        """Start the process; use ``wait_until_ready`` before asking it anything."""
        command = ["ip", "netns", "exec", self._namespace, str(binary), "-conf", str(self._corefile)]
        environment = {**os.environ, "GOMAXPROCS": "1"}
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment
            )

    def wait_until_ready(self, timeout_s: float = 10.0) -> None:
        """Return when all plugins are ready; RuntimeError with the server's output when it ends or never is."""
        deadline = time.monotonic() + timeout_s
        while not namespaces.inside(self._namespace, self._is_ready):
            if not self.is_running or time.monotonic() > deadline:
                raise RuntimeError(f"CoreDNS {self.label} is not ready:\n{self._log.read_text()[-2000:]}")
            time.sleep(0.01)

    def stop(self) -> None:
        """End the process and wait for its end."""
        if self._process is not None:
            namespaces.end_processes([self._process.pid])
            self._process.wait()
            self._process = None

    def log_size(self) -> int:
        """How long the log is now, in bytes."""
        return self._log.stat().st_size if self._log.exists() else 0

    def queries(self, offset: int) -> list[Query]:
        """The queries logged after ``offset`` bytes."""
        with self._log.open("rb") as log:
            log.seek(offset)
            lines = log.read().decode(errors="replace").splitlines()
        found = (line.partition("[INFO] Q ")[2].split() for line in lines)
        return [
            Query(self.label, name, type_, proto, rcode, f"{remote}:{port}")
            for name, type_, proto, rcode, remote, port in (fields for fields in found if len(fields) == 6)
        ]

    def _is_ready(self) -> bool:
        """Whether the plugins say so, and DNS is answered: the ready plugin listens before port 53 does."""
        try:
            with socket.create_connection((self._address, READY_PORT), timeout=1) as connection:
                connection.sendall(b"GET /ready HTTP/1.0\r\n\r\n")
                if b" 200 " not in connection.recv(64):
                    return False
            socket.create_connection((self._address, 53), timeout=1).close()
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
                datagrams.settimeout(1)
                datagrams.connect((self._address, 53))
                datagrams.send(_ROOT_SOA_QUERY)
                return len(datagrams.recv(512)) > 12
        except OSError:
            return False


def backend_corefile(query_log: bool, more_zones: Mapping[str, Path] = MappingProxyType({})) -> str:
    """The configuration of a CoreDNS backend; ``more_zones`` are zone files by their origin."""
    return _template("backend.conf").substitute(
        query_log=QUERY_LOG if query_log else "",
        api_port=API_PORT,
        zones=HERE / "zones",
        more_zones="\n    ".join(f"file {path} {origin}" for origin, path in more_zones.items()),
    )


def write_zones(folder: Path, zones: Mapping[str, str]) -> dict[str, Path]:
    """Write zone files, given as texts by their origin, into the folder; their paths."""
    paths = {origin: folder / f"{origin}.zone" for origin in zones}
    for origin, path in paths.items():
        path.write_text(zones[origin])
    return paths


def node_local_corefile(query_log: bool) -> str:
    """The configuration of the node-local cache."""
    return _template("node_local.conf").substitute(
        query_log=QUERY_LOG if query_log else "", address=NODE_LOCAL_ADDRESS, service=SERVICE_ADDRESS
    )


def _template(name: str) -> Template:
    return Template((HERE / "corefiles" / name).read_text())
