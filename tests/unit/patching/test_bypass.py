"""The detector of names that are resolved behind our back: each place once, and none of ours."""

from __future__ import annotations

import _socket
import logging
import socket
from typing import TYPE_CHECKING, Any

import pytest

from steadydns import activation
from steadydns.contract import originals as stock
from steadydns.patching import bypass

if TYPE_CHECKING:
    from collections.abc import Iterator

RAW = _socket.getaddrinfo


@pytest.fixture
def watched(pod: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Installed, with the switch on."""
    monkeypatch.setenv("STEADYDNS_DETECT_BYPASS", "1")
    activation.install()
    yield
    activation.uninstall()


def events() -> list[tuple[str, str]]:
    """What was seen, as event and name."""
    return [(one.event, one.name) for one in bypass.bypasses()]


def test_a_lookup_in_c_is_reported_once_for_its_place(
    watched: None, caplog: pytest.LogCaptureFixture
) -> None:
    """Three lookups on one line are one report, which says what, which name and where."""
    with caplog.at_level(logging.WARNING, "steadydns"):
        for number in range(3):
            with pytest.raises(OSError, match=r"."):
                RAW(f"n{number}.invalid", 80)
    (one,) = bypass.bypasses()
    assert (one.event, one.name, one.file) == ("socket.getaddrinfo", "n0.invalid", __file__)
    assert str(one) in caplog.text
    assert caplog.text.count("behind steadydns' back") == 1


def test_what_goes_through_us_is_not_reported(watched: None) -> None:
    """Neither an answer of ours, a hit, nor what we ask the original."""
    for _ in range(2):
        socket.getaddrinfo("redis.prod", 80)
        _socket.getaddrinfo("redis.prod", 80)
        socket.getaddrinfo("localhost", 80)
    with pytest.raises(OSError, match=r"."):
        socket.getaddrinfo("gone.prod", 80)
    assert events() == []


def test_numbers_are_no_names(watched: None) -> None:
    """Addresses, the empty host and the broadcast address resolve nothing."""
    RAW("127.0.0.1", 80)
    RAW("::1", 80)
    RAW(None, 80)
    stock.raw("192.0.2.1", 80)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("", 0))
        sock.sendto(b"", ("127.0.0.1", sock.getsockname()[1]))
    assert events() == []


@pytest.mark.parametrize("call", ["connect", "sendto", "bind"])
def test_a_name_in_an_address_is_seen(call: str, watched: None) -> None:
    """The C code looks it up and then raises its event, so a name that exists is reported."""
    # The class below socket.socket, whose methods a hook may replace.
    sock = _socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    arguments: dict[str, tuple[Any, ...]] = {
        "connect": (("localhost", 9),),
        "sendto": (b"", ("localhost", 9)),
        "bind": (("localhost", 0),),
    }
    try:
        getattr(sock, call)(*arguments[call])
    finally:
        sock.close()
    assert events() == [(f"socket.{call}", "localhost")]


@pytest.mark.parametrize("call", ["gethostbyname", "gethostbyaddr"])
def test_the_older_functions_are_seen(call: str, watched: None) -> None:
    """What someone kept of them from before is reported."""
    with pytest.raises(OSError, match=r"."):
        original(call)("n.invalid")
    assert events() == [(f"socket.{call}", "n.invalid")]


def original(name: str) -> Any:
    """The function of the C module, whatever stands in its place."""
    function = getattr(_socket, name)
    return getattr(function, "__wrapped__", function)


def test_it_is_silent_without_the_switch_and_after_uninstall(installed: Any) -> None:
    """Nothing is seen unless the environment asks for it."""
    with pytest.raises(OSError, match=r"."):
        RAW("n.invalid", 80)
    before = events()
    activation.uninstall()
    with pytest.raises(OSError, match=r"."):
        RAW("m.invalid", 80)
    assert events() == before
    assert ("socket.getaddrinfo", "m.invalid") not in events()
