"""musl's walk of the search list, and what it makes of failures; the real musl is asked in tests/contract/test_musl.py."""

from __future__ import annotations

from typing import Any

import pytest

from steadydns.resolution.libc import MUSL
from steadydns.resolution.search import candidates
from steadydns.resolution.walk import HOST_NOT_FOUND, MALFORMED, NO_DATA, TRY_AGAIN, NotFound
from steadydns.wire.answer import Answer, Disorderly
from steadydns.wire.message import AAAA, FORMERR, NXDOMAIN, REFUSED, SERVFAIL, A
from tests.unit.network import (
    DNS,
    NODE_LOCAL,
    OTHER,
    RULES,
    FakeNetwork,
    FakeServer,
    Pod,
    Zone,
    cluster_zone,
    pod,
)

MUSL_RULES = RULES._replace(libc=MUSL, edns=False, deadline=5.0)
EVERY_FAILURE = (SERVFAIL, REFUSED, FORMERR)


def musl_pod(zone: Zone | None = None, **faults: Any) -> Pod:
    """A pod whose libc is musl."""
    return pod(zone, MUSL_RULES, **faults)


def zone(names: dict[str, str], **failing: int) -> Zone:
    """A zone with these names beside those of the cluster; failures by name, `_` standing for a dot."""
    known = cluster_zone().names
    return Zone(
        {**known, **names}, failing={name.replace("_", "."): rcode for name, rcode in failing.items()}
    )


@pytest.mark.parametrize("name", [b"a.b", b"a.b.c"])
def test_a_name_with_enough_dots_is_asked_as_it_is_only(name: bytes) -> None:
    """The search list is for names with fewer dots than `ndots`; in glibc it comes second for the others."""
    assert [one.name for one in candidates(name, (b"x.test",), 1, MUSL)] == [name]
    assert [one.name for one in candidates(name, (b"x.test",), 4, MUSL)] == [name + b".x.test", name]


def test_a_name_without_addresses_ends_the_walk() -> None:
    """What exists in a search domain, if without an address, hides what comes after it."""
    one = musl_pod(zone({"db.default.svc.cluster.local": "", "db.svc.cluster.local": "10.96.9.9"}))
    assert one.verdict("db") == NO_DATA
    assert pod(zone({"db.default.svc.cluster.local": "", "db.svc.cluster.local": "10.96.9.9"})).addresses(
        "db"
    )


def test_a_family_without_addresses_ends_the_walk() -> None:
    """IPv6 is not looked for further on where the name has IPv4 addresses."""
    one = musl_pod(zone({"db.default.svc.cluster.local": "10.96.9.8", "db.svc.cluster.local": "fd00::9"}))
    assert one.verdict("db", (AAAA,)) == NO_DATA


def test_only_denials_lead_on() -> None:
    """A name that no search domain has is found outside, or nowhere."""
    assert musl_pod().addresses("api.example.com") == ["203.0.113.1", "2001:db8::1"]
    assert musl_pod().verdict("gone.example.com") == HOST_NOT_FOUND


def test_a_failure_in_a_search_domain_ends_the_walk() -> None:
    """A domain whose server fails is not stepped over."""
    failing = zone({"db.svc.cluster.local": "10.96.9.9"}, db_default_svc_cluster_local=SERVFAIL)
    assert musl_pod(failing).verdict("db") == TRY_AGAIN


def test_half_an_answer_is_none() -> None:
    """Where one family's question fails, the addresses of the other are not enough."""
    half = Zone({"half.test": "203.0.113.5"}, failing={"half.test AAAA": SERVFAIL})
    assert musl_pod(half).verdict("half.test.") == TRY_AGAIN
    assert musl_pod(half).addresses("half.test.", (A,)) == ["203.0.113.5"]
    assert pod(half).addresses("half.test.") == ["203.0.113.5"]


def test_a_denial_of_one_family_denies_the_name() -> None:
    """Addresses beside an NXDOMAIN do not count."""
    odd = Zone({"odd.test": "203.0.113.5"}, failing={"odd.test AAAA": NXDOMAIN})
    assert musl_pod(odd).verdict("odd.test.") == HOST_NOT_FOUND


@pytest.mark.parametrize("rcode", EVERY_FAILURE)
def test_a_failure_is_waited_out(rcode: int) -> None:
    """The server is asked again until the time is up, and not without a pause."""
    one = musl_pod(Zone({}, failing={"sick.test": rcode}))
    assert one.took("sick.test.") == 5.0
    assert 8 <= len(one.network.questions()) <= 40
    assert one.verdict("sick.test.") == TRY_AGAIN


