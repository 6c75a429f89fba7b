"""The pruned search beside glibc's own walk, over random zones: the same answers, for fewer questions.

Zones have wildcards, empty non-terminals, aliases that leave them, delegations that lead nowhere, and servers that
fail in the middle of a walk. Some deny names that have names below them, against RFC 8020: there `search="exact"` is
exact. More zones by command: CONTRACT_ZONES=2000 make contract-here ARGS="-k search_proof"
"""

from __future__ import annotations

import os
import random
from typing import TYPE_CHECKING

import pytest

from steadydns.resolution.risk import MOST
from tests.contract.call import Call, World, lookup
from tests.contract.cases.zone import ZONE
from tests.contract.compare import difference
from tests.contract.names import Records, Zone
from tests.contract.session import SEARCH, resolv_conf

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.contract.session import ServerProcess, Session

pytestmark = [pytest.mark.lab, pytest.mark.timeout(600)]

ZONES = int(os.environ.get("CONTRACT_ZONES", "200"))
SEED = 8020

# Few labels, so that names, their parents, names behind a search domain and names of the world collide often.
LABELS = ("a", "b", "com", "prod", "svc", "dns", "default", "cluster", "local")
SUFFIXES = ("", *SEARCH.split())
SEARCHES = (
    SEARCH,
    SEARCH,
    SEARCH,
    f"{SEARCH} corp.com",
    "svc.cluster.local corp.com",
    "com",
    "prod.svc.cluster.local svc.cluster.local cluster.local",
)
SERVFAIL, REFUSED, NXDOMAIN = 2, 5, 3


def names(rng: random.Random) -> str:
    """Draw a name, often one below a search domain."""
    parts = [".".join(rng.choices(LABELS, k=rng.randint(1, 4))), rng.choice(SUFFIXES)]
    return ".".join(filter(None, parts))


def zone(rng: random.Random, *, empty_exist: bool = True) -> Zone:
    """Draw a zone."""
    nodes: dict[str, Records] = {}
    for _ in range(rng.randint(0, 8)):
        name, kind = names(rng), rng.random()
        if kind < 0.55:
            nodes[name] = Records(
                *rng.choice(
                    (
                        (("192.0.2.1",), ()),
                        ((), ("2001:db8::1",)),
                        (("192.0.2.2",), ("2001:db8::2",)),
                        ((), ()),
                    )
                )
            )
        elif kind < 0.65:
            nodes[f"*.{name}"] = Records(("192.0.2.3",), ("2001:db8::3",))
        elif kind < 0.78:
            nodes[name] = Records(alias=rng.choice((names(rng), "target.invalid")))
        elif kind < 0.9:
            nodes[name] = Records(rcode=SERVFAIL)
        elif kind < 0.95:
            nodes[name] = Records(("192.0.2.4",), rcode_aaaa=rng.choice((SERVFAIL, NXDOMAIN)))
        else:
            nodes[name] = Records(quirk="referral")
    nodes["target.invalid"] = Records(("192.0.2.5",))
    return Zone(nodes, rng.choice((None, 30)), empty_exist)


def asked(rng: random.Random, where: Zone) -> list[Call]:
    """Draw calls: names of the zone, cut short as a caller would write them, and others."""
    calls = []
    for _ in range(10):
        name = rng.choice((*(known for known in where.nodes if "*" not in known), names(rng)))
        if rng.random() < 0.6:
            suffix = next((one for one in SUFFIXES if one and name.endswith(f".{one}")), "")
            name = name[: -len(suffix) - 1] if suffix else name
        if rng.random() < 0.3:
            name = f"{rng.choice(LABELS)}.{name}"
        calls.append(lookup(name, rng.choice((0, 0, 0, 2, 10)), rng.choice((0, 0, 2))))
    return calls


def compared(sessions: Callable[[World], Session], **knobs: str) -> Iterator[Session]:
    """Sessions in worlds of every search list and several ndots."""
    for number, search in enumerate(SEARCHES):
        conf = resolv_conf(f"ndots:{(5, 1, 2, 5, 5, 3, 5)[number]} timeout:1 attempts:1", search)
        yield sessions(World({"resolv.conf": conf}, {}, {"node_local": "off", **knobs}))


def differences(session: Session, calls: list[Call], mode: str) -> list[str]:
    """What differs when the calls are made in a row, with the cache that they fill."""
    stock, ours = session.stock(calls), session.ours(calls, mode)[mode]
    found = (difference(*one) for one in zip(calls, ["hit"] * len(calls), stock, ours, strict=True))
    return [f"{one}\n  in {session.world}" for one in found if one is not None]


