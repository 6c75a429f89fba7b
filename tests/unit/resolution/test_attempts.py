"""When a question is put again, to whom, and when the call gives up."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from steadydns.resolution.attempts import Attempts, Failed
from steadydns.resolution.model import TCP, UDP, Question
from steadydns.resolution.record import RETRY, TIMEOUT
from steadydns.resolution.walk import TRY_AGAIN, Found
from steadydns.wire.message import FORMERR, NOTIMP, REFUSED, SERVFAIL, A
from tests.unit.network import DNS, OTHER, RULES, FakeNetwork, FakeServer, Pod, cluster_zone, pod

if TYPE_CHECKING:
    from steadydns.resolution.rules import Rules

UDP_ONLY = RULES._replace(transport=UDP, search=())
TCP_ONLY = RULES._replace(transport=TCP, search=())
AUTO = RULES._replace(search=())
QUESTION = Question(b"redis.prod.svc.cluster.local", A)
NAME = "redis.prod.svc.cluster.local"


def settled(one: Pod, *questions: Question) -> list[object]:
    """What became of the questions."""
    found = one.network.run(Attempts(questions, one.environment()).settle())
    return [found[question] for question in questions]


def two_servers(first: FakeServer, second: FakeServer, rules: Rules = UDP_ONLY) -> Pod:
    """A pod with two servers."""
    return Pod(FakeNetwork({DNS: first, OTHER: second}), rules._replace(servers=(DNS, OTHER)))


def test_a_lost_datagram_is_sent_again_after_four_tenths_of_a_second() -> None:
    """The first retry comes at 0.4 s, on a flow, so a port, of its own."""
    one = pod(rules=UDP_ONLY, drop=frozenset({0}))
    assert one.took("redis.prod.svc.cluster.local.") == pytest.approx(0.401)
    sent = [seen for seen in one.network.seen if seen.question.type == A]
    assert [round(seen.at - 1000, 3) for seen in sent] == [0.0, 0.4]
    assert sent[0].flow is not sent[1].flow
    assert one.record.count(RETRY) == 1
    assert one.record.count(TIMEOUT) == 1


def test_each_datagram_has_a_port_of_its_own() -> None:
    """No UDP flow ever carries a second question."""
    one = pod(rules=UDP_ONLY, drop=frozenset({0, 1, 2, 3}))
    one.lookup(NAME)
    flows = [seen.flow for seen in one.network.seen]
    assert len(flows) == len(set(map(id, flows))) >= 6


def test_an_answer_to_an_earlier_attempt_still_counts() -> None:
    """The first datagram's answer, 0.5 s late, is taken though a retry is under way, and ends the lookup."""
    one = pod(rules=UDP_ONLY, late={0: 0.5, 1: 0.5}, drop=frozenset({2, 3, 4, 5}))
    assert one.took(NAME) == pytest.approx(0.5)


@pytest.mark.parametrize("rules", [UDP_ONLY, TCP_ONLY, AUTO])
@pytest.mark.parametrize("tcp", ["silent", "blocked"])
def test_silence_fails_at_the_deadline_and_not_before(rules: Rules, tcp: str) -> None:
    """With every server down the call gives up exactly at the deadline."""
    one = pod(rules=rules, udp="silent", tcp=tcp)
    assert one.verdict(NAME) == TRY_AGAIN
    assert one.network.now == pytest.approx(1010)
    assert one.cache.counts(one.network.now)["entries"] == 0


def test_the_deadline_is_for_the_whole_walk() -> None:
    """Search list, both families and retries share one deadline, and nothing is sent after it."""
    one = pod(rules=RULES, udp="silent", tcp="silent")
    assert one.verdict("api.example.com") == TRY_AGAIN
    assert one.network.now == pytest.approx(1010)
    assert max(seen.at for seen in one.network.seen) < 1010


@pytest.mark.parametrize("transport", ["auto", TCP, UDP])
def test_a_name_with_enough_dots_sends_nothing_after_the_deadline(transport: str) -> None:
    """The search list is not begun when the time went on the name itself."""
    one = pod(rules=RULES._replace(ndots=1, transport=transport), udp="silent", tcp="silent")
    assert one.verdict("api.example.com") == TRY_AGAIN
    assert {seen.question.name for seen in one.network.seen} == {b"api.example.com"}


def test_retries_come_further_and_further_apart() -> None:
    """The attempts' distances never shrink and reach four times the first."""
    one = pod(rules=UDP_ONLY, udp="silent")
    settled(one, QUESTION)
    times = [seen.at for seen in one.network.seen]
    gaps = [round(later - earlier, 6) for earlier, later in pairwise(times)]
    assert gaps == sorted(gaps)
    assert gaps[0] == pytest.approx(0.4)
    assert gaps[-1] == pytest.approx(1.6)


