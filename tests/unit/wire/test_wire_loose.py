"""What musl reads where records are in no order. tests/contract/test_musl.py holds it beside musl itself."""

from __future__ import annotations

import pytest

from steadydns.wire.answer import Disorderly
from steadydns.wire.loose import read_loosely
from steadydns.wire.message import AAAA, CNAME, NS, A, Answer, WireError, parse
from tests.unit.wire.messages import A1, A2, ASKED, IDENT, QNAME, ROOT, SIX, opt, response, rr

OTHER = b"\5other\4test\0"
ALIAS = rr(ASKED, CNAME, 7, OTHER)


def loosely(message: bytes, qtype: int = A, *, edns: bool = False) -> Answer:
    """Read it strictly, which finds no order, and then loosely."""
    answer = parse(message, IDENT, QNAME, qtype, edns=edns)
    assert isinstance(answer, Disorderly)
    return read_loosely(answer)


@pytest.mark.parametrize(
    ("answers", "addresses", "canonical", "ttl"),
    [
        ((rr(OTHER, A, 9, A1), ALIAS), (A1,), b"other.test", 7),  # the addresses before the alias
        ((rr(OTHER, A, 9, A1), rr(ASKED, A, 5, A2)), (A1, A2), b"", 5),  # whoever's they are
        ((rr(ASKED, A, 9, A1), rr(ASKED, AAAA, 5, SIX)), (A1,), b"", 9),  # of the type asked for
        ((rr(ASKED, NS, 5, ROOT), rr(ASKED, A, 9, A1)), (A1,), b"", 9),
        ((rr(ASKED, A, 9, A1, rclass=3),), (A1,), b"", 9),  # of any class
        ((rr(ASKED, A, 9, A1), rr(ASKED, A, 9, A1[:3]), rr(ASKED, A, 9, A2)), (A1,), b"", 9),
        ((ALIAS, rr(ASKED, CNAME, 3, b"\4last\0"), rr(ASKED, A, 9, A1)), (A1,), b"last", 3),
        ((ALIAS, rr(ASKED, CNAME, 3, b"\3a b\0"), rr(ASKED, A, 9, A1)), (A1,), b"other.test", 7),
        ((ALIAS, rr(ASKED, CNAME, 3, b"\3a_b\0"), rr(ASKED, A, 9, A1)), (A1,), b"other.test", 7),
        ((ALIAS, rr(ASKED, CNAME, 3, ROOT), rr(ASKED, A, 9, A1)), (A1,), b"other.test", 7),
        ((rr(OTHER, CNAME, 3, b"\4last\0"), rr(ASKED, NS, 5, ROOT)), (), b"last", 0),
    ],
)
def test_records_in_no_order(
    answers: tuple[bytes, ...], addresses: tuple[bytes, ...], canonical: bytes, ttl: int
) -> None:
    """Each address counts until one has a wrong length; the last alias whose target is a host name gives the name."""
    found = loosely(response(answers))
    assert (found.addresses, found.canonical, found.ttl) == (addresses, canonical, ttl)
    assert found.aliased is bool(canonical)
    assert found.orderly


def test_the_lower_bits_of_the_rcode_count() -> None:
    """The upper ones are in an OPT record, which musl does not ask for."""
    found = loosely(response((), (), (opt(1),)), edns=True)
    assert (found.rcode, found.addresses) == (0, ())


def test_a_denial_has_no_addresses() -> None:
    """What stands in it is not looked at."""
    found = loosely(response((rr(OTHER, A, 9, A1),), flags=0x8183))
    assert (found.rcode, found.addresses) == (3, ())


def test_a_server_that_does_not_recurse_denies() -> None:
    """Glibc takes it for a refusal, and asks another one."""
    found = loosely(response(flags=0x8000))
    assert (found.rcode, found.addresses, found.negative_ttl) == (0, (), None)


def test_octets_beyond_ascii_are_the_locales_to_judge() -> None:
    """They are letters to musl, or are not, by the locale: the answer is left to it."""
    with pytest.raises(WireError):
        loosely(response((rr(OTHER, A, 9, A1), rr(ASKED, CNAME, 3, b"\2\xc3\xa9\0"))))
