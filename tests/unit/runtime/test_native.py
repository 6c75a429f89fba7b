"""steadydns.runtime.native: locks for native threads."""

from __future__ import annotations

import threading

import pytest

from steadydns.runtime.native import RLock, away_from_hub, locks_are_green


def test_a_thread_may_take_its_lock_again_and_no_other_may() -> None:
    """The lock is free when it was given back as often as it was taken."""
    lock = RLock()
    free: list[bool] = []

    def look() -> None:
        thread = threading.Thread(target=lambda: free.append(lock.acquire(blocking=False)))
        thread.start()
        thread.join()

    with lock:
        with lock:
            look()
        look()
    look()
    assert free == [False, False, True]


def test_an_error_gives_the_lock_back() -> None:
    """What is raised inside is the caller's, and the next thread gets the lock."""
    lock = RLock()
    with pytest.raises(ZeroDivisionError), lock:
        raise ZeroDivisionError
    taken: list[bool] = []
    thread = threading.Thread(target=lambda: taken.append(lock.acquire(blocking=False)))
    thread.start()
    thread.join()
    assert taken == [True]


def test_eventlet_finds_no_lock_to_replace() -> None:
    """What eventlet searches is what vars() shows, and that shows nothing."""
    with pytest.raises(TypeError):
        vars(RLock())


def test_no_thread_is_away_where_nothing_is_patched() -> None:
    """A plain process reports at once, in whatever thread."""
    away: list[bool] = []
    thread = threading.Thread(target=lambda: away.append(away_from_hub()))
    thread.start()
    thread.join()
    assert away == [False]
    assert not locks_are_green()
