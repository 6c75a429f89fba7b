"""Pruning the search list is invisible but for its cost: compared with the exact walk over random zones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given, settings
from hypothesis import strategies as st

from steadydns.resolution.risk import MOST
from steadydns.resolution.walk import Found, NotFound, lookup
from steadydns.wire.message import AAAA, SERVFAIL, A
from tests.unit.network import CLUSTER, DNS, RULES, FakeNetwork, FakeServer, Pod, Zone, texts

if TYPE_CHECKING:
    from collections.abc import Generator

    from steadydns.resolution.model import Reply, Step

# Few labels, so that names, their parents, suffixed names and public names collide often.
LABELS = ("a", "b", "com", "prod", "svc", "dns", "default", "cluster", "local")
SUFFIXES = ("", *(domain.decode() for domain in CLUSTER))

names = st.lists(st.sampled_from(LABELS), min_size=1, max_size=4).map(".".join)
absolute = st.tuples(names, st.sampled_from(SUFFIXES)).map(
    lambda pair: ".".join(part for part in pair if part)
)
values = st.sampled_from(("192.0.2.1", "2001:db8::1", "192.0.2.2 2001:db8::2", ""))
zones = st.dictionaries(absolute, values, max_size=8)
failing = st.dictionaries(absolute, st.just(SERVFAIL), max_size=2)
searches = st.lists(st.sampled_from((*CLUSTER, b"corp.com", b"")), unique=True, max_size=4).map(tuple)


def outcome(pod: Pod, name: str, types: tuple[int, ...]) -> object:
    """What a caller would see."""
    found = pod.lookup(name, types)
    return found if isinstance(found, NotFound) else (found.candidate, texts(found))


@settings(deadline=None, derandomize=True)
@given(
    zone=zones,
    broken=failing,
    asked=st.lists(st.one_of(names, absolute, names.map(lambda name: f"{name}.")), min_size=1, max_size=4),
    search=searches,
    ndots=st.sampled_from((0, 1, 2, 5)),
    types=st.sampled_from(((A, AAAA), (A,), (AAAA,))),
    negative_ttl=st.sampled_from((None, 30)),
)
def test_the_pruned_walk_answers_what_the_exact_walk_answers(
    zone: dict[str, str],
    broken: dict[str, int],
    asked: list[str],
    search: tuple[bytes, ...],
    ndots: int,
    types: tuple[int, ...],
    negative_ttl: int | None,
) -> None:
    """In zones that obey RFC 8020, also with servers that fail, pruning changes no result of a run of lookups."""
    rules = RULES._replace(search=search, ndots=ndots)
    server = Zone(zone, negative_ttl=negative_ttl, failing=broken)
    pruned = Pod(FakeNetwork({DNS: FakeServer(server)}), rules)
    for name in asked:
        exact = Pod(FakeNetwork({DNS: FakeServer(server)}), rules._replace(exact=True))
        assert outcome(pruned, name, types) == outcome(exact, name, types)


TYPES = ((A, AAAA), (A,), (AAAA,))


@settings(deadline=None, derandomize=True, max_examples=300)
@given(
    zone=zones,
    broken=failing,
    asked=st.lists(
        st.tuples(st.one_of(names, absolute), st.sampled_from(TYPES), st.sampled_from((0.0, 3.0, 6.0))),
        min_size=1,
        max_size=6,
    ),
    search=searches,
    ndots=st.sampled_from((0, 1, 2, 5)),
)
def test_what_is_certain_is_what_the_exact_walk_finds(
    zone: dict[str, str],
    broken: dict[str, int],
    asked: list[tuple[str, tuple[int, ...], float]],
    search: tuple[bytes, ...],
    ndots: int,
) -> None:
    """After any run of lookups, a name that is certain to be asked first is the one that libc finds, if it finds any.

    Or the one that it asks first itself, whatever it finds behind that.
    """
    rules = RULES._replace(search=search, ndots=ndots)
    server = Zone(zone, failing=broken)
    pruned = Pod(FakeNetwork({DNS: FakeServer(server)}), rules)
    for name, types, later in asked:
        pruned.lookup(name, types)
        pruned.network.now += later
        for met in {name for name, _, _ in asked}:
            for wanted in TYPES:
                now = pruned.network.now
                target = pruned.cache.proven.target(met.encode(), wanted, rules, now)
                exact = Pod(FakeNetwork({DNS: FakeServer(server)}), rules._replace(exact=True))
                found = exact.lookup(met, wanted)
                if target is not None and isinstance(found, Found) and found.candidate != target:
                    assert exact.network.questions()[0].split()[0].encode() == target


def test_a_name_found_behind_a_search_domain_is_certain_while_the_denials_before_it_live() -> None:
    """Three questions the first time; then the one name is known, until it may have come to be elsewhere."""
    zone = Zone({"redis.prod.svc.cluster.local": "10.96.1.2"})
    network = FakeNetwork({DNS: FakeServer(zone)})
    pod = Pod(network)
    target = b"redis.prod.svc.cluster.local"
    certain = pod.cache.proven.target
    assert certain(b"redis.prod", (A, AAAA), RULES, network.now) is None
    pod.lookup("redis.prod")
    assert certain(b"redis.prod", (A, AAAA), RULES, network.now) == target
    assert certain(b"redis.prod", (A,), RULES, network.now) is None, "other types may be denied elsewhere"
    network.now += 5.1
    assert certain(b"redis.prod", (A, AAAA), RULES, network.now) is None
    zone.names["redis.default.svc.cluster.local"] = "10.96.1.3"
    pod.lookup("redis")
    assert certain(b"redis", (A, AAAA), RULES, network.now + 1e6) == b"redis.default.svc.cluster.local"
    pod.cache.flush()
    assert certain(b"redis", (A, AAAA), RULES, network.now) is None


def test_what_is_found_out_during_a_flush_is_not_remembered() -> None:
    """A walk that began before proves nothing afterwards: what it relied on is forgotten."""
    pod = Pod(FakeNetwork({DNS: FakeServer(Zone({"redis.prod.svc.cluster.local": "10.96.1.2"}))}))

    def flushed() -> Generator[Step, list[Reply], Found | NotFound]:
        program = lookup(b"redis.prod", (A, AAAA), pod.environment())
        replies = yield next(program)
        pod.cache.flush()
        try:
            while True:
                replies = yield program.send(replies)
        except StopIteration as stop:
            result: Found | NotFound = stop.value
            return result

    assert isinstance(pod.network.run(flushed()), Found)
    assert pod.cache.proven.target(b"redis.prod", (A, AAAA), RULES, pod.network.now) is None


@settings(deadline=None, derandomize=True)
@given(
    zone=zones,
    name=st.one_of(names, absolute),
    ndots=st.sampled_from((1, 5)),
    search=st.sampled_from((CLUSTER, (*CLUSTER, b"a", b"b", b"corp.com"))),
)
def test_pruning_costs_three_questions_at_most(
    zone: dict[str, str], name: str, ndots: int, search: tuple[bytes, ...]
) -> None:
    """No lookup asks more than three questions more than the exact walk, whatever was guessed."""
    rules = RULES._replace(ndots=ndots, search=search)
    pruned = Pod(FakeNetwork({DNS: FakeServer(Zone(zone))}), rules)
    exact = Pod(FakeNetwork({DNS: FakeServer(Zone(zone))}), rules._replace(exact=True))
    pruned.lookup(name)
    exact.lookup(name)
    assert len(pruned.network.seen) <= len(exact.network.seen) + 3


WINDOW = 10
MOST_OF_TEN = MOST + 1
"""A name that looks foreign may ask one question in vain where nothing else may."""


def costs(
    zone: dict[str, str], asked: list[tuple[str, tuple[int, ...]]], search: tuple[bytes, ...], ndots: int
) -> list[tuple[list[str], list[str]]]:
    """What libc's walk asks for each lookup of a run, and what is asked by a cache that begins empty."""
    server = Zone(zone)
    rules = RULES._replace(ndots=ndots, search=search)
    pruned = Pod(FakeNetwork({DNS: FakeServer(server)}), rules)
    found = []
    for name, types in asked:
        exact = Pod(FakeNetwork({DNS: FakeServer(server)}), rules._replace(exact=True))
        exact.lookup(name, types)
        pruned.lookup(name, types)
        found.append((exact.network.questions(), pruned.network.questions()))
    return found


