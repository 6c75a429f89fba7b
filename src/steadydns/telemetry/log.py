"""What is said on the logger `steadydns`: errors of our own, once for each place, and slow lookups that no span shows.

Says nothing above DEBUG where telemetry is suppressed: a log exporter would export it, look its collector up, and
be told again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from steadydns.resolution.record import SENT
from steadydns.telemetry.presence import suppressed
from steadydns.telemetry.reason import slow_reason

if TYPE_CHECKING:
    from logging import Logger

    from steadydns.telemetry.lookup import Lookup

INTERVAL: Final = 60.0
"""Seconds between two warnings about slow lookups."""


class Journal:
    """The warnings given, so that none is given too often."""

    def __init__(self) -> None:
        self._places: set[tuple[type[BaseException], str, int]] = set()
        self._next = float("-inf")
        self._left_out = 0

    def error(self, text: str, error: Exception) -> None:
        """Log an error of our own: a warning with the traceback the first time it comes from a place, then DEBUG."""
        place = _place(error)
        if place in self._places or suppressed():
            _logger().debug("%s: %r", text, error)
            return
        self._places.add(place)  # before logging: a handler may look a name up, and end here again
        _logger().warning("%s; further errors of this kind are logged at DEBUG", text, exc_info=error)

    def slow(self, lookup: Lookup) -> None:
        """Log a slow lookup, unless one was logged in the last minute. Time is the lookup's own."""
        if lookup.ended < self._next:
            self._left_out += 1
            return
        left_out, self._left_out = self._left_out, 0
        self._next = lookup.ended + INTERVAL
        events = lookup.record.events
        asked = dict.fromkeys(f"{event.server} ({event.transport})" for event in events if event.kind == SENT)
        _logger().warning(
            "slow lookup of %s: %.3f s, %s; asked %s%s",
            lookup.name,
            lookup.duration,
            slow_reason(lookup),
            ", ".join(asked),
            f"; {left_out} more slow lookups since the last such warning" if left_out else "",
        )


def _place(error: Exception) -> tuple[type[BaseException], str, int]:
    trace = error.__traceback__
    if trace is None:
        return type(error), "", 0
    while trace.tb_next is not None:
        trace = trace.tb_next
    return type(error), trace.tb_frame.f_code.co_filename, trace.tb_lineno


def _logger() -> Logger:
    from logging import getLogger  # noqa: PLC0415 - 10 ms that only who has something to say pays

    return getLogger("steadydns")
