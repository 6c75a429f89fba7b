"""Looks names up one after the other and times each; runs in the pod.

May import the standard library and, as ``steadydns``, steadydns.auto; never imports the lab.

usage: cold_client.py stock|steadydns|bare SERVER

Reads one line of JSON at a time, {"names": [...], "warm": n}, and answers each with one: the seconds of each lookup
but the first ``warm``, and the processor time of all these together, {"seconds": [...], "cpu": seconds}.
"""

from __future__ import annotations

import json
import socket
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Bare:
    """The smallest exchange of the same two messages: one connection, one send, read until both answers are there."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._queries: dict[str, bytes] = {}
        self._socket: socket.socket | None = None
        self._receive: Callable[[int], bytes]
        self._send: Callable[[bytes], int]
        self._set: Callable[[int, int, int], None]

    def prepare(self, names: list[str]) -> None:
        """Build the queries beforehand, and connect anew: the server closes a connection after 10 s without traffic."""
        self._queries = {name: framed(query(1, name, 1)) + framed(query(2, name, 28)) for name in names}
        if self._socket is not None:
            self._socket.close()
        self._socket = socket.create_connection((self._server, 53))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._send, self._receive, self._set = self._socket.send, self._socket.recv, self._socket.setsockopt

    def look_up(self, name: str) -> None:
        """Exchange."""
        self._send(self._queries[name])
        received = b""
        missing = 2
        while missing:
            self._set(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
            received += self._receive(4096)
            while len(received) >= 2 and len(received) >= (end := 2 + int.from_bytes(received[:2], "big")):
                received = received[end:]
                missing -= 1


def query(ident: int, name: str, type_: int) -> bytes:
    """A query (RFC 1035 section 4.1) that desires recursion."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split("."))
    return (
        ident.to_bytes(2, "big")
        + b"\1\0\0\1\0\0\0\0\0\0"
        + labels
        + b"\0"
        + type_.to_bytes(2, "big")
        + b"\0\1"
    )


def framed(message: bytes) -> bytes:
    """The message as a stream has it (RFC 1035 section 4.2.2)."""
    return len(message).to_bytes(2, "big") + message


def through_getaddrinfo(name: str) -> None:
    """Look a name up as a service does."""
    if len(socket.getaddrinfo(name, 443, 0, socket.SOCK_STREAM)) != 2:
        raise RuntimeError(f"{name} does not have two addresses")


def check_addresses(names: list[str]) -> None:
    """Look the names up, and raise RuntimeError if two of them share an address."""
    found = [row[4][0] for name in names for row in socket.getaddrinfo(name, 443, 0, socket.SOCK_STREAM)]
    if len(set(found)) != 2 * len(names):
        raise RuntimeError(f"{names} do not have two addresses each of their own: {found}")


def timed(look_up: Callable[[str], None], names: list[str]) -> tuple[list[float], float]:
    """The seconds of each lookup, and the processor time of all."""
    seconds = []
    clock = time.perf_counter
    cpu = time.process_time()
    for name in names:
        start = clock()
        look_up(name)
        seconds.append(clock() - start)
    return seconds, time.process_time() - cpu


def main() -> None:
    """Do what the input says until it ends."""
    how, server = sys.argv[1:]
    bare = Bare(server)
    look_up = bare.look_up if how == "bare" else through_getaddrinfo
    if how == "steadydns":
        import steadydns.auto  # noqa: F401 -- importing activates
    for line in sys.stdin:
        asked = json.loads(line)
        names, warm = asked["names"], asked["warm"]
        if how == "bare":
            bare.prepare(names)
            timed(look_up, names[:warm])
        else:
            check_addresses(names[:warm])
        seconds, cpu = timed(look_up, names[warm:])
        print(json.dumps({"seconds": seconds, "cpu": cpu}), flush=True)


if __name__ == "__main__":
    main()