def test_the_next_attempt_goes_to_the_next_server() -> None:
    """A dead first server costs one patience, and is asked last from then on."""
    one = two_servers(FakeServer(cluster_zone(), udp="silent"), FakeServer(cluster_zone()))
    assert one.took(NAME) == pytest.approx(0.401)
    one.cache.flush()
    assert one.took(NAME) == pytest.approx(0.001)
    assert one.network.seen[-1].server == OTHER


def test_a_server_that_failed_is_first_again_after_a_while() -> None:
    """Five seconds after its failure a server has its place back."""
    one = two_servers(FakeServer(cluster_zone(), udp="silent"), FakeServer(cluster_zone()))
    one.lookup(NAME)
    one.network.servers[DNS].udp = "answers"
    one.cache.flush()
    one.network.now += 5.1
    one.network.seen.clear()
    one.lookup(NAME)
    assert {seen.server for seen in one.network.seen} == {DNS}


def test_rotate_spreads_lookups_over_the_servers() -> None:
    """With `options rotate`, lookups begin with one server after the other."""
    one = two_servers(FakeServer(cluster_zone()), FakeServer(cluster_zone()), UDP_ONLY._replace(rotate=True))
    firsts = []
    for _ in range(4):
        one.cache.flush()
        one.network.seen.clear()
        one.lookup(NAME)
        firsts.append(one.network.seen[0].server)
    assert firsts == [DNS, OTHER, DNS, OTHER]


def test_without_rotate_the_first_server_is_asked() -> None:
    """While it answers, nobody else is asked."""
    one = two_servers(FakeServer(cluster_zone()), FakeServer(cluster_zone()))
    for _ in range(3):
        one.cache.flush()
        one.lookup(NAME)
    assert {seen.server for seen in one.network.seen} == {DNS}


@pytest.mark.parametrize("rcode", [SERVFAIL, REFUSED, NOTIMP])
@pytest.mark.parametrize("rules", [UDP_ONLY, TCP_ONLY, AUTO])
def test_a_failure_is_final_after_all_rounds(rcode: int, rules: Rules) -> None:
    """SERVFAIL, REFUSED and NOTIMP are asked `attempts` times, at once, then reported, and never cached."""
    one = pod(cluster_zone(failing={NAME: rcode}), rules)
    assert settled(one, QUESTION) == [Failed(rcode)]
    assert one.network.now - 1000 < 0.1
    assert one.record.count(RETRY) == 1
    assert one.cache.counts(one.network.now)["entries"] == 0


def test_a_failure_is_put_to_every_server() -> None:
    """With two servers and two attempts, SERVFAIL is heard four times before it is believed."""
    zone = cluster_zone(failing={NAME: SERVFAIL})
    one = two_servers(FakeServer(zone), FakeServer(zone))
    assert settled(one, QUESTION) == [Failed(SERVFAIL)]
    assert [seen.server for seen in one.network.seen] == [DNS, OTHER, DNS, OTHER]


def test_another_server_may_know_better() -> None:
    """SERVFAIL of one server is healed by the answer of the next, without waiting."""
    one = two_servers(FakeServer(cluster_zone(failing={NAME: SERVFAIL})), FakeServer(cluster_zone()))
    assert one.took(NAME) == pytest.approx(0.002)


def test_format_error_is_not_asked_again() -> None:
    """FORMERR to a plain question is final at once."""
    one = pod(cluster_zone(failing={NAME: FORMERR}), UDP_ONLY._replace(edns=False))
    assert settled(one, QUESTION) == [Failed(FORMERR)]
    assert len(one.network.seen) == 1


def test_a_server_without_edns_is_asked_plainly() -> None:
    """FORMERR to a question with EDNS makes the next attempt, and every later lookup, leave EDNS out."""
    one = pod(rules=UDP_ONLY, edns=False)
    assert isinstance(one.lookup(NAME), Found)
    assert one.network.now - 1000 < 0.1
    one.cache.flush()
    one.network.seen.clear()
    one.lookup(NAME)
    assert [seen.flow.edns for seen in one.network.seen] == [False, False]


def test_a_truncated_answer_is_fetched_over_tcp() -> None:
    """The TC bit sends both questions over one TCP connection, at once."""
    one = pod(rules=UDP_ONLY, truncates=True)
    assert one.addresses(NAME) == ["10.96.1.2"]
    assert [seen.transport for seen in one.network.seen] == [UDP, UDP, TCP, TCP]
    assert one.network.now - 1000 < 0.1


def test_a_truncated_answer_is_fetched_from_the_server_that_gave_it() -> None:
    """Answers of two servers at one moment: the truncated one is asked again of its own server."""
    first = FakeServer(cluster_zone(), truncates=True, late={0: 0.4021})
    second = FakeServer(cluster_zone(failing={NAME: SERVFAIL}), late={0: 0.0021})
    one = two_servers(first, second)
    settled(one, QUESTION)
    assert [seen.server for seen in one.network.seen if seen.transport == TCP] == [DNS]


