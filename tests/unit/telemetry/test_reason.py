"""What a finished lookup is taken to mean."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from steadydns.resolution.record import CACHED, FAILURE, FALLBACK, RESPONSE, RETRY, SENT, STALE, TIMEOUT
from steadydns.telemetry.reason import (
    cache_result,
    error_type,
    notable,
    seconds_by_cause,
    slow_reason,
    used_network,
)
from tests.unit.telemetry.lookups import LOST_REPLY, NAME, lookup_of, record_of, slow_lookup

if TYPE_CHECKING:
    from steadydns.telemetry.lookup import Lookup

WALKED = f"{NAME}.default.svc.cluster.local"
PROOF = "com.svc.cluster.local"

REASONS = {
    "the first reply was lost": (slow_lookup(), "timeout_retry"),
    "every reply was lost": (
        lookup_of((0, SENT, NAME), (0.4, TIMEOUT, NAME), seconds=0.4, reason="try_again"),
        "timeout_retry",
    ),
    "three quick denials before the name itself": (
        lookup_of(
            (0, SENT, WALKED),
            (0.06, RESPONSE, WALKED, "tcp", "NXDOMAIN"),
            (0.06, SENT, PROOF),
            (0.12, RESPONSE, PROOF, "tcp", "NXDOMAIN"),
            (0.12, SENT, NAME),
            (0.18, RESPONSE, NAME, "tcp", "NOERROR"),
            seconds=0.18,
        ),
        "search_expansion",
    ),
    "the server thinks for long": (
        lookup_of((0, SENT, NAME), (0.3, RESPONSE, NAME, "tcp", "NOERROR"), seconds=0.3),
        "slow_server",
    ),
    "a denial that rides with the name itself is no detour": (
        lookup_of(
            (0, SENT, PROOF),
            (0, SENT, NAME),
            (0.3, RESPONSE, PROOF, "tcp", "NXDOMAIN"),
            (0.3, RESPONSE, NAME, "tcp", "NOERROR"),
            seconds=0.3,
        ),
        "slow_server",
    ),
    "the first flow answered late, so the retry was for nothing": (
        lookup_of(
            (0, SENT, NAME),
            (0.4, TIMEOUT, NAME),
            (0.4, RETRY),
            (0.4, SENT, NAME),
            (1.0, RESPONSE, NAME, "tcp", "NOERROR"),
            seconds=1.0,
        ),
        "slow_server",
    ),
    "another caller's query": (lookup_of(seconds=0.9, waited=0.9), "coalesced_wait"),
    "a TCP handshake that UDP overtook": (
        lookup_of(
            (0, SENT, NAME),
            (0.1, SENT, NAME, "udp"),
            (0.102, RESPONSE, NAME, "udp", "NOERROR"),
            seconds=0.103,
            connect_wait=0.1,
        ),
        "connect",
    ),
    "a flow that was reset late": (
        lookup_of((0, SENT, NAME), (0.3, FAILURE, "", "tcp", "reset"), seconds=0.3, reason="try_again"),
        "connect",
    ),
    "libc was asked after all": (
        lookup_of(
            (0, SENT, NAME),
            (0.002, RESPONSE, NAME, "tcp", "NXDOMAIN"),
            (0.003, FALLBACK, "", "", "nsswitch_after_dns"),
            seconds=0.3,
        ),
        "native_fallback",
    ),
    "a process that was not scheduled": (lookup_of((0, SENT, NAME), seconds=0.3), "slow_server"),
}


@pytest.mark.parametrize(("lookup", "reason"), REASONS.values(), ids=REASONS)
def test_reason_is_what_took_longest(lookup: Lookup, reason: str) -> None:
    """The one word a slow lookup gets names what most of its time went into."""
    assert slow_reason(lookup) == reason


def test_time_is_shared_out_without_rest() -> None:
    """Of a lookup that lost a reply, the wait and the answer are told apart to the millisecond."""
    causes = seconds_by_cause(slow_lookup())
    assert causes["timeout_retry"] == pytest.approx(0.4)
    assert causes["slow_server"] == pytest.approx(0.002)


DENIED = (0, SENT, NAME), (0.01, RESPONSE, NAME, "tcp", "NXDOMAIN")
NOTABLE = {
    "as slow as the threshold": (lookup_of(seconds=0.5, ended=0.5), True),
    "a quick success": (lookup_of(seconds=0.01), False),
    "a quick denial": (lookup_of(*DENIED, seconds=0.01, reason="host_not_found"), False),
    "a quick SERVFAIL": (
        lookup_of(
            (0, SENT, NAME), (0.01, RESPONSE, NAME, "tcp", "SERVFAIL"), seconds=0.01, reason="try_again"
        ),
        True,
    ),
    "a denial after a REFUSED": (
        lookup_of(
            (0, SENT, NAME),
            (0.01, RESPONSE, NAME, "tcp", "REFUSED"),
            (0.01, SENT, NAME),
            (0.02, RESPONSE, NAME, "tcp", "NXDOMAIN"),
            seconds=0.02,
            reason="host_not_found",
        ),
        True,
    ),
    "a denial after a timeout": (
        lookup_of(
            *LOST_REPLY[:-1], (0.41, RESPONSE, NAME, "tcp", "NXDOMAIN"), seconds=0.41, reason="no_data"
        ),
        True,
    ),
    "a success after a SERVFAIL": (
        lookup_of((0, SENT, NAME), (0.01, RESPONSE, NAME, "tcp", "SERVFAIL"), seconds=0.02),
        False,
    ),
}


@pytest.mark.parametrize(("lookup", "expected"), NOTABLE.values(), ids=NOTABLE)
def test_notable_is_slow_or_failed_otherwise_than_denied(lookup: Lookup, expected: bool) -> None:
    """A lookup is worth a span when it was slow, or failed though nobody simply denied the name."""
    assert notable(lookup, 0.5) is expected


ERROR_TYPES = {
    "success": (slow_lookup(), ""),
    "denied": (lookup_of(*DENIED, reason="host_not_found"), "host_not_found"),
    "no addresses": (lookup_of(*DENIED, reason="no_data"), "no_data"),
    "nobody answered": (lookup_of((0, SENT, NAME), (0.4, TIMEOUT, NAME), reason="try_again"), "timeout"),
    "a server failed": (
        lookup_of((0, SENT, NAME), (0.4, RESPONSE, NAME, "tcp", "SERVFAIL"), reason="try_again"),
        "try_again",
    ),
    "an error without a reason": (lookup_of(error=OSError(101, "Network is unreachable")), "OSError"),
}


@pytest.mark.parametrize(("lookup", "expected"), ERROR_TYPES.values(), ids=ERROR_TYPES)
def test_error_type_says_how_it_failed(lookup: Lookup, expected: str) -> None:
    """error.type is the reason of the failure, and tells silence from a server's failure."""
    assert error_type(lookup) == expected


CACHE_RESULTS = {
    "hit": record_of((0, CACHED, NAME)),
    "miss": record_of((0, CACHED, PROOF), (0, SENT, NAME)),
    "stale": record_of((0, SENT, NAME), (1.8, STALE, NAME)),
    "coalesced": record_of(waited=0.2),
    "bypass": record_of((0, FALLBACK, "", "", "nsswitch")),
}


@pytest.mark.parametrize("expected", CACHE_RESULTS)
def test_cache_result_says_where_the_answer_came_from(expected: str) -> None:
    """steadydns.cache.result tells an asked name from a cached, expired or shared one."""
    assert cache_result(CACHE_RESULTS[expected]) == expected


def test_only_a_lookup_from_the_cache_used_no_network() -> None:
    """A lookup that sent nothing and waited for nobody is never worth a span, however long it took."""
    used = {name: used_network(record) for name, record in CACHE_RESULTS.items()}
    assert used == {"hit": False, "miss": True, "stale": True, "coalesced": True, "bypass": True}
