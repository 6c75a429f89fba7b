"""A UDP exchange: a connected socket on a port of its own, with one question in flight.

A port is never used for a second question. Two datagrams that leave one port together are what conntrack's insert
race drops, and a port that is used again stays with the backend it was once mapped to, dead or not.
"""

from __future__ import annotations

import _socket
import select
from os import urandom
from typing import TYPE_CHECKING, Final

from steadydns.wire.message import Answer, Mismatch, parse, query
from steadydns.wire.names import encode_name

if TYPE_CHECKING:
    from steadydns.resolution.model import Question, Server

EDNS_PAYLOAD: Final = 1232
"""Largest answer asked for, bytes: fits every path without fragments (DNS Flag Day 2020)."""

_Socket = _socket.socket
_DATAGRAM: Final = _socket.SOCK_DGRAM | _socket.SOCK_NONBLOCK | _socket.SOCK_CLOEXEC


class Datagram:
    """One question on its way. Sends in the constructor, which raises OSError where the network refuses at once."""

    __slots__ = ("_edns", "_ident", "_name", "fd", "question", "server", "sock")

    events = select.POLLIN

    def __init__(self, server: Server, question: Question, *, edns: bool) -> None:
        self.server = server
        self.question = question
        self._ident = int.from_bytes(urandom(2), "big")
        self._name = encode_name(question.name)
        self._edns = edns
        message = query(self._ident, self._name, question.type, EDNS_PAYLOAD if edns else 0)
        self.sock = _Socket(server.family, _DATAGRAM, 0)
        self.fd = self.sock.fileno()
        try:
            # Connected: the kernel then drops datagrams from any other address, and reports ICMP errors.
            self.sock.connect(server.sockaddr)
            self.sock.send(message)
        except BaseException:
            self.sock.close()
            raise

    def receive(self) -> Answer | None:
        """Return the answer, or None where what came was not it: forged or late, and the wait goes on.

        Raises:
            OSError: an ICMP error came, such as 'port unreachable'.
            WireError: it is the answer, by id and question, and makes no sense.
        """
        while True:
            try:
                data = self.sock.recv(65535)
            except BlockingIOError:
                return None
            try:
                return parse(data, self._ident, self._name, self.question.type, edns=self._edns)
            except Mismatch:
                continue

    def close(self) -> None:
        """Close the socket."""
        self.sock.close()
