"""no_fork: what is imported at first use is imported inside it, so that no fork happens in the middle.

A child that is made while another thread imports a module finds that module's lock held by a thread that it does not
have, and hangs when it imports the module itself. The import statement at the top of a file has no such trouble: it runs
before there are threads.
"""

from __future__ import annotations

import os
from time import monotonic
from typing import Final

from steadydns.native import RLock, get_ident, poll

PATIENCE: Final = 1.0
"""Seconds that a fork waits at most: made in the middle of an import itself, it might be what the other one waits for."""


class _NoFork:
    """Keeps forks waiting while any thread is inside; threads do not wait for each other. May be entered again."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._threads: list[int] = []

    def __enter__(self) -> None:
        with self._lock:
            self._threads.append(get_ident())

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._threads.remove(get_ident())

    def before_fork(self) -> None:
        """Wait until no other thread is inside, and let none in until the fork is done."""
        mine, until = get_ident(), monotonic() + PATIENCE
        self._lock.acquire()
        while self._threads.count(mine) < len(self._threads) and monotonic() < until:
            self._lock.release()
            poll().poll(1)  # a millisecond; time.sleep may be gevent's
            self._lock.acquire()

    def after_fork_in_parent(self) -> None:
        """Go on."""
        self._lock.release()

    def after_fork_in_child(self) -> None:
        """Go on with the thread that is left."""
        mine = get_ident()
        self._threads = [one for one in self._threads if one == mine]
        self._lock.release()


no_fork: Final = _NoFork()

os.register_at_fork(
    before=no_fork.before_fork,
    after_in_parent=no_fork.after_fork_in_parent,
    after_in_child=no_fork.after_fork_in_child,
)
