"""musl's profile of getaddrinfo, out of facts; the real musl is asked in tests/contract."""

from __future__ import annotations

import socket

import pytest

from steadydns.contract.errors import gaierror
from steadydns.contract.profile import Profile
from steadydns.contract.profile_musl import MAX_ADDRESSES, Musl, rank
from steadydns.contract.request import AF_INET, AF_INET6, Request, read
from steadydns.resolution.walk import HOST_NOT_FOUND, NO_DATA, NO_RECOVERY, TRY_AGAIN, Found
from steadydns.wire.message import AAAA, NOERROR, A, Answer

MAPPED = int(socket.AI_V4MAPPED)
ALL = int(socket.AI_ALL)


def packed(text: str) -> bytes:
    """An address as an answer holds it."""
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def entry(*addresses: str, canonical: bytes = b"") -> Answer:
    """An answer with these addresses, at the end of an alias if that is named."""
    octets = tuple(map(packed, addresses))
    return Answer(NOERROR, False, True, octets, 30, canonical, bool(canonical), None)


def found(*entries: Answer, name: bytes = b"db.default.svc.cluster.local") -> Found:
    """The result with these answers."""
    return Found(name, list(entries), True, 30.0)


def request(family: int = 0, flags: int = 0) -> Request:
    """What a call for `db` asks for."""
    asked = read("db", family, flags)
    assert isinstance(asked, Request)
    return asked


@pytest.mark.parametrize(
    ("reason", "number", "text"),
    [
        (HOST_NOT_FOUND, -2, "Name does not resolve"),
        (NO_DATA, -5, "Name has no usable address"),
        (TRY_AGAIN, -3, "Try again"),
        (NO_RECOVERY, -3, "Try again"),
    ],
)
def test_errors_are_musls(reason: str, number: int, text: str) -> None:
    """Number and text are those of musl 1.2.4 and later."""
    assert gaierror(reason, Musl().failures).args == (number, text)


def test_an_older_musl_has_no_error_of_its_own_for_no_address() -> None:
    """What the running version says is given, as it was learnt from it."""
    old = Musl((-2, "Name does not resolve"))
    assert gaierror(NO_DATA, old.failures).args == gaierror(HOST_NOT_FOUND, old.failures).args


def test_every_answer_has_its_name() -> None:
    """Asked for or not, the canonical name is the one that was found, search domain included."""
    result = found(entry("10.96.0.20"))
    assert Musl().canonical(request(), result, ()) == "db.default.svc.cluster.local"
    assert Profile().canonical(request(), result, ()) == ""


def test_a_search_domains_trailing_dot_is_shown() -> None:
    """Where resolv.conf has the dot, so has the canonical name; a name that was found without it has not."""
    dotted = (b"default.svc.cluster.local",)
    assert Musl().canonical(request(), found(entry("10.96.0.20")), dotted) == "db.default.svc.cluster.local."
    absolute = found(entry("10.96.0.20"), name=b"db")
    assert Musl().canonical(request(), absolute, dotted) == "db"


def test_an_alias_names_the_answer() -> None:
    """The end of the chain counts, IPv4's before IPv6's; a target that is no host name is passed over."""
    four, six = entry("192.0.2.1", canonical=b"Four.test"), entry("2001:db8::1", canonical=b"six.test")
    assert Musl().canonical(request(), found(four, six), ()) == "Four.test"
    assert Musl().canonical(request(), found(entry("192.0.2.1"), six), ()) == "six.test"
    for target in (b"under_score.test", b".", rb"a\032b.test", rb"\042.test"):
        odd = entry("192.0.2.1", canonical=target)
        assert Musl().canonical(request(), found(odd), ()) == "db.default.svc.cluster.local"
        assert Musl().canonical(request(), found(odd, six), ()) == "six.test"
        odd = odd._replace(aliases=(b"asked.test", b"-first.test", b"second_.test"))
        assert Musl().canonical(request(), found(odd, six), ()) == "-first.test"
    for target in (rb"\195\169.test", rb"a\.b.test", rb"\128.test", rb"\255.test"):
        odd = entry("192.0.2.1", canonical=target)
        assert Musl().canonical(request(), found(odd, six), ()) is None, target


