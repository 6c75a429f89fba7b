"""A name server on 127.0.0.1 and ::1 of a pod, UDP and TCP, that is told its zone over stdin.

Runs in the pod. One pickle a command, as in probe.py: ("zone", Zone) -> number of queries since the last one,
("count",) -> likewise, ("log",) -> the questions since then. Every response is made once.
"""

from __future__ import annotations

import os
import pickle
import selectors
import socket
import struct
import sys
from typing import Any

import dns.message

from tests.contract.names import Zone, respond
from tests.contract.probe import LENGTH, send

SILENT = "127.0.0.8"
FRAME = struct.Struct("!H")


class Server:
    """The sockets, the zone and what was asked."""

    def __init__(self, port: int = 53) -> None:
        self.zone = Zone({})
        self.made: dict[tuple[bytes, bool, bool], bytes | None] = {}
        self.asked: list[bytes] = []
        self.selector = selectors.DefaultSelector()
        self.selector.register(sys.stdin.fileno(), selectors.EVENT_READ, self.command)
        # Whoever asks there waits for ever.
        self.silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.silent.bind((SILENT, port))
        self.silent_tcp = socket.create_server((SILENT, port))
        self.buffers: dict[socket.socket, bytes] = {}
        # 127.0.0.1 alone, so that 127.0.0.2 refuses; every IPv6 address, so that one with a scope answers.
        for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::")):
            self.listen(family, address, port)

    def listen(self, family: socket.AddressFamily, address: str, port: int) -> None:
        """Take queries there."""
        udp = socket.socket(family, socket.SOCK_DGRAM)
        if family == socket.AF_INET6:
            udp.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        udp.bind((address, port))
        udp.setblocking(False)
        tcp = socket.create_server((address, port), family=family, backlog=128)
        tcp.setblocking(False)
        self.selector.register(udp, selectors.EVENT_READ, self.datagrams)
        self.selector.register(tcp, selectors.EVENT_READ, self.accept)

    def run(self) -> None:
        """Serve until the input ends."""
        while True:
            for key, _ in self.selector.select():
                key.data(key.fileobj)

    def command(self, fileno: int) -> None:
        """Do what the input says."""
        head = os.read(fileno, LENGTH.size)
        if not head:
            raise SystemExit
        (missing,) = LENGTH.unpack(head)
        data = b""
        while len(data) < missing:
            data += os.read(fileno, missing - len(data))
        name, *arguments = pickle.loads(data)
        answer: Any = [question_text(query) for query in self.asked] if name == "log" else len(self.asked)
        self.asked.clear()
        if name == "zone":
            (self.zone,) = arguments
            self.made.clear()
        send(answer)

    def datagrams(self, udp: socket.socket) -> None:
        """Answer what has come over UDP."""
        while True:
            try:
                query, client = udp.recvfrom(4096)
            except BlockingIOError:
                return
            response = self.response(query, tcp=False, ipv4=udp.family == socket.AF_INET)
            if response is not None:
                udp.sendto(response, client)

    def accept(self, tcp: socket.socket) -> None:
        """Take a connection."""
        connection, _address = tcp.accept()
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffers[connection] = b""
        self.selector.register(connection, selectors.EVENT_READ, self.stream)

    def stream(self, connection: socket.socket) -> None:
        """Answer what has come over a connection."""
        try:
            data = connection.recv(65536)
        except OSError:
            data = b""
        if not data:
            self.selector.unregister(connection)
            del self.buffers[connection]
            connection.close()
            return
        data = self.buffers[connection] + data
        answers = []
        while len(data) >= FRAME.size and len(data) >= FRAME.size + FRAME.unpack_from(data)[0]:
            end = FRAME.size + FRAME.unpack_from(data)[0]
            query = data[FRAME.size : end]
            response = self.response(query, tcp=True, ipv4=connection.family == socket.AF_INET)
            if response is not None:
                answers.append(FRAME.pack(len(response)) + response)
            data = data[end:]
        self.buffers[connection] = data
        try:
            connection.sendall(b"".join(answers))
        except OSError:
            pass

    def response(self, query: bytes, *, tcp: bool, ipv4: bool) -> bytes | None:
        """The response to a query; None: silence."""
        self.asked.append(query)
        key = (query[2:], tcp, ipv4)
        if key not in self.made:
            self.made[key] = respond(self.zone, dns.message.from_wire(query), tcp=tcp, ipv4=ipv4)[2:]
        rest = self.made[key]
        return None if rest is None else query[:2] + rest


def question_text(query: bytes) -> str:
    """The question, as `name type`."""
    question = dns.message.from_wire(query).question[0]
    return f"{question.name.to_text(omit_final_dot=True)} {question.rdtype.name}"


if __name__ == "__main__":
    Server().run()
