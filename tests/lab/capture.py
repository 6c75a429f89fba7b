"""A packet capture of one pod's link, taken in the node with AF_PACKET.

May import the standard library, namespaces and packets; never changes what it sees.
"""

from __future__ import annotations

import contextlib
import select
import socket
import struct
import threading
import time
from typing import TYPE_CHECKING

from . import namespaces
from .packets import Packet, Reader

if TYPE_CHECKING:
    from collections.abc import Callable

ETH_P_ALL = 3  # <linux/if_ether.h>
SO_TIMESTAMPNS = 35  # <asm-generic/socket.h>, not in Python's socket module
SO_RCVBUFFORCE = 33
RECEIVE_BUFFER = 32 * 2**20  # octets; tens of thousands of packets, should Python come late
SETTLE_S = 0.05  # a packet is in our buffer long before this after the program that caused it has ended


class Capture:
    """DNS messages between a pod and the node, before any fault in the node can touch them.

    As a context manager; ``packets`` may be read while it runs, and is complete after it.
    """

    def __init__(self, namespace: str, link: str) -> None:
        self._namespace = namespace
        self._link = link
        self._packets: list[Packet] = []  # appended to by the thread only
        self._stopping = False

    def __enter__(self) -> Capture:  # noqa: PYI034 -- typing.Self needs Python 3.11
        self._socket = namespaces.inside(self._namespace, self._open)
        self._thread = threading.Thread(target=self._collect, name="lab-capture", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        time.sleep(SETTLE_S)
        self._stopping = True
        self._thread.join()
        self._socket.close()

    @property
    def packets(self) -> list[Packet]:
        """What was seen so far."""
        return list(self._packets)

    @property
    def queries(self) -> list[Packet]:
        """What the pod asked so far, every transmission counted."""
        return [packet for packet in self._packets if packet.is_query]

    def wait_for(self, condition: Callable[[list[Packet]], bool], timeout_s: float = 5.0) -> bool:
        """Wait until the packets seen fulfil a condition; False if they did not within ``timeout_s`` seconds."""
        deadline = time.monotonic() + timeout_s
        while not condition(self.packets):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.005)
        return True

    def _open(self) -> socket.socket:
        opened = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
        opened.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER)
        opened.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        opened.bind((self._link, ETH_P_ALL))
        opened.setblocking(False)
        return opened

    def _collect(self) -> None:
        reader = Reader()
        while True:
            stopping = self._stopping
            select.select([self._socket], [], [], 0.02)
            with contextlib.suppress(BlockingIOError):
                while True:
                    frame, ancillary, _, address = self._socket.recvmsg(65536, 64)
                    # Seen from the node's end of the pair: what this end sends goes to the pod.
                    outgoing = address[2] != socket.PACKET_OUTGOING
                    self._packets += reader.read(frame, _kernel_time(ancillary), outgoing)
            if stopping:
                return


def _kernel_time(ancillary: list[tuple[int, int, bytes]]) -> float:
    for level, kind, data in ancillary:
        if (level, kind) == (socket.SOL_SOCKET, SO_TIMESTAMPNS):
            seconds, nanoseconds = struct.unpack("qq", data[:16])
            return float(seconds + nanoseconds / 1e9)
    return time.time()
