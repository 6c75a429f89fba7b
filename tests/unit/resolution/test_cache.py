"""What is remembered of answers, how long, and how much."""

from __future__ import annotations

import threading

import pytest

from steadydns.resolution.cache import ADDRESS_BYTES, ENTRY_BYTES, Cache
from steadydns.resolution.model import Question
from steadydns.wire.message import AAAA, NOERROR, NXDOMAIN, A, Answer
from tests.unit.network import Response


def question(name: str, kind: int = A) -> Question:
    """A question by name."""
    return Question(name.encode(), kind)


def answer(*addresses: str, ttl: int = 10) -> Answer:
    """A positive answer."""
    return Response(NOERROR, addresses or ("192.0.2.1",), ttl).answer(question("x"))


def denial(negative_ttl: int | None = 10, rcode: int = NXDOMAIN, aliases: tuple[str, ...] = ()) -> Answer:
    """A negative answer."""
    return Response(rcode, (), 0, aliases, negative_ttl).answer(question("x"))


def cache(entries: int = 100, size: int = 1 << 20) -> Cache:
    """A cache with the default caps: 30 s for answers, 5 s for denials."""
    return Cache(entries, size, 30.0, 5.0)


@pytest.mark.parametrize(
    ("given", "lives"),
    [
        (answer(ttl=10), 10.0),
        (answer(ttl=30), 30.0),
        (answer(ttl=86400), 30.0),
        (answer(ttl=0), 0.0),
        (denial(3), 3.0),
        (denial(3600), 5.0),
        (denial(None), 0.0),
        (denial(0), 0.0),
        (denial(3600, NOERROR), 5.0),
        (denial(None, NOERROR), 0.0),
    ],
)
def test_an_entry_lives_for_its_ttl_capped(given: Answer, lives: float) -> None:
    """Answers live at most 30 s, denials at most 5 s and not at all without an SOA (RFC 2308 section 5)."""
    one = cache()
    entry = one.store(question("x"), given, 100.0)
    assert entry.expires == 100.0 + lives
    if lives:
        assert one.get(question("x"), 100.0 + lives - 0.001) is entry
    assert one.get(question("x"), 100.0 + lives) is None


@pytest.mark.parametrize("given", [answer(ttl=0), denial(None)])
def test_what_may_not_be_kept_replaces_what_was(given: Answer) -> None:
    """An answer that is not kept still ends the life of the older one."""
    one = cache()
    one.store(question("x"), answer(), 100.0)
    one.store(question("x"), given, 101.0)
    assert one.peek(question("x")) is None
    assert one.counts(101.0) == {"entries": 0, "success": 0, "denial": 0, "bytes": 0}


