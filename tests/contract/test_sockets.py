"""Names in the addresses of socket.socket's bind, connect, connect_ex, sendto and sendmsg, beside stock's methods."""

from __future__ import annotations

import socket
from itertools import product
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.call import Call, World
from tests.contract.cases.zone import HOSTS, ZONE
from tests.contract.names import Records, Zone
from tests.contract.session import resolv_conf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.contract.session import ServerProcess, Session

pytestmark = pytest.mark.lab

INET, INET6 = int(socket.AF_INET), int(socket.AF_INET6)
STREAM, DGRAM = int(socket.SOCK_STREAM), int(socket.SOCK_DGRAM)

# The server of the pod listens on port 53; nobody listens on port 1.
SELF_RECORDS = Records(("127.0.0.1",), ("::1",))
SELF = Zone({**ZONE.nodes, "self.test": SELF_RECORDS, "xn--caf-dma.test": SELF_RECORDS})
HERE = 53

HOSTS_OF_ADDRESSES: tuple[Any, ...] = (
    "self.test", "SELF.test", b"self.test", "nosuch.test", "servfail.test.", "v4.test", "v6.test", "alias.test",
    "localhost", "hosts-only.test", "127.0.0.1", "::1", "127.1", "fe80::1%lo", "caf\u00e9.test", "caf\u00e9.", "", "<broadcast>",
    "255.255.255.255", "a..b", "x" * 70, "self\0", ".", bytearray(b"self.test"), None, 5, ("self.test",),
)  # fmt: skip
TAILS = ((1,), (HERE,), (HERE, 0, 0), ("x",), (70000,), (-1,), (), (HERE, 0, 0, 0, 0))


def dial(family: int, type_: int, method: str, *arguments: Any, **named: Any) -> Call:
    """A call of a method of a new socket."""
    return Call((family, type_, method, *arguments), "tests.contract.dialing.dial", tuple(named.items()))


def connections() -> list[Call]:
    """Every host with every rest of an address, to both families."""
    return [
        dial(family, STREAM, method, (host, *tail))
        for family, method, host, tail in product(
            (INET, INET6), ("connect", "connect_ex"), HOSTS_OF_ADDRESSES, TAILS
        )
        # These would leave the machine, and come back as time-outs.
        if not (host in ("v4.test", "v6.test", "alias.test", "hosts-only.test") and tail in ((1,), (HERE,)))
    ]


def bindings() -> list[Call]:
    """Every host, bound to; port 0 is any."""
    return [
        dial(family, STREAM, "bind", (host, *tail))
        for family, host, tail in product(
            (INET, INET6), HOSTS_OF_ADDRESSES, ((0,), ("x",), (70000,), (0, 0, 0), ())
        )
    ]


def datagrams() -> list[Call]:
    """Every host, with right and wrong arguments around the address."""
    calls: list[Call] = []
    for family, host in product((INET, INET6), HOSTS_OF_ADDRESSES):
        to: Any = (host, 9)
        wrong: Any = (host, 70009)
        sent: tuple[Any, ...] = (
            (b"x", to), (b"x", 0, to), ("text", to), (b"x", wrong), (b"x", "0", to), (b"x", to, 0), (b"x",),
            (b"x", (host, "9")),
        )  # fmt: skip
        messages: tuple[Any, ...] = (
            ([b"x"], [], 0, to), ([b"x"], (), 0, to), (["x"], [], 0, to), ([b"x"], [], "0", to),
            ([b"x"], [], 0, wrong), ([b"x"], [], 0, None), ((b"x",),), ((host, "x"),), ([b"x"], to),
        )  # fmt: skip
        calls += [dial(family, DGRAM, "sendto", *arguments) for arguments in sent]
        calls += [dial(family, DGRAM, "sendmsg", *arguments) for arguments in messages]
    return calls


def others() -> list[Call]:
    """Calls that no name is in, or none that is anybody's business."""
    unix, packet = int(socket.AF_UNIX), int(socket.AF_PACKET)
    return [
        dial(INET, STREAM, "connect"),
        dial(INET, STREAM, "connect", 1, 2),
        dial(INET, STREAM, "connect", ["self.test", HERE]),
        dial(INET, STREAM, "connect", "self.test"),
        dial(INET, STREAM, "connect", None),
        dial(unix, STREAM, "connect", "/nowhere"),
        dial(unix, STREAM, "connect", ("self.test", HERE)),
        dial(packet, int(socket.SOCK_RAW), "connect", ("lo", 0)),
        dial(INET, STREAM, "connect", address=("self.test", HERE)),
        dial(INET, DGRAM, "sendto", b"x", ("self.test", HERE), flags=1),
    ]


@pytest.fixture
def session(own_server: ServerProcess, sessions: Callable[..., Session]) -> Iterator[Session]:
    """A session in which names lead to the pod itself."""
    own_server.serve(SELF)
    conf = resolv_conf("ndots:1 timeout:1 attempts:1")
    yield sessions(World({"hosts": HOSTS, "resolv.conf": conf}))
    own_server.serve(ZONE)


@pytest.mark.parametrize("calls", [bindings, connections, datagrams, others])
def test_every_address(calls: Callable[[], list[Call]], session: Session) -> None:
    """Same result, same peer, same exception, same audit event; whatever is wrong is found in the same order."""
    session.check(calls())
