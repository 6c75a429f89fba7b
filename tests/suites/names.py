"""The name server of the suites: usage: names.py ADDRESS; prints `ready`, ends with its standard input.

It knows the few names that the tests want to exist, on loopback, and denies all others as a real one does.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from typing import Any, Final, cast

import dns.message
import dns.rcode
import dns.rdatatype
import dns.rrset

# Without localhost where the hosts file has it: nobody asks for it then.
RECORDS: Final = {
    ("localhost.", "A"): "127.0.0.1",
    ("localhost.", "AAAA"): "::1",
    ("1.0.0.127.in-addr.arpa.", "PTR"): "localhost.",
    (f"1.{'0.' * 31}ip6.arpa.", "PTR"): "localhost.",
    # anyio's test of IDNA 2008 asks for faß.de and fass.de, which are to be two.
    ("xn--fa-hia.de.", "A"): "127.0.1.1",
    ("fass.de.", "A"): "127.0.1.2",
}
NAMES: Final = frozenset(name for name, _ in RECORDS)
SOA: Final = "ns.suites.test. root.suites.test. 1 7200 1800 86400 5"


def reply(wire: bytes) -> bytes:
    """Answer a question from RECORDS: with records, with none for a name that exists, or by denying the name."""
    query = dns.message.from_wire(wire)
    question = query.question[0]
    name, kind = question.name.to_text().lower(), dns.rdatatype.to_text(question.rdtype)
    response = dns.message.make_response(query, recursion_available=True)
    if (name, kind) in RECORDS:
        response.answer.append(dns.rrset.from_text(question.name, 30, "IN", kind, RECORDS[name, kind]))
        return response.to_wire()
    # A name that others are below exists as well (RFC 8020).
    if not any(known == name or known.endswith(f".{name}") for known in NAMES):
        response.set_rcode(dns.rcode.NXDOMAIN)
    response.authority.append(dns.rrset.from_text(".", 5, "IN", "SOA", SOA))
    return response.to_wire()


async def stream(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer over TCP until the client goes."""
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
        while True:
            length = int.from_bytes(await reader.readexactly(2), "big")
            wire = reply(await reader.readexactly(length))
            writer.write(len(wire).to_bytes(2, "big") + wire)
    writer.close()


class Datagrams(asyncio.DatagramProtocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.transport.sendto(reply(data), addr)


async def main(address: str) -> None:
    """Serve until the standard input ends."""
    loop = asyncio.get_running_loop()
    await loop.create_datagram_endpoint(Datagrams, (address, 53))
    await asyncio.start_server(stream, address, 53, backlog=512)
    ended = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), lambda: None if os.read(0, 4096) else ended.set())
    print("ready", flush=True)
    await ended.wait()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
