"""A name server on loopback, in this process: for libraries that ask DNS by themselves, and can be told whom.

Addresses come from the resolver, with its cache and its patience; anything else is put to the pod's servers as it is.
It starts when it is first needed, answers in threads of its own, and a forked child has none until it needs one.
"""

from __future__ import annotations

import os
import socket
import socketserver
import threading
import weakref
from math import ceil
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from steadydns.runtime.native import RLock

if TYPE_CHECKING:
    from collections.abc import Callable

    from dns.message import Message

    from steadydns.resolver import Resolver

HOST: Final = "127.0.0.1"
PATIENCE: Final = 5.0
"""Seconds after which c-ares asks again: what is not an address is not worth longer."""

_TRIES: Final = 20
"""Ports that are tried until one is free for UDP and TCP."""

_PLAIN: Final = 512  # octets of a datagram without EDNS (RFC 1035 section 4.2.1)


class Forwarder:
    """The name server of one resolver."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._servers: list[socketserver.BaseServer] = []
        self._lock = RLock()  # two threads that need it at once start one
        _forwarders.add(self)

    def port(self) -> int:
        """Return the port, having started the server.

        Raises:
            OSError: No port is free.
        """
        with self._lock:
            if not self._servers:
                self._servers = self._start()
            return int(self._servers[0].server_address[1])  # type: ignore[index]

    def _start(self) -> list[socketserver.BaseServer]:
        for tries_left in reversed(range(_TRIES)):
            datagrams = _Datagrams((HOST, 0), _datagram_handler(self.respond))
            try:
                streams = _Streams(datagrams.server_address, _stream_handler(self.respond))
            except OSError:
                datagrams.server_close()
                if not tries_left:
                    raise
                continue
            for server in (datagrams, streams):
                threading.Thread(target=server.serve_forever, name="steadydns-forwarder", daemon=True).start()
            return [datagrams, streams]
        raise AssertionError  # the last try has raised

    def close(self) -> None:
        """Stop answering."""
        with self._lock:
            servers, self._servers = self._servers, []
        for server in servers:
            server.shutdown()
            server.server_close()

    def after_fork(self) -> None:
        """In the child: the threads did not come along, and the sockets are the parent's."""
        self._lock = RLock()
        servers, self._servers = self._servers, []
        for server in servers:
            server.server_close()

    def respond(self, wire: bytes, limit: int | None) -> bytes | None:
        """Return the response to a query; None for what is no query at all.

        Args:
            wire: The query.
            limit: Most octets of the response, above which it is truncated; None: what the query allows.
        """
        import dns.exception  # noqa: PLC0415 - dnspython is loaded by whoever needs it
        import dns.flags  # noqa: PLC0415
        import dns.message  # noqa: PLC0415
        import dns.rcode  # noqa: PLC0415

        try:
            query = dns.message.from_wire(wire)
            question = query.question[0]
        except (dns.exception.DNSException, IndexError):
            return None
        if query.flags & dns.flags.QR:  # a response: to answer it could make two servers talk without end
            return None
        if limit is None:
            limit = max(query.payload, _PLAIN)
        try:
            response = self._answer(query)
        except Exception as error:  # of ours: whoever asks is to hear something
            self._resolver.observer.report(error)
            response = dns.message.make_response(query, recursion_available=True)
            response.set_rcode(dns.rcode.SERVFAIL)
        response.id = query.id
        response.question = [question]
        try:
            return response.to_wire(max_size=limit)
        except dns.exception.TooBig:
            return truncated(query)

    def _answer(self, query: Message) -> Message:
        import dns.message  # noqa: PLC0415 - as above
        import dns.name  # noqa: PLC0415
        import dns.rcode  # noqa: PLC0415
        import dns.rdataclass  # noqa: PLC0415
        import dns.rdatatype  # noqa: PLC0415
        import dns.rrset  # noqa: PLC0415

        question = query.question[0]
        families = {dns.rdatatype.A: socket.AF_INET, dns.rdatatype.AAAA: socket.AF_INET6}
        family = families.get(question.rdtype)
        response = dns.message.make_response(query, recursion_available=True)
        if family is None or question.rdclass != dns.rdataclass.IN or question.name == dns.name.root:
            found = self._resolver.ask(query, PATIENCE)
            if found is None:
                response.set_rcode(dns.rcode.SERVFAIL)
                return response
            return found
        name = question.name.to_text()
        try:
            rows = self._resolver.getaddrinfo(name, None, family, socket.SOCK_STREAM, 0, socket.AI_CANONNAME)
        except socket.gaierror as failure:
            codes = {socket.EAI_NONAME: dns.rcode.NXDOMAIN, socket.EAI_NODATA: dns.rcode.NOERROR}
            response.set_rcode(codes.get(failure.args[0], dns.rcode.SERVFAIL))
            return response
        entry = self._resolver.known(name.encode("ascii"), int(question.rdtype))
        ttl = 0 if entry is None else max(ceil(entry.expires - monotonic()), 0)
        owner = question.name
        if entry is not None and entry.aliased:
            target = dns.name.from_text(entry.canonical.decode("ascii"))
            response.answer.append(
                dns.rrset.from_text(owner, ttl, dns.rdataclass.IN, dns.rdatatype.CNAME, target.to_text())
            )
            owner = target
        texts = dict.fromkeys(str(row[4][0]) for row in rows)
        response.answer.append(dns.rrset.from_text(owner, ttl, dns.rdataclass.IN, question.rdtype, *texts))
        return response


def truncated(query: Message) -> bytes:
    """Return a response without records, which says that there are some (RFC 2181 section 9)."""
    import dns.flags  # noqa: PLC0415 - as above
    import dns.message  # noqa: PLC0415

    response = dns.message.make_response(query, recursion_available=True)
    response.flags |= dns.flags.TC
    return response.to_wire()


class _Datagrams(socketserver.ThreadingMixIn, socketserver.UDPServer):
    daemon_threads = True


class _Streams(socketserver.ThreadingMixIn, socketserver.TCPServer):
    daemon_threads = True


def _datagram_handler(respond: Callable[[bytes, int | None], bytes | None]) -> Any:
    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            data, sock = self.request
            response = respond(data, None)
            if response is not None:
                sock.sendto(response, self.client_address)

    return Handler


def _stream_handler(respond: Callable[[bytes, int | None], bytes | None]) -> Any:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            try:
                while len(length := self.rfile.read(2)) == 2:
                    response = respond(self.rfile.read(int.from_bytes(length, "big")), 65535)
                    if response is None:
                        return
                    self.wfile.write(len(response).to_bytes(2, "big") + response)
            except ConnectionError:  # the client has left
                return

    return Handler


_forwarders: weakref.WeakSet[Forwarder] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for forwarder in tuple(_forwarders):
        forwarder.after_fork()


os.register_at_fork(after_in_child=_after_fork_in_child)
