"""What a span says."""

from __future__ import annotations

from steadydns.resolution.record import CACHED, CUT, FAILURE, FALLBACK, RESPONSE, SENT, TIMEOUT, type_name
from steadydns.telemetry.attributes import event_attributes, shown, span_attributes
from tests.unit.telemetry.lookups import NAME, lookup_of, record_of, slow_lookup


def test_a_slow_lookup_has_every_attribute_of_the_contract() -> None:
    """A lookup that lost its first reply says what was asked of whom, how often, and why it took so long."""
    assert span_attributes(slow_lookup(), 0.1, answers=True) == {
        "dns.question.name": NAME,
        "dns.answers": ["192.0.2.1"],
        "dns.response_code": "NOERROR",
        "server.address": "10.96.0.10",
        "server.port": 53,
        "network.transport": "tcp",
        "network.protocol.name": "dns",
        "steadydns.cache.result": "miss",
        "steadydns.slow.reason": "timeout_retry",
        "steadydns.query.count": 2,
        "steadydns.query.timeout_count": 1,
        "steadydns.query.retry_count": 1,
        "steadydns.search.candidate_count": 1,
        "steadydns.resolver": "stub",
    }


def test_a_failed_lookup_says_how_and_shows_no_answers() -> None:
    """A failure has error.type, and no reason for slowness unless it was slow too."""
    rows = (0.0, SENT, NAME), (0.01, RESPONSE, NAME, "tcp", "SERVFAIL")
    found = span_attributes(lookup_of(*rows, seconds=0.01, reason="try_again"), 0.1, answers=True)
    assert (found["error.type"], found["dns.response_code"]) == ("try_again", "SERVFAIL")
    assert not found.keys() & {"dns.answers", "steadydns.slow.reason"}


def test_answers_are_ten_at_most_and_can_be_left_out() -> None:
    """A headless service with many pods does not fill the span, and addresses can be kept from it."""
    lookup = slow_lookup(answers=tuple(f"192.0.2.{n}" for n in range(20)))
    assert span_attributes(lookup, 0.1, answers=True)["dns.answers"] == [f"192.0.2.{n}" for n in range(10)]
    assert "dns.answers" not in span_attributes(lookup, 0.1, answers=False)


def test_the_name_that_answered_is_told_where_it_is_another() -> None:
    """The search list's name is an attribute of its own; a final dot makes no other name."""
    matched = f"{NAME}.default.svc.cluster.local"
    found = span_attributes(slow_lookup(matched=matched), 0.1, answers=True)
    assert found["steadydns.search.matched_name"] == matched
    plain = span_attributes(slow_lookup(name=f"{NAME}."), 0.1, answers=True)
    assert "steadydns.search.matched_name" not in plain
    assert plain["dns.question.name"] == f"{NAME}."


def test_a_waiter_says_how_long_it_waited_and_names_no_server() -> None:
    """A lookup that rode on another caller's query has its wait, and nothing it did not do."""
    found = span_attributes(lookup_of(seconds=0.9, waited=0.85), 0.1, answers=True)
    assert found["steadydns.wait.duration"] == 0.85
    assert (found["steadydns.cache.result"], found["steadydns.query.count"]) == ("coalesced", 0)
    assert "server.address" not in found


def test_libc_answering_after_all_is_told() -> None:
    """A lookup that ended in libc names it as its resolver."""
    rows = (0.0, SENT, NAME), (0.1, FALLBACK, "", "", "nsswitch_after_dns")
    assert span_attributes(lookup_of(*rows), 0.1, answers=True)["steadydns.resolver"] == "native"


def test_events_beyond_32_are_counted() -> None:
    """A span has 32 events at most and says how many more there were."""
    many = [(n / 100, SENT, NAME) for n in range(40)]
    assert span_attributes(lookup_of(*many), 0.1, answers=True)["steadydns.events_dropped"] == 8
    assert "steadydns.events_dropped" not in span_attributes(lookup_of(*many[:32]), 0.1, answers=True)


def test_only_events_that_took_time_are_shown() -> None:
    """What the cache and the cuts spared is no event of the span."""
    record = record_of((0, CACHED, NAME), (0, CUT, NAME), (0, SENT, NAME), (0.4, TIMEOUT, NAME))
    assert [event.kind for event in shown(record.events)] == [SENT, TIMEOUT]


def test_an_event_says_what_it_was_about() -> None:
    """A response names question, server, transport and code; a failure its kind; a fallback its reason."""
    response, failure, fallback = record_of(
        (0, RESPONSE, NAME, "udp", "NXDOMAIN"),
        (0, FAILURE, "", "tcp", "reset"),
        (0, FALLBACK, "", "", "nsswitch_after_dns"),
    ).events
    assert event_attributes(response) == {
        "dns.question.name": NAME,
        "dns.question.type": "A",
        "server.address": "10.96.0.10",
        "network.transport": "udp",
        "dns.response_code": "NXDOMAIN",
    }
    assert event_attributes(failure)["error.type"] == "reset"
    assert event_attributes(fallback)["steadydns.fallback.reason"] == "nsswitch_after_dns"


def test_types_have_their_names() -> None:
    """A type that has no name here is written as RFC 3597 says."""
    assert [type_name(number) for number in (1, 28, 65)] == ["A", "AAAA", "TYPE65"]
