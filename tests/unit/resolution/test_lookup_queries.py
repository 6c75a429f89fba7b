"""What reaches the wire for one name under ndots:5 and a cluster's search list."""

from __future__ import annotations

import pytest

from steadydns.resolution.model import Question
from steadydns.resolution.record import CUT
from steadydns.resolution.walk import Found
from steadydns.wire.message import SERVFAIL, A
from tests.unit.network import (
    CLUSTER,
    DNS,
    RULES,
    FakeNetwork,
    FakeServer,
    Pod,
    Zone,
    cluster_zone,
    pod,
    shown,
)

CUTS = ["com.default.svc.cluster.local A", "com.svc.cluster.local A", "com.cluster.local A"]


def test_an_external_name_costs_three_proofs_and_its_own_questions() -> None:
    """The first name of a top-level domain needs five questions, the last two after the three proofs."""
    one = pod()
    assert one.addresses("api.example.com") == ["203.0.113.1", "2001:db8::1"]
    assert one.network.questions() == [*CUTS, "api.example.com A", "api.example.com AAAA"]


def test_the_next_name_of_the_same_domain_needs_no_proof() -> None:
    """One denial stands for all names that end in the same label."""
    one = pod()
    one.lookup("api.example.com")
    one.network.questions()
    one.lookup("www.example.com")
    assert one.network.questions() == ["www.example.com A", "www.example.com AAAA"]


def test_a_repeated_name_asks_nothing() -> None:
    """What was answered a moment ago is not asked again."""
    one = pod()
    one.lookup("api.example.com")
    one.network.questions()
    one.lookup("api.example.com")
    assert one.network.questions() == []


@pytest.mark.parametrize(
    ("name", "most", "round_trips"),
    [
        ("redis", 2, 1),
        ("redis.prod", 3, 1),
        # A guess on top of two proofs could cost four questions in vain.
        ("redis.prod.svc", 4, 2),
        ("redis.prod.svc.cluster.local", 5, 2),
        ("redis.prod.svc.cluster.local.", 2, 1),
    ],
)
def test_a_clusters_name_is_found_at_once(name: str, most: int, round_trips: int) -> None:
    """Names of the cluster take one round trip, long ones two, and no more questions than promised."""
    one = pod()
    assert len(one.addresses(name)) == 1
    assert len(one.network.questions()) <= most
    assert len(one.network.steps) <= most  # one step per reply at most, and none of them opens another flow
    assert sum(len(step.flows) for step in one.network.steps) == round_trips


def test_ns_dns_resolves_though_the_name_above_it_is_denied() -> None:
    """CoreDNS denies dns.cluster.local and has ns.dns.cluster.local: that denial is never used."""
    one = pod()
    one.lookup("dns.cluster.local.")
    assert one.addresses("ns.dns") == ["10.96.0.10"]
    assert one.addresses("ns.dns.cluster.local") == ["10.96.0.10"]


@pytest.mark.parametrize(
    "name", ["api.example.com", "www.example.com", "shop.example.net", "gone.example.org"]
)
def test_an_external_name_is_never_sent_with_a_cluster_suffix(name: str) -> None:
    """Only the last label, never the name as a whole, is seen below the cluster's domains."""
    one = pod()
    one.lookup(name)
    assert not [asked for asked in one.network.questions() if asked.startswith(f"{name}.")]


def test_a_useful_cut_that_expired_is_proven_beside_the_absolute_name() -> None:
    """Once the proofs led to the absolute name, they are proven anew in the same step as it: one round trip."""
    one = pod(cluster_zone(ttl=1, negative_ttl=2))
    one.lookup("api.example.com")
    one.network.questions()
    one.network.now += 40
    steps = len(one.network.steps)
    assert one.addresses("api.example.com") == ["203.0.113.1", "2001:db8::1"]
    flows = [flow for step in one.network.steps[steps:] for flow in step.flows]
    assert [shown(question) for flow in flows for question in flow.questions] == [
        *CUTS,
        "api.example.com A",
        "api.example.com AAAA",
    ]
    assert len(flows) == 1


def test_a_useful_cut_lives_longer_than_other_denials() -> None:
    """A denial that led to the absolute name is kept for 30 s, another one for 5 s."""
    one = pod(cluster_zone(ttl=1))
    one.lookup("api.example.com")
    one.verdict("gone.default.svc.cluster.local.")
    one.network.now += 20
    one.network.questions()
    one.lookup("api.example.com")
    assert one.network.questions() == ["api.example.com A", "api.example.com AAAA"]
    one.verdict("gone.default.svc.cluster.local.")
    assert len(one.network.questions()) == 2


def test_a_failed_proof_proves_nothing() -> None:
    """SERVFAIL for a proof: the candidate it was for is asked, and so on through the walk, as libc does."""
    one = pod(cluster_zone(failing={"com.svc.cluster.local": SERVFAIL}))
    assert one.addresses("api.example.com") == ["203.0.113.1", "2001:db8::1"]
    asked = one.network.questions()
    assert "api.example.com.svc.cluster.local A" in asked
    assert "api.example.com.cluster.local A" not in asked


