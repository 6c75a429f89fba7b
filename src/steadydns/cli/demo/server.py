"""The name server, a process of its own: UDP and TCP on one address, told what to do by lines on its standard input.

`python -m steadydns.cli.demo.server PARENT ADDRESS PORT` prints {"port": N} and answers each line with one: `race on`
and `race off` with {}, `take` with the queries since the last time. It ends with its input, or its parent.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
from typing import TYPE_CHECKING, Final, cast

from steadydns.cli.demo.linux import die_with_parent
from steadydns.cli.demo.zone import answer

if TYPE_CHECKING:
    from collections.abc import Callable

    Address = tuple[str, int]

DELAY: Final = 0.002
"""Seconds from a query to its answer: a round trip in a cluster, which loopback would hide."""

RACE_WINDOW: Final = 0.020
"""Seconds in which conntrack has not yet seen a flow's first answer."""

PORT_TRIES: Final = 20


class NameServer:
    """Answers, counts, and with the race on loses what conntrack would lose."""

    def __init__(self) -> None:
        self.racing = False
        self.queries = {"udp": 0, "tcp": 0}
        self._first_seen: dict[Address, float] = {}

    def take(self) -> dict[str, int]:
        """Return the queries that came since the last time."""
        taken, self.queries = self.queries, {"udp": 0, "tcp": 0}
        return taken

    def arrived(self, transport: str, query: bytes, respond: Callable[[bytes], None]) -> None:
        """Count a query and answer it after the delay."""
        self.queries[transport] += 1
        loop = asyncio.get_running_loop()
        due = loop.time() + DELAY
        response = answer(query)
        if response is not None:
            loop.call_at(due, respond, response)

    def loses(self, source: Address) -> bool:
        """Whether a datagram from there is the second of its port within the window, and the race is on."""
        now = asyncio.get_running_loop().time()
        if not self.racing or now - self._first_seen.get(source, 0.0) > RACE_WINDOW:
            self._first_seen[source] = now
            return False
        return True


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, server: NameServer) -> None:
        self._server = server

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # asyncio's own is one by its methods only, not by its class, before Python 3.12.
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Address) -> None:
        if self._server.loses(addr):
            self._server.queries["udp"] += 1
            return
        transport = self._transport
        self._server.arrived("udp", data, lambda response: transport.sendto(response, addr))


async def _stream(server: NameServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer the messages of one connection, each behind its length (RFC 7766 section 8)."""

    def respond(response: bytes) -> None:
        if not writer.is_closing():
            writer.write(len(response).to_bytes(2, "big") + response)

    try:
        while True:
            length = int.from_bytes(await reader.readexactly(2), "big")
            server.arrived("tcp", await reader.readexactly(length), respond)
    except (
        asyncio.IncompleteReadError,
        asyncio.CancelledError,
        ConnectionError,
    ):  # the client or we are leaving
        writer.close()


async def _listen(server: NameServer, address: str, port: int) -> int:
    """Open one port for both transports and return it; port 0 is any that is free for both."""
    loop = asyncio.get_running_loop()
    for tries_left in reversed(range(PORT_TRIES if port == 0 else 1)):
        streams = await asyncio.start_server(lambda r, w: _stream(server, r, w), address, port)
        bound: int = streams.sockets[0].getsockname()[1]
        try:
            await loop.create_datagram_endpoint(lambda: _Datagrams(server), (address, bound))
        except OSError:
            streams.close()
            if not tries_left:
                raise
        else:
            return bound
    raise AssertionError  # the last try has raised


async def serve(address: str, port: int) -> None:
    """Serve until the standard input ends."""
    server = NameServer()
    _say({"port": await _listen(server, address, port)})
    finished = asyncio.Event()

    def told() -> None:
        lines = os.read(sys.stdin.fileno(), 4096).decode().splitlines()
        for line in lines:
            if line.startswith("race "):
                server.racing = line == "race on"
            _say(server.take() if line == "take" else {})
        if not lines:
            finished.set()

    asyncio.get_running_loop().add_reader(sys.stdin.fileno(), told)
    await finished.wait()


def _say(message: object) -> None:
    print(json.dumps(message), flush=True)


if __name__ == "__main__":
    die_with_parent(int(sys.argv[1]))
    asyncio.run(serve(sys.argv[2], int(sys.argv[3])))
