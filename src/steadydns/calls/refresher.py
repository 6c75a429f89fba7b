"""The one thread that works behind the callers' backs: it fetches answers anew before they expire."""

from __future__ import annotations

import _queue
from typing import TYPE_CHECKING, Final

from steadydns.runtime.native import Lock, start_new_thread

if TYPE_CHECKING:
    from collections.abc import Callable

    from steadydns.resolution.model import Question

IDLE_LIMIT: Final = 30.0
"""Seconds without work after which the thread ends; the next question starts another."""

MAX_WAITING: Final = 256
"""Questions that wait at most: more of them than that are better fetched by whoever needs them."""


class Refresher:
    """Questions to be asked again in the background, each at most once at a time.

    Started by the first question. A daemon: it never keeps a process from ending. It uses the interpreter's own
    threads and queue also under gevent and eventlet: waiting for work must not stop an event loop.
    """

    def __init__(self, refresh: Callable[[Question], None]) -> None:
        self._refresh = refresh
        self._waiting: dict[Question, None] = {}
        self._queue: _queue.SimpleQueue[Question] = _queue.SimpleQueue()
        # Held by the running thread; whoever can take it has to start one.
        self._running = Lock()

    def submit(self, question: Question) -> None:
        """Have the question asked soon; does nothing if it waits already."""
        if question in self._waiting or len(self._waiting) >= MAX_WAITING:
            return
        self._waiting[question] = None
        self._queue.put(question)
        if self._running.acquire(blocking=False):
            try:
                start_new_thread(self._run, ())
            except (
                RuntimeError
            ):  # no more threads, or the interpreter is ending: whoever needs the answer asks
                self._running.release()
                self._waiting.pop(question, None)

    def _run(self) -> None:
        while True:
            try:
                self._work()
            finally:
                self._running.release()
            # A question may have come after the last look, while whoever brought it saw a thread running.
            if self._queue.empty() or not self._running.acquire(blocking=False):
                return

    def _work(self) -> None:
        while (question := self._next()) is not None:
            try:
                self._refresh(question)
            finally:
                self._waiting.pop(question, None)

    def _next(self) -> Question | None:
        try:
            return self._queue.get(timeout=IDLE_LIMIT)
        except _queue.Empty:
            return None

    def after_fork(self) -> None:
        """Begin anew: the thread did not come along."""
        self.__init__(self._refresh)  # type: ignore[misc]

    def __len__(self) -> int:
        """How many questions wait or are being asked."""
        return len(self._waiting)
