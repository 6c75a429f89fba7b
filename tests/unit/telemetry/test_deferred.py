"""Reports that a native thread leaves to a greenlet. Threads stand in for both: what counts is who calls."""

from __future__ import annotations

import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING

import pytest

from steadydns.telemetry import deferred
from steadydns.telemetry.deferred import MAX_LEFT, Outbox, make_left, report
from tests.unit.program import run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

made: list[tuple[object, str]] = []
asker: ContextVar[str] = ContextVar("asker", default="nobody")


def note(what: object) -> Callable[[], None]:
    """Return a report that says what it is about, and in whose context it was made."""
    return lambda: made.append((what, asker.get()))


def fail() -> None:
    """Be a lookup, or a report, with an error."""
    raise ZeroDivisionError


@pytest.fixture(autouse=True)
def _nothing_left() -> Iterator[None]:
    made.clear()
    token = asker.set("nobody")
    yield
    asker.reset(token)
    deferred._left.clear()


@pytest.fixture
def away(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every other thread is one that must not report."""
    main = threading.get_ident()
    monkeypatch.setattr(deferred, "away_from_hub", lambda: threading.get_ident() != main)


def elsewhere(function: Callable[..., object], *arguments: object) -> None:
    """Call it in another thread."""
    thread = threading.Thread(target=function, args=arguments)
    thread.start()
    thread.join()


def test_a_report_of_a_plain_thread_is_made_at_once() -> None:
    """Without greenlets nothing waits."""
    elsewhere(report, note("lookup"))
    assert made == [("lookup", "nobody")]


def test_an_outbox_keeps_what_its_thread_reports_until_it_is_closed() -> None:
    """The greenlet that asked makes the reports, in order, in its own context."""
    outbox = Outbox()

    def lookup() -> None:
        report(note(1))
        report(note(2))

    elsewhere(outbox.run, lookup)
    assert made == []
    asker.set("greenlet")
    outbox.close()
    assert made == [(1, "greenlet"), (2, "greenlet")]


def test_an_outbox_ends_with_its_lookup() -> None:
    """What the thread reports after a lookup that raised does not go to the greenlet that asked for that."""
    outbox = Outbox()

    def lookups() -> None:
        with pytest.raises(ZeroDivisionError):
            outbox.run(fail)
        report(note("later"))

    elsewhere(lookups)
    assert made == [("later", "nobody")]


@pytest.mark.usefixtures("away")
def test_a_lookup_whose_greenlet_has_gone_is_reported_by_the_next() -> None:
    """A late report is made with the next one, in the context of the greenlet that gave up."""
    outbox = Outbox()
    asker.set("killed")
    outbox.close()
    asker.set("nobody")
    elsewhere(outbox.run, report, note("late"))
    assert made == []
    report(note("next"))
    assert made == [("late", "killed"), ("next", "nobody")]


@pytest.mark.usefixtures("away")
def test_a_thread_for_which_no_greenlet_waits_leaves_its_reports() -> None:
    """A refresh in the background is reported by the next greenlet that closes an outbox."""
    elsewhere(report, note("refresh"))
    assert made == []
    Outbox().close()
    assert made == [("refresh", "nobody")]


@pytest.mark.usefixtures("away")
def test_a_greenlet_of_another_thread_leaves_its_reports() -> None:
    """A hub in a native thread of its own reports nothing there."""
    outbox = Outbox()
    outbox.run(report, note("lookup"))
    elsewhere(outbox.close)
    assert made == []
    make_left()
    assert made == [("lookup", "nobody")]


@pytest.mark.usefixtures("away")
def test_what_is_left_is_bounded() -> None:
    """Where nothing is reported for long, the oldest reports are dropped."""

    def many() -> None:
        for number in range(MAX_LEFT + 10):
            report(note(number))

    elsewhere(many)
    make_left()
    assert [what for what, _ in made] == list(range(10, MAX_LEFT + 10))


def test_a_report_that_fails_takes_nothing_with_it() -> None:
    """The lookup has its result, and the other reports are made."""
    outbox = Outbox()
    outbox.run(report, fail)
    outbox.run(report, note("lookup"))
    outbox.close()
    assert made == [("lookup", "nobody")]


def test_a_child_process_reports_nothing_of_its_parents() -> None:
    """What was left before a fork is reported once, by the parent."""
    output = run("""
import os
from steadydns.telemetry import deferred
from steadydns.telemetry.deferred import make_left, report
deferred.away_from_hub = lambda: True
report(lambda: print("made", flush=True))
child = os.fork()
make_left()
if not child:
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
""")
    assert output.split() == ["made"]
