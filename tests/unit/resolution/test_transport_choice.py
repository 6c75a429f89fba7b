"""TCP or UDP: the race, what is remembered of it, and the way back to TCP."""

from __future__ import annotations

import pytest

from steadydns.resolution.model import TCP, UDP
from steadydns.resolution.walk import Found
from tests.unit.network import DNS, RULES, Pod, pod

AUTO = RULES._replace(search=())
NAME = "redis.prod.svc.cluster.local"


def again(one: Pod) -> float:
    """Look the name up without the cache; return the seconds it took."""
    one.cache.flush()
    one.network.seen.clear()
    return one.took(NAME)


def transports(one: Pod) -> set[str]:
    """What questions were sent over since the last `again`."""
    return {seen.transport for seen in one.network.seen}


def test_both_questions_share_one_tcp_connection() -> None:
    """The first attempt is TCP alone: a handshake, one flow, both questions."""
    one = pod(rules=AUTO)
    assert one.took(NAME) == pytest.approx(0.002)
    assert transports(one) == {TCP}
    assert len({seen.flow for seen in one.network.seen}) == 1


def test_a_connection_is_used_again() -> None:
    """The second lookup needs no handshake."""
    one = pod(rules=AUTO)
    one.lookup(NAME)
    assert again(one) == pytest.approx(0.001)


def test_a_handshake_that_does_not_end_is_raced_with_udp() -> None:
    """After 0.1 s the questions leave over UDP too, and the record says how long the handshake was waited for."""
    one = pod(rules=AUTO, tcp="blocked")
    assert one.took(NAME) == pytest.approx(0.101)
    assert transports(one) == {UDP}
    assert one.record.connect_wait == pytest.approx(0.1)


def test_a_refused_connection_is_replaced_by_udp_at_once() -> None:
    """A reset in place of a handshake costs a round trip, not the race's wait."""
    one = pod(rules=AUTO, tcp="refused")
    assert one.took(NAME) == pytest.approx(0.002)


def test_a_slow_answer_over_tcp_is_not_raced() -> None:
    """With the handshake over, the race's time passes without a datagram."""
    one = pod(rules=AUTO, latency=0.15)
    one.network.idle[DNS] = [one.network.now]
    assert one.took(NAME) == pytest.approx(0.15)
    assert transports(one) == {TCP}


def test_a_slow_handshake_may_still_win() -> None:
    """TCP that connects after the race began is listened to: whichever answers first counts."""
    one = pod(rules=AUTO, latency=0.12, udp="silent")
    assert one.took(NAME) == pytest.approx(0.24)


@pytest.mark.parametrize("tcp", ["blocked", "refused"])
def test_later_lookups_go_straight_to_udp(tcp: str) -> None:
    """What the race found out is remembered: no wait for TCP the second time."""
    one = pod(rules=AUTO, tcp=tcp)
    one.lookup(NAME)
    assert again(one) == pytest.approx(0.001)
    assert transports(one) == {UDP}


def test_tcp_is_tried_again_behind_the_callers_backs_and_used_when_it_is_back() -> None:
    """Probes find out whether TCP works again; no lookup waits for them, and the next one after a good one uses it."""
    one = pod(rules=AUTO, tcp="blocked")
    one.lookup(NAME)
    for _ in range(20):
        one.network.now += 1
        assert again(one) == pytest.approx(0.001)
        assert transports(one) == {UDP}
    one.network.servers[DNS].tcp = "answers"
    waited = one.network.now
    while transports(one) == {UDP}:
        one.network.now += 1
        assert again(one) == pytest.approx(0.001)
        assert one.network.now - waited < 130, "TCP came back and is not used"


def test_probes_come_less_and_less_often() -> None:
    """A policy that drops TCP/53 for an hour costs a probe a minute, not one for each lookup."""
    one = pod(rules=AUTO, tcp="blocked")
    one.lookup(NAME)
    for _ in range(720):
        one.network.now += 5
        again(one)
    assert 55 <= one.network.probe_count[DNS] <= 75


def test_a_lost_handshake_does_not_condemn_tcp() -> None:
    """TCP that answered in the last five seconds is tried first again although one handshake got stuck."""
    one = pod(rules=AUTO)
    one.lookup(NAME)
    one.network.idle.clear()
    one.network.servers[DNS].tcp = "blocked"
    again(one)
    one.network.servers[DNS].tcp = "answers"
    assert again(one) == pytest.approx(0.002)
    assert transports(one) == {TCP}


def test_udp_is_a_way_out_of_a_dead_connection() -> None:
    """A pooled connection to a backend that died: after 0.4 s both transports are tried anew, the dead ones retired."""
    one = pod(rules=AUTO)
    one.lookup(NAME)
    one.network.servers[DNS].tcp = "silent"
    one.network.now += 1
    assert again(one) == pytest.approx(0.401)
    assert one.network.idle[DNS] == []
    assert [server for server, _ in one.network.retired] == [DNS]


def test_use_vc_never_sends_a_datagram() -> None:
    """Transport tcp keeps to TCP, also when it does not get through."""
    one = pod(rules=AUTO._replace(transport=TCP), tcp="blocked")
    one.lookup(NAME)
    assert transports(one) == set()
    assert one.network.now == pytest.approx(1010)


def test_transport_udp_never_connects() -> None:
    """Transport udp leaves TCP to truncated answers."""
    one = pod(rules=AUTO._replace(transport=UDP))
    assert isinstance(one.lookup(NAME), Found)
    assert transports(one) == {UDP}


def test_a_connection_closed_at_the_question_costs_no_wait() -> None:
    """A server that closes at the first question is asked over UDP at once."""
    one = pod(rules=AUTO, tcp="reset")
    assert one.took(NAME) == pytest.approx(0.003)