def test_an_answer_truncated_with_tcp_out_of_reach_fails_at_the_deadline() -> None:
    """Without TCP there is no whole answer: nothing partial is ever returned, and the call ends in time."""
    one = pod(rules=AUTO, truncates=True, tcp="blocked")
    assert one.verdict(NAME) == TRY_AGAIN
    assert one.network.now == pytest.approx(1010)


def test_one_family_waits_for_the_other_one_attempt_longer() -> None:
    """A has an answer, AAAA has none: the lookup ends after the second attempt, with what there is."""
    one = pod(rules=UDP_ONLY, drop=frozenset({1, 2, 3, 4}))
    found = one.lookup(NAME)
    assert isinstance(found, Found)
    assert not found.complete
    assert one.network.now - 1000 == pytest.approx(0.8)


def test_a_family_that_answers_in_the_second_attempt_is_not_lost() -> None:
    """AAAA lost once: both families are in the answer, and it may be remembered."""
    one = pod(rules=UDP_ONLY, drop=frozenset({1}))
    found = one.lookup("api.example.com")
    assert isinstance(found, Found)
    assert found.complete
    assert len(found.answers) == 2


def test_one_familys_failure_does_not_cost_the_other() -> None:
    """AAAA answered with SERVFAIL: the A records are the answer, incomplete, so not kept as a whole."""
    one = pod(cluster_zone(failing={f"{NAME} AAAA": SERVFAIL}), UDP_ONLY)
    found = one.lookup(NAME)
    assert isinstance(found, Found)
    assert not found.complete
    assert one.network.now - 1000 < 0.1


def test_serial_asks_one_question_after_the_other() -> None:
    """With single-request the second question leaves when the first is answered, without waiting for a retry."""
    one = pod(rules=UDP_ONLY._replace(serial=True))
    assert one.took("api.example.com") == pytest.approx(0.002)
    assert [round(seen.at - 1000, 3) for seen in one.network.seen] == [0.0, 0.001]


def test_serial_goes_on_after_a_loss() -> None:
    """A lost first question is put again alone; when it is answered, the second one leaves at once."""
    one = pod(rules=UDP_ONLY._replace(serial=True), drop=frozenset({0}))
    assert one.took("api.example.com") == pytest.approx(0.402)
    assert [seen.question.type for seen in one.network.seen] == [1, 1, 28]


def test_serial_goes_on_after_a_failure() -> None:
    """SERVFAIL for A does not hold AAAA up."""
    one = pod(cluster_zone(failing={f"{NAME} A": SERVFAIL}), UDP_ONLY._replace(serial=True))
    settled(one, QUESTION, QUESTION._replace(type=28))
    assert one.network.now - 1000 < 0.1


@pytest.mark.parametrize(
    "drop", [frozenset[int](), frozenset({0}), frozenset({0, 1}), frozenset({1}), frozenset({0, 2})]
)
@pytest.mark.parametrize("tcp", ["blocked", "answers"])
def test_serial_never_has_two_questions_in_flight_over_udp(drop: frozenset[int], tcp: str) -> None:
    """Whatever gets lost, no second question leaves over UDP before the first is answered."""
    one = pod(rules=AUTO._replace(serial=True), drop=drop, tcp=tcp)
    one.lookup("api.example.com")
    sent = [seen for seen in one.network.seen if seen.transport == UDP]
    for earlier, later in pairwise(sent):
        answered = later.at >= earlier.at + 0.001 and one.network.servers[DNS].datagrams > 1
        assert later.question == earlier.question or answered


def test_a_refused_port_is_no_reason_to_wait() -> None:
    """ICMP port unreachable ends an attempt at once; after all rounds the call fails, well before the deadline."""
    one = pod(rules=AUTO, udp="refused", tcp="refused")
    assert one.verdict(NAME) == TRY_AGAIN
    assert one.network.now - 1000 < 0.1


def test_a_refusing_server_beside_a_good_one_costs_nothing() -> None:
    """The next server is asked at once."""
    one = two_servers(
        FakeServer(cluster_zone(), udp="refused", tcp="refused"), FakeServer(cluster_zone()), AUTO
    )
    assert isinstance(one.lookup(NAME), Found)
    assert one.network.now - 1000 < 0.1


def test_a_dead_server_beside_a_failing_one_does_not_outlast_libc() -> None:
    """Silence of one server and SERVFAIL of the other end when every server had its rounds, not at the deadline."""
    one = two_servers(
        FakeServer(cluster_zone(), udp="silent"), FakeServer(cluster_zone(failing={NAME: SERVFAIL}))
    )
    one.rules = one.rules._replace(deadline=20.0)
    assert settled(one, QUESTION) == [Failed(SERVFAIL)]
    assert one.network.now <= 1010
