"""The mini-node: a name server and a pod, in namespaces where the machine allows them, else on loopback.

A namespace lives as long as a process in it and has no name in the file system, so there is nothing to clean up.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from steadydns.cli.demo import linux
from steadydns.cli.demo.loopback import ADDRESS as LOOPBACK
from steadydns.cli.demo.program import Ended, Program
from steadydns.cli.demo.zone import CLUSTER, NDOTS, SEARCH

if TYPE_CHECKING:
    from collections.abc import Iterator

USER, ROOT, ALONE = "user", "root", "loopback"
MODES: Final = (USER, ROOT, ALONE)
"""How a node can be built, the best way first."""

SERVICE: Final = "10.96.0.10"
"""Where a cluster's DNS service usually is."""

POD, NODE = "10.244.0.2", "10.244.0.1"

RESOLV_CONF: Final = f"search {' '.join(SEARCH)}\nnameserver {SERVICE}\noptions ndots:{NDOTS}\n"

ETC: Final = {
    Path("/etc/resolv.conf"): RESOLV_CONF,
    Path("/etc/hosts"): "127.0.0.1 localhost\n",
    # A desktop's may send names to a daemon that sits outside of our network (systemd-resolved, mDNS).
    Path("/etc/nsswitch.conf"): "hosts: files dns\n",
}

NAME_CACHE: Final = Path("/run/nscd")
"""Where libc finds a cache daemon's socket, which namespaces of the network do not keep it from."""

PROOF_LIMIT: Final = 3.0
"""Seconds in which libc must have found a name of the cluster with nothing in its way."""

RACE_TABLE: Final = """table inet steadydns_demo {
  set flows { type ipv4_addr . inet_service; flags dynamic,timeout; timeout 20ms; size 65535; }
  counter lost { }
  chain arriving {
    type filter hook prerouting priority raw;
    udp dport 53 ip saddr . udp sport @flows counter name lost drop
    udp dport 53 add @flows { ip saddr . udp sport timeout 20ms }
  }
}
"""


class Impossible(Exception):  # noqa: N818 - an answer, not an error of the program
    """The node cannot be built in this way here; says why."""


