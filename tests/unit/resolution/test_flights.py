"""One lookup for many callers."""

from __future__ import annotations

import threading

from steadydns.resolution.flights import Flight, Flights


def test_waiters_get_what_the_leader_found() -> None:
    """Ten callers, one leader; the others wait and see the same object."""
    flights: Flights[object] = Flights()
    flight = flights.join("x", Flight())
    results: list[object] = []
    joined = threading.Barrier(11)

    def wait() -> None:
        mine: Flight[object] = Flight()
        flight = flights.join("x", mine)
        joined.wait(10)
        assert flight is not mine
        assert flight.wait(10)
        results.append(flight.result)

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
    first = flights.join("x", Flight())
    flights.leave("x", first, 1)
    second: Flight[int] = Flight()
    assert flights.join("x", second) is second


def test_different_lookups_do_not_meet() -> None:
    """Keys keep flights apart."""
    flights: Flights[int] = Flights()
    for key in "xy":
        mine: Flight[int] = Flight()
        assert flights.join(key, mine) is mine
    assert len(flights) == 2


def test_a_waiter_gives_up_in_time() -> None:
    """When its time is over first, a waiter is told so, also with no time left at all."""
    flights: Flights[int] = Flights()
    flight = flights.join("x", Flight())
    assert flight.wait(0) is False
    assert flight.wait(-1) is False
    flights.leave("x", flight, 1)
    assert flight.wait(0) is True
    assert flight.wait(-1) is True


def test_a_leader_that_was_interrupted_leaves_no_result() -> None:
    """Waiters wake up and find nothing: one of them leads anew."""
    flights: Flights[int] = Flights()
    flight = flights.join("x", Flight())
    flights.leave("x", flight, None)
    assert flight.wait(0)
    assert flight.result is None
    mine: Flight[int] = Flight()
    assert flights.join("x", mine) is mine


def test_a_thread_never_waits_for_itself() -> None:
    """A lookup made inside a lookup of the same name (a signal handler) leads a flight of its own."""
    flights: Flights[int] = Flights()
    outer = flights.join("x", Flight())
    inner: Flight[int] = Flight()
    assert flights.join("x", inner) is inner
    flights.leave("x", inner, 1)
    assert len(flights) == 1, "the outer flight is still under way"
    flights.leave("x", outer, 2)
    assert outer.result == 2
    assert len(flights) == 0
