"""A name server that is silent until it has been asked, and some time has passed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.unit.loopback import LoopbackServer

SILENCE = 0.3
"""Seconds from the first question on: the retry after them is answered."""


class _Seen(list[Any]):
    """The questions; the first starts the clock."""

    def __init__(self, server: LoopbackServer) -> None:
        super().__init__()
        self._server = server
        self._started = False

    def append(self, item: Any) -> None:
        super().append(item)
        if not self._started:
            self._started = True
            threading.Timer(SILENCE, self._speak).start()

    def _speak(self) -> None:
        self._server.fake.tcp = self._server.fake.udp = "answers"


def answer_late(server: LoopbackServer) -> None:
    """Make the server drop every question until SILENCE after the first."""
    server.fake.tcp = server.fake.udp = "silent"
    server.seen = _Seen(server)
