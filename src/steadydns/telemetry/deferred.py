"""Reports of lookups, made by a greenlet where the lookup ran in a native thread of gevent's or eventlet's.

A log message, a span and a measurement take locks, and an import does too. After monkey patching these locks belong to
greenlets, and a native thread that waits for such a lock may never be woken. So under gevent and eventlet a lookup's
thread only leaves its reports, in one of two places:

- in the `Outbox` of the greenlet that asked for the lookup, which makes them when the thread is done with it;
- where no greenlet waits (it was killed, or the lookup is a refresh in the background), in `_left`, from where the
  next report in the main thread takes them along.

Without gevent and eventlet a report is made at once.
"""

from __future__ import annotations

import os
from collections import deque
from contextvars import copy_context
from typing import TYPE_CHECKING, Any, Final, TypeVar

from steadydns.runtime.native import away_from_hub, by_signal_handler, get_ident

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextvars import Context

    Report = Callable[[], object]

T = TypeVar("T")

MAX_LEFT: Final = 256
"""Reports kept that no greenlet waits for; beyond that the oldest are dropped."""

_outboxes: dict[int, Outbox] = {}
"""By native thread: the outbox of the greenlet for which it works now."""

_left: deque[tuple[Context, Report]] = deque(maxlen=MAX_LEFT)


def report(make: Report) -> None:
    """Make a report, now or when a greenlet can."""
    outbox = _outboxes.get(get_ident())
    if outbox is not None:
        outbox.put(make)
    elif away_from_hub():
        _left.append((copy_context(), make))
    else:
        if _left:
            make_left()
        make()


def make_left() -> None:
    """Make the reports that no greenlet waits for, each in the context of its lookup."""
    while (entry := _popped(_left)) is not None:
        context, make = entry
        _safely(context.run, make)


class Outbox:
    """The reports of one lookup, which a greenlet asks for and a native thread runs.

    The greenlet calls `close` when it waits no longer; a thread that is still at work leaves the rest in `_left`.
    """

    __slots__ = ("_context", "_reports")

    def __init__(self) -> None:
        self._reports: deque[Report] = deque()
        self._context: Context | None = None
        """The greenlet's, once it has closed the outbox."""

    def run(self, function: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """Call the function, in the thread that does the work, and collect what it reports."""
        me = get_ident()
        outer = _outboxes.get(me)
        _outboxes[me] = self
        try:
            return function(*arguments, **named)
        finally:
            if outer is None:
                del _outboxes[me]
            else:
                _outboxes[me] = outer

    def put(self, make: Report) -> None:
        """Keep a report."""
        self._reports.append(make)
        # In this order: `close` sets the context before it takes the reports.
        if self._context is not None:
            self._leave(self._context)

    def close(self) -> None:
        """Make the reports, in the greenlet that asked."""
        self._context = copy_context()
        if away_from_hub():
            self._leave(self._context)
            return
        if _left:
            make_left()
        for make in self._take():
            _safely(make)

    def _leave(self, context: Context) -> None:
        _left.extend([(context, make) for make in self._take()])

    def _take(self) -> list[Report]:
        taken = []
        while (make := _popped(self._reports)) is not None:
            taken.append(make)
        return taken


def _popped(queue: deque[T]) -> T | None:
    """Remove and return the first element; None when another thread has taken the last one."""
    try:
        return queue.popleft()
    except IndexError:
        return None


def _safely(function: Callable[..., object], *arguments: object) -> None:
    """Make a report that comes after its lookup: an error in it is not that of the call it delays."""
    try:
        function(*arguments)
    except Exception as error:
        if by_signal_handler(error):
            raise


def _after_fork_in_child() -> None:
    """Forget what the parent will report itself, and the threads that did not come along."""
    _outboxes.clear()
    _left.clear()


os.register_at_fork(after_in_child=_after_fork_in_child)
