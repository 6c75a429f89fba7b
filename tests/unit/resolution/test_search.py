"""The names of the search list, and what rules them out."""

from __future__ import annotations

import pytest

from steadydns.resolution.model import Question
from steadydns.resolution.search import Candidate, candidates, cut, likely, under
from steadydns.wire.message import A

SEARCH = (b"default.svc.cluster.local", b"svc.cluster.local", b"cluster.local")


@pytest.mark.parametrize(
    ("name", "search", "ndots", "expected"),
    [
        (b"redis", (b"a", b"b"), 1, [b"redis.a", b"redis.b", b"redis"]),
        (b"redis", (b"a", b"b"), 0, [b"redis", b"redis.a", b"redis.b"]),
        (b"x.y", (b"a",), 1, [b"x.y", b"x.y.a"]),
        (b"x.y", (b"a",), 2, [b"x.y.a", b"x.y"]),
        (b"x.y.", (b"a",), 5, [b"x.y"]),
        (b"x", (), 5, [b"x"]),
        (b"x", (b"",), 5, [b"x"]),
        (b"x", (b"a", b"", b"b"), 5, [b"x.a", b"x", b"x.b"]),
        (b"x.y", (b"a", b"", b"b"), 1, [b"x.y", b"x.y.a", b"x.y.b"]),
        (b"x", (b"a", b"a"), 5, [b"x.a", b"x"]),
    ],
)
def test_candidates_come_in_libcs_order(
    name: bytes, search: tuple[bytes, ...], ndots: int, expected: list[bytes]
) -> None:
    """The walk is resolver(5)'s: as it is first with enough dots, else last, `search .` standing for it, no name twice."""
    assert [candidate.name for candidate in candidates(name, search, ndots)] == expected


def test_a_candidate_knows_the_domain_it_was_made_with() -> None:
    """The domain tells suffixed names from the name as it is."""
    assert candidates(b"x", (b"a",), 5) == (Candidate(b"x.a", b"a"), Candidate(b"x", None))


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (b"api.example.com", Question(b"com.cluster.local", A)),
        (b"redis.prod", Question(b"prod.cluster.local", A)),
        (b"redis", None),
        (b"ns.dns", None),
        (b"ns.DNS", None),
        (b"ns.dnsx", Question(b"dnsx.cluster.local", A)),
    ],
)
def test_a_cut_is_the_last_label_below_the_domain(name: bytes, expected: Question | None) -> None:
    """Only a name of two labels or more can be ruled out by a name above it, and never by `dns`."""
    assert cut(name, b"cluster.local") == expected


@pytest.mark.parametrize(
    ("name", "suffix", "expected"),
    [
        (b"a.example.com", b"example.com", True),
        (b"example.com", b"example.com", True),
        (b"A.EXAMPLE.com", b"example.com", True),
        (b"anexample.com", b"example.com", False),
        (b"com", b"example.com", False),
        (b"a.b", b"", False),
    ],
)
def test_a_suffix_matches_whole_labels(name: bytes, suffix: bytes, expected: bool) -> None:
    """A name is under a suffix by labels, whatever the case, and under nothing by an empty one."""
    assert under(name, (suffix,)) is expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (b"redis.prod", b"redis.prod.svc.cluster.local"),
        (b"redis.prod.svc", b"redis.prod.svc.cluster.local"),
        (b"redis.prod.svc.cluster.local", b"redis.prod.svc.cluster.local"),
        (b"REDIS.prod.SVC.cluster.local", b"REDIS.prod.SVC.cluster.local"),
        (b"web-0.web", b"web-0.web.default.svc.cluster.local"),
        (b"web-0.web.prod", b"web-0.web.prod.svc.cluster.local"),
        (b"web-x.web.prod", None),
        (b"web-0.example.com", None),
        (b"example.com", None),
        (b"example.de", None),
        (b"api.example.com", None),
        (b"redis", None),
        (b"svc", None),
    ],
)
def test_the_shape_of_a_name_says_where_it_likely_is(name: bytes, expected: bytes | None) -> None:
    """Cluster names are guessed by their shape; names that look public, and single labels, are not."""
    guess = likely(name, candidates(name, SEARCH, 5))
    assert (guess.name if guess else None) == expected


def test_nothing_is_guessed_without_a_clusters_search_list() -> None:
    """Outside a cluster no shape means anything."""
    walk = candidates(b"redis.prod", (b"corp.example",), 5)
    assert likely(b"redis.prod", walk) is None
    assert likely(b"redis.prod.svc", candidates(b"redis.prod.svc", (b"corp.example",), 5)) is None
