"""The codec beside dnspython: microseconds for each query built and each response read.

The two alternate in every round, and the figure is the median over the rounds; the best round is what the code takes on
an idle machine. No network, no file.
"""

from __future__ import annotations

import statistics
import sys
from time import perf_counter_ns
from typing import TYPE_CHECKING

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

from benchmarks.report import Report, median_ratio
from steadydns.wire.message import AAAA, A, parse, query
from steadydns.wire.names import encode_name

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 7
IDENT = 4711
NAME = "api.example.com."
WIRE = encode_name(NAME.encode())


def response(*answers: str, qtype: str = "A", denial: bool = False, authority: str = "") -> bytes:
    """Build a response of the kind CoreDNS sends from records in master file form."""
    message = dns.message.make_response(
        dns.message.make_query(NAME, qtype, id=IDENT), recursion_available=True
    )
    message.answer = [dns.rrset.from_text(*_fields(line)) for line in answers]
    message.authority = [dns.rrset.from_text(*_fields(authority))] if authority else []
    message.set_rcode(dns.rcode.NXDOMAIN if denial else dns.rcode.NOERROR)
    return message.to_wire()


def _fields(line: str) -> tuple[str, int, str, str, str]:
    owner, ttl, rtype, data = line.split(" ", 3)
    return owner, int(ttl), "IN", rtype, data


SOA = "example.com. 30 SOA ns.example.com. hostmaster.example.com. 1 7200 1800 86400 5"
RESPONSES = {
    "parse 1 A": response(f"{NAME} 30 A 192.0.2.1"),
    "parse 1 AAAA": response(f"{NAME} 30 AAAA 2001:db8::1", qtype="AAAA"),
    "parse 8 A": response(*(f"{NAME} 30 A 192.0.2.{i}" for i in range(1, 9))),
    "parse 3 CNAME + A": response(
        f"{NAME} 30 CNAME a.cdn.example.net.",
        "a.cdn.example.net. 30 CNAME b.edge.example.org.",
        "b.edge.example.org. 30 CNAME c.edge.example.org.",
        "c.edge.example.org. 30 A 192.0.2.1",
    ),
    "parse NODATA + SOA": response(authority=SOA),
    "parse NXDOMAIN + SOA": response(denial=True, authority=SOA),
}


def microseconds(call: Callable[[], object], seconds: float) -> float:
    """Call for about `seconds`, give the mean of one call in microseconds."""
    count = 1
    while True:
        start = perf_counter_ns()
        for _ in range(count):
            call()
        spent = perf_counter_ns() - start
        if spent >= seconds * 1e9 / 2:
            return spent / count / 1e3
        count = max(count * 2, int(count * seconds * 1e9 / max(spent, 1)))


def cases() -> dict[str, tuple[Callable[[], object], Callable[[], object]]]:
    """Name each case, with the codec's call and dnspython's."""

    def reader(wire: bytes, qtype: int) -> tuple[Callable[[], object], Callable[[], object]]:
        return lambda: parse(wire, IDENT, WIRE, qtype), lambda: dns.message.from_wire(wire)

    found: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        "encode name": (lambda: encode_name(b"api.example.com"), lambda: dns.name.from_text(NAME).to_wire()),
        "build query": (lambda: query(IDENT, WIRE, A), lambda: dns.message.make_query(NAME, "A").to_wire()),
        "build query, EDNS": (
            lambda: query(IDENT, WIRE, A, 1232),
            lambda: dns.message.make_query(NAME, "A", use_edns=0, payload=1232).to_wire(),
        ),
    }
    for name, wire in RESPONSES.items():
        found[name] = reader(wire, AAAA if "AAAA" in name else A)
    return found


def measure(rounds: int | None = None) -> Report:
    """Run all rounds."""
    report = Report(
        "wire",
        rounds or ROUNDS,
        ("what", "steadydns us", "at best", "dnspython us", "dnspython at best", "dnspython / steadydns"),
        notes="messages of A and AAAA lookups, median of the rounds and the best one",
    )
    for name, (ours, theirs) in cases().items():
        mine, other = [], []
        for _ in range(report.rounds):
            mine.append(microseconds(ours, 0.02))
            other.append(microseconds(theirs, 0.02))
        report.rows.append(
            (
                name,
                statistics.median(mine),
                min(mine),
                statistics.median(other),
                min(other),
                median_ratio(other, mine),
            )
        )
        print(".", end="", file=sys.stderr, flush=True)
    return report
