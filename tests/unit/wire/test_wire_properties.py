"""Responses of every shape, made with dnspython and read by both; dnspython's records say what is right."""

from __future__ import annotations

import io
import struct
from itertools import pairwise
from typing import TYPE_CHECKING

import dns.name
import dns.rdata
import dns.rdataclass
import dns.rdatatype
import dns.rrset
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from steadydns.wire.message import AAAA, CNAME, NXDOMAIN, SERVFAIL, A, Answer, Mismatch, WireError
from tests.fuzz.codec_oracle import check_response

if TYPE_CHECKING:
    from collections.abc import Callable

IDENT = 0x1234
IN = dns.rdataclass.IN
TYPES = st.sampled_from([A, A, AAAA, AAAA, CNAME, 12])

host_labels = st.sampled_from(
    [b"www", b"api", b"svc", b"x-1", b"_tcp", b"cluster", b"local", b"com", b"a" * 63]
)
odd_labels = st.binary(min_size=1, max_size=5)
names = st.lists(st.one_of(host_labels, host_labels, odd_labels), max_size=5).map(
    lambda labels: dns.name.Name([*labels[:3], *labels[3:][-1:], b""])
)
ttls = st.one_of(st.integers(0, 300), st.sampled_from([0x7FFFFFFF, 0x80000000, 0xFFFFFFFF]))


@st.composite
def recased(draw: st.DrawFn, name: dns.name.Name) -> dns.name.Name:
    """Write a name with other capitals, which are the same name."""
    changes: list[Callable[[bytes], bytes]] = [bytes, bytes.upper, bytes.lower, bytes.title]
    change = draw(st.sampled_from(changes))
    return dns.name.Name([change(label) for label in name.labels])


@st.composite
def records(draw: st.DrawFn, owner: dns.name.Name, rtype: int, target: dns.name.Name) -> dns.rrset.RRset:
    """Draw a record of this owner and type; `target` is the name in it, if it has one."""
    kind = dns.rdatatype.RdataType.make(rtype)
    texts: dict[int, Callable[[], str]] = {
        A: lambda: f"192.0.2.{draw(st.integers(0, 3))}",
        AAAA: lambda: f"2001:db8::{draw(st.integers(0, 3))}",
        CNAME: target.to_text,
        2: target.to_text,
        12: target.to_text,
        6: lambda: (
            f"{target} {target} 1 7200 1800 86400 {draw(st.one_of(st.integers(0, 60), st.just(2**32 - 1)))}"
        ),
        16: lambda: '"some text"',
    }
    rrset = dns.rrset.RRset(draw(recased(owner)), IN, kind)
    rrset.add(dns.rdata.from_text(IN, kind, texts[rtype]()), 0)
    rrset.ttl = draw(ttls)
    return rrset


@st.composite
def responses(draw: st.DrawFn) -> tuple[bytes, bytes, int]:
    """Draw a well-formed response; give it with the name in wire form and the type that it answers."""
    qtype = draw(TYPES)
    links = draw(st.one_of(st.just(0), st.integers(0, 4), st.integers(15, 18)))
    chain = [draw(names) for _ in range(min(links, 4) + 1)]
    chain += [dns.name.from_text(f"link{i}.example.") for i in range(links + 1 - len(chain))]
    answer = [draw(records(a, CNAME, b)) for a, b in pairwise(chain)]
    answer += [draw(records(chain[-1], qtype, chain[0])) for _ in range(draw(st.integers(0, 4)))]
    strangers = st.tuples(st.one_of(names, st.sampled_from(chain)), st.sampled_from([A, AAAA, 16, 12]))
    answer += [
        draw(records(owner, rtype, chain[0])) for owner, rtype in draw(st.lists(strangers, max_size=2))
    ]
    if draw(st.booleans()):
        answer = draw(st.permutations(answer))
    authority = [
        draw(records(chain[-1], t, chain[0])) for t in draw(st.lists(st.sampled_from([6, 6, 2]), max_size=2))
    ]
    additional = [draw(records(owner, t, chain[0])) for owner, t in draw(st.lists(strangers, max_size=2))]
    flags = (
        0x8180
        | draw(st.sampled_from([0, 0, 0, NXDOMAIN, SERVFAIL]))
        | draw(st.sampled_from([0, 0x400, 0x200]))
    )
    opt = draw(st.sampled_from([b"", b"\0\0\x29\4\xd0" + bytes(6), b"\0\0\x29\4\xd0\1" + bytes(5)]))
    counts = len(answer), len(authority), len(additional) + bool(opt)
    wire = io.BytesIO()
    compress: dict[dns.name.Name, int] | None = draw(st.sampled_from([{}, {}, None]))
    wire.write(struct.pack("!6H", IDENT, flags, 1, *counts))
    draw(recased(chain[0])).to_wire(wire, compress)
    wire.write(struct.pack("!HH", qtype, 1))
    for rrset in (*answer, *authority, *additional):
        rrset.to_wire(wire, compress)
    return wire.getvalue() + opt, chain[0].to_wire() or b"", qtype


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow])
@given(responses())
def test_well_formed_responses_are_read_as_dnspython_reads_them(response: tuple[bytes, bytes, int]) -> None:
    """Rcode, flags, addresses at the end of the chain, lifetimes and canonical name are those of the records."""
    wire, qname, qtype = response
    outcome = check_response(wire, IDENT, qname, qtype)
    assert isinstance(outcome, Answer) or outcome is WireError


@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow])
@given(responses(), st.data())
def test_damaged_responses_are_read_or_refused(
    response: tuple[bytes, bytes, int], data: st.DataObject
) -> None:
    """Octets changed, cut or put in give an answer or a WireError, the same with and without the shortcut."""
    wire, qname, qtype = response
    damaged = bytearray(wire)
    for at in data.draw(st.lists(st.integers(0, len(wire) - 1), min_size=1, max_size=4)):
        damaged[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    check_response(bytes(damaged[: data.draw(st.integers(0, len(damaged)))]), IDENT, qname, qtype)
    check_response(bytes(damaged), IDENT, qname, qtype)


@given(st.binary(max_size=200), TYPES)
@example(b"", A)
def test_any_octets_are_a_mismatch_an_answer_or_refused(octets: bytes, qtype: int) -> None:
    """Noise, alone or behind the header and question that were asked for, raises nothing else."""
    qname = b"\3api\7example\3com\0"
    assert check_response(octets, IDENT, qname, qtype) in {Mismatch, WireError}
    ours = struct.pack("!HHH", IDENT, 0x8180, 1) + octets[:6].ljust(6, b"\0") + qname
    check_response(ours + struct.pack("!HH", qtype, 1) + octets[6:], IDENT, qname, qtype)


@given(st.integers(0, 3), st.integers(0, 3), st.lists(st.binary(max_size=8), max_size=3), TYPES)
def test_near_misses_of_the_common_layouts_agree(
    answers: int, others: int, tails: list[bytes], qtype: int
) -> None:
    """Records like those of the shortcut, with odd lengths and counts, give one verdict on both ways."""
    qname = b"\3api\7example\3com\0"
    size = 4 if qtype == A else 16
    record = b"\xc0\x0c" + struct.pack("!HHIH", qtype, 1, 30, size) + bytes(size)
    header = struct.pack("!6H", IDENT, 0x8180, 1, answers, others & 1, others >> 1)
    message = header + qname + struct.pack("!HH", qtype, 1) + record * answers + b"".join(tails)
    check_response(message, IDENT, qname, qtype)
