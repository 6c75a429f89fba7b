"""Each trap of cases/traps.py beside libc, cold and as a hit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.cases.traps import TRAPS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.contract.call import World
    from tests.contract.session import ServerProcess, Session

pytestmark = pytest.mark.lab


@pytest.mark.parametrize("name", TRAPS)
def test_trap(name: str, sessions: Callable[[World], Session], own_server: ServerProcess) -> None:
    """The rows, the exception and the audit events are libc's; where libc asks no server, neither do we."""
    trap = TRAPS[name]
    session = sessions(trap.world)
    own_server.count()
    session.check(trap.calls)
    if trap.silent:
        assert own_server.log() == []


@pytest.mark.parametrize("name", [name for name in TRAPS if name[:2] in ("19", "20", "21", "22", "32")])
def test_trap_without_ipv6(name: str, ipv4_sessions: Callable[[World], Session]) -> None:
    """The same in a pod that has no IPv6 at all."""
    ipv4_sessions(TRAPS[name].world).check(TRAPS[name].calls)
