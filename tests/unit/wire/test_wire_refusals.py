"""Responses that are damaged, endless, or not ours."""

from __future__ import annotations

import struct
from itertools import pairwise

import pytest

from steadydns.wire.answer import Disorderly
from steadydns.wire.message import AAAA, CNAME, OPT, SOA, A, Answer, Mismatch, WireError
from tests.unit.wire.messages import (
    A1,
    ASKED,
    CHAIN,
    GOOD,
    IDENT,
    ROOT,
    SOA_DATA,
    opt,
    read,
    refuse,
    response,
    rr,
)


def chain_of(links: int) -> bytes:
    """Make a response with this many links and an address at the end."""
    names = [ASKED, *(b"\3c%02d\0" % i for i in range(links))]
    records = [rr(a, CNAME, 9, b) for a, b in pairwise(names)]
    return response((*records, rr(names[-1], A, 9, A1)))


def test_long_chains_are_refused() -> None:
    """16 links are followed, 17 are not."""
    assert read(chain_of(16)).addresses == (A1,)
    refuse(chain_of(17))


@pytest.mark.parametrize("target", [ASKED, b"\1b\0"])
def test_looping_chains_are_refused(target: bytes) -> None:
    """A chain that comes back to itself never makes parsing loop, whether of one link or of two."""
    refuse(
        response((rr(ASKED, CNAME, 9, target), rr(b"\1b\0", CNAME, 9, b"\3WWW\4test\0"), rr(ASKED, A, 9, A1)))
    )


@pytest.mark.parametrize(
    "records",
    [
        (rr(ASKED, A, 9, A1[:3]),),
        (rr(ASKED, A, 9, A1 + b"x"),),
        (rr(ASKED, A, 9, A1), rr(ASKED, A, 9, A1[:3]) + b"x"),
        (rr(ASKED, A, 9, A1, rdlength=5),),
        (rr(b"\4evil\0", A, 9, b""),),
        (rr(ASKED, CNAME, 9, b"\1b\0x"),),
        (rr(ASKED, CNAME, 9, b"\1b\0", rdlength=2), b"\0"),
        (rr(ASKED, CNAME, 9, b""),),
        (rr(b"\xc0\xff", A, 9, A1),),
        (rr(b"\xc0\x1a", A, 9, A1),),
        (rr(b"\x81", A, 9, A1),),
        (b"",),
        (rr(ASKED, A, 9, A1), b""),
        (rr(ASKED, A, 9, A1)[:-1],),
    ],
)
def test_malformed_answers_are_refused(records: tuple[bytes, ...]) -> None:
    """Wrong lengths, names that are none, and counts that the message does not hold give WireError."""
    refuse(response(records))


@pytest.mark.parametrize(
    ("authorities", "additionals"),
    [
        ((b"",), ()),
        ((rr(ASKED, SOA, 9, bytes(21)),), ()),
        ((rr(ASKED, SOA, 9, SOA_DATA)[:-1],), ()),
        ((rr(b"\xc0\x0d", SOA, 9, SOA_DATA),), ()),
        ((rr(b"\xc0\xff", SOA, 9, SOA_DATA),), ()),
        ((), (b"",)),
        ((), (opt()[:-1],)),
        ((), (rr(ROOT, OPT, 0, b"x", rdlength=2),)),
        ((), (opt(), b"")),
    ],
)
def test_malformed_later_sections_of_a_denial_are_refused(
    authorities: tuple[bytes, ...], additionals: tuple[bytes, ...]
) -> None:
    """How long a denial holds is said behind the answers, so damage there is damage."""
    refuse(response((), authorities, additionals))


@pytest.mark.parametrize(
    "message",
    [
        b"",
        GOOD[:1],
        GOOD[:11],
        b"\x12\x35" + GOOD[2:],
        response((rr(ASKED, A, 9, A1),), flags=0x0180),
        response((rr(ASKED, A, 9, A1),), flags=0xA980),
        response((rr(ASKED, A, 9, A1),), qtype=AAAA),
        response((rr(ASKED, A, 9, A1),), question=b"\3wwv\4test\0"),
        response((rr(ASKED, A, 9, A1),), question=b"\3www\0"),
        response(question=b"\3www\4test\0\0\1\0\3")[:-4],
        GOOD[:20],
        GOOD[:5] + b"\0" + GOOD[6:],
        GOOD[:5] + b"\2" + GOOD[6:],
        struct.pack("!6H", IDENT, 0x8180, 0, 0, 0, 0),
        struct.pack("!6H", IDENT, 0x8183, 0, 0, 0, 0),
        struct.pack("!6H", IDENT, 0x0182, 0, 0, 0, 0),
    ],
)
def test_what_answers_another_question_is_a_mismatch(message: bytes) -> None:
    """Id, QR, opcode and question are compared before anything else is believed."""
    refuse(message, error=Mismatch)


def verdict(message: bytes) -> type[Answer | WireError]:
    """Give the type of what reading this message returns or raises; any other exception goes through."""
    try:
        return type(read(message))
    except WireError as error:
        return type(error)


def test_every_prefix_and_every_flipped_bit_is_read_or_refused() -> None:
    """No single damage to a real response gives anything but an answer or a WireError."""
    message = response(CHAIN, (rr(ROOT, SOA, 9, SOA_DATA),), (opt(),))
    damaged = [message[:size] for size in range(len(message))]
    for bit in range(len(message) * 8):
        flipped = bytearray(message)
        flipped[bit // 8] ^= 1 << bit % 8
        damaged.append(bytes(flipped))
    assert {verdict(octets) for octets in damaged} == {Answer, Disorderly, WireError, Mismatch}