def test_a_name_that_exists_in_both_places_keeps_libcs_answer() -> None:
    """With com.svc.cluster.local in the cluster, its api.example answers before the world's."""
    zone = cluster_zone()
    zone.names["api.example.com.svc.cluster.local"] = "10.96.9.9"
    zone.changed()
    one = pod(zone)
    assert one.addresses("api.example.com") == ["10.96.9.9"]


def test_a_guess_that_is_wrong_changes_no_answer() -> None:
    """example.dev looks public and is a service here; payments.shop looks like a service and is public."""
    zone = cluster_zone()
    zone.names |= {"example.dev.svc.cluster.local": "10.96.7.7", "payments.shop": "203.0.113.7"}
    zone.changed()
    one = pod(zone)
    assert one.addresses("example.dev") == ["10.96.7.7"]
    assert one.addresses("payments.shop") == ["203.0.113.7"]


def test_exact_walks_as_libc_does() -> None:
    """search=exact asks every candidate for both families, and no proof."""
    one = pod(rules=RULES._replace(exact=True))
    one.lookup("api.example.com")
    names = [f"api.example.com.{domain.decode()}" for domain in CLUSTER] + ["api.example.com"]
    assert one.network.questions() == [f"{name} {kind}" for name in names for kind in ("A", "AAAA")]


def test_external_suffixes_skip_the_proofs() -> None:
    """A name the operator calls external is asked as it is, at once and only."""
    one = pod(rules=RULES._replace(external=(b"example.com",)))
    one.lookup("api.example.com")
    one.lookup("gone.example.com")
    assert {asked.split()[0] for asked in one.network.questions()} == {"api.example.com", "gone.example.com"}


def test_internal_suffixes_are_asked_as_they_are_first() -> None:
    """A name the operator calls internal is asked as it is first, and with the search list after that."""
    one = pod(rules=RULES._replace(internal=(b"prod.svc.cluster.local",)))
    one.lookup("redis.prod.svc.cluster.local")
    assert one.network.questions() == [f"redis.prod.svc.cluster.local {kind}" for kind in ("A", "AAAA")]
    one.verdict("gone.prod.svc.cluster.local")
    assert one.network.questions()[0] == "gone.prod.svc.cluster.local A"


def test_case_is_sent_as_typed_and_cached_without() -> None:
    """The question keeps the caller's case; the answer serves every case of the name."""
    one = pod()
    one.lookup("API.Example.com.")
    assert one.network.questions()[0] == "API.Example.com A"
    found = one.lookup("api.EXAMPLE.com.")
    assert one.network.questions() == []
    assert isinstance(found, Found)
    assert found.candidate == b"api.EXAMPLE.com"


def counts(names: list[str], exists: list[str]) -> tuple[int, int]:
    """How many questions libc's walk asks for the names, one after the other, and how many are asked here."""
    zone = Zone(dict.fromkeys(exists, "192.0.2.1"))
    pruned, libcs = Pod(FakeNetwork({DNS: FakeServer(zone)})), 0
    for name in names:
        exact = Pod(FakeNetwork({DNS: FakeServer(zone)}), RULES._replace(exact=True))
        exact.lookup(name)
        pruned.lookup(name)
        libcs += len(exact.network.questions())
    return libcs, len(pruned.network.questions())


OWN = "default.svc.cluster.local"
TEN = range(10)
TLDS = ("com", "org", "net", "io", "dev", "de", "fr", "app", "eu", "cloud")
RUNS: dict[str, tuple[list[str], list[str], int, int]] = {
    "services of the own namespace": (
        [f"s{n}" for n in TEN], [f"s{n}.{OWN}" for n in TEN], 20, 20),
    "pods of a StatefulSet": ([f"web-{n}.web" for n in TEN], [f"web-{n}.web.{OWN}" for n in TEN], 20, 20),
    "pods of ten StatefulSets": (
        [f"web{n}-0.web{n}" for n in TEN], [f"web{n}-0.web{n}.{OWN}" for n in TEN], 20, 20),
    "pods of another namespace": (
        [f"web-{n}.web.prod" for n in TEN], [f"web-{n}.web.prod.svc.cluster.local" for n in TEN], 40, 21),
    "services of one other namespace": (
        [f"s{n}.prod" for n in TEN], [f"s{n}.prod.svc.cluster.local" for n in TEN], 40, 21),
    "services of ten other namespaces": (
        [f"s.ns{n}" for n in TEN], [f"s.ns{n}.svc.cluster.local" for n in TEN], 40, 30),
    "services with svc": (
        [f"s.ns{n}.svc" for n in TEN], [f"s.ns{n}.svc.cluster.local" for n in TEN], 60, 22),
    "services in full": (
        [f"s.ns{n}.svc.cluster.local" for n in TEN], [f"s.ns{n}.svc.cluster.local" for n in TEN], 80, 23),
    "names of one top-level domain": ([f"h{n}.example.com" for n in TEN], [f"h{n}.example.com" for n in TEN], 80, 23),
    "names of ten top-level domains": ([f"api.example.{t}" for t in TLDS], [f"api.example.{t}" for t in TLDS], 80, 50),
    "names that are not there": ([f"h{n}.example.com" for n in TEN], ["example.com"], 80, 23),
    # What nobody would guess: names in the first domain that look as if they were in another one.
    "names of headless services": ([f"x.head{n}" for n in TEN], [f"x.head{n}.{OWN}" for n in TEN], 20, 23),
    "the same, twice": ([f"x.head{n % 5}" for n in TEN], [f"x.head{n}.{OWN}" for n in TEN], 20, 13),
    "public names in the first domain": (
        [f"a.b.{t}" for t in TLDS], [f"a.b.{t}.{OWN}" for t in TLDS], 20, 24),
}  # fmt: skip


