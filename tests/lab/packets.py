"""DNS messages found in captured packets, and what can be said about a list of them.

May import the standard library only; does no I/O: bytes and times are arguments.
"""

from __future__ import annotations

import ipaddress
import struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

# A stock resolver retries on the same socket after 5 s; an unanswered query counts as in flight past that.
UNANSWERED_S = 6.0
_TYPES = {1: "A", 2: "NS", 5: "CNAME", 6: "SOA", 12: "PTR", 15: "MX", 16: "TXT", 28: "AAAA", 33: "SRV"}


class Packet(NamedTuple):
    """One DNS message seen on the pod's link."""

    time: float  # seconds since the epoch, taken by the kernel
    outgoing: bool  # from the pod
    proto: str  # "udp" or "tcp"
    source: tuple[str, int]
    destination: tuple[str, int]
    id: int
    name: str  # as on the wire, with a trailing dot
    type: str
    response: bool
    rcode: int

    @property
    def is_query(self) -> bool:
        """Whether the pod asks this."""
        return self.outgoing and not self.response


class Segment(NamedTuple):
    """One UDP datagram or TCP segment."""

    proto: str
    source: tuple[str, int]
    destination: tuple[str, int]
    sequence: int
    opens: bool  # has the SYN flag
    payload: bytes


class Reader:
    """Turns Ethernet frames into DNS messages; keeps what a TCP stream has not completed yet."""

    def __init__(self) -> None:
        self._streams: dict[tuple[tuple[str, int], tuple[str, int]], _Stream] = {}

    def read(self, frame: bytes, time: float, outgoing: bool) -> list[Packet]:
        """The DNS messages that this frame completes."""
        segment = dissect(frame)
        if segment is None or 53 not in (segment.source[1], segment.destination[1]):
            return []
        if segment.proto == "udp":
            messages = [segment.payload]
        else:
            key = (segment.source, segment.destination)
            if segment.opens:
                self._streams[key] = _Stream(segment.sequence + 1)
            stream = self._streams.setdefault(key, _Stream(segment.sequence))
            messages = stream.feed(segment.sequence, segment.payload)
        found = (_packet(segment, message, time, outgoing) for message in messages)
        return [packet for packet in found if packet is not None]


class _Stream:
    """One direction of a TCP connection, put together by sequence number."""

    def __init__(self, first: int) -> None:
        self._next = first
        self._waiting: dict[int, bytes] = {}
        self._buffer = b""

    def feed(self, sequence: int, payload: bytes) -> list[bytes]:
        """The messages (RFC 1035 4.2.2: two octets of length before each) that are complete now."""
        if len(payload) > len(self._waiting.get(sequence, b"")):
            self._waiting[sequence] = payload
        while (piece := self._take()) is not None:
            self._buffer += piece
            self._next = (self._next + len(piece)) % 2**32
        messages = []
        while len(self._buffer) >= 2 and len(self._buffer) >= (
            end := 2 + int.from_bytes(self._buffer[:2], "big")
        ):
            messages.append(self._buffer[2:end])
            self._buffer = self._buffer[end:]
        return messages

    def _take(self) -> bytes | None:
        """What is next, without the part that was there before: a retransmission may begin earlier."""
        for sequence, piece in list(self._waiting.items()):
            known = (self._next - sequence) % 2**32
            if known < 2**31:
                del self._waiting[sequence]
                if known < len(piece):
                    return piece[known:]
        return None


def dissect(frame: bytes) -> Segment | None:
    """The UDP datagram or TCP segment in an Ethernet frame; None for anything else and for fragments."""
    ether_type = frame[12:14]
    if ether_type == b"\x08\x00" and len(frame) >= 34:
        if int.from_bytes(frame[20:22], "big") & 0x3FFF:  # RFC 791: more fragments, or an offset
            return None
        protocol, addresses = frame[23], (frame[26:30], frame[30:34])
        end = 14 + int.from_bytes(frame[16:18], "big")
        body = frame[14 + 4 * (frame[14] & 15) : end]
    elif ether_type == b"\x86\xdd" and len(frame) >= 54:
        protocol, addresses = frame[20], (frame[22:38], frame[38:54])
        body = frame[54 : 54 + int.from_bytes(frame[18:20], "big")]
    else:
        return None
    if protocol == 17 and len(body) >= 8:
        proto, sequence, opens, payload = "udp", 0, False, body[8:]
    elif protocol == 6 and len(body) >= 20:
        proto, sequence, opens = "tcp", int.from_bytes(body[4:8], "big"), bool(body[13] & 2)
        payload = body[4 * (body[12] >> 4) :]
    else:
        return None
    source, destination = (str(ipaddress.ip_address(address)) for address in addresses)
    ports = struct.unpack_from("!HH", body)
    return Segment(proto, (source, ports[0]), (destination, ports[1]), sequence, opens, payload)


def _packet(segment: Segment, message: bytes, time: float, outgoing: bool) -> Packet | None:
    """The header and the question of a message; None when it has not exactly one question."""
    if len(message) < 17 or message[4:6] != b"\0\1":
        return None
    labels, position = [], 12
    while position < len(message) and (length := message[position]):
        labels.append(message[position + 1 : position + 1 + length].decode("latin-1"))
        position += 1 + length
    type_code = int.from_bytes(message[position + 1 : position + 3], "big")
    return Packet(
        time,
        outgoing,
        segment.proto,
        segment.source,
        segment.destination,
        int.from_bytes(message[:2], "big"),
        ".".join([*labels, ""]) or ".",
        _TYPES.get(type_code, f"TYPE{type_code}"),
        bool(message[2] & 0x80),
        message[3] & 15,
    )


def overlapping(packets: Iterable[Packet], unanswered_s: float = UNANSWERED_S) -> list[tuple[Packet, Packet]]:
    """Pairs of UDP queries that were in flight at once from one address and port: (earlier, later).

    This is what conntrack's insert race needs. A query is in flight until its answer is seen, or for
    ``unanswered_s`` seconds.
    """
    in_flight: dict[tuple[str, int], list[Packet]] = {}
    pairs = []
    for packet in sorted(packets, key=lambda packet: packet.time):
        if packet.proto != "udp":
            continue
        port = packet.source if packet.is_query else packet.destination
        others = [q for q in in_flight.get(port, []) if packet.time - q.time < unanswered_s]
        if packet.is_query:
            pairs += [(other, packet) for other in others]
            others = [*others, packet]
        else:
            others = [q for q in others if (q.id, q.name, q.type) != (packet.id, packet.name, packet.type)]
        in_flight[port] = others
    return pairs
