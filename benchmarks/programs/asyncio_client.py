"""Looks names up in an event loop, many tasks at once; runs in the pod.

May import the standard library, uvloop, aiodns and, as ``steadydns``, steadydns.auto; never imports the lab.

usage: asyncio_client.py stock|steadydns|aiodns|bare asyncio|uvloop [SERVER]

Reads one line of JSON at a time, {"names": [...], "tasks": n, "warm": k}: so many tasks take the names from one list;
the first k names are looked up before and not counted. Answers each line with one:
{"seconds": of all, "cpu": processor time, "median": of a lookup, "errors": n, "threads": that are new}.

With {"hits": n, "names": [name]} it looks the one name up so often, and answers {"mean": seconds of a call}.
"""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import statistics
import sys
import threading
import time
from itertools import repeat
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

STREAM = socket.SOCK_STREAM


class Bare:
    """The smallest exchange of the same two messages: one connection, what tasks ask in one turn of the loop in one send."""

    def __init__(self, server: str) -> None:
        self._server = server
        self._socket: socket.socket | None = None
        self._loop = asyncio.get_running_loop()

    def connect(self) -> None:
        """Connect anew: the server closes a connection after some seconds without traffic."""
        self.close()
        self._socket = socket.create_connection((self._server, 53))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setblocking(False)
        self._received, self._unsent, self._ident = b"", b"", 0
        self._waiting: dict[int, list[Any]] = {}
        self._loop.add_reader(self._socket, self._readable)

    def close(self) -> None:
        """Close the connection."""
        if self._socket is not None:
            self._loop.remove_reader(self._socket)
            self._loop.remove_writer(self._socket)
            self._socket.close()

    def _flush(self) -> None:
        assert self._socket is not None
        try:
            self._unsent = self._unsent[self._socket.send(self._unsent) :]
        except BlockingIOError:
            pass
        if self._unsent:
            self._loop.add_writer(self._socket, self._flush)
        else:
            self._loop.remove_writer(self._socket)

    def _readable(self) -> None:
        assert self._socket is not None
        data = self._received + self._socket.recv(65536)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        at, size = 0, len(data)
        while size - at >= 4 and size >= (end := at + 2 + (data[at] << 8 | data[at + 1])):
            asked = self._waiting.pop(data[at + 2] << 8 | data[at + 3])
            asked[1] -= 1
            if not asked[1]:
                asked[0].set_result(None)
            at = end
        self._received = data[at:]

    async def look_up(self, name: str) -> int:
        """Exchange; both families have an answer then."""
        wire = b"".join(bytes([len(label)]) + label.encode() for label in name.rstrip(".").split(".")) + b"\0"
        first = self._ident = (self._ident + 2) & 0xFFFF
        asked = self._waiting[first] = self._waiting[first + 1] = [self._loop.create_future(), 2]
        length = (len(wire) + 16).to_bytes(2, "big")
        if not self._unsent:
            self._loop.call_soon(self._flush)
        self._unsent += b"".join(
            (length, first.to_bytes(2, "big"), b"\1\0\0\1\0\0\0\0\0\0", wire, b"\0\1\0\1",
             length, (first + 1).to_bytes(2, "big"), b"\1\0\0\1\0\0\0\0\0\0", wire, b"\0\x1c\0\1")
        )  # fmt: skip
        await asked[0]
        return 2


def looker(how: str) -> Callable[[str], Awaitable[int]]:
    """What looks a name up and gives the number of its addresses."""
    loop = asyncio.get_running_loop()
    if how == "aiodns":
        import aiodns

        resolver = aiodns.DNSResolver()

        async def through_aiodns(name: str) -> int:
            found = await resolver.getaddrinfo(name, socket.AF_UNSPEC, 443, STREAM)
            return len(found.nodes)

        return through_aiodns

    async def through_the_loop(name: str) -> int:
        return len(await loop.getaddrinfo(name, 443, type=STREAM))

    return through_the_loop


async def batch(look_up: Callable[[str], Awaitable[int]], names: list[str], tasks: int) -> dict[str, Any]:
    """Look all names up."""
    left = iter(names)
    times: list[float] = []
    errors = 0

    async def work() -> None:
        nonlocal errors
        for name in left:
            start = time.perf_counter()
            try:
                errors += await look_up(name) != 2
            except Exception:
                errors += 1
            times.append(time.perf_counter() - start)

    start, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*[work() for _ in range(tasks)])
    return {
        "seconds": time.perf_counter() - start,
        "cpu": time.process_time() - cpu,
        "median": statistics.median(times),
        "errors": errors,
    }


async def hits(name: str, number: int) -> dict[str, float]:
    """The mean of a call whose answer is cached."""
    getaddrinfo = asyncio.get_running_loop().getaddrinfo
    await getaddrinfo(name, 443, type=STREAM)
    start = time.perf_counter()
    for _ in repeat(None, number):
        await getaddrinfo(name, 443, type=STREAM)
    return {"mean": (time.perf_counter() - start) / number}


async def serve(how: str) -> None:
    """Do what the input says until it ends. Reading it blocks the loop, which has nothing else to do then."""
    bare = Bare(sys.argv[3]) if how == "bare" else None
    look_up = bare.look_up if bare else looker(how)
    for line in sys.stdin:
        asked = json.loads(line)
        if bare:
            bare.connect()
        if "hits" in asked:
            print(json.dumps(await hits(asked["names"][0], asked["hits"])), flush=True)
            continue
        names, warm, tasks = asked["names"], asked["warm"], asked["tasks"]
        before = threading.active_count()
        await batch(look_up, names[:warm], min(tasks, 8))
        gc.collect()
        done = await batch(look_up, names[warm:], tasks)
        print(json.dumps({**done, "threads": threading.active_count() - before}), flush=True)
    if bare:
        bare.close()


def main() -> None:
    """Run it on the loop that was asked for."""
    how, kind, *_ = sys.argv[1:]
    if how == "steadydns":
        import steadydns.auto  # noqa: F401 -- importing activates
    if kind == "uvloop":
        import uvloop

        uvloop.run(serve(how))
    else:
        asyncio.run(serve(how))


if __name__ == "__main__":
    main()
