"""What is remembered of name servers."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from steadydns.resolution.servers import DEMOTION, Servers
from tests.unit.network import DNS, NODE_LOCAL, OTHER, RULES


def test_servers_keep_their_order_while_nothing_is_known() -> None:
    """resolv.conf's order is the order."""
    assert Servers().order((OTHER, DNS), 0.0) == (OTHER, DNS)


def test_a_failed_server_is_asked_last_for_a_while() -> None:
    """Demotion ends by itself, and at once when the server answers."""
    servers = Servers()
    servers.failed(DNS, 100.0)
    assert servers.order((DNS, OTHER), 100.0 + DEMOTION - 0.1) == (OTHER, DNS)
    assert servers.order((DNS, OTHER), 100.0 + DEMOTION) == (DNS, OTHER)
    servers.failed(DNS, 200.0)
    servers.answered(DNS, 200.1, tcp=False)
    assert servers.order((DNS, OTHER), 200.2) == (DNS, OTHER)


def test_failed_servers_keep_their_order_among_themselves() -> None:
    """With all demoted, the order is resolv.conf's again."""
    servers = Servers()
    servers.failed(OTHER, 1.0)
    servers.failed(DNS, 0.0)
    assert servers.order((DNS, OTHER), 2.0) == (DNS, OTHER)


def test_tcp_is_blocked_until_it_answers() -> None:
    """UDP answers do not lift it, a TCP answer does."""
    servers = Servers()
    servers.tcp_stuck(DNS, 100.0)
    assert servers.tcp_blocked(DNS)
    servers.answered(DNS, 101.0, tcp=False)
    assert servers.tcp_blocked(DNS)
    servers.answered(DNS, 102.0, tcp=True)
    assert not servers.tcp_blocked(DNS)
    assert not servers.tcp_blocked(OTHER)


def test_one_caller_for_each_interval_is_told_to_probe() -> None:
    """Of many callers at one moment exactly one probes."""
    servers = Servers()
    servers.tcp_stuck(DNS, 100.0)
    assert [servers.tcp_probe_due(DNS, 100.3) for _ in range(3)] == [True, False, False]
    assert [servers.probe_due(NODE_LOCAL, 100.0) for _ in range(3)] == [True, False, False]


def test_a_server_never_seen_is_looked_for_ever_more_rarely() -> None:
    """The distance between probes doubles, up to five minutes; once seen, up to four seconds."""

    def distances(servers: Servers, seconds: int) -> list[int]:
        at = [now for now in range(seconds) if servers.probe_due(NODE_LOCAL, float(now))]
        return [later - earlier for earlier, later in pairwise(at)]

    assert distances(Servers(), 2000) == [1, 2, 4, 8, 16, 32, 64, 128, 256] + [300] * 4
    seen = Servers()
    seen.answered(NODE_LOCAL, 0.0, tcp=True)
    seen.failed(NODE_LOCAL, 0.0)
    assert max(distances(seen, 100)) == 4


def test_turns_count_up() -> None:
    """Each lookup under `options rotate` has a turn of its own."""
    servers = Servers()
    assert [servers.turn() for _ in range(3)] == [0, 1, 2]


EVENTS = st.one_of(
    st.tuples(st.just("failed")),
    st.tuples(st.just("answered"), st.booleans()),
    st.tuples(st.just("tcp_stuck")),
    st.tuples(st.just("tcp_probe_due")),
    st.tuples(st.just("probe_due")),
    st.tuples(st.just("looked"), st.sampled_from((None, True, False))),
)


@settings(deadline=None, derandomize=True, max_examples=300)
@given(
    events=st.lists(
        st.tuples(EVENTS, st.sampled_from((DNS, OTHER, NODE_LOCAL)), st.sampled_from((0.0, 0.01, 0.6, 5.0))),
        max_size=30,
    )
)
def test_the_steady_server_is_the_one_that_is_found_anew(
    events: list[tuple[tuple[str, bool | None], object, float]],
) -> None:
    """What is remembered of it never outlives what it was found by, whatever happens to whichever server."""
    for rules in (RULES, RULES._replace(preferred=NODE_LOCAL, servers=(DNS, OTHER))):
        servers, now = Servers(), 100.0
        for (event, *detail), server, later in events:
            before = servers.steady(rules, now)
            servers._steady = None
            assert servers.steady(rules, now) == before
            method = getattr(servers, event)
            if event == "looked":
                method(server, *detail, now)
            else:
                method(server, now, *detail)
            now += later
