"""Asks the running glibc what it reports where servers fail in every combination. Run through namespace.run."""

from __future__ import annotations

import json
import socket
import sys
import threading
from typing import Any

import dns.message
import dns.rcode
import dns.rrset

from tests.unit.system.namespace import private_etc, write_etc

CONF = "nameserver 127.0.0.1\nsearch {search}\noptions attempts:1 timeout:1 ndots:{ndots} {options}\n"
FAILURES = {"servfail": 2, "refused": 5, "notimp": 4, "formerr": 1, "nxdomain": 3, "nodata": 0}


def respond(data: bytes, outcomes: dict[str, str]) -> bytes:
    """Answer 'name type' as *outcomes* says."""
    query = dns.message.from_wire(data)
    question = query.question[0]
    kind = "AAAA" if question.rdtype == 28 else "A"
    outcome = outcomes[f"{question.name.to_text(omit_final_dot=True).lower()} {kind}"]
    response = dns.message.make_response(query, recursion_available=True)
    if outcome == "ok":
        address = "192.0.2.1" if kind == "A" else "2001:db8::1"
        response.answer.append(dns.rrset.from_text(question.name, 30, "IN", kind, address))
    elif outcome == "alias":
        response.answer.append(dns.rrset.from_text(question.name, 30, "IN", "CNAME", "target."))
    else:
        response.set_rcode(dns.rcode.Rcode(FAILURES[outcome]))
    return response.to_wire()


def serve(sock: socket.socket, outcomes: dict[str, str]) -> None:
    """Answer datagrams, for ever."""
    while True:
        data, client = sock.recvfrom(4096)
        sock.sendto(respond(data, outcomes), client)


def serve_streams(listener: socket.socket, outcomes: dict[str, str]) -> None:
    """Answer one connection after the other, for ever: `options use-vc`."""
    while True:
        connection, _ = listener.accept()
        with connection, connection.makefile("rb") as stream:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            while head := stream.read(2):
                response = respond(stream.read(int.from_bytes(head, "big")), outcomes)
                try:
                    connection.sendall(len(response).to_bytes(2, "big") + response)
                except OSError:
                    break


def main() -> None:
    """Look up each case's name; print what came of it."""
    private_etc()
    write_etc("nsswitch.conf", "hosts: files dns\n")
    if "no-hosts" not in sys.argv:
        write_etc("hosts", "127.0.0.1 localhost\n")
    outcomes: dict[str, str] = {}
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.bind(("127.0.0.1", 53))
    threading.Thread(target=serve, args=(sock, outcomes), daemon=True).start()
    listener = socket.create_server(("127.0.0.1", 53))
    threading.Thread(target=serve_streams, args=(listener, outcomes), daemon=True).start()
    results: list[Any] = []
    for case in json.load(sys.stdin):
        write_etc(
            "resolv.conf",
            CONF.format(search=" ".join(case["search"]), ndots=case["ndots"], options=case["options"]),
        )
        outcomes.clear()
        outcomes.update(case["outcomes"])
        try:
            rows = socket.getaddrinfo(case["name"], None, case["family"], 1, 0, case["flags"])
            results.append(sorted(str(row[4][0]) for row in rows))
        except socket.gaierror as error:
            results.append([error.errno, error.strerror])
    print(json.dumps(results))


main()
