"""Each seeded bug makes the contract's cases fail: what would let it pass is no contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.call import World
from tests.contract.cases.traps import TRAPS
from tests.contract.cases.zone import HOSTS
from tests.contract.compare import difference
from tests.contract.mutations import MUTATIONS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.contract.call import Call
    from tests.contract.session import Session

# A share of those made in one world, of the function that the bugs are in: with libc the older ones' error numbers depend
# on what the thread looked up before, and the mutants' threads have looked up other things.
CALLS = [
    call
    for trap in TRAPS.values()
    if trap.world == World({"hosts": HOSTS})
    for call in trap.calls
    if call.function.endswith("getaddrinfo")
][::5]
ADDRCONFIG = "addrconfig_forgotten"


def test_there_are_enough_bugs() -> None:
    """At least twenty of them."""
    assert len(MUTATIONS) >= 20


def unnoticed(session: Session, calls: list[Call], names: list[str]) -> list[str]:
    """The bugs with which every call still is as libc's."""
    stock = session.stock(calls)
    mutants = session.ask("mutants", calls, names)
    assert session.compare(calls) == []
    return [
        name
        for name, outcomes in mutants.items()
        if not any(
            difference(call, mode, theirs, ours)
            for mode in outcomes
            for call, theirs, ours in zip(calls, stock, outcomes[mode], strict=True)
        )
    ]


@pytest.mark.lab
@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_bug_is_noticed(sessions: Callable[[World], Session]) -> None:
    """With each bug some call differs from libc; without any, none does."""
    names = [name for name in MUTATIONS if name != ADDRCONFIG]
    assert unnoticed(sessions(World({"hosts": HOSTS})), CALLS, names) == []


@pytest.mark.lab
def test_a_forgotten_flag_is_noticed(ipv4_sessions: Callable[[World], Session]) -> None:
    """AI_ADDRCONFIG does nothing in a pod that has both families, so it is tried in one that has not."""
    calls = list(TRAPS["20 AI_ADDRCONFIG looks at the pod's addresses"].calls)
    assert unnoticed(ipv4_sessions(World({"hosts": HOSTS})), calls, [ADDRCONFIG]) == []
