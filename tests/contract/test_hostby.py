"""gethostbyname, gethostbyname_ex, gethostbyaddr, getfqdn and getnameinfo, beside libc's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.call import Call, World
from tests.contract.cases import reverse
from tests.contract.cases.zone import HOSTS, ZONE
from tests.contract.session import resolv_conf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.contract.session import ServerProcess, Session

pytestmark = pytest.mark.lab

QUIET = "ndots:5 timeout:1 attempts:1"


@pytest.fixture
def server(own_server: ServerProcess) -> Iterator[ServerProcess]:
    """The server, which knows names of addresses."""
    own_server.serve(reverse.REVERSE_ZONE)
    yield own_server
    own_server.serve(ZONE)


@pytest.mark.parametrize("calls", [reverse.forward, reverse.backward, reverse.named])
@pytest.mark.parametrize("options", [QUIET, "ndots:1 timeout:1 attempts:1"])
def test_every_call(
    calls: Callable[[], list[Call]],
    options: str,
    server: ServerProcess,
    sessions: Callable[..., Session],
) -> None:
    """Hosts of every kind give stock's tuple, or stock's exception, and its audit event once; so does the hit."""
    session = sessions(World({"hosts": HOSTS, "resolv.conf": resolv_conf(options)}))
    session.check(calls())


def test_arguments_and_full_names(server: ServerProcess, sessions: Callable[..., Session]) -> None:
    """Wrong numbers of arguments are refused in stock's words, and getfqdn finds what stock's finds."""
    session = sessions(World({"hosts": HOSTS, "resolv.conf": resolv_conf(QUIET)}))
    session.check([*reverse.COUNTS, *reverse.FULL_NAMES])


def test_names_of_addresses_come_from_the_cache(
    server: ServerProcess, sessions: Callable[..., Session]
) -> None:
    """One PTR question serves gethostbyaddr, getnameinfo and getfqdn, also for a name that a PTR record leads to."""
    session = sessions(World({"resolv.conf": resolv_conf(QUIET)}))
    server.log()
    calls = [
        Call(("192.0.2.10",), "socket.gethostbyaddr"),
        Call((("192.0.2.10", 80), 0), "socket.getnameinfo"),
        Call(("192.0.2.10",), "socket.getfqdn"),
        Call((("192.0.2.99", 80), 0), "_socket.getnameinfo"),
        Call(("192.0.2.99",), "_socket.gethostbyaddr"),
    ]
    session.ours(calls, "warm")
    asked = [one for one in server.log() if one.endswith("PTR")]
    assert asked == [f"{reverse.pointer(one)} PTR" for one in ("192.0.2.10", "192.0.2.99")]


def test_addresses_of_names_come_from_the_cache(
    server: ServerProcess, sessions: Callable[..., Session]
) -> None:
    """One A question serves getaddrinfo, gethostbyname, gethostbyname_ex and a socket's connect."""
    session = sessions(World({"resolv.conf": resolv_conf(QUIET)}))
    server.log()
    calls = [
        Call(("redis", 80, 2, 1)),
        Call(("redis",), "socket.gethostbyname"),
        Call(("redis",), "socket.gethostbyname_ex"),
        Call((2, 2, "connect", ("redis", 80)), "tests.contract.dialing.dial"),
    ]
    session.ours(calls, "warm")
    assert server.log() == ["redis.default.svc.cluster.local A"]


@pytest.mark.parametrize("address", reverse.UNFIT)
def test_a_name_that_is_none_is_libcs(
    address: str, server: ServerProcess, sessions: Callable[..., Session]
) -> None:
    """What libc says of such an answer depends on the thread's past; it is asked in a process without any."""
    call = Call((address,), "socket.gethostbyaddr")
    world = World({"resolv.conf": resolv_conf(QUIET)})
    (stock,) = sessions(world).stock([call])
    (ours,) = sessions(world).ours([call], "warm")["warm"]
    assert (ours.kind, ours.value) == (stock.kind, stock.value)
