"""What the user sees while the demonstration runs: lines, and on a terminal one line that changes.

Without a terminal, progress is a line every few seconds, and there are no control characters.
"""

from __future__ import annotations

import os
from time import monotonic
from typing import TYPE_CHECKING, Final, TextIO

if TYPE_CHECKING:
    from collections.abc import Callable

CLEAR_LINE: Final = "\r\x1b[K"  # ECMA-48: carriage return, erase in line

TICK: Final = 0.1
"""Seconds between two changes of the line that changes."""

PATIENCE: Final = 2.0
"""Seconds of silence after which somebody without a terminal is told that things go on."""


class Screen:
    """A place for lines."""

    def __init__(self, stream: TextIO, clock: Callable[[], float] = monotonic) -> None:
        self._stream = stream
        self._clock = clock
        self._changing = stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        self._told = clock()
        self._in_progress = False

    def line(self, text: str = "") -> None:
        """Print a line that stays."""
        self._write(f"{text}\n")

    def begin(self) -> None:
        """Begin with something that may take a while."""
        self._told = self._clock()

    def progress(self, text: str) -> None:
        """Say how far it is."""
        if self._changing:
            self._write(CLEAR_LINE + text)
        elif self._clock() - self._told >= PATIENCE:
            self.line(text)
        else:
            return
        self._in_progress = True

    def end(self) -> None:
        """Make room for what came of it."""
        if self._in_progress:
            self._write(CLEAR_LINE if self._changing else "\n")
        self._in_progress = False

    def _write(self, text: str) -> None:
        self._told = self._clock()
        self._stream.write(text)
        self._stream.flush()
