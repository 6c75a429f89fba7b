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
        self._alarms = alarms
        self._waiting: deque[weakref.ref[_Waiter]] = deque()
        self.inside = 0

    def enter(self) -> bool:
        """Let a lookup in, which must `leave`; False where it has to `wait` for that."""
        if self.inside >= MAX_ASKING or self._waiting:
            return False
        self.inside += 1
        return True

    async def wait(self, until: float) -> bool:
        """Wait to be let in, at most until then, monotonic seconds; whether it was."""
        waiter = _Waiter()
        self._waiting.append(weakref.ref(waiter))
        self._alarms.set(until, waiter)
        try:
            await waiter.future
        except BaseException:
            if waiter.admitted:
                self.leave()
            raise
        return waiter.admitted

    def hold(self, until: float) -> Ticket:
        """Have a lookup that is inside leave at that time: one that is slow is not to hold others up any longer."""
        ticket = Ticket(self)
        self._alarms.set(until, ticket)
        return ticket

    def leave(self) -> None:
        """Make room for the next one."""
        self.inside -= 1
        while self._waiting and self.inside < MAX_ASKING:
            waiter = self._waiting.popleft()()
            if waiter is not None and waiter.admit():
                self.inside += 1


class _Waiter:
    """One lookup before the gate."""

    __slots__ = ("__weakref__", "admitted", "future")

    def __init__(self) -> None:
        self.admitted = False
        self.future: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def admit(self) -> bool:
        """Let it in; whether it still waits."""
        if self.future.done():
            return False
        self.admitted = True
        self.future.set_result(None)
        return True

    def wake(self) -> None:
        """Take note that its time is over."""
        if not self.future.done():
            self.future.set_result(None)


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