class Node:
    """A node while it lasts: a context manager. Its process changes namespaces, so use one process for each node.

    Args:
        mode: One of MODES.
        parent: The process with which this one, and all that it starts, must end.

    Raises:
        Impossible: On entering; the machine does not allow what the mode needs.
    """

    def __init__(self, mode: str, parent: int) -> None:
        self.mode = mode
        self.subjects = ("loopback",) if mode == ALONE else ("stock", "steadydns")
        self.has_pod_network = False
        self._parent = parent
        self._stack = ExitStack()
        self._server_network: int | None = None
        self._nft: str | None = None

    def __enter__(self) -> Node:  # noqa: PYI034 - typing.Self needs Python 3.11
        with ExitStack() as stack:
            try:
                self._enter(stack)
            except OSError as error:
                raise Impossible(error.strerror or str(error)) from error
            except Ended as error:
                raise Impossible(str(error)) from error
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *exc: object) -> None:
        self._stack.close()

    def _enter(self, stack: ExitStack) -> None:
        if self.mode == USER:
            linux.become_root_of_new_users()
        linux.die_with_parent(self._parent)
        if self.mode == ALONE:
            self._start_server(stack, LOOPBACK, 0)
            return
        linux.unshare(linux.NEW_MOUNTS | linux.NEW_NETWORK)
        linux.keep_mounts_private()
        _show_own_etc()
        linux.set_up("lo")
        linux.add_loopback_address(SERVICE)
        self._start_server(stack, SERVICE, 53)
        self._server_network = linux.open_network()
        stack.callback(os.close, self._server_network)
        self._nft = _command("nft")
        self.has_pod_network = self._separate_pod()
        self._prove()

    def _start_server(self, stack: ExitStack, address: str, port: int) -> None:
        self._server = Program("server", address, port)
        stack.callback(self._server.close)
        listening = self._server.hear()
        if listening is None:
            raise Ended("the name server does not start")
        self.port: int = listening["port"]

    def _separate_pod(self) -> bool:
        """Move to a network of the pod's own, with a cable to the name server's; False: both stay in one."""
        ip = _command("ip")
        if ip is None or self._server_network is None:
            return False
        with suppress(OSError, subprocess.SubprocessError):
            linux.unshare(linux.NEW_NETWORK)
            linux.set_up("lo")
            _run(ip, f"link add eth0 type veth peer name pod0 netns {self._server.pid}")
            with linux.inside(self._server_network):
                _run(ip, f"address add {NODE}/24 dev pod0", "link set pod0 up")
            _run(ip, f"address add {POD}/24 dev eth0", "link set eth0 up", f"route add default via {NODE}")
            return True
        linux.enter(self._server_network)
        return False

    def _prove(self) -> None:
        """Make sure that it is our name server that libc asks."""
        with self.lookups("stock") as program:
            program.tell(json.dumps({"names": CLUSTER[:1], "threads": 1}))
            found = program.hear(PROOF_LIMIT)
        if found is None or found["error"] or found["addresses"] != ["10.96.0.101"]:
            raise Impossible(f"libc does not ask the name server given here: {found or 'no answer'}")

    @property
    def race_maker(self) -> str:
        """What loses datagrams while the race is on."""
        return "nftables" if self._nft else "the name server itself"

    @contextmanager
    def lookups(self, subject: str) -> Iterator[Program]:
        """Run the program that looks names up in the pod with the subject's getaddrinfo."""
        program = Program("lookups", subject, self.port)
        try:
            program.hear()
            yield program
        finally:
            program.close()

    @contextmanager
    def race(self) -> Iterator[None]:
        """Lose the second of two datagrams that leave one port within 20 ms, as conntrack's insert race does."""
        if self._nft and self._filter("-f", "-", rules=RACE_TABLE) is None:
            self._nft = None
        if self._nft is None:
            self._order("race on")
        try:
            yield
        finally:
            if self._nft is None:
                self._order("race off")
            else:
                self._filter("delete", "table", "inet", "steadydns_demo")

    def take_queries(self) -> dict[str, int]:
        """Return the queries that were sent since the last time, by transport; those that got lost, too."""
        taken = self._order("take")
        if self._nft:
            listing = self._filter("reset", "counters", "table", "inet", "steadydns_demo")
            lost = re.search(r"packets (\d+)", listing or "")
            taken["udp"] += int(lost[1]) if lost else 0
        return taken

    def _order(self, line: str) -> dict[str, int]:
        self._server.tell(line)
        done = self._server.hear()
        if done is None:
            raise Ended(f"the name server does not react to {line!r}")
        return done

    def _filter(self, *arguments: str, rules: str = "") -> str | None:
        """Run nft where the name server is; return what it prints, None if it failed."""
        assert self._nft is not None
        assert self._server_network is not None
        with linux.inside(self._server_network):
            done = subprocess.run(  # noqa: S603 - the packet filter's own command
                [self._nft, *arguments], input=rules, capture_output=True, text=True, check=False
            )
        return None if done.returncode else done.stdout


def _show_own_etc() -> None:
    """Let this mount namespace see the pod's files in /etc; the rest of the machine sees its own."""
    folder = Path(tempfile.mkdtemp(prefix="steadydns-demo-"))
    try:
        aside = folder / "file"
        for path, text in ETC.items():
            if path.exists():
                aside.write_text(text, encoding="ascii")
                aside.chmod(0o644)
                linux.bind(aside, path)
                aside.unlink()  # what is bound lives on
        if NAME_CACHE.is_dir():
            linux.bind(folder, NAME_CACHE)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _command(name: str) -> str | None:
    """Return the path of a command; those for the network are not on every user's PATH."""
    return shutil.which(name, path=os.pathsep.join((os.environ.get("PATH", ""), "/usr/sbin", "/sbin")))


def _run(ip: str, *commands: str) -> None:
    """Run some ip(8) commands with one process."""
    lines = "".join(f"{command}\n" for command in commands)
    subprocess.run([ip, "-batch", "-"], input=lines, check=True, capture_output=True, text=True)  # noqa: S603
