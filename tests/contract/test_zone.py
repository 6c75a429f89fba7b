"""Every name of the contract's zone and hosts file, in every family, with and without a canonical name."""

from __future__ import annotations

import itertools
import socket
from typing import TYPE_CHECKING

import pytest

from tests.contract.call import World, lookup
from tests.contract.cases.zone import HOSTS, ZONE
from tests.contract.session import resolv_conf

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.contract.session import Session

pytestmark = pytest.mark.lab

FAMILIES = (socket.AF_UNSPEC, socket.AF_INET, socket.AF_INET6)
TYPED = (
    "redis",
    "redis.prod",
    "dual",
    "web-0.web",
    "nosuch",
    "nosuch.test",
    "x.wild.test",
    "y.x.wild.test",
    "below.test",
)
NAMES = (*ZONE.nodes, *TYPED)


@pytest.mark.parametrize("family", FAMILIES)
def test_every_name(sessions: Callable[[World], Session], family: int) -> None:
    """A name has libc's rows or error, whatever the server says of it, by any of its spellings."""
    spellings = [
        f"{name}{dot}" for name, dot in itertools.product(NAMES, ("", ".")) if "no-question" not in name
    ]
    sessions(World({"hosts": HOSTS})).check(
        lookup(name, int(family), flags)._replace(after_all="alias-beside" in name)
        for name in spellings
        for flags in (0, int(socket.AI_CANONNAME))
    )


@pytest.mark.parametrize("transport", ["auto", "udp"])
@pytest.mark.parametrize("options", ["", "single-request", "single-request-reopen", "use-vc", "attempts:1"])
def test_every_name_under_other_options(
    sessions: Callable[[World], Session], options: str, transport: str
) -> None:
    """Where questions are asked one by one, or over TCP, failures of one family decide otherwise, as in libc.

    Asked over UDP, with EDNS, the same answers look otherwise.
    """
    conf = resolv_conf(f"ndots:5 timeout:1 {options}")
    session = sessions(World({"hosts": HOSTS, "resolv.conf": conf}, {}, {"transport": transport}))
    session.check(
        lookup(name, int(family), flags)._replace(after_all="alias-beside" in name)
        for name in NAMES
        if "no-question" not in name
        for family in FAMILIES
        for flags in (0, int(socket.AI_CANONNAME))
    )


def test_an_answer_without_a_question_is_none(sessions: Callable[[World], Session]) -> None:
    """Libc waits until its time is over, and so do we: the error is the same."""
    world = World({"resolv.conf": resolv_conf("ndots:1 timeout:1 attempts:1")})
    sessions(world).check([lookup("no-question.quirk.test", 2, 0)._replace(after_all=True)])
