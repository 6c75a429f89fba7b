"""What dnspython says about a response: the reference the codec is compared with.

Lives here: reading by dnspython, and the invariants that hold for whatever octets. Nothing here uses the codec's
own reading to judge the codec.
"""

from __future__ import annotations

from typing import NamedTuple

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rdataclass
import dns.rdatatype
import dns.rrset

import steadydns.wire.message as codec
from steadydns.wire.framing import Deframer, frame
from steadydns.wire.names import decode_name


class RefusedError(Exception):
    """The reference says: no answer may be made of this response."""


class Names(NamedTuple):
    """The names in an answer."""

    canonical: dns.name.Name
    aliases: list[dns.name.Name]
    """The owners of the chain that leads to it."""
    pointers: list[dns.name.Name]
    """What the PTR records asked for give."""


def expected(wire: bytes, qname: dns.name.Name, qtype: int) -> tuple[codec.Answer, Names]:
    """Read a response with dnspython; give the answer without its names, and those.

    The answer section is read once, from the first record to the last, as glibc does: an alias says whose addresses
    count from there on.

    Raises:
        RefusedError: an alias comes after addresses.
        dns.exception.DNSException: dnspython cannot read the message.
    """
    message = dns.message.from_wire(wire, one_rr_per_rrset=True, ignore_trailing=True)
    rcode = (
        int(message.rcode()) & 0xF
    )  # the query had no OPT record: what one says in the response is ignored
    if not rcode and not message.flags & (dns.flags.AA | dns.flags.RA) and not any(wire[6:8] + wire[10:12]):
        return codec.Answer(codec.REFUSED, False, False, (), 0, b"", False, None), Names(qname, [], [])
    name = message.question[0].name if message.question else qname
    chain: list[int] = []
    owners: list[dns.name.Name] = []
    used: list[dns.rrset.RRset] = []
    for rrset in message.answer:
        if rrset.rdclass != dns.rdataclass.IN:
            continue
        if rrset.rdtype == qtype:
            used += [rrset] if rrset.name == name else []
        elif rrset.rdtype == dns.rdatatype.CNAME:
            if used:
                raise RefusedError
            name = rrset[0].target
            chain.append(_ttl(rrset))
            owners.append(rrset.name)
    if rcode:
        used = []
    denials = [
        value
        for rrset in message.authority
        if rrset.rdtype == dns.rdatatype.SOA and rrset.rdclass == dns.rdataclass.IN
        for value in (_ttl(rrset), rrset[0].minimum, *chain)
    ]
    answer = codec.Answer(
        rcode=rcode,
        truncated=bool(message.flags & dns.flags.TC),
        authoritative=bool(message.flags & dns.flags.AA),
        addresses=tuple(rrset[0].to_wire() for rrset in used) if qtype in (codec.A, codec.AAAA) else (),
        ttl=min([*chain, *map(_ttl, used)]) if used else 0,
        canonical=b"",
        aliased=bool(chain),
        # Beside what was asked for, the later sections say nothing: glibc does not look at them.
        negative_ttl=None if used else min(denials, default=None),
        empty=bool(not rcode and any(wire[6:8]) and not used),
    )
    pointers = [rrset[0].target for rrset in used] if qtype == codec.PTR else []
    return answer, Names(name, owners, pointers)


def _ttl(rrset: dns.rrset.RRset) -> int:
    # RFC 2181 section 8.
    return 0 if rrset.ttl >= 1 << 31 else int(rrset.ttl)


def parse_generally(wire: bytes, ident: int, qname: bytes, qtype: int) -> codec.Answer:
    """Do what `parse` does, with its shortcut closed."""
    shortcut = codec.read_direct  # type: ignore[attr-defined]
    codec.read_direct = lambda *_: None  # type: ignore[attr-defined]
    try:
        return codec.parse(wire, ident, qname, qtype)
    finally:
        codec.read_direct = shortcut  # type: ignore[attr-defined]


def outcome(call: object, *arguments: object) -> object:
    """Give what the call returns, or the type of the `WireError` that it raises; all else goes through."""
    assert callable(call)
    try:
        return call(*arguments)
    except codec.WireError as error:
        return type(error)


def check_response(wire: bytes, ident: int, qname: bytes, qtype: int) -> object:
    """Check every invariant of reading a response; give what `parse` made of it."""
    answer = outcome(codec.parse, wire, ident, qname, qtype)
    general = outcome(parse_generally, wire, ident, qname, qtype)
    assert answer == general, f"shortcut {answer!r}, general {general!r}"
    if answer is codec.Mismatch:
        return answer
    asked = dns.name.from_wire(qname, 0)[0]
    try:
        reference, names = expected(wire, asked, qtype)
    except RefusedError:
        assert answer is codec.WireError or (isinstance(answer, codec.Answer) and answer.truncated)
        return answer
    except (dns.exception.DNSException, ValueError):
        # dnspython reads all data of all records, the codec only what it uses: it may accept more.
        return answer
    assert isinstance(answer, codec.Answer), "dnspython reads it, the codec does not"
    plain = answer._replace(canonical=b"", aliases=())
    if qtype == codec.PTR:
        plain = plain._replace(addresses=())
        assert same_names(answer.addresses, names.pointers)
    assert plain == reference, f"codec {answer!r}, dnspython {reference!r}"
    assert same_names(answer.aliases, names.aliases)
    if answer.aliased or names.canonical.labels != asked.labels:
        assert same_names((answer.canonical,), [names.canonical])
    else:
        assert answer.canonical == b""
    return answer


def same_names(texts: tuple[bytes, ...], names: list[dns.name.Name]) -> bool:
    """Say whether the texts are the names, their case included."""
    read = [dns.name.from_text(text.decode("ascii")).labels for text in texts]
    return read == [name.labels for name in names]


def check_name(wire: bytes, offset: int) -> None:
    """Check that a name that dnspython reads is read alike, and any other refused or read within bounds."""
    read = outcome(decode_name, wire, offset)
    try:
        name, _ = dns.name.from_wire(wire, offset)
    except (dns.exception.DNSException, ValueError):
        # The versions of dnspython differ in which odd pointers that lead backwards they take.
        assert read is codec.WireError or (isinstance(read, tuple) and offset < read[1] <= len(wire))
        return
    assert isinstance(read, tuple), "dnspython reads it, the codec does not"
    assert read[1] == end_of_name(wire, offset)
    assert dns.name.from_text(read[0].decode("ascii")).labels == name.labels


def end_of_name(wire: bytes, offset: int) -> int:
    """Give where a well-formed name ends: dnspython 2.8 miscounts where a pointer's target runs past the pointer."""
    while 0 < wire[offset] < 0xC0:
        offset += 1 + wire[offset]
    return offset + (2 if wire[offset] else 1)


def fed(deframer: Deframer, data: bytes) -> list[bytes]:
    """Give the messages that the octets complete."""
    stream, spans = deframer.cut(data)
    return [stream[start:end] for start, end, _ in spans]


def check_stream(stream: bytes, cut: int) -> None:
    """Check that a stream gives the same messages whole, in two pieces, and octet by octet."""
    whole, pieces, octets = Deframer(), Deframer(), Deframer()
    messages = fed(whole, stream)
    assert fed(pieces, stream[:cut]) + fed(pieces, stream[cut:]) == messages
    assert [found for octet in stream for found in fed(octets, bytes((octet,)))] == messages
    assert whole.pending == pieces.pending == octets.pending
    assert b"".join(map(frame, messages)) == stream[: len(stream) - whole.pending]
