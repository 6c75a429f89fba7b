"""A host name that is encoded as an address: what the socket module makes of it."""

from __future__ import annotations

import _socket
import codecs

from steadydns.contract.disguise import Disguise
from tests.unit.audit import audited


def test_it_is_the_name_to_everybody() -> None:
    """It equals the name, hashes and prints as it, whether that was text or octets."""
    for host in ("redis.prod", b"redis.prod"):
        one = Disguise(host, lambda: "192.0.2.1")
        assert (one, hash(one), str(one), f"{one}") == (
            "redis.prod",
            hash("redis.prod"),
            "redis.prod",
            "redis.prod",
        )


def test_it_is_encoded_as_the_address() -> None:
    """Also by the codec that the socket module uses; and what it stands for is looked up no earlier."""
    asked: list[str] = []

    def look_up() -> str:
        asked.append("redis")
        return "192.0.2.1"

    one = Disguise("redis", look_up)
    assert asked == []
    assert codecs.encode(one, "idna") == one.encode("ascii") == b"192.0.2.1"


def test_without_an_address_it_is_encoded_as_the_name() -> None:
    """So libc is asked for the name."""
    assert codecs.encode(Disguise("redis", lambda: None), "idna") == b"redis"


def test_getaddrinfo_audits_the_name_and_resolves_the_address() -> None:
    """The event has the name; no lookup is made."""
    with audited() as events:
        rows = _socket.getaddrinfo(Disguise("nosuch.invalid", lambda: "192.0.2.7"), 80, 0, 1)
    assert [row[4][0] for row in rows] == ["192.0.2.7"]
    assert [event[0] for event in events] == ["nosuch.invalid"]


def test_gethostbyname_takes_it() -> None:
    """It is converted there as it is in getaddrinfo."""
    assert _socket.gethostbyname(Disguise("nosuch.invalid", lambda: "192.0.2.7")) == "192.0.2.7"
