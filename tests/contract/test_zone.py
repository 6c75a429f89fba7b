"""Every name of the contract's zone and hosts file, in every family, with and without a canonical name."""

from __future__ import annotations

import itertools
import socket
from typing import TYPE_CHECKING

import pytest

from tests.contract.call import World, lookup
from tests.contract.cases.zone import HOSTS, ZONE

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
        lookup(name, int(family), flags) for name in spellings for flags in (0, int(socket.AI_CANONNAME))
    )
