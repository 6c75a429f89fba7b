"""Finished answers: what a call with the same arguments is given again within the second.

The hot path of a hit reads them, in hooks.stdlib. No lock: whoever writes puts one value in one place, and what races
costs an answer that is made anew.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

Rows = list[tuple[Any, ...]]

Ready: TypeAlias = "tuple[float, Callable[[], Rows], int, int, int]"
"""A finished answer, as the hot path needs it: when it expires; the call that gives the rows in their next order, to be
copied; family, type and protocol of the call as numbers, for its audit event. A plain tuple unpacks fastest.
"""

ROWS_KEPT: Final = 0.75
"""Seconds a finished answer is given again. With the time for which the pod's files are not looked at again, a change of
a file is seen within a second."""

MAX_ROWS: Final = 20_000
"""Finished answers kept; each lives a second, so there are never many."""


def call_key(host: Any, port: Any, family: Any, type_: Any, proto: Any, flags: Any) -> tuple[object, ...]:
    """Return what a call is remembered by; hooks.stdlib writes it out.

    The classes keep apart what is equal and not the same: 'x' and b'x' under `python -b`, and 80, 80.0 and True, which
    are not all allowed.
    """
    return (host.__class__, host, port.__class__, port, family, type_, proto, flags)


class Table:
    """Finished answers by the arguments of the call, for one of the two functions that are replaced."""

    def __init__(self, original: Callable[..., Rows], *, enums: bool) -> None:
        self.original = original
        self.enums = enums
        self.ready: dict[tuple[object, ...], Ready] = {}
        self.function: object = None
        """What was installed in the original's place."""
        self._swept_until = 0.0

    def keep(self, key: tuple[object, ...], ready: Ready) -> None:
        """Keep an answer.

        When those there were at the last sweep have expired, or there are too many, the table starts anew: a service
        that looks many names up once is not to carry them all, and the others are made anew every moment as it is.
        """
        expires, table = ready[0], self.ready
        if expires > self._swept_until or len(table) >= MAX_ROWS:
            self._swept_until = expires + ROWS_KEPT
            table.clear()
        try:
            table[key] = ready
        except TypeError:  # a str that cannot be hashed: not to remember it is always right
            return
