"""What the programs talk to: a name server that remembers who asked it how, and a listener that says nothing.

usage: world.py ADDRESS PORT CONTROL; prints `ready`, ends with its standard input

Every name has a label of its own, pN-b or pN-a; whatever stands around it, it has the address that N and the letter
make, so an incoming connection tells by its own address which program made it. A client of CONTROL sends a label in a
line, and is sent what was seen of it as JSON: questions by transport, and whether the listener was reached.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import re
import socket
import sys
from collections import defaultdict
from typing import Any, cast

import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset

LABEL = re.compile(r"(?:^|[._])p(\d+)-([ab])(?:\.|$)")
SOA = "ns.surface.test. root.surface.test. 1 7200 1800 86400 5"


def address_of(number: int, letter: str) -> str:
    """The loopback address of a label."""
    return f"127.{1 + 'ba'.index(letter)}.{number // 200}.{number % 200 + 1}"


def label_of(address: str) -> str:
    """The label of a loopback address."""
    _, letter, high, low = map(int, address.split("."))
    return f"p{high * 200 + low - 1}-{'ba'[letter - 1]}"


class World:
    """What was seen so far, by label."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.asked: dict[str, dict[str, int]] = defaultdict(lambda: {"tcp": 0, "udp": 0})
        self.reached: set[str] = set()

    def reply(self, transport: str, wire: bytes) -> bytes:
        query = dns.message.from_wire(wire)
        question = query.question[0]
        name = question.name.to_text(omit_final_dot=True).lower()
        response = dns.message.make_response(query, recursion_available=True)
        found = LABEL.search(name)
        if found is None or not name.endswith(".surface.test"):
            response.set_rcode(dns.rcode.NXDOMAIN)
        else:
            self.asked[f"p{found[1]}-{found[2]}"][transport] += 1
            address = address_of(int(found[1]), found[2])
            if question.rdtype == dns.rdatatype.A:
                response.answer.append(dns.rrset.from_text(question.name, 30, "IN", "A", address))
            elif question.rdtype == dns.rdatatype.SRV:
                target = f"0 0 {self.port} shard.{name[name.index('p' + found[1]) :]}."
                response.answer.append(dns.rrset.from_text(question.name, 30, "IN", "SRV", target))
        if not response.answer:
            response.authority.append(dns.rrset.from_text("surface.test.", 5, "IN", "SOA", SOA))
        return response.to_wire()

    async def stream(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                length = int.from_bytes(await reader.readexactly(2), "big")
                wire = self.reply("tcp", await reader.readexactly(length))
                writer.write(len(wire).to_bytes(2, "big") + wire)
        writer.close()

    async def listen(self, _: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reached.add(label_of(writer.get_extra_info("sockname")[0]))
        await asyncio.sleep(0.02)
        writer.close()

    async def control(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            label = line.decode().strip()
            seen = {**self.asked[label], "reached": label in self.reached}
            writer.write(json.dumps(seen).encode() + b"\n")
        writer.close()

    def datagram(self, sock: socket.socket) -> None:
        """Note whom a datagram was sent to (ip(7), IP_PKTINFO)."""
        _, ancillary, _, _ = sock.recvmsg(65535, 256)
        for _, kind, data in ancillary:
            if kind == IP_PKTINFO:
                self.reached.add(label_of(socket.inet_ntoa(data[8:12])))


IP_PKTINFO = 8  # <linux/in.h>; the socket module has no name for it before Python 3.14


class Names(asyncio.DatagramProtocol):
    def __init__(self, world: World) -> None:
        self.world = world

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.transport.sendto(self.world.reply("udp", data), addr)


async def main(address: str, port: int, control: int) -> None:
    """Serve until the standard input ends."""
    world, loop = World(port), asyncio.get_running_loop()
    await loop.create_datagram_endpoint(lambda: Names(world), (address, 53))
    datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    datagrams.setsockopt(socket.IPPROTO_IP, IP_PKTINFO, 1)
    datagrams.bind(("0.0.0.0", port))
    loop.add_reader(datagrams.fileno(), world.datagram, datagrams)
    for serve, where in (
        (world.stream, (address, 53)),
        (world.listen, ("0.0.0.0", port)),
        (world.control, ("127.0.0.1", control)),
    ):
        await asyncio.start_server(serve, *where, backlog=512)
    ended = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), lambda: None if os.read(0, 4096) else ended.set())
    print("ready", flush=True)
    await ended.wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))
