"""The capture's parser and the check for overlapping queries, on made-up packets."""

from __future__ import annotations

import ipaddress
import struct

from tests.lab.packets import Packet, Reader, overlapping

POD, SERVER = ("10.244.1.10", 40000), ("10.96.0.10", 53)


def packet(
    time: float, ident: int, *, port: int = 40000, response: bool = False, proto: str = "udp"
) -> Packet:
    """A query of the pod, or the answer to one."""
    pod = (POD[0], port)
    source, destination = (SERVER, pod) if response else (pod, SERVER)
    return Packet(time, not response, proto, source, destination, ident, "a.test.", "A", response, 0)


def message(ident: int, name: str = "a.test") -> bytes:
    """A query for an AAAA record on the wire."""
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return struct.pack("!6H", ident, 0x0100, 1, 0, 0, 0) + labels + b"\0" + struct.pack("!2H", 28, 1)


def frame(payload: bytes, *, sequence: int | None = None) -> bytes:
    """An Ethernet frame from the pod to the server: UDP, or TCP when a sequence number is given."""
    if sequence is None:
        body = struct.pack("!4H", POD[1], 53, 8 + len(payload), 0) + payload
    else:
        body = struct.pack("!2H2IBBHHH", POD[1], 53, sequence, 0, 5 << 4, 0, 0, 0, 0) + payload
    addresses = ipaddress.ip_address(POD[0]).packed + ipaddress.ip_address(SERVER[0]).packed
    protocol = 17 if sequence is None else 6
    header = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), 0, 0, 64, protocol, 0) + addresses
    return bytes(12) + b"\x08\x00" + header + body


def test_two_queries_at_once_on_one_port_overlap() -> None:
    """A second query before the first one's answer is a violation."""
    first, second = packet(0.0, 1), packet(0.001, 2)
    assert overlapping([first, second, packet(0.002, 1, response=True)]) == [(first, second)]


def test_serial_queries_on_one_port_do_not_overlap() -> None:
    """A query after the answer to the one before it is none."""
    assert overlapping([packet(0.0, 1), packet(0.001, 1, response=True), packet(0.002, 2)]) == []


def test_queries_on_two_ports_do_not_overlap() -> None:
    """Queries of two ports are two flows, whatever their times."""
    assert overlapping([packet(0.0, 1), packet(0.0, 2, port=40001)]) == []


def test_a_retry_on_the_same_port_overlaps_with_the_unanswered_query() -> None:
    """A retransmission after glibc's five seconds counts, one after the limit does not."""
    assert len(overlapping([packet(0.0, 1), packet(5.0, 1)])) == 1
    assert overlapping([packet(0.0, 1), packet(7.0, 1)]) == []


def test_the_answer_to_another_query_does_not_end_the_flight() -> None:
    """Only an answer with the same id and question lands a query."""
    assert len(overlapping([packet(0.0, 1), packet(0.001, 9, response=True), packet(0.002, 2)])) == 1


def test_tcp_never_overlaps() -> None:
    """Pipelined queries on a TCP connection are no violation."""
    assert overlapping([packet(0.0, 1, proto="tcp"), packet(0.001, 2, proto="tcp")]) == []


def test_a_datagram_is_read() -> None:
    """A UDP frame gives one message with addresses, id, name and type."""
    (seen,) = Reader().read(frame(message(7)), 1.5, outgoing=True)
    assert seen == Packet(1.5, True, "udp", POD, SERVER, 7, "a.test.", "AAAA", False, 0)
    assert seen.is_query


def test_a_stream_is_put_together() -> None:
    """TCP messages are found when split, pipelined, out of order, and sent again with more."""
    stream = b"".join(struct.pack("!H", len(m)) + m for m in (message(1), message(2, "b.test"), message(3)))
    start = 2**32 - 10
    pieces = [(start, stream[:5]), (start + 40, stream[40:]), (start, stream[:5]), (start, stream[:40])]
    reader = Reader()
    found = [
        seen
        for sequence, piece in pieces
        for seen in reader.read(frame(piece, sequence=sequence % 2**32), 0.0, outgoing=True)
    ]
    assert [(seen.id, seen.name) for seen in found] == [(1, "a.test."), (2, "b.test."), (3, "a.test.")]


def test_noise_is_ignored() -> None:
    """Frames that are cut off, of other protocols or no DNS messages give nothing."""
    whole = frame(message(7))
    for length in range(len(whole)):
        Reader().read(whole[:length], 0.0, outgoing=True)
    assert Reader().read(bytes(12) + b"\x08\x06" + bytes(28), 0.0, outgoing=True) == []
    assert Reader().read(frame(b"\0" * 40), 0.0, outgoing=True) == []
