"""The story of a lookup."""

from __future__ import annotations

import copy
import pickle
from typing import TYPE_CHECKING

import pytest

from steadydns.calls.settings import rules
from steadydns.config import Config
from steadydns.resolution.record import CACHED, CUT, FAILURE, RESPONSE, RETRY, SENT, STALE, TIMEOUT, Record
from steadydns.system.resolvconf import parse
from steadydns.telemetry.explanation import Explanation, Query, failure_text, queries
from tests.unit.telemetry.lookups import LOST_REPLY, NAME, record_of

if TYPE_CHECKING:
    from steadydns.resolution.rules import Rules

PROOF = "com.svc.cluster.local"
CONF = b"nameserver 10.96.0.10\nsearch default.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n"


@pytest.fixture
def pod_rules() -> Rules:
    """Return the rules of an ordinary pod."""
    return rules(Config(), parse(CONF, {}, "pod"))


def test_each_query_has_what_came_of_it() -> None:
    """A lost and an answered query are told apart, with the time each took."""
    lost, answered = queries(record_of(*LOST_REPLY))
    assert lost == Query(NAME, "A", "10.96.0.10", "tcp", 0.0, 0.4, "timeout")
    assert answered.took == pytest.approx(0.002)
    assert answered._replace(took=None) == Query(NAME, "A", "10.96.0.10", "tcp", 0.4, None, "NOERROR")


def test_a_failed_flow_is_the_end_of_all_its_queries() -> None:
    """A reset names no question: it is the result of every question open on that transport, and of no other."""
    found = queries(
        record_of(
            (0, SENT, NAME), (0, SENT, PROOF), (0.1, SENT, NAME, "udp"), (0.2, FAILURE, "", "tcp", "reset")
        )
    )
    assert [(query.transport, query.result) for query in found] == [
        ("tcp", "reset"),
        ("tcp", "reset"),
        ("udp", "unanswered"),
    ]


FAILURES = {
    "lookup api.example.com on 10.96.0.10 (tcp): no answer within 0.4 s": record_of(*LOST_REPLY[:2]),
    "lookup api.example.com on 10.96.0.10 (udp): no answer within 0.4 s (2 times); "
    "lookup api.example.com on 10.96.0.10 (tcp): refused": record_of(
        (0, SENT, NAME, "udp"),
        (0.4, TIMEOUT, NAME, "udp"),
        (0.4, RETRY),
        (0.4, SENT, NAME),
        (0.4, SENT, NAME, "udp"),
        (0.401, FAILURE, "", "tcp", "refused"),
        (0.8, TIMEOUT, NAME, "udp"),
    ),
    "lookup api.example.com on 10.96.0.10 (tcp): SERVFAIL, no answer": record_of(
        (0, SENT, NAME), (0.1, RESPONSE, NAME, "tcp", "SERVFAIL"), (0.1, SENT, NAME)
    ),
    "another caller's query brought nothing in 10 s": record_of(waited=10.0),
    "answered from the cache: api.example.com": record_of((0, CACHED, NAME), (0, CACHED, NAME)),
    "nothing was asked": Record(0.0),
}


@pytest.mark.parametrize("text", FAILURES)
def test_failure_says_who_was_asked_and_what_came_back(text: str) -> None:
    """A gaierror's cause is one line: what was asked of whom over which transport, and what came back how often."""
    assert failure_text(FAILURES[text]) == text


def test_failure_of_many_names_stays_one_short_line() -> None:
    """Ten seconds of retries over a search list do not make a page."""
    text = failure_text(record_of(*((0, SENT, f"{n}.example.com") for n in range(20))))
    assert text.count("lookup ") == 6
    assert text.endswith("; and 14 more")


