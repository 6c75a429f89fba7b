"""Which names telemetry shows."""

from __future__ import annotations

import threading

from steadydns.config import Config
from steadydns.telemetry.names import Names


def test_the_first_names_are_shown_and_stay_shown() -> None:
    """Once the cap is reached, names seen before are still shown, and no others."""
    names = Names(Config(name_cap=2))
    assert [names.shows(name) for name in ("a", "b", "c", "a", "d", "b")] == [
        True,
        True,
        False,
        True,
        False,
        True,
    ]


def test_a_cap_of_zero_shows_none() -> None:
    """With name_cap=0 every name is _OTHER."""
    assert not Names(Config(name_cap=0)).shows("a")


def test_threads_do_not_exceed_the_cap() -> None:
    """However many threads bring new names at once, no more than the cap are ever shown."""
    names = Names(Config(name_cap=10))
    barrier = threading.Barrier(8)
    shown: list[str] = []

    def look_up(thread: int) -> None:
        barrier.wait()
        shown.extend(name for name in (f"{thread}-{n}" for n in range(50)) if names.shows(name))

    threads = [threading.Thread(target=look_up, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(shown)) == 10


def test_ignored_names_match_whatever_their_spelling() -> None:
    """A pattern of ignored_hostnames holds for every case, a final dot and the international spelling."""
    names = Names(Config(ignored_hostnames=("*.internal", "collector", "xn--bcher-kva.example")))
    ignored = ("db.internal", "DB.Internal.", "collector", "bücher.example")
    assert all(names.ignores(name) for name in ignored)
    assert not any(names.ignores(name) for name in ("internal", "collector.example.com", "api.example.com"))
