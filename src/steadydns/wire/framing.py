"""Messages in a TCP stream: two octets of length, then the message (RFC 1035 section 4.2.2, RFC 7766 section 8).

Imports only the codec's errors and struct. Looks at nothing of a message but its id.
"""

from __future__ import annotations

from struct import Struct

from .errors import WireError

MAX_MESSAGE = 0xFFFF  # octets, what the length field can say

NO_ID = -1

_LENGTH_AND_ID = Struct("!HH").unpack_from


def frame(message: bytes) -> bytes:
    """Put the length in front of a message; length and message go out in one piece (RFC 7766 section 8).

    Raises:
        WireError: the message is longer than 65535 octets.
    """
    if len(message) > MAX_MESSAGE:
        raise WireError(f"message of {len(message)} octets; TCP carries at most {MAX_MESSAGE}")
    return len(message).to_bytes(2, "big") + message


class Deframer:
    """Cuts a stream into messages, however the stream was split on its way.

    One per connection, used by one reader at a time. Between two calls it holds less than one framed message,
    at most 65536 octets.
    """

    __slots__ = ("_pending",)

    def __init__(self) -> None:
        self._pending = b""

    @property
    def pending(self) -> int:
        """Octets that wait for the rest of their message; not 0 when the stream ends means a message was cut."""
        return len(self._pending)

    def take(self) -> bytes:
        """Give the octets that wait for the rest of their message to whoever cuts the stream from here on."""
        pending, self._pending = self._pending, b""
        return pending

    def cut(self, data: bytes) -> tuple[bytes, list[tuple[int, int, int]]]:
        """Take the next octets of the stream; give it from where it was left, and the complete messages in it.

        Of each message, its first octet's offset, the one behind its last, and its id (NO_ID where it is too short to have
        one): nothing is copied that nobody reads.
        """
        if self._pending:
            data = self._pending + data
        spans = []
        at, size = 0, len(data)
        while size - at >= 2:
            start = at + 2
            if size - at < 4:
                length, ident = data[at] << 8 | data[at + 1], NO_ID
            else:
                length, ident = _LENGTH_AND_ID(data, at)
            end = start + length
            if end > size:
                break
            spans.append((start, end, ident if length > 1 else NO_ID))
            at = end
        self._pending = data[at:]
        return data, spans