@settings(deadline=None, derandomize=True, max_examples=400)
@given(
    zone=zones,
    asked=st.lists(
        st.tuples(st.one_of(names, absolute), st.sampled_from(((A, AAAA), (A, AAAA), (A,), (AAAA,)))),
        min_size=WINDOW,
        max_size=30,
    ),
    ndots=st.sampled_from((1, 5)),
    search=st.sampled_from((CLUSTER, CLUSTER, (*CLUSTER, b"a", b"b", b"corp.com"), (b"corp.com", b"com"))),
)
def test_ten_lookups_ask_fewer_than_libc_unless_libc_asks_each_question_once(
    zone: dict[str, str],
    asked: list[tuple[str, tuple[int, ...]]],
    ndots: int,
    search: tuple[bytes, ...],
) -> None:
    """Three more for one lookup and four for any ten, less what libc asks a second time among them."""
    found = costs(zone, asked, search, ndots)
    for at in range(len(found)):
        theirs, mine = found[at]
        assert len(mine) <= len(theirs) + MOST, asked[: at + 1]
        window = found[at : at + WINDOW]
        libcs = [question for questions, _ in window for question in questions]
        again = len(libcs) - len(set(libcs))
        ours = sum(len(questions) for _, questions in window)
        assert ours <= len(libcs) - again + MOST_OF_TEN, (asked[: at + WINDOW], window)
