"""How many lookups of one event loop ask at once: the others wait for their turn, and no clock of theirs runs yet.

A loop that has thousands of lookups to do takes longer over all of them than a query may take. Asked at once, they would
be taken for lost and asked again, which makes it longer still.
"""

from __future__ import annotations

import asyncio
import weakref
from collections import deque
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from steadydns.transport.alarms import Alarms

MAX_ASKING: Final = 256
"""Lookups in their first attempt: a millisecond each, on a busy machine, is less than the 0.4 s until a retry."""


class Gate:
    """The lookups that are asking, and those that wait; used in its loop's thread alone."""

    def __init__(self, alarms: Alarms) -> None:
        self.alarms = alarms
        self.inside = 0
        self.waiting: deque[weakref.ref[Ticket]] = deque()

    def next(self) -> None:
        """Let those in for whom there is room."""
        while self.waiting and self.inside < MAX_ASKING:
            ticket = self.waiting.popleft()()
            if ticket is not None:
                ticket.admit()


class Ticket:
    """One lookup at the gate."""

    __slots__ = ("__weakref__", "_future", "_gate", "_inside")

    def __init__(self, gate: Gate) -> None:
        self._gate = gate
        self._future: asyncio.Future[None] | None = None
        self._inside = gate.inside < MAX_ASKING and not gate.waiting
        gate.inside += self._inside

    @property
    def waits(self) -> bool:
        """Whether it is not in yet."""
        return not self._inside

    async def enter(self, until: float) -> bool:
        """Wait to be let in, at most until then, monotonic seconds; whether it was."""
        gate = self._gate
        self._future = asyncio.get_running_loop().create_future()
        gate.waiting.append(weakref.ref(self))
        gate.alarms.set(until, self)
        try:
            await self._future
        except BaseException:
            self.leave()
            raise
        finally:
            self._future = None
        return self._inside

    def admit(self) -> None:
        """Let it in, if it still waits."""
        if self._future is not None and not self._future.done():
            self._inside = True
            self._gate.inside += 1
            self._future.set_result(None)

    def hold(self, until: float) -> None:
        """Have it leave at that time: a lookup that is slow is not to hold others up any longer."""
        self._gate.alarms.set(until, self)

    def wake(self) -> None:
        """Take note that one of its times has come."""
        if self._future is None:
            self.leave()
        elif not self._future.done():
            self._future.set_result(None)

    def leave(self) -> None:
        """Make room for the next one."""
        if self._inside:
            self._inside = False
            self._gate.inside -= 1
            if self._gate.waiting:
                self._gate.next()
