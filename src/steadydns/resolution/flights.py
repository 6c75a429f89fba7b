"""One lookup for many callers: whoever asks first leads, the others wait for what the leader finds."""

from __future__ import annotations

from contextlib import suppress
from math import inf
from typing import TYPE_CHECKING, Generic, TypeVar

from steadydns.runtime.native import Lock, get_ident

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

T = TypeVar("T")


class Flight(Generic[T]):
    """A lookup under way. `result` stays None when its leader was interrupted: a waiter then leads anew."""

    __slots__ = ("deadline", "landed", "leader", "result", "task", "watchers")

    def __init__(self, deadline: float = inf, task: bool = False) -> None:
        self.deadline = deadline
        """Monotonic seconds: the leader is done by then, or was interrupted where it could not say so."""
        self.leader = get_ident()
        self.task = task
        """Made by a coroutine, which others in its thread may wait for while it waits itself."""
        self.result: T | None = None
        self.landed = False
        self.watchers: list[Callable[[], object]] = []

    def watch(self, told: Callable[[], object]) -> bool:
        """Have `told` called by whoever lands this flight, in their thread; False: it has landed already.

        It must not raise, may be called though the answer is False, and is kept until the flight is gone.
        """
        self.watchers.append(told)
        # In this order: whoever lands sets the flag before looking at the list.
        return not self.landed

    def wait(self, seconds: float) -> bool:
        """Wait for the leader; False when the time is over first."""
        # A lock of this waiter's own: few flights have any, and none of those pays for it.
        lock = Lock()
        lock.acquire()
        return not self.watch(lock.release) or lock.acquire(timeout=max(seconds, 0.0)) or self.landed


class Flights(Generic[T]):
    """The lookups under way, by what they look up."""

    def __init__(self) -> None:
        self._flights: dict[Hashable, Flight[T]] = {}

    def join(self, key: Hashable, mine: Flight[T]) -> Flight[T]:
        """Return the flight for the key; the caller leads it, and must call `leave`, if it is its own.

        That is made before, so that it can be left whatever interrupts this call.

        A caller that leads the flight already, further down its own stack (a signal handler, a finaliser), must not
        wait for itself: it gets its own, which nobody else can join. Two tasks of one thread may.
        """
        flight = self._flights.setdefault(key, mine)
        if flight is mine or flight.leader != mine.leader or (flight.task and mine.task):
            return flight
        return mine

    def leave(self, key: Hashable, flight: Flight[T], result: T | None) -> None:
        """End a flight: later callers start anew, those who wait get the result. Again, if that was interrupted."""
        flights = self._flights
        if flights.get(key) is flight:
            flights.pop(key, None)
        flight.result = result
        flight.landed = True
        for told in flight.watchers:
            with suppress(RuntimeError):  # a lock that was released the first time
                told()

    def abandon(self, key: Hashable, flight: Flight[T]) -> None:
        """Let later callers start anew, though nobody has ended the flight."""
        if self._flights.get(key) is flight:
            self._flights.pop(key, None)

    def __len__(self) -> int:
        """How many lookups are under way."""
        return len(self._flights)