def test_time_is_an_argument(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither the wall clock nor any other is read: what is passed in decides."""
    import time

    def none() -> float:
        raise AssertionError("a clock was read")

    for name in ("time", "monotonic", "time_ns", "monotonic_ns", "perf_counter"):
        monkeypatch.setattr(time, name, none)
    one = cache()
    one.store(question("x"), answer(), 1e9)
    assert one.get(question("x"), 1e9 + 9.9) is not None
    assert one.get(question("x"), 1e9 + 10) is None


def test_names_are_equal_whatever_their_case() -> None:
    """DNS names are compared without regard to case (RFC 4343)."""
    one = cache()
    entry = one.store(question("Www.Example"), answer(), 0.0)
    assert one.get(question("wWW.eXAMPLE"), 1.0) is entry


def test_types_are_apart() -> None:
    """An answer for A says nothing about AAAA."""
    one = cache()
    one.store(question("x", A), answer(), 0.0)
    assert one.get(question("x", AAAA), 1.0) is None


def test_the_least_recently_used_goes_first() -> None:
    """A use keeps an entry; a peek does not."""
    one = cache(entries=3)
    for name in "abc":
        one.store(question(name), answer(), 0.0)
    one.get(question("a"), 1.0)
    one.peek(question("b"))
    one.store(question("d"), answer(), 2.0)
    assert [name for name in "abcd" if one.peek(question(name))] == ["a", "c", "d"]
    assert one.evictions == 1


def test_bytes_are_bounded_too() -> None:
    """Entries with many addresses leave room for fewer of them."""
    size = ENTRY_BYTES + 10 * ADDRESS_BYTES
    one = cache(size=5 * size)
    many = answer(*(f"192.0.2.{number}" for number in range(10)))
    for number in range(50):
        one.store(question(f"x{number}"), many, 0.0)
        assert one.counts(0.0)["bytes"] <= 5 * size
    assert one.counts(0.0)["entries"] == 5


def test_bytes_are_counted_once_for_each_entry() -> None:
    """Replacing and forgetting give back what was taken."""
    one = cache()
    for number in range(20):
        one.store(question("x"), answer(*["192.0.2.1"] * (number % 3 + 1)), 0.0)
    one.store(question("y"), denial(), 0.0)
    assert one.counts(0.0)["bytes"] == 2 * ENTRY_BYTES + 2 * ADDRESS_BYTES
    assert one.flush() == 2
    assert one.counts(0.0)["bytes"] == 0


def test_an_entry_larger_than_the_cache_is_returned_and_not_kept() -> None:
    """Whoever asked gets the answer; the cache stays within its bound."""
    one = cache(size=ENTRY_BYTES)
    entry = one.store(question("x"), answer("192.0.2.1", "192.0.2.2"), 0.0)
    assert len(entry.addresses) == 2
    assert one.counts(0.0)["bytes"] == 0


def test_flush_forgets_one_name_or_all() -> None:
    """One name means its entries of every type, whatever the case; it says how many were forgotten."""
    one = cache()
    for name in ("a", "b"):
        for kind in (A, AAAA):
            one.store(question(name, kind), answer(), 0.0)
    assert one.flush(b"A") == 2
    assert one.peek(question("a")) is None
    assert one.peek(question("b")) is not None
    assert one.flush() == 2
    assert one.flush() == 0


def test_counts_are_of_live_entries() -> None:
    """What has expired is not counted, though it still takes room."""
    one = cache()
    one.store(question("a"), answer(ttl=2), 0.0)
    one.store(question("b"), denial(), 0.0)
    assert one.counts(1.0) == {
        "entries": 2,
        "success": 1,
        "denial": 1,
        "bytes": 2 * ENTRY_BYTES + ADDRESS_BYTES,
    }
    assert one.counts(3.0)["success"] == 0
    assert one.counts(3.0)["bytes"] > 0


def test_a_useful_cut_lives_for_all_of_its_ttl() -> None:
    """Prolonged, a denial may live as long as an answer; its next version inherits that."""
    one = cache()
    entry = one.store(question("com.cluster.local"), denial(20), 100.0)
    one.prolong(entry)
    assert one.get(question("com.cluster.local"), 119.9) is entry
    assert one.get(question("com.cluster.local"), 120.0) is None
    again = one.store(question("com.cluster.local"), denial(3600), 200.0)
    assert again.useful
    assert again.expires == 230.0


def test_a_name_that_came_into_being_is_no_cut_any_more() -> None:
    """When the denied name exists, the next denial starts with the short life."""
    one = cache()
    one.prolong(one.store(question("prod.cluster.local"), denial(30), 0.0))
    one.store(question("prod.cluster.local"), denial(30, NOERROR), 10.0)
    assert one.store(question("prod.cluster.local"), denial(30), 20.0).expires == 25.0


def test_only_a_denial_of_the_name_itself_denies_what_is_below() -> None:
    """NODATA and the denial of an alias's target prove nothing about the names below."""
    one = cache()
    assert one.store(question("x"), denial(), 0.0).denies_name
    assert not one.store(question("x"), denial(10, NOERROR), 0.0).denies_name
    assert not one.store(question("x"), denial(10, NXDOMAIN, ("y",)), 0.0).denies_name
    assert not one.store(question("x"), answer(), 0.0).denies_name


def test_a_revived_entry_is_marked() -> None:
    """A stale entry answers for the seconds it was given, and is known as stale."""
    one = cache()
    entry = one.store(question("x"), answer(ttl=5), 0.0)
    one.revive(entry, 100.0, 5.0)
    assert one.get(question("x"), 104.9) is entry
    assert entry.stale
    assert one.get(question("x"), 105.0) is None


def test_the_repr_says_how_full_it_is() -> None:
    """Counts and bounds in one line."""
    one = cache(entries=7, size=10_000)
    one.store(question("x"), answer(), 0.0)
    assert repr(one) == f"<Cache 1 of 7 entries, {ENTRY_BYTES + ADDRESS_BYTES} of 10000 bytes>"


BOTH = (A, AAAA)


def test_what_came_lately_is_found_at_once() -> None:
    """Answers that wait to be put in their place are there for whoever looks, by every way to look."""
    one = Cache(9984, 1 << 24, 30.0, 5.0)
    given = [answer(ttl=10), denial(10, NOERROR)]
    one.keep(b"x", BOTH, given, 100.0)
    assert [entry.answer for entry in one.held(b"x", BOTH, 101.0)] == given
    one.keep(b"y", BOTH, given, 100.0)
    entry = one.get(question("Y", AAAA), 101.0)
    assert entry is not None
    assert (entry.answer, entry.expires, entry.hits) == (given[1], 105.0, 1)
    assert one.get(question("y", AAAA), 105.0) is None
    one.keep(b"z", BOTH, given, 100.0)
    assert one.counts(101.0) == {
        "entries": 6,
        "success": 3,
        "denial": 3,
        "bytes": 6 * ENTRY_BYTES + 3 * ADDRESS_BYTES,
    }
    one.keep(b"w", BOTH, given, 100.0)
    assert one.flush(b"w") == 2
    assert one.flush() == 6
    assert one.counts(101.0)["bytes"] == 0


def test_an_entry_is_the_same_whoever_asks_for_it() -> None:
    """Entries are made when somebody asks, and then kept: what is noted on one is there for the next."""
    one = cache()
    one.keep(b"x", BOTH, [answer(), denial(20)], 100.0)
    entry = one.peek(question("x", AAAA))
    assert entry is not None
    one.prolong(entry)
    assert one.get(question("x", AAAA), 119.0) is entry


def test_what_came_lately_is_kept_in_bounds() -> None:
    """However many names come without anybody looking, no more are held than may be, give or take a few that wait."""
    one = Cache(200, 1 << 24, 30.0, 5.0)
    for number in range(1000):
        one.keep(b"n%d" % number, BOTH, [answer(), answer()], 0.0)
        assert len(one._names) + len(one._lately) <= 100 + 200 // 16
    assert one.counts(1.0)["entries"] == 200
    assert one.evictions == 1800
    assert one.held(b"n999", BOTH, 1.0)
    assert not one.held(b"n1", BOTH, 1.0)


@pytest.mark.parametrize("entries", [0, 3])
def test_a_small_cache_lets_nothing_wait(entries: int) -> None:
    """Where there is next to no room, nothing is held beyond it for a moment."""
    one = Cache(entries, 1 << 24, 30.0, 5.0)
    one.keep(b"x", BOTH, [answer(), answer()], 0.0)
    assert len(one.held(b"x", BOTH, 1.0)) == (2 if entries else 0)


@pytest.mark.parametrize("caps", [(0.0, 5.0), (30.0, 0.0), (30.0, 5.0)])
def test_what_may_not_be_kept_is_not_kept_lately_either(caps: tuple[float, float]) -> None:
    """TTL 0, a denial without an SOA, a cap of 0: the older answer is gone, and the new one is not held."""
    one = Cache(9984, 1 << 24, *caps)
    one.keep(b"x", BOTH, [answer(ttl=10), denial(10, NOERROR)], 100.0)
    assert [entry.type for entry in one.held(b"x", BOTH, 101.0)] == [
        type_ for type_, cap in zip(BOTH, caps, strict=True) if cap
    ]
    one.keep(b"x", BOTH, [answer(ttl=0), denial(None, NOERROR)], 101.0)
    assert one.held(b"x", BOTH, 101.0) == []
    assert one.counts(101.0)["bytes"] == 0


def test_the_last_to_come_counts() -> None:
    """A second answer to a name before anybody looked takes the place of the first, the types it has not aside."""
    one = cache()
    one.keep(b"x", BOTH, [answer("192.0.2.1"), denial(10, NOERROR)], 100.0)
    one.tidy()
    one.keep(b"x", (A,), [answer("192.0.2.2")], 101.0)
    held = one.held(b"x", BOTH, 102.0)
    assert [(entry.type, entry.born) for entry in held] == [(A, 101.0), (AAAA, 100.0)]
    assert one.counts(102.0)["bytes"] == 2 * ENTRY_BYTES + ADDRESS_BYTES


def test_threads_find_what_another_puts_in_its_place() -> None:
    """Nobody looks in vain while answers are moved."""
    one = Cache(9984, 1 << 24, 30.0, 5.0)
    missed: list[bytes] = []
    given = [answer(), answer()]

    def work(number: int) -> None:
        for turn in range(400):
            name = b"n%d-%d" % (number, turn)
            one.keep(name, BOTH, given, 0.0)
            if turn % 3 == 0:
                one.tidy()
            if len(one.held(name, BOTH, 1.0)) != 2:
                missed.append(name)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert missed == []
    assert one.counts(1.0)["entries"] == 3200


def test_types_of_one_name_that_come_apart_are_both_kept() -> None:
    """A and AAAA asked for by two callers at once, each with an answer of its own."""
    one = Cache(9984, 1 << 24, 30.0, 5.0)
    one.keep(b"x", (A,), [answer()], 100.0)
    one.keep(b"x", (AAAA,), [answer()], 100.1)
    assert [entry.type for entry in one.held(b"x", BOTH, 101.0)] == [A, AAAA]


def test_a_lookup_in_the_middle_of_tidying_leaves_the_sums_right(monkeypatch: pytest.MonkeyPatch) -> None:
    """As that of a signal handler, which may run anywhere in it."""
    one = Cache(9984, 1 << 24, 30.0, 5.0)
    given = [answer(), answer()]
    place = Cache._place

    def interrupted(self: Cache, lowered: bytes, came: object) -> None:
        self.keep(b"handler's " + lowered, BOTH, given, 100.0)
        self.tidy()
        place(self, lowered, came)  # type: ignore[arg-type]
        self.tidy()

    for number in range(10):
        one.keep(b"x%d" % number, BOTH, given, 100.0)
    monkeypatch.setattr(Cache, "_place", interrupted)
    one.tidy()
    monkeypatch.undo()
    assert one.counts(101.0) == {
        "entries": 40,
        "success": 40,
        "denial": 0,
        "bytes": 40 * ENTRY_BYTES + 40 * ADDRESS_BYTES,
    }
    assert one.flush() == 40


def test_a_child_forked_in_the_middle_of_tidying_goes_on() -> None:
    """The thread that was doing it did not come along."""
    one = Cache(9984, 1 << 24, 30.0, 5.0)
    one._tidying = True
    one.after_fork()
    one.keep(b"x", (A,), [answer()], 100.0)
    assert one.counts(101.0)["entries"] == 1
    assert not one._lately


def test_to_revive_a_useful_cut_is_not_undone_by_its_use() -> None:
    """An expired denial that serves while no server answers goes on doing so, though it leads to the name once more."""
    one = cache()
    entry = one.store(question("com.cluster.local"), denial(20), 100.0)
    one.prolong(entry)
    one.revive(entry, 150.0, 4.0)
    one.prolong(entry)
    assert one.get(question("com.cluster.local"), 153.9) is entry
