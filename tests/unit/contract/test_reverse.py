"""Names of addresses: what is asked, what a call may ask, and what of an answer is a name."""

from __future__ import annotations

import ipaddress
import socket

import pytest

from steadydns.contract.request import Request, Theirs
from steadydns.contract.reverse import host_name, named_address, packed_address, question
from steadydns.wire.message import PTR


@pytest.mark.parametrize(
    "text", ["192.0.2.1", "0.0.0.0", "255.255.255.255", "2001:db8::1", "fe80::1", "ff02::1"]
)
def test_the_question_is_the_reverse_pointer(text: str) -> None:
    """Of each address the name that the standard library makes of it is asked, absolute, for PTR records."""
    address = ipaddress.ip_address(text)
    asked = question(address.packed)
    assert isinstance(asked, Request)
    assert (asked.name.decode(), asked.types) == (f"{address.reverse_pointer}.", (PTR,))


@pytest.mark.parametrize("text", ["::", "::1", "::ffff:192.0.2.1"])
def test_special_addresses_are_libcs(text: str) -> None:
    """Glibc looks these up in another way than by their own name."""
    assert isinstance(question(ipaddress.ip_address(text).packed), Theirs)


@pytest.mark.parametrize(
    ("host", "packed"),
    [
        ("192.0.2.1", b"\xc0\0\2\1"),
        (b"192.0.2.1", b"\xc0\0\2\1"),
        ("127.1", b"\x7f\0\0\1"),
        ("0x7f.1", b"\x7f\0\0\1"),
        ("::1", bytes(15) + b"\1"),
        *((other, None) for other in (
            "redis", "", "1.2.3.4 ", "1.2.3.400", "fe80::1%lo", "::1\0", "\u0661.2.3.4", "[::1]", b"\xff", None, 5, b"",
        )),
    ],
)  # fmt: skip
def test_only_addresses_have_octets(host: object, packed: bytes | None) -> None:
    """Every form that inet_aton(3) takes, and IPv6 without a scope; anything else is a name, or libc's to refuse."""
    assert packed_address(host) == packed


@pytest.mark.parametrize("name", [b"a.test", b"under_score", b"1.test", b".", b"x-"])
def test_host_names_are_taken(name: bytes) -> None:
    """The first name counts, whatever follows it."""
    assert host_name((name, b"other")) == name.decode()


@pytest.mark.parametrize("name", [b"-a.test", rb"a\032b", b"*.test", b"a/b", b"a..b", b"a.-b"])
def test_other_names_are_not(name: bytes) -> None:
    """Glibc takes no later name instead (res_hnok)."""
    assert host_name((name, b"good.test")) is None


@pytest.mark.parametrize(
    ("sockaddr", "flags", "ours"),
    [
        (("192.0.2.1", 80), 0, True),
        (("2001:db8::1", 80, 0, 0), socket.NI_NAMEREQD, True),
        (("192.0.2.1", 80), socket.NI_DGRAM | socket.NI_NUMERICSERV, True),
        (("192.0.2.1", 80), socket.NI_NUMERICHOST, False),
        (("192.0.2.1", 80), socket.NI_NOFQDN, False),
        (("192.0.2.1", 80), 32, False),
        (("192.0.2.1", 80), -1, False),
        (("192.0.2.1", 80), None, False),
        (["192.0.2.1", 80], 0, False),
        ((), 0, False),
        (("redis", 80), 0, False),
        (("fe80::1%lo", 80), 0, False),
        ((b"192.0.2.1", 80), 0, False),
    ],
)
def test_only_plain_calls_of_getnameinfo_are_ours(sockaddr: object, flags: object, ours: bool) -> None:
    """A flag that looks up more, or that libc refuses, a malformed address, a name: all libc's."""
    assert (named_address(sockaddr, flags) is not None) is ours
