"""Times that waiters in an event loop are to be woken at, with one timer of the loop for all of them.

A lookup that is answered in a millisecond sets one and never hears of it: a timer of the loop's own would cost it two
microseconds. Nothing here keeps a waiter alive, nor through it the loop.
"""

from __future__ import annotations

import asyncio
import weakref
from heapq import heappop, heappush
from itertools import count
from math import inf
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable


class Waiter(Protocol):
    """Who is woken."""

    def wake(self) -> None:
        """Take note that the time has come."""


class Alarms:
    """The alarms of one event loop; used in its thread alone."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self._heap: list[tuple[float, int, weakref.ref[Waiter]]] = []
        self._order = count().__next__
        self._armed = inf

    def set(self, until: float, waiter: Waiter) -> None:
        """Wake the waiter at that time, monotonic seconds, unless it is gone by then."""
        heap = self._heap
        while heap and heap[0][2]() is None:
            heappop(heap)
        heappush(heap, (until, self._order(), weakref.ref(waiter)))
        if until < self._armed:
            self._arm(until)

    def _arm(self, until: float) -> None:
        self._armed = until
        # The handle is not kept: it knows the loop. One that rings too early finds nothing to do.
        asyncio.get_running_loop().call_later(max(until - self.clock(), 0.0), self._ring)

    def _ring(self) -> None:
        self._armed = inf
        heap, now = self._heap, self.clock()
        while heap and (heap[0][0] <= now or heap[0][2]() is None):
            waiter = heappop(heap)[2]()
            if waiter is not None:
                waiter.wake()
        if heap and heap[0][0] < self._armed:
            self._arm(heap[0][0])

    def __len__(self) -> int:
        """How many are set."""
        return len(self._heap)