@pytest.mark.parametrize("rcode", EVERY_FAILURE)
def test_a_server_that_recovers_is_believed(rcode: int) -> None:
    """A failure of a moment costs that moment, never the answer."""
    recovering = Zone({"sick.test": "203.0.113.5"}, failing={"sick.test": rcode})
    one = musl_pod(recovering)
    perform, at = one.network._perform, one.network.now + 1.0

    def performed(step: Any) -> Any:
        if one.network.now >= at:
            recovering.failing = {}
        return perform(step)

    one.network._perform = performed  # type: ignore[method-assign]
    assert one.took("sick.test.") < 2.0
    assert one.addresses("sick.test.") == ["203.0.113.5"]


def test_the_other_server_is_asked_without_delay() -> None:
    """A failure of one server is waited out only when all have failed."""
    servers = {
        DNS: FakeServer(Zone({}, failing={"one.test": REFUSED})),
        OTHER: FakeServer(Zone({"one.test": "203.0.113.5"})),
    }
    one = Pod(FakeNetwork(servers), MUSL_RULES._replace(servers=(DNS, OTHER)))
    assert one.took("one.test.") < 0.1


def test_a_dead_server_costs_nothing() -> None:
    """The others are asked at the same time as the first; only a cache on the node is asked alone."""
    servers = {DNS: FakeServer(Zone({}), udp="silent", tcp="silent"), OTHER: FakeServer(cluster_zone())}
    one = Pod(FakeNetwork(servers), MUSL_RULES._replace(servers=(DNS, OTHER)))
    assert one.took("api.example.com.") < 0.1
    assert {seen.server for seen in one.network.seen} == {DNS, OTHER}
    servers[NODE_LOCAL] = FakeServer(cluster_zone())
    with_cache = Pod(FakeNetwork(servers), MUSL_RULES._replace(servers=(DNS, OTHER), preferred=NODE_LOCAL))
    with_cache.servers.answered(NODE_LOCAL, with_cache.network.now, tcp=True)
    with_cache.lookup("api.example.com.")
    assert {seen.server for seen in with_cache.network.seen} == {NODE_LOCAL}


def test_a_refused_port_is_silence() -> None:
    """Musl does not see that nobody listens."""
    assert musl_pod(udp="refused", tcp="refused").took("redis.prod.svc.cluster.local.") == 5.0


def test_silence_lasts_as_long_as_in_musl() -> None:
    """`timeout` is the time for the whole, not for each attempt."""
    assert musl_pod(udp="silent", tcp="silent").took("redis.prod.svc.cluster.local.") == 5.0


def disorderly(one: Pod, monkeypatch: pytest.MonkeyPatch, records: bytes, count: int) -> None:
    """Have each A question answered with these records, as a message whose strict reading finds nothing of use."""
    answer = one.network._answer

    def answered(*asked: Any) -> Answer:
        found = Disorderly(*answer(*asked)._replace(addresses=()))
        if asked[2].type == A:
            found.wire = (records, 0, count, 0x8180, A)
        return found

    monkeypatch.setattr(one.network, "_answer", answered)


def test_an_answer_out_of_order_is_read_as_musl_reads_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each address of it counts, where the rules of the chain of aliases leave none."""
    one = musl_pod(Zone({"one.test": "203.0.113.5"}))
    record = b"\1x\0\0\1\0\1\0\0\0\x1e\0\4"
    disorderly(one, monkeypatch, record + b"\xc0\0\2\7" + record + b"\xc0\0\2\x08", 2)
    assert one.addresses("one.test.") == ["192.0.2.7", "192.0.2.8"]
    assert len(one.network.questions()) == 2
    monkeypatch.setattr(one, "rules", RULES)
    one.cache.flush()
    assert isinstance(one.lookup("one.test."), NotFound)


def test_an_answer_that_just_musl_can_read_is_left_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether octets beyond ASCII are letters is the locale's to say; the servers are asked once."""
    one = musl_pod(Zone({"one.test": "203.0.113.5"}))
    disorderly(one, monkeypatch, b"\1x\0\0\5\0\1\0\0\0\x1e\0\4\2\xc3\xa9\0", 1)
    found = one.lookup("one.test.")
    assert isinstance(found, NotFound)
    assert found.reason == MALFORMED
    assert len(one.network.questions()) == 2
