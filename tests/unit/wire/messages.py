"""Makes responses octet by octet, and reads them in both ways the codec has."""

from __future__ import annotations

import struct

import pytest

from steadydns.wire.message import CNAME, OPT, A, Answer, WireError, parse
from tests.fuzz.codec_oracle import parse_generally

IDENT = 0x1234
QNAME = b"\3www\4test\0"
ASKED = b"\xc0\x0c"  # the owner that is a pointer to the question
A1, A2 = bytes((192, 0, 2, 1)), bytes((192, 0, 2, 2))
SIX = bytes.fromhex("20010db8000000000000000000000001")
SOA_DATA = b"\2ns\xc0\x10\0" + struct.pack("!5I", 1, 7200, 1800, 86400, 5)
ROOT = b"\0"


def rr(
    owner: bytes, rtype: int, ttl: int, data: bytes, rclass: int = 1, rdlength: int | None = None
) -> bytes:
    """Make a record."""
    size = len(data) if rdlength is None else rdlength
    return owner + struct.pack("!HHIH", rtype, rclass, ttl, size) + data


def opt(extended: int = 0) -> bytes:
    """Make an OPT record with this upper part of the rcode."""
    return rr(ROOT, OPT, extended << 24, b"", rclass=1232)


def response(
    answers: tuple[bytes, ...] = (),
    authorities: tuple[bytes, ...] = (),
    additionals: tuple[bytes, ...] = (),
    flags: int = 0x8180,
    qtype: int = A,
    question: bytes = QNAME,
) -> bytes:
    """Make a response whose counts are those of its records."""
    counts = len(answers), len(authorities), len(additionals)
    header = struct.pack("!6H", IDENT, flags, 1, *counts)
    return header + question + struct.pack("!HH", qtype, 1) + b"".join((*answers, *authorities, *additionals))


def read(message: bytes, qtype: int = A) -> Answer:
    """Parse both ways, which must agree, and give the answer."""
    answer = parse(message, IDENT, QNAME, qtype)
    assert parse_generally(message, IDENT, QNAME, qtype) == answer
    return answer


def refuse(message: bytes, qtype: int = A, error: type[WireError] = WireError) -> None:
    """Parse both ways, which must both raise exactly this."""
    for reader in (parse, parse_generally):
        with pytest.raises(WireError) as caught:
            reader(message, IDENT, QNAME, qtype)
        assert caught.type is error


GOOD = response((rr(ASKED, A, 9, A1),))

CHAIN = (
    rr(ASKED, CNAME, 60, b"\1B\xc0\x10"),  # www.test -> B.test, the target at offset 38
    rr(b"\1b\4TEST\0", CNAME, 7, b"\1c\3net\0"),
    rr(b"\1C\3net\0", A, 30, A1),
)
