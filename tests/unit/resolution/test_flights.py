"""One lookup for many callers."""

from __future__ import annotations

import threading

from steadydns.resolution.flights import Flights


def test_waiters_get_what_the_leader_found() -> None:
    """Ten callers, one leader; the others wait and see the same object."""
    flights: Flights[object] = Flights()
    flight, leads = flights.join("x")
    assert leads
    results: list[object] = []
    joined = threading.Barrier(11)

    def wait() -> None:
        mine, also_leads = flights.join("x")
        joined.wait(10)
        assert not also_leads
        assert mine.wait(10)
        results.append(mine.result)

    threads = [threading.Thread(target=wait) for _ in range(10)]
    for thread in threads:
        thread.start()
    joined.wait(10)
    result = object()
    flights.leave("x", flight, result)
    for thread in threads:
        thread.join(10)
    assert results == [result] * 10
    assert len(flights) == 0


def test_the_next_caller_starts_anew() -> None:
    """A flight that has landed is over."""
    flights: Flights[int] = Flights()
    first, _ = flights.join("x")
    flights.leave("x", first, 1)
    second, leads = flights.join("x")
    assert leads
    assert second is not first


def test_different_lookups_do_not_meet() -> None:
    """Keys keep flights apart."""
    flights: Flights[int] = Flights()
    assert flights.join("x")[1]
    assert flights.join("y")[1]
    assert len(flights) == 2


def test_a_waiter_gives_up_in_time() -> None:
    """When its time is over first, a waiter is told so, also with no time left at all."""
    flights: Flights[int] = Flights()
    flight, _ = flights.join("x")
    assert flight.wait(0) is False
    assert flight.wait(-1) is False
    flights.leave("x", flight, 1)
    assert flight.wait(0) is True
    assert flight.wait(-1) is True


def test_a_leader_that_was_interrupted_leaves_no_result() -> None:
    """Waiters wake up and find nothing: one of them leads anew."""
    flights: Flights[int] = Flights()
    flight, _ = flights.join("x")
    flights.leave("x", flight, None)
    assert flight.wait(0)
    assert flight.result is None
    assert flights.join("x")[1]


def test_a_thread_never_waits_for_itself() -> None:
    """A lookup made inside a lookup of the same name (a signal handler) leads a flight of its own."""
    flights: Flights[int] = Flights()
    outer, _ = flights.join("x")
    inner, leads = flights.join("x")
    assert leads
    assert inner is not outer
    flights.leave("x", inner, 1)
    assert len(flights) == 1, "the outer flight is still under way"
    flights.leave("x", outer, 2)
    assert outer.result == 2
    assert len(flights) == 0
