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

FRAME = struct.Struct("!H")


class Server:
    """The sockets, the zone and what was asked."""

    def __init__(self, address: str = "127.0.0.1", port: int = 53) -> None:
        self.zone = Zone({})
        self.made: dict[tuple[bytes, bool], bytes | None] = {}
        self.asked: list[bytes] = []
        self.selector = selectors.DefaultSelector()
        self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.udp.bind((address, port))
        self.udp.setblocking(False)
        self.tcp = socket.create_server((address, port), backlog=128)
        self.tcp.setblocking(False)
        self.selector.register(self.udp, selectors.EVENT_READ, self.datagrams)
        self.selector.register(self.tcp, selectors.EVENT_READ, self.accept)
        self.selector.register(sys.stdin.fileno(), selectors.EVENT_READ, self.command)
        self.buffers: dict[socket.socket, bytes] = {}

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

    def datagrams(self, _: Any) -> None:
        """Answer what has come over UDP."""
        while True:
            try:
                query, client = self.udp.recvfrom(4096)
            except BlockingIOError:
                return
            response = self.response(query, tcp=False)
            if response is not None:
                self.udp.sendto(response, client)

    def accept(self, _: Any) -> None:
        """Take a connection."""
        connection, _address = self.tcp.accept()
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
            response = self.response(data[FRAME.size : end], tcp=True)
            if response is not None:
                answers.append(FRAME.pack(len(response)) + response)
            data = data[end:]
        self.buffers[connection] = data
        try:
            connection.sendall(b"".join(answers))
        except OSError:
            pass

    def response(self, query: bytes, *, tcp: bool) -> bytes | None:
        """The response to a query; None: silence."""
        self.asked.append(query)
        key = (query[2:], tcp)
        if key not in self.made:
            self.made[key] = respond(self.zone, dns.message.from_wire(query), tcp=tcp)[2:]
        rest = self.made[key]
        return None if rest is None else query[:2] + rest


def question_text(query: bytes) -> str:
    """The question, as `name type`."""
    question = dns.message.from_wire(query).question[0]
    return f"{question.name.to_text(omit_final_dot=True)} {question.rdtype.name}"


if __name__ == "__main__":
    Server().run()
