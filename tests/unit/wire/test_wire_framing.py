"""Messages in a TCP stream."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadydns.wire.errors import WireError
from steadydns.wire.framing import MAX_MESSAGE, Deframer, frame
from tests.fuzz.codec_oracle import check_stream, fed


def test_a_frame_is_length_then_message() -> None:
    """The length field counts the message without itself, most significant octet first."""
    assert frame(b"abc") == b"\0\3abc"
    assert frame(b"x" * 0x1234)[:3] == b"\x12\x34x"


def test_a_message_too_long_for_the_length_field_is_refused() -> None:
    """65535 octets can be framed, one more cannot."""
    assert len(frame(bytes(MAX_MESSAGE))) == MAX_MESSAGE + 2
    with pytest.raises(WireError):
        frame(bytes(MAX_MESSAGE + 1))


def test_messages_come_out_when_their_last_octet_came_in() -> None:
    """A message is given once and complete, and what follows it waits for its own rest."""
    deframer = Deframer()
    assert fed(deframer, b"\0") == []
    assert fed(deframer, b"\3ab") == []
    assert deframer.pending == 4
    assert fed(deframer, b"c\0\1x\0\0\0\2y") == [b"abc", b"x", b""]
    assert deframer.pending == 3
    assert fed(deframer, b"") == []
    assert fed(deframer, b"z") == [b"yz"]
    assert deframer.pending == 0


def test_the_messages_given_are_bytes_of_their_own() -> None:
    """What was given does not change when the stream goes on."""
    deframer = Deframer()
    (first,) = fed(deframer, b"\0\2ab")
    fed(deframer, b"\0\2cd")
    assert type(first) is bytes
    assert first == b"ab"


def test_memory_is_bounded_by_one_message() -> None:
    """However much is fed, less than one framed message of the largest size is kept."""
    deframer = Deframer()
    stream = frame(bytes(MAX_MESSAGE)) * 4
    assert len(fed(deframer, stream[:-1])) == 3
    assert deframer.pending == MAX_MESSAGE + 1
    assert len(fed(deframer, stream[-1:])) == 1
    assert deframer.pending == 0


@given(st.lists(st.binary(max_size=40), max_size=6), st.binary(max_size=3), st.integers(0, 300))
def test_any_split_gives_the_same_messages(messages: list[bytes], rest: bytes, cut: int) -> None:
    """Whole, in two pieces, or octet by octet: the messages are the same, and so is what remains."""
    stream = b"".join(map(frame, messages)) + rest
    assert fed(Deframer(), stream)[: len(messages)] == messages
    check_stream(stream, cut)


@given(st.data())
def test_any_chunking_gives_the_same_messages(data: st.DataObject) -> None:
    """A stream cut at any number of places gives what went in."""
    messages = data.draw(st.lists(st.binary(max_size=300), max_size=5))
    stream = b"".join(map(frame, messages))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=12)))
    deframer = Deframer()
    chunks = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert [message for chunk in chunks for message in fed(deframer, chunk)] == messages