@pytest.mark.parametrize("run", RUNS)
def test_ten_names_in_a_row(run: str) -> None:
    """What ten names cost libc, and what they cost here: fewer, but where libc finds each at once, for the first time."""
    names, exists, libcs, ours = RUNS[run]
    assert counts(names, exists) == (libcs, ours)


def test_what_was_asked_in_vain_is_earned_back() -> None:
    """After names that no guess was right for, others are still found by proof, and proofs that save allow to guess."""
    exists = (
        [f"x.head{n}.{OWN}" for n in TEN] + [f"api.example.{t}" for t in TLDS] + ["s.prod.svc.cluster.local"]
    )
    wrong = [f"x.head{n}" for n in TEN]
    assert counts(wrong, exists) == (20, 23)
    assert counts([*wrong, "api.example.com"], exists) == (28, 28)
    assert counts([*wrong, "api.example.com", "s.prod"], exists) == (32, 31)
    assert counts([*wrong, "s.prod"], exists) == (24, 27)


def test_a_name_that_looks_foreign_goes_behind_no_search_domain_as_a_whole_for_what_the_clusters_names_cost() -> (
    None
):
    """Names of the cluster that were guessed wrongly do not make it known to the cluster's servers which hosts are asked."""
    zone = Zone({f"x.head{n}.{OWN}": "192.0.2.1" for n in TEN} | {"api.example.com": "192.0.2.2"})
    one = Pod(FakeNetwork({DNS: FakeServer(zone)}))
    for n in TEN:
        one.lookup(f"x.head{n}")
    one.network.questions()
    one.lookup("api.example.com")
    assert one.network.questions() == [*CUTS, "api.example.com A", "api.example.com AAAA"]


def test_the_record_tells_the_cuts() -> None:
    """Each candidate that was ruled out is an event, and the walk's length is known."""
    one = pod()
    one.lookup("api.example.com")
    assert one.record.count(CUT) == 3
    assert one.record.candidates == 4


def test_an_answer_that_may_not_be_kept_is_not_asked_twice_in_one_call() -> None:
    """Denials without an SOA and answers of TTL 0 serve the call that got them, and no other."""
    one = pod(cluster_zone(ttl=0, negative_ttl=None))
    for _ in range(2):
        assert one.addresses("api.example.com") == ["203.0.113.1", "2001:db8::1"]
        assert sorted(one.network.questions()) == sorted([*CUTS, "api.example.com A", "api.example.com AAAA"])
    assert one.cache.counts(one.network.now)["entries"] == 0


def test_one_family_asks_for_one_type() -> None:
    """AF_INET and AF_INET6 ask one question of the name itself."""
    one = pod()
    one.addresses("redis", (A,))
    assert one.network.questions() == ["redis.default.svc.cluster.local A"]


@pytest.mark.parametrize(("hits", "left", "refreshed"), [(1, 0.5, 0), (3, 20.0, 0), (3, 2.9, 1), (3, 0.5, 1)])
def test_a_name_in_use_is_fetched_anew_before_it_expires(hits: int, left: float, refreshed: int) -> None:
    """Two uses or more, and the last tenth of the TTL or the last second: the background gets the question."""
    one = pod(cluster_zone(ttl=30))
    one.addresses("redis.prod.svc.cluster.local.", (A,))
    for _ in range(hits - 1):
        one.addresses("redis.prod.svc.cluster.local.", (A,))
    one.network.now += 30 - left - 0.01
    one.addresses("redis.prod.svc.cluster.local.", (A,))
    assert one.refreshed == [Question(b"redis.prod.svc.cluster.local", A)] * refreshed


def test_prefetch_can_be_switched_off() -> None:
    """With prefetch off nothing is fetched in the background."""
    server = FakeServer(cluster_zone(ttl=30))
    one = Pod(FakeNetwork({DNS: server}), RULES._replace(prefetch=False))
    for _ in range(4):
        one.addresses("redis", (A,))
        one.network.now += 9.8
    assert one.refreshed == []
