"""Names: presentation form to wire form and back."""

from __future__ import annotations

import dns.name
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadydns.wire.message import WireError
from steadydns.wire.names import MAX_POINTERS, decode_name, encode_name
from tests.fuzz.codec_oracle import check_name

LONGEST = b".".join([b"a" * 63] * 3 + [b"a" * 61])  # 255 octets on the wire


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        (b"example.com", b"\7example\3com\0"),
        (b"example.com.", b"\7example\3com\0"),
        (b"eXample.COM", b"\7eXample\3COM\0"),
        (b"a", b"\1a\0"),
        (b".", b"\0"),
        (b"_sip._tcp.a-b", b"\4_sip\4_tcp\3a-b\0"),
        (b"a" * 63, b"\77" + b"a" * 63 + b"\0"),
        (LONGEST, dns.name.from_text(LONGEST.decode()).to_wire()),
        (LONGEST + b".", dns.name.from_text(LONGEST.decode()).to_wire()),
    ],
)
def test_encode_gives_the_wire_form(name: bytes, wire: bytes) -> None:
    """A name becomes labels with their lengths, its case kept, with or without the trailing dot."""
    assert encode_name(name) == wire


@pytest.mark.parametrize(
    "name",
    [
        b"",
        b"..",
        b".a",
        b"a..b",
        b"a..",
        b"a" * 64,
        b"b." + b"a" * 64 + b".",
        LONGEST + b"a",
        b"a\\.b",
        b"\\097",
    ],
)
def test_encode_refuses_what_is_no_name(name: bytes) -> None:
    """Empty and long labels, long names and escapes are refused, never put on the wire."""
    with pytest.raises(WireError):
        encode_name(name)


@pytest.mark.parametrize(
    ("message", "offset", "expected"),
    [
        (b"\3api\7example\3com\0", 0, (b"api.example.com", 17)),
        (b"\0", 0, (b".", 1)),
        (b"\3com\0\1a\xc0\0tail", 5, (b"a.com", 9)),
        (b"\3com\0\1a\xc0\0\1b\xc0\5", 9, (b"b.a.com", 13)),
        (b"\3com\0\xc0\0\xc0\5", 7, (b"com", 9)),
        (b"\4a.b\\\2\0\xff\4x_-9\0", 0, (b"a\\.b\\\\.\\000\\255.x_-9", 14)),
        (b"\1 \1*\0", 0, (b"\\032.\\042", 5)),
    ],
)
def test_decode_gives_the_presentation_form(message: bytes, offset: int, expected: tuple[bytes, int]) -> None:
    """Pointers are followed, odd octets escaped, and the offset is the one after the name itself."""
    assert decode_name(message, offset) == expected


@pytest.mark.parametrize(
    ("message", "offset"),
    [
        (b"", 0),
        (b"\0", 1),
        (b"\0", -1),
        (b"\3co", 0),
        (b"\3com", 0),
        (b"\xc0", 0),
        (b"\xc0\0", 0),
        (b"\xc0\2\0", 0),
        (b"\1a\xc0\0", 0),
        (b"\1a\xc0\2", 0),
        (b"\0\xc0\3\xc0\1", 1),
        (b"\x40\0", 0),
        (b"\x80\0", 0),
        (bytes(40000) + b"\x40\0", 40000),
        (bytes(40000) + b"\x80\0", 40000),
        ((b"\77" + b"a" * 63) * 4 + b"\0", 0),
    ],
)
def test_decode_refuses_what_is_no_name(message: bytes, offset: int) -> None:
    """Names that leave the message, point forwards or at themselves, or have unknown labels are refused."""
    with pytest.raises(WireError):
        decode_name(message, offset)


def test_the_length_of_a_name_counts_across_pointers() -> None:
    """255 octets on the wire are a name, 256 are none, wherever the labels lie in the message."""
    tail = encode_name(b".".join([b"a" * 63] * 3))  # 193 octets
    fits = tail + b"\75" + b"b" * 61 + b"\xc0\0"
    assert decode_name(fits, len(tail)) == (b"b" * 61 + b"." + b".".join([b"a" * 63] * 3), len(fits))
    with pytest.raises(WireError):
        decode_name(tail + b"\76" + b"b" * 62 + b"\xc0\0", len(tail))


def test_pointers_without_labels_are_limited() -> None:
    """A message of nothing but pointers cannot make reading a name cost its length."""
    chain = b"\0" + b"\xc0\0" + b"".join((0xC000 | 2 * i + 1).to_bytes(2, "big") for i in range(MAX_POINTERS))
    assert decode_name(chain, 2 * MAX_POINTERS - 1)[0] == b"."
    with pytest.raises(WireError):
        decode_name(chain, 2 * MAX_POINTERS + 1)


@given(st.lists(st.binary(min_size=1, max_size=63), max_size=6))
def test_every_name_survives_the_way_through_presentation_form(labels: list[bytes]) -> None:
    """Whatever octets a name has, dnspython reads our presentation form as the same labels."""
    wire = b"".join(bytes((len(label),)) + label for label in labels) + b"\0"
    if len(wire) > 255:
        with pytest.raises(WireError):
            decode_name(wire, 0)
        return
    text, after = decode_name(wire, 0)
    assert after == len(wire)
    assert dns.name.from_text(text.decode("ascii")).labels == (*labels, b"")


@given(st.from_regex(rb"[A-Za-z0-9_-]{1,63}(\.[A-Za-z0-9_-]{1,63}){0,5}", fullmatch=True))
def test_host_names_come_back_as_they_went(name: bytes) -> None:
    """A host name is the same after encode and decode, octet for octet."""
    try:
        wire = encode_name(name)
    except WireError:
        assert len(name) > 253
    else:
        assert decode_name(wire, 0) == (name, len(wire))


@given(st.binary(max_size=80), st.integers(0, 80))
def test_any_octets_are_read_as_dnspython_reads_them(octets: bytes, offset: int) -> None:
    """A name that dnspython reads is read the same, and any other gives WireError or stays in bounds."""
    check_name(octets, min(offset, len(octets)))
