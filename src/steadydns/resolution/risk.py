"""What lookups may ask in vain: never more than three questions in one of them, nor more than four in any ten.

A question that may rule out a search domain, or a guess where a name is, costs nothing if it is right. If it is wrong,
libc would have asked fewer. How many are wrong depends on what names a service uses, so it is counted.
"""

from __future__ import annotations

from typing import Final

MOST: Final = 3
"""Questions that one lookup may ask in vain."""

LOOKUPS: Final = 20
"""Lookups in a row without such a question, after which as many may be risked again: those of ten calls at least, for one
with AI_V4MAPPED makes two."""


class Risk:
    """What may still be risked. Writes race benignly between threads: the worst outcome is a question in vain."""

    def __init__(self) -> None:
        self._left = MOST
        self._careful = 0

    def allowed(self, *, foreign: bool) -> int:
        """Return how many questions a lookup may ask in vain.

        A name that looks foreign has one more. So it is asked behind a search domain as a whole only when a domain had
        something for a name that looks so before.
        """
        return min(MOST, self._left + foreign)

    def note(self, vain: int) -> None:
        """Note how many questions a lookup has asked that libc would not have; fewer than none: proofs have saved some."""
        self._left = min(MOST, self._left - vain)
        self._careful = 0 if vain > 0 else self._careful + 1
        if self._careful >= LOOKUPS:
            self._left = MOST

    def clear(self) -> None:
        """Forget all."""
        self._left = MOST
        self._careful = 0