def test_explanation_has_every_step(pod_rules: Rules) -> None:
    """Programs read the candidates, cuts, queries, servers, cache and answers as attributes."""
    record = record_of(
        (0, CACHED, PROOF),
        (0, CUT, f"{NAME}.svc.cluster.local"),
        (0, SENT, NAME),
        (0.002, RESPONSE, NAME, "tcp", "NOERROR"),
    )
    told = Explanation(NAME, "", pod_rules, record, 0.0025, ("192.0.2.1",), "", NAME)
    assert told.candidates == (
        f"{NAME}.default.svc.cluster.local",
        f"{NAME}.svc.cluster.local",
        f"{NAME}.cluster.local",
        NAME,
    )
    assert told.cuts == (f"{NAME}.svc.cluster.local",)
    assert told.servers == ("169.254.20.10", "10.96.0.10")
    assert told.cached == (f"{PROOF} A",)
    assert [query.result for query in told.queries] == ["NOERROR"]
    assert (told.name, told.matched_name, told.answers, told.error) == (NAME, NAME, ("192.0.2.1",), "")
    assert (told.source, told.stale, told.waited, told.duration) == ("", False, 0.0, 0.0025)


def test_explanation_reads_as_a_story(pod_rules: Rules) -> None:
    """People read the outcome first, then the steps, in milliseconds."""
    record = record_of(*LOST_REPLY, (0.402, STALE, NAME), waited=0.001)
    told = Explanation(
        "redis.", "", pod_rules, record, 0.4035, ("192.0.2.1", "192.0.2.2"), "", "redis.example"
    )
    assert str(told).splitlines() == [
        "redis.: 192.0.2.1, 192.0.2.2 in 403.5 ms",
        "  found as    redis.example",
        "  servers     169.254.20.10, 10.96.0.10",
        "  stale       no server answered, so an expired answer was used",
        "  waited      1.0 ms for another caller's query",
        "  queries     +0.0 ms  api.example.com A  10.96.0.10 tcp: timeout in 400.0 ms",
        "              +400.0 ms  api.example.com A  10.96.0.10 tcp: NOERROR in 2.0 ms",
    ]


def test_a_failure_is_the_outcome(pod_rules: Rules) -> None:
    """A name that was not found says so first, and what was left out, even where nothing was sent."""
    record = record_of((0, CUT, f"{NAME}.cluster.local"), (0, CACHED, NAME))
    text = str(Explanation(NAME, "", pod_rules, record, 0.0001, (), "host_not_found"))
    assert text.startswith(f"{NAME}: host_not_found in 0.1 ms\n")
    assert f"  ruled out   {NAME}.cluster.local\n" in text
    assert text.endswith("\n  queries     none")


def test_a_name_of_libcs_has_only_the_reason(pod_rules: Rules) -> None:
    """Where libc answers there are no steps to tell, only why."""
    told = Explanation("localhost", "hosts", pod_rules, Record(0.0), 0.0, (), "")
    assert str(told) == "localhost: libc answers (hosts)"
    assert (told.candidates, told.servers, told.queries) == ((), (), ())


def test_an_explanation_is_a_value(pod_rules: Rules) -> None:
    """Two explanations of the same are equal, hash alike, and cannot be changed."""
    one, other = (Explanation("bücher.example", "", pod_rules, Record(0.0), 0.1, (), "no_data") for _ in "ab")
    assert one == other
    assert hash(one) == hash(other)
    with pytest.raises(AttributeError):
        one.error = ""  # type: ignore[misc]
    assert one.candidates[-1] == "xn--bcher-kva.example"


def test_an_explanation_can_be_copied_and_pickled(pod_rules: Rules) -> None:
    """Another process or a cache gets an equal Explanation, with its text."""
    explanation = Explanation(
        "api.example.com", "", pod_rules, record_of(*LOST_REPLY), 0.4, ("10.0.0.1",), ""
    )
    for other in (
        copy.copy(explanation),
        copy.deepcopy(explanation),
        pickle.loads(pickle.dumps(explanation)),
    ):
        assert type(other) is Explanation
        assert other == explanation
        assert str(other) == str(explanation)
