from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadydns.system.gaiconf import Entry, GaiConf, parse


def _v6(text: str, bits: int, value: int) -> Entry:
    return Entry(socket.inet_pton(socket.AF_INET6, text), bits, value)


def test_tables_in_the_order_of_the_file() -> None:
    """Labels, precedences and IPv4 scopes are read, mapped prefixes as the IPv4 prefix inside."""
    text = (
        b"# comment\nlabel ::1/128 0\nlabel ::/0 1 # rest\nprecedence ::ffff:0:0/96 100\n"
        b"scopev4 ::ffff:169.254.0.0/112 2\nscopev4 10.0.0.0/8 5\nscopev4 10.0.0.1 6\nscopev4 ::ffff:10.0.0.2 7\nreload yes\n"
    )
    assert parse(text) == GaiConf(
        (_v6("::1", 128, 0), _v6("::", 0, 1)),
        (_v6("::ffff:0:0", 96, 100),),
        (
            Entry(b"\xa9\xfe\0\0", 16, 2),
            Entry(b"\n\0\0\0", 8, 5),
            Entry(b"\n\0\0\1", 32, 6),
            Entry(b"\n\0\0\2", 32, 7),
        ),
        reload=True,
    )


@pytest.mark.parametrize(
    "line",
    [
        b"label",
        b"label ::1 1",
        b"label 10.0.0.0/8 1",
        b"label ::/129 1",
        b"label ::/x 1",
        b"label ::/0 -1",
        b"label ::/0 2147483648",
        b"label ::/0 1x",
        b"Label ::/0 1",
        b"labels ::/0 1",
        b"scopev4 2001:db8::/32 1",
        b"scopev4 ::ffff:0:0/95 1",
        b"scopev4 10.0.0.0/33 1",
        b"scopev4 10.0.0.0.0/8 1",
        b"reload no",
        b"\0label ::/0 1",
    ],
)
def test_what_libc_skips_is_skipped(line: bytes) -> None:
    """A line that libc does not understand changes nothing."""
    assert parse(line) == GaiConf()


@given(st.binary(max_size=60))
def test_no_text_raises(text: bytes) -> None:
    """Whatever the file says, the tables hold sane rows."""
    conf = parse(b"label " + text + b"\nscopev4 " + text)
    assert all(0 <= row.bits <= 128 for row in conf.labels)
    assert all(len(row.prefix) == 4 and row.bits <= 32 for row in conf.scopes)
