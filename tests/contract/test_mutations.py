"""Each seeded bug makes the contract's cases fail: what would let it pass is no contract."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.call import World, lookup
from tests.contract.cases.traps import TRAPS
from tests.contract.cases.zone import HOSTS, SERVFAIL, ZONE
from tests.contract.compare import difference
from tests.contract.mutations import MUTATIONS
from tests.contract.names import Records, Zone

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.contract.call import Call
    from tests.contract.session import ServerProcess, Session

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
UNDER_OPTIONS = {"second_question_counts": "single-request", "next_server_after_tcp": "use-vc"}
"""Bugs in what is done under an option of resolv.conf only."""


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
    names = [name for name in MUTATIONS if name != ADDRCONFIG and name not in UNDER_OPTIONS]
    assert unnoticed(sessions(World({"hosts": HOSTS})), CALLS, names) == []


@pytest.mark.lab
def test_a_forgotten_flag_is_noticed(ipv4_sessions: Callable[[World], Session]) -> None:
    """AI_ADDRCONFIG does nothing in a pod that has both families, so it is tried in one that has not."""
    calls = list(TRAPS["20 AI_ADDRCONFIG looks at the pod's addresses"].calls)
    assert unnoticed(ipv4_sessions(World({"hosts": HOSTS})), calls, [ADDRCONFIG]) == []


@pytest.mark.lab
@pytest.mark.parametrize("name", UNDER_OPTIONS)
def test_a_bug_under_an_option_is_noticed(
    sessions: Callable[[World], Session], own_server: ServerProcess, name: str
) -> None:
    """A family that fails, and a server that does, with the option that makes libc treat them otherwise."""
    own_server.serve(
        Zone(
            {
                "half.test": Records((), ("2001:db8::1",), rcode=SERVFAIL, rcode_aaaa=0),
                "sick.test": Records(("192.0.2.1",), sick=SERVFAIL),
            }
        )
    )
    conf = f"nameserver 127.0.0.1\nnameserver ::1\noptions ndots:1 timeout:1 {UNDER_OPTIONS[name]}\n"
    session = sessions(World({"resolv.conf": conf}))
    assert unnoticed(session, [lookup("half.test"), lookup("sick.test")], [name]) == []
    own_server.serve(ZONE)