def test_no_more_addresses_than_musl_has_room_for() -> None:
    """48 of both families together, IPv6 first."""
    four = entry(*(f"192.0.2.{number}" for number in range(40)))
    six = entry(*(f"2001:db8::{number:x}" for number in range(40)))
    addresses = Musl().addresses(request(), found(four, six))
    assert len(addresses) == MAX_ADDRESSES
    assert addresses == six.addresses + four.addresses[:8]


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (MAPPED, ["2001:db8::1"]),
        (MAPPED | ALL, ["2001:db8::1", "::ffff:192.0.2.1"]),
    ],
)
def test_mapped_addresses_stand_in_or_beside(flags: int, expected: list[str]) -> None:
    """AI_V4MAPPED asks for both families at once; without AI_ALL, IPv4 counts only where there is no IPv6."""
    asked = Musl().asked(request(AF_INET6, flags))
    assert asked.types == (A, AAAA)
    both = found(entry("192.0.2.1"), entry("2001:db8::1"))
    assert Musl().addresses(asked, both) == tuple(map(packed, expected))
    assert Musl().addresses(asked, found(entry("192.0.2.1"))) == (packed("::ffff:192.0.2.1"),)


def ranked(*destinations: tuple[str, str | None]) -> list[list[str]]:
    """The order of addresses with these sources, by groups."""
    addresses = [(AF_INET6 if ":" in text else AF_INET, packed(text)) for text, _ in destinations]
    sources = [None if source is None else packed(source) for _, source in destinations]
    texts = {packed(text): text for text, _ in destinations}
    return [[texts[one] for one in group] for group in rank(addresses, sources)]


def test_ipv4_alone_keeps_the_servers_order() -> None:
    """No rule is applied, not even reachability: the addresses are alike."""
    assert ranked(("192.0.2.2", None), ("192.0.2.1", "10.0.0.1")) == [["192.0.2.2", "192.0.2.1"]]


@pytest.mark.parametrize(
    ("better", "worse"),
    [
        pytest.param(("192.0.2.1", "10.0.0.1"), ("2001:db8::1", None), id="reachable"),
        pytest.param(("2001:db8::1", "2001:db8::9"), ("fe80::1", "2001:db8::9"), id="same scope"),
        pytest.param(("192.0.2.1", "10.0.0.1"), ("2001:db8::1", "fd00::1"), id="same label"),
        pytest.param(("2001:db8::1", "2001:db8::9"), ("192.0.2.1", "10.0.0.1"), id="precedence"),
        pytest.param(("fd00::1", "fd00::9"), ("2001::1", "fd00::9"), id="label before precedence"),
        pytest.param(("fe80::1", "fe80::9"), ("fec0::1", "fec0::9"), id="smaller scope"),
        pytest.param(("ff05::1", "fec0::9"), ("ff0e::1", "2001:db8::9"), id="smaller multicast scope"),
        pytest.param(("2001:db8::1", "2001:db8::9"), ("2001:db9::1", "2001:db8::9"), id="longer prefix"),
    ],
)
def test_each_rule_decides(better: tuple[str, str | None], worse: tuple[str, str | None]) -> None:
    """Two addresses that differ in one rule of RFC 6724 only come in its order, whichever came first."""
    expected = [[better[0]], [worse[0]]]
    assert ranked(better, worse) == expected
    assert ranked(worse, better) == expected


def test_what_no_rule_tells_apart_is_one_group() -> None:
    """Such addresses keep the server's order, and may take turns."""
    assert ranked(("2001:db8::1", "2001:db8::"), ("2001:db8::1:1", None), ("2001:db8::2:1", None)) == [
        ["2001:db8::1"],
        ["2001:db8::1:1", "2001:db8::2:1"],
    ]
