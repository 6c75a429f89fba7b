"""Records that are no addresses (SRV, TXT, MX, PTR...), by dnspython: off the hot path, correctness before speed.

The search list, the servers, the retries' rhythm and the errors are those of an address lookup.
"""

from __future__ import annotations

import socket
from copy import copy
from time import monotonic, time
from typing import TYPE_CHECKING, Final

from steadydns.contract.errors import LookupFailed, gaierror
from steadydns.resolution.search import candidates
from steadydns.resolution.walk import HOST_NOT_FOUND, NO_DATA, TRY_AGAIN

if TYPE_CHECKING:
    from collections.abc import Mapping

    from dns.message import Message

    from steadydns.resolution.model import Server
    from steadydns.resolution.rules import Rules

EDNS_PAYLOAD: Final = 1232
"""Octets of a datagram that no path has to fragment (dnsflagday.net/2020)."""


def records(name: str, rdtype: str, rules: Rules, failures: Mapping[str, tuple[int, str]]) -> list[str]:
    """Return the records of the type at the name, as text (RFC 1035 section 5.1).

    Raises:
        ValueError: There is no such record type, or the name is none.
        socket.gaierror: As getaddrinfo reports it: no such name, no such record, no answer.
    """
    import dns.exception  # noqa: PLC0415 - 20 ms that only these types pay
    import dns.message  # noqa: PLC0415
    import dns.name  # noqa: PLC0415
    import dns.rcode  # noqa: PLC0415
    import dns.rdatatype  # noqa: PLC0415

    try:
        type_ = dns.rdatatype.from_text(rdtype)
        encoded = name.encode("ascii") if name.isascii() else name.encode("idna")
        dns.name.from_text(encoded.decode("ascii"))
    except (dns.exception.DNSException, UnicodeError) as error:
        raise ValueError(f"{name!r}, {rdtype!r}: {error}") from error
    deadline = monotonic() + rules.deadline
    verdict = HOST_NOT_FOUND
    for candidate in candidates(encoded, rules.search, rules.ndots, rules.libc):
        query = dns.message.make_query(
            candidate.name.decode("ascii") + ".", type_, use_edns=0, payload=EDNS_PAYLOAD
        )
        response = ask(query, rules, deadline)
        if response is None:
            raise gaierror(TRY_AGAIN, failures) from LookupFailed(f"no server answered for {name} {rdtype}")
        found = [rdata.to_text() for rrset in response.answer if rrset.rdtype == type_ for rdata in rrset]
        if found:
            return found
        if response.rcode() == dns.rcode.NOERROR:
            verdict = NO_DATA
        elif response.rcode() != dns.rcode.NXDOMAIN and verdict != NO_DATA:
            verdict = TRY_AGAIN
    raise gaierror(verdict, failures)


def ask(query: Message, rules: Rules, deadline: float) -> Message | None:
    """Return the first response that settles the question, else the last one, None where there was none.

    Args:
        query: What is asked; each attempt has an id of its own, and the last response the one of its attempt.
        rules: The servers, in the order in which they are asked.
        deadline: Monotonic seconds.
    """
    import dns.entropy  # noqa: PLC0415
    import dns.exception  # noqa: PLC0415
    import dns.rcode  # noqa: PLC0415

    servers = rules.servers
    patience, last, attempt = rules.first_retry, None, copy(query)
    refusals = 0
    for number in range(max(rules.attempts, 1) * len(servers) * 4):
        left = deadline - monotonic()
        if left <= 0:
            break
        attempt.id = dns.entropy.random_16()
        try:
            last = _exchange(attempt, servers[number % len(servers)], min(patience, left), rules.transport)
        except (OSError, EOFError, dns.exception.DNSException) as error:
            patience = min(2 * patience, 4 * rules.first_retry)
            refusals += isinstance(error, ConnectionError)
            if refusals >= max(rules.attempts, 1) * len(servers):
                break
            continue
        if last.rcode() in (dns.rcode.NOERROR, dns.rcode.NXDOMAIN):
            break
        if last.rcode() in (dns.rcode.FORMERR, dns.rcode.NOTIMP):
            attempt.use_edns(-1)  # an old server that does not know EDNS (RFC 6891 section 7)
    return last


def _exchange(query: Message, server: Server, timeout: float, transport: str) -> Message:
    """Ask one server once, on a port or connection of its own."""
    import dns.flags  # noqa: PLC0415
    import dns.query  # noqa: PLC0415

    address = f"{server.address}%{server.scope_id}" if server.scope_id else server.address
    if transport == "tcp":
        return dns.query.tcp(query, address, timeout, server.port)
    with socket.socket(server.family, socket.SOCK_DGRAM) as connected:
        # Connected, so that a refusal (ICMP) is seen at once, and nobody else's datagram.
        connected.connect(server.sockaddr)
        connected.setblocking(False)
        connected.send(query.to_wire())
        expiration = time() + timeout
        received = dns.query.receive_udp(
            connected, None, expiration, ignore_unexpected=True, ignore_errors=True, query=query
        )
    response: Message = received[0]
    if response.flags & dns.flags.TC:
        return dns.query.tcp(query, address, timeout, server.port)
    return response
