"""A name server of network.FakeServer's kind on real loopback sockets, in two threads: UDP and TCP of one port."""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
from typing import TYPE_CHECKING

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from steadydns.resolution.model import TCP, UDP, Question, Server
from steadydns.wire.message import AAAA, FORMERR, PTR

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.unit.network import FakeServer, Response

NO_LINGER = struct.pack("ii", 1, 0)


def free_server() -> tuple[socket.socket, socket.socket, Server]:
    """Bind UDP and TCP to one port that is free for both."""
    for _ in range(100):
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.bind(("127.0.0.1", 0))
        datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            datagrams.bind(listener.getsockname())
        except OSError:
            listener.close()
            datagrams.close()
            continue
        return datagrams, listener, Server(int(socket.AF_INET), "127.0.0.1", 0, listener.getsockname()[1])
    raise OSError("no port is free for UDP and TCP")


class LoopbackServer:
    """Serves what a FakeServer describes. Use as a context manager."""

    def __init__(self, fake: FakeServer) -> None:
        self.fake = fake
        self.seen: list[tuple[str, Question, tuple[str, int]]] = []
        """Transport, question and client of each question that arrived."""
        self.connections: set[socket.socket] = set()
        self._udp, self._listener, self.server = free_server()
        self._pipe, self._stop = socket.socketpair()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> LoopbackServer:  # noqa: PYI034 - typing has no Self in 3.10, and nobody inherits
        if self.fake.udp == "refused":
            self._udp.close()
        else:
            self._start(self._serve_udp)
        if self.fake.tcp == "refused":
            self._listener.close()
        elif self.fake.tcp == "blocked":
            # A listener whose queue is full: the kernel drops further handshakes.
            self._listener.listen(0)
            self._fill_queue()
        else:
            self._listener.listen()
            self._start(self._serve_tcp)
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.close()
        for thread in self._threads:
            thread.join(10)
        for sock in (self._udp, self._listener, self._pipe, *self.connections):
            sock.close()

    def _start(self, target: object) -> None:
        thread = threading.Thread(target=target, daemon=True)  # type: ignore[arg-type]
        thread.start()
        self._threads.append(thread)

    def _fill_queue(self) -> None:
        for _ in range(3):
            sock = socket.socket()
            sock.setblocking(False)
            sock.connect_ex(self._listener.getsockname())
            self.connections.add(sock)

    def questions(self) -> list[tuple[str, Question]]:
        """What arrived since the last call."""
        seen, self.seen = self.seen, []
        return [(transport, question) for transport, question, _ in seen]

    def close_connections(self) -> None:
        """Close every TCP connection, as a server does that has waited long enough."""
        for sock in list(self.connections):
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)

    def _readable(self, *socks: socket.socket) -> Iterator[socket.socket]:
        while True:
            ready, _, _ = select.select([self._pipe, *socks, *self.connections], [], [])
            if self._pipe in ready:
                return
            yield from ready

    def _serve_udp(self) -> None:
        while True:
            ready, _, _ = select.select([self._pipe, self._udp], [], [])
            if self._pipe in ready:
                return
            data, client = self._udp.recvfrom(4096)
            number = self.fake.datagrams
            self.fake.datagrams += 1
            query = dns.message.from_wire(data)
            question = asked(query)
            self.seen.append((UDP, question, client))
            if self.fake.udp == "silent" or number in self.fake.drop:
                continue
            self._udp.sendto(self._respond(query, question, UDP), client)

    def _serve_tcp(self) -> None:
        for sock in self._readable(self._listener):
            if sock is self._listener:
                self.connections.add(sock.accept()[0])
                continue
            try:
                self._answer_stream(sock)
            except OSError:
                self.connections.discard(sock)
                sock.close()

    def _answer_stream(self, sock: socket.socket) -> None:
        head = read(sock, 2)
        data = read(sock, int.from_bytes(head, "big"))
        query = dns.message.from_wire(data)
        question = asked(query)
        self.seen.append((TCP, question, sock.getpeername()))
        if self.fake.tcp == "reset":
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
            raise ConnectionResetError
        if self.fake.tcp == "silent":
            return
        wire = self._respond(query, question, TCP)
        sock.sendall(len(wire).to_bytes(2, "big") + wire)

    def _respond(self, query: dns.message.Message, question: Question, transport: str) -> bytes:
        if transport == UDP and query.edns >= 0 and not self.fake.edns:
            response = dns.message.make_response(query, recursion_available=True)
            response.use_edns(-1)
            response.set_rcode(dns.rcode.Rcode(FORMERR))
            return response.to_wire()
        return encode(query, question, self.fake.zone.ask(question), transport == UDP and self.fake.truncates)


def asked(query: dns.message.Message) -> Question:
    """The question of a query."""
    only = query.question[0]
    return Question(only.name.to_text(omit_final_dot=True).encode(), int(only.rdtype))


def encode(query: dns.message.Message, question: Question, said: Response, truncated: bool = False) -> bytes:
    """Put what a zone says into a message."""
    response = dns.message.make_response(query, recursion_available=True)
    response.set_rcode(dns.rcode.Rcode(said.rcode))
    if truncated:
        response.flags |= dns.flags.TC
        return response.to_wire()
    owner = question.name.decode() + "."
    for target in said.aliases:
        response.answer.append(dns.rrset.from_text(owner, said.ttl, "IN", "CNAME", f"{target}."))
        owner = f"{target}."
    kind = {AAAA: "AAAA", PTR: "PTR"}.get(question.type, "A")
    if said.addresses:
        response.answer.append(dns.rrset.from_text(owner, said.ttl, "IN", kind, *said.addresses))
    if said.negative_ttl is not None:
        soa = f"ns.test. admin.test. 1 7200 1800 86400 {said.negative_ttl}"
        response.authority.append(dns.rrset.from_text(owner, said.negative_ttl, "IN", "SOA", soa))
    return response.to_wire()


def read(sock: socket.socket, size: int) -> bytes:
    """Read exactly so many octets.

    Raises:
        OSError: the peer closed.
    """
    data = b""
    while len(data) < size:
        part = sock.recv(size - len(data))
        if not part:
            raise ConnectionResetError
        data += part
    return data
