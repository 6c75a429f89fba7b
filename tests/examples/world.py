"""What the examples talk to, run inside a network namespace: a name server and a web server on one address.

The first reply to each question gets lost, over UDP and TCP alike. Imports dnspython and the standard library.

usage: world.py ADDRESS; prints `ready`, ends with its standard input
"""

from __future__ import annotations

import socketserver
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset

ADDRESS = sys.argv[1]
SOA = "ns.invalid. root.invalid. 1 7200 1800 86400 5"


class Lossy:
    """Answers every name with ADDRESS, but for the first time that a question is asked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()  # guards _asked
        self._asked: set[str] = set()

    def reply(self, query: bytes) -> bytes | None:
        asked = dns.message.from_wire(query)
        question = asked.question[0]
        with self._lock:
            if str(question) not in self._asked:
                self._asked.add(str(question))
                return None
        response = dns.message.make_response(asked, recursion_available=True)
        if question.rdtype == dns.rdatatype.A:
            response.answer.append(dns.rrset.from_text(question.name, 30, "IN", "A", ADDRESS))
        else:
            response.authority.append(dns.rrset.from_text(".", 30, "IN", "SOA", SOA))
        return response.to_wire()


LOSSY = Lossy()


class Datagram(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        data, sock = self.request
        response = LOSSY.reply(data)
        if response is not None:
            sock.sendto(response, self.client_address)


class Stream(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        while len(length := self.rfile.read(2)) == 2:
            response = LOSSY.reply(self.rfile.read(int.from_bytes(length, "big")))
            if response is not None:
                self.wfile.write(len(response).to_bytes(2, "big") + response)


class Page(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "5")
        self.end_headers()
        self.wfile.write(b"hello")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - http.server's name for it
        pass


def main() -> None:
    """Serve until the standard input ends."""
    socketserver.TCPServer.allow_reuse_address = True
    servers: list[socketserver.ThreadingUDPServer | socketserver.ThreadingTCPServer | ThreadingHTTPServer] = [
        socketserver.ThreadingUDPServer((ADDRESS, 53), Datagram),
        socketserver.ThreadingTCPServer((ADDRESS, 53), Stream),
        ThreadingHTTPServer((ADDRESS, 80), Page),
    ]
    for server in servers:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
