"""The one background thread: it comes with work, ends without, and does nothing twice at a time."""

from __future__ import annotations

import os
import threading

import pytest

from steadydns.calls import refresher as background
from steadydns.calls.refresher import MAX_WAITING, Refresher
from steadydns.resolution.model import Question
from steadydns.wire.message import A


def question(number: int) -> Question:
    """A question by number."""
    return Question(b"x%d.test" % number, A)


class Work:
    """A refresh that waits until it may go on."""

    def __init__(self) -> None:
        self.began = threading.Semaphore(0)
        self.go_on = threading.Semaphore(0)
        self.done: list[Question] = []
        self.threads: set[int] = set()

    def __call__(self, one: Question) -> None:
        self.threads.add(threading.get_ident())
        self.began.release()
        assert self.go_on.acquire(timeout=10)
        self.done.append(one)


def ended(refresher: Refresher) -> bool:
    """Wait until no thread runs."""
    took = refresher._running.acquire(timeout=10)
    if took:
        refresher._running.release()
    return took


def test_a_question_that_waits_is_not_asked_twice() -> None:
    """Submitted again while it waits or is being asked, it is asked once."""
    work = Work()
    refresher = Refresher(work)
    for _ in range(3):
        refresher.submit(question(1))
    assert work.began.acquire(timeout=10)
    refresher.submit(question(1))
    assert len(refresher) == 1
    refresher.submit(question(2))
    assert len(refresher) == 2
    for _ in range(2):
        work.go_on.release()
        refresher.submit(question(3))
        assert work.began.acquire(timeout=10)
    assert work.done == [question(1), question(2)]
    assert len(work.threads) == 1
    refresher.submit(question(1))
    work.go_on.release()
    assert work.began.acquire(timeout=10), "asked before, it may be asked anew"
    work.go_on.release()


def test_without_work_the_thread_ends_and_work_brings_another(monkeypatch: pytest.MonkeyPatch) -> None:
    """Idle for long enough it ends; the next question is asked all the same."""
    monkeypatch.setattr(background, "IDLE_LIMIT", 0.001)
    asked = threading.Semaphore(0)
    refresher = Refresher(lambda _: asked.release())
    for number in range(5):
        refresher.submit(question(number))
        assert asked.acquire(timeout=10)
        assert ended(refresher)


def test_a_question_that_comes_while_the_thread_ends_is_not_forgotten() -> None:
    """Put into the queue between the thread's last look and its end, it is asked by that thread or a new one."""
    asked = threading.Semaphore(0)
    refresher = Refresher(lambda _: asked.release())

    class Ending:
        """The lock that says a thread runs; a question arrives just before it is given back."""

        def __init__(self) -> None:
            self.lock = threading.Lock()
            self.armed = True

        def acquire(self, *, blocking: bool) -> bool:
            return self.lock.acquire(blocking)

        def release(self) -> None:
            if self.armed:
                self.armed = False
                refresher.submit(question(2))
            self.lock.release()

    refresher._running = Ending()  # type: ignore[assignment]
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(background, "IDLE_LIMIT", 0.001)
        refresher.submit(question(1))
        assert asked.acquire(timeout=10)
        assert asked.acquire(timeout=10), "the second question waits for ever"


def test_an_error_does_not_end_refreshing(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refresh that raises is not marked as waiting any more, and others are asked after it."""
    asked = threading.Semaphore(0)
    raised = threading.Event()
    monkeypatch.setattr(threading, "excepthook", lambda *_: None)
    monkeypatch.setattr("sys.unraisablehook", lambda *_: raised.set())

    def refresh(one: Question) -> None:
        if one == question(1):
            raise RuntimeError("not today")
        asked.release()

    refresher = Refresher(refresh)
    refresher.submit(question(1))
    assert raised.wait(10)
    assert ended(refresher)
    assert len(refresher) == 0
    refresher.submit(question(2))
    assert asked.acquire(timeout=10)


def test_not_more_than_so_many_wait() -> None:
    """What is beyond the bound is left to whoever needs it."""
    work = Work()
    refresher = Refresher(work)
    for number in range(2 * MAX_WAITING):
        refresher.submit(question(number))
    assert len(refresher) == MAX_WAITING
    work.go_on.release(2 * MAX_WAITING)


def test_where_no_thread_can_be_started_nothing_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """At the interpreter's end, or out of threads, the question is dropped and may be submitted again."""

    def refuse(*_: object) -> int:
        raise RuntimeError("can't start new thread")

    asked = threading.Semaphore(0)
    refresher = Refresher(lambda _: asked.release())
    with monkeypatch.context() as patched:
        patched.setattr("steadydns.calls.refresher.start_new_thread", refuse)
        refresher.submit(question(1))
    assert len(refresher) == 0
    refresher.submit(question(1))
    assert asked.acquire(timeout=10)


def test_a_child_process_has_a_thread_of_its_own() -> None:
    """After a fork with the thread at work, the child starts with nothing waiting and can refresh."""
    work = Work()
    refresher = Refresher(work)
    refresher.submit(question(1))
    assert work.began.acquire(timeout=10)
    child = os.fork()
    if child == 0:
        code = 1
        try:
            refresher.after_fork()
            asked = threading.Event()
            refresher._refresh = lambda _: asked.set()
            refresher.submit(question(1))
            code = 0 if asked.wait(10) else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    work.go_on.release()
