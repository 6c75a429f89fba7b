"""Which calls are ours, and what they ask for."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from steadydns.contract.request import Request, Theirs, read
from steadydns.wire.message import AAAA, A

UNKNOWN_FLAG = 0x8000


@pytest.mark.parametrize(
    ("host", "reason"),
    [
        (None, "not_a_name"),
        (25, "not_a_name"),
        (bytearray(b"x.test"), "not_a_name"),
        (b"\xff.test", "not_a_name"),
        ("", "not_a_name"),
        (b"", "not_a_name"),
        (".", "not_a_name"),
        ("a..b", "not_a_name"),
        (".x", "not_a_name"),
        ("x..", "not_a_name"),
        ("a b", "not_a_name"),
        ("a\nb", "not_a_name"),
        ("x.test\n", "not_a_name"),
        ("x.test\0y", "not_a_name"),
        ("-x.test", "not_a_name"),
        ("x\\046test", "not_a_name"),
        ("\udc80.test", "not_a_name"),
        ("ü" * 64, "not_a_name"),
        ("a" * 64, "not_a_name"),
        ("*.test", "not_a_name"),
        ("fe80::1%lo", "numeric"),
        ("::1", "numeric"),
        ("[::1]", "numeric"),
        ("x%lo", "not_a_name"),
        ("127.0.0.1", "numeric"),
        ("127.1", "numeric"),
        ("0x7f.1", "numeric"),
        ("2130706433", "numeric"),
        ("010.0.0.1", "numeric"),
        (b"127.0.0.1", "numeric"),
        (".".join(["a" * 49] * 6), "too_long"),
    ],
)
def test_what_is_no_name_of_dns_is_libcs(host: object, reason: str) -> None:
    """Numeric hosts, wrong types and what libc would refuse are left to it, each for its reason."""
    assert read(host, socket.AF_UNSPEC, 0) == Theirs(reason)


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("www.example.com", b"www.example.com"),
        (b"www.example.com", b"www.example.com"),
        ("Www.Example.COM", b"Www.Example.COM"),
        ("www.example.com.", b"www.example.com."),
        ("redis", b"redis"),
        ("_dmarc.example.com", b"_dmarc.example.com"),
        ("1.2.3.4.", b"1.2.3.4."),
        ("1.2.3.400a", b"1.2.3.400a"),
        ("3com.com", b"3com.com"),
        ("1e100.net", b"1e100.net"),
        ("a" * 63, b"a" * 63),
        ("bücher.example", b"xn--bcher-kva.example"),
        ("xn--bcher-kva.example", b"xn--bcher-kva.example"),
        (".".join(["a" * 49] * 5), b".".join([b"a" * 49] * 5)),
    ],
)
def test_names_reach_us_as_libc_would_get_them(host: str | bytes, name: bytes) -> None:
    """Case and trailing dot stay, IDNA is applied; what inet_aton does not take is a name."""
    request = read(host, socket.AF_UNSPEC, 0)
    assert isinstance(request, Request)
    assert request.name == name


@pytest.mark.parametrize(
    ("family", "types"),
    [
        (socket.AF_UNSPEC, (A, AAAA)),
        (socket.AF_INET, (A,)),
        (socket.AF_INET6, (AAAA,)),
        (0, (A, AAAA)),
        (2, (A,)),
    ],
)
def test_the_family_says_what_to_ask(family: int, types: tuple[int, ...]) -> None:
    """Enums and numbers alike; A before AAAA."""
    request = read("x.test", family, 0)
    assert isinstance(request, Request)
    assert request.types == types


@pytest.mark.parametrize("family", [255, -1, socket.AF_UNIX, 1000])
def test_other_families_are_libcs_to_refuse(family: int) -> None:
    """EAI_FAMILY is its error to raise."""
    assert read("x.test", family, 0) == Theirs("family")


@pytest.mark.parametrize(
    "flags", [socket.AI_NUMERICHOST, UNKNOWN_FLAG, socket.AI_NUMERICHOST | socket.AI_PASSIVE]
)
def test_flags_that_take_no_network_or_are_unknown_are_libcs(flags: int) -> None:
    """AI_NUMERICHOST needs no server, and what is unknown has to be asked of those who know."""
    assert read("x.test", 0, flags) == Theirs("flags")


@pytest.mark.parametrize(
    ("family", "flags", "expected"),
    [
        (socket.AF_INET6, socket.AI_V4MAPPED, (True, False)),
        (socket.AF_INET6, socket.AI_V4MAPPED | socket.AI_ALL, (True, True)),
        (socket.AF_INET6, socket.AI_ALL, (False, False)),
        (socket.AF_UNSPEC, socket.AI_V4MAPPED | socket.AI_ALL, (False, False)),
        (socket.AF_INET, socket.AI_V4MAPPED, (False, False)),
    ],
)
def test_mapping_is_for_ipv6_only(family: int, flags: int, expected: tuple[bool, bool]) -> None:
    """AI_V4MAPPED counts with AF_INET6 alone, AI_ALL only beside it (getaddrinfo(3))."""
    request = read("x.test", family, flags)
    assert isinstance(request, Request)
    assert (request.mapped, request.both) == expected


def test_other_flags_are_read() -> None:
    """AI_CANONNAME and AI_ADDRCONFIG are noted, AI_PASSIVE and AI_NUMERICSERV are the port's."""
    flags = socket.AI_CANONNAME | socket.AI_ADDRCONFIG | socket.AI_PASSIVE | socket.AI_NUMERICSERV
    request = read("x.test", 0, flags)
    assert isinstance(request, Request)
    assert (request.canonical, request.addrconfig) == (True, True)


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.1", "0x7f.1", "010.0.0.1", "2130706433", "::1", "", None, "a b"]
)
def test_what_is_left_to_libc_needs_no_server(host: Any) -> None:
    """Everything called numeric or no name is decided by libc without a packet: with AI_NUMERICHOST it says the same."""
    assert isinstance(read(host, 0, 0), Theirs)
    try:
        rows = socket.getaddrinfo(host, 80, 0, 1, 0, socket.AI_NUMERICHOST)
    except socket.gaierror as error:
        assert error.errno == socket.EAI_NONAME  # noqa: PT017 - either outcome is right
    else:
        assert rows
