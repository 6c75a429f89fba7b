"""Pruning the search list is invisible but for its cost: compared with the exact walk over random zones."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from steadydns.resolution.lookup import NotFound
from steadydns.wire.message import AAAA, SERVFAIL, A
from tests.unit.network import CLUSTER, DNS, RULES, FakeNetwork, FakeServer, Pod, Zone, texts

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
