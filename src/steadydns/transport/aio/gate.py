"""How many lookups of one event loop ask at once: the others wait for their turn, and no clock of theirs runs yet.

A loop that has thousands of lookups to do takes longer over all of them than a query may take. Asked at once, they would
be taken for lost and asked again, which makes it longer still.
"""

from __future__ import annotations

import asyncio
import weakref
from collections import deque
from math import inf
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from steadydns.transport.aio.alarms import Alarms

MAX_ASKING: Final = 256
"""Lookups in their first attempt: a millisecond each, on a busy machine, is less than the 0.4 s until a retry."""


class Gate:
    """The lookups that are asking, and those that wait; used in its loop's thread alone."""

    def __init__(self, alarms: Alarms) -> None:
        self._alarms = alarms
        # Until when, and whom to wake then; not kept alive by being here, nor is the loop. In the order they came, which
        # as good as always is that of their times.
        self._waiting: deque[tuple[float, weakref.ref[asyncio.Future[bool]]]] = deque()
        self._due = inf
        """Monotonic seconds: when the alarm rings."""
        self.inside = 0

    def enter(self) -> bool:
        """Let a lookup in, which must `leave`; False where it has to `wait` for that."""
        if self.inside >= MAX_ASKING or self._waiting:
            return False
        self.inside += 1
        return True

    async def wait(self, until: float) -> bool:
        """Wait to be let in, at most until then, monotonic seconds; whether it was."""
        future: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((until, weakref.ref(future)))
        if until < self._due:
            self._set_alarm(until)
        try:
            return await future
        except BaseException:
            if future.done() and not future.cancelled() and future.result():
                self.leave()
            raise

    def hold(self, until: float) -> Ticket:
        """Have a lookup that is inside leave at that time: one that is slow is not to hold others up any longer."""
        ticket = Ticket(self)
        self._alarms.set(until, ticket)
        return ticket

    def leave(self) -> None:
        """Make room for the next one."""
        self.inside -= 1
        while self._waiting and self.inside < MAX_ASKING:
            future = self._waiting.popleft()[1]()
            if future is not None and not future.done():
                self.inside += 1
                future.set_result(True)

    def wake(self) -> None:
        """Send away those whose time is over."""
        now, self._due = self._alarms.clock(), inf
        left = self._waiting.copy()
        self._waiting.clear()
        for until, reference in left:
            future = reference()
            if future is None or future.done():
                continue
            if until <= now:
                future.set_result(False)
            else:
                self._waiting.append((until, reference))
        if self._waiting:
            self._set_alarm(min([until for until, _ in self._waiting]))

    def _set_alarm(self, until: float) -> None:
        self._due = until
        self._alarms.set(until, self)


class Ticket:
    """A lookup that may leave before it is done."""

    __slots__ = ("__weakref__", "_gate")

    def __init__(self, gate: Gate) -> None:
        self._gate: Gate | None = gate

    def leave(self) -> None:
        """Make room for the next one, once."""
        gate, self._gate = self._gate, None
        if gate is not None:
            gate.leave()

    def wake(self) -> None:
        """Leave before it is done."""
        self.leave()