def test_pruning_changes_no_answer(sessions: Callable[[World], Session], own_server: ServerProcess) -> None:
    """In any zone that obeys RFC 8020, each of ten calls in a row has the answer of glibc's walk."""
    rng = random.Random(SEED)
    worlds = list(compared(sessions))
    for _ in range(ZONES):
        where, session = zone(rng), rng.choice(worlds)
        own_server.serve(where)
        found = differences(session, asked(rng, where), rng.choice(("warm", "cold")))
        assert not found, "\n".join([*found, str(where)])
    own_server.serve(ZONE)


def test_the_exact_search_is_exact(sessions: Callable[[World], Session], own_server: ServerProcess) -> None:
    """With search="exact" that also holds where servers deny names that have names below them."""
    rng = random.Random(SEED + 1)
    worlds = list(compared(sessions, search="exact"))
    for _ in range(ZONES // 2):
        where, session = zone(rng, empty_exist=False), rng.choice(worlds)
        own_server.serve(where)
        found = differences(session, asked(rng, where), "warm")
        assert not found, "\n".join([*found, str(where)])
    own_server.serve(ZONE)


def test_corednss_own_breach_is_no_difference(
    sessions: Callable[[World], Session], own_server: ServerProcess
) -> None:
    """`ns.dns` resolves though `dns.cluster.local` is denied (CoreDNS 1.15), and so does what stands beside it."""
    own_server.serve(
        Zone({"ns.dns.cluster.local": Records(("10.96.0.10",)), "svc.cluster.local": Records()}, 30, False)
    )
    calls = [lookup(name) for name in ("dns", "ns.dns", "x.dns", "ns.dns.cluster.local", "ns.DNS", "ns.dns")]
    for session in compared(sessions):
        assert differences(session, calls, "warm") == []
    own_server.serve(ZONE)


def test_pruning_costs_little_and_saves_much(
    sessions: Callable[[World], Session], own_server: ServerProcess
) -> None:
    """One call asks three questions more than glibc at most, ten calls in a row four, less all that glibc repeats.

    So ten calls ask fewer as soon as five of glibc's questions among them were asked before, and over all it is fewer.
    Longer runs, from each call on: tests/unit/resolution/test_lookup_property.py.
    """
    rng = random.Random(SEED + 2)
    worlds = list(compared(sessions))[:3]
    single: list[str] = []
    total = 0
    for _ in range(ZONES // 3):
        where, session = healthy(zone(rng)), rng.choice(worlds)
        own_server.serve(where)
        calls = asked(rng, where)
        for call in calls[:3]:
            own_server.count()
            session.stock([call])
            theirs = own_server.log()
            session.ours([call], "cold")
            mine = own_server.log()
            if len(mine) > len(theirs) + MOST:
                single.append(f"{call} in {session.world}\n  glibc {theirs}\n  steadydns {mine}")
        own_server.count()
        session.stock(calls)
        theirs = own_server.log()
        session.ours(calls, "warm")
        mine = own_server.log()
        again = len(theirs) - len(set(theirs))
        assert len(mine) <= len(theirs) - again + MOST + 1, (list(map(str, calls)), theirs, mine)
        total += len(mine) - len(theirs)
        session.stock(calls[:1] * 10)
        theirs = own_server.log()
        session.ours(calls[:1] * 10, "warm")
        assert len(own_server.log()) < len(theirs)
    own_server.serve(ZONE)
    assert not single, "\n".join(single[:5])
    assert total < 0


@pytest.mark.parametrize(
    ("name", "exists"),
    [
        ("a.b.a.svc", "a.b.a.svc.default.svc.cluster.local"),
        ("a.svc", "a.svc.svc.cluster.local"),
        ("a.b", "a.b.default.svc.cluster.local"),
        ("a.cluster.local", "a.cluster.local.default.svc.cluster.local"),
        ("a.svc.cluster.local", "a.svc.cluster.local.svc.cluster.local"),
        ("a.com", "a.com.default.svc.cluster.local"),
        ("a.b", "nothing.invalid"),
    ],
)
def test_a_wrong_guess_costs_three_questions(
    sessions: Callable[[World], Session], own_server: ServerProcess, name: str, exists: str
) -> None:
    """Where a name is found elsewhere than its shape lets expect, three questions more than glibc's are the most."""
    own_server.serve(Zone({exists: Records(("10.96.0.20",))}))
    session = next(compared(sessions))
    own_server.count()
    stock = session.stock([lookup(name)])
    theirs = own_server.log()
    ours = session.ours([lookup(name)], "cold")["cold"]
    mine = own_server.log()
    assert ours[0].value == stock[0].value
    assert len(mine) <= len(theirs) + MOST, (theirs, mine)
    own_server.serve(ZONE)


def healthy(where: Zone) -> Zone:
    """The zone without what fails, whose questions are repeated, and with SOA records, without which nothing is kept."""
    nodes = {
        name: node for name, node in where.nodes.items() if not (node.rcode or node.rcode_aaaa or node.quirk)
    }
    return Zone(nodes, 30, where.empty_exist)
