from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadydns.system.hosts import IPV4, IPV6, parse

FILE = b"127.0.0.1 localhost\n::1 localhost\n10.0.0.1 Web.test alias.test # comment\n2001:db8::1 six.test\n"


@pytest.mark.parametrize(
    ("name", "families"),
    [
        (b"localhost", IPV4 | IPV6),
        (b"web.test", IPV4),
        (b"WEB.test", IPV4),
        (b"alias.test", IPV4),
        (b"web.test.", 0),
        (b"six.test", IPV6),
        (b"comment", 0),
        (b"10.0.0.1", 0),
        (b"", 0),
    ],
)
def test_families_of_a_name(name: bytes, families: int) -> None:
    """A name has the families of its lines, whatever its case, but for a trailing dot as written."""
    assert parse(FILE).families(name) == families


def test_either_family_answers_an_unspecified_one() -> None:
    """AF_UNSPEC is answered by an entry of either family, AF_INET6 never by an IPv4 address."""
    hosts = parse(FILE)
    assert hosts.answers(b"web.test", socket.AF_UNSPEC)
    assert hosts.answers(b"web.test", socket.AF_INET)
    assert not hosts.answers(b"web.test", socket.AF_INET6)
    assert not hosts.answers(b"six.test", socket.AF_INET)


def test_unknown_family_is_refused() -> None:
    """A family that libc refuses is a KeyError, not a silent no."""
    with pytest.raises(KeyError):
        parse(FILE).answers(b"web.test", 255)


def test_large_file() -> None:
    """Ten thousand lines are all there."""
    lines = [b"10.%d.%d.1 n%d.test alias%d.test" % (n >> 8, n & 255, n, n) for n in range(10_000)]
    hosts = parse(b"\n".join(lines))
    assert len(hosts) == 20_000
    assert hosts.answers(b"alias9999.test", socket.AF_INET)
    assert repr(hosts) == "<Hosts: 20000 names>"


@given(st.binary(max_size=200))
def test_no_text_raises(text: bytes) -> None:
    """Whatever the file says, asking it gives an answer and never a name that is not in it."""
    hosts = parse(b"10.0.0.1 " + text)
    assert hosts.answers(b"nowhere.test", socket.AF_INET) == (b"nowhere.test" in text)
