"""The failures of a walk and what getaddrinfo reports for them, compared with the running glibc."""

from __future__ import annotations

import socket
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steadydns.contract.errors import gaierror, reported
from steadydns.contract.request import Request, read
from steadydns.resolution.lookup import NotFound
from steadydns.wire.message import AAAA, A
from tests.unit.network import DNS, RULES, FakeNetwork, FakeServer, Pod, Response, Zone, shown, texts
from tests.unit.system import namespace

if TYPE_CHECKING:
    from steadydns.transport.exchange import Question

PROBE = Path(__file__).with_name("verdicts_probe.py")

OUTCOMES = ("ok", "nxdomain", "nodata", "servfail", "refused", "notimp", "formerr", "empty")
RCODES = {"servfail": 2, "refused": 5, "notimp": 4, "formerr": 1, "nxdomain": 3, "nodata": 0}
TYPES = {socket.AF_UNSPEC: (A, AAAA), socket.AF_INET: (A,), socket.AF_INET6: (AAAA,)}


class ScriptedZone(Zone):
    """Answers each question as a case says, even against RFC 8020."""

    def __init__(self, outcomes: dict[str, str]) -> None:
        super().__init__({})
        self.outcomes = outcomes

    def ask(self, question: Question) -> Response:
        outcome = self.outcomes[shown(question)]
        if outcome == "ok":
            return Response(0, ("192.0.2.1" if question.type == A else "2001:db8::1",))
        if outcome == "empty":
            return Response(0, aliases=("target.test",))
        return Response(RCODES[outcome])


def case(
    name: str, search: list[str], ndots: int, outcomes: dict[str, str], family: int = socket.AF_UNSPEC
) -> dict[str, Any]:
    """Make a case."""
    return {"name": name, "search": search, "ndots": ndots, "outcomes": outcomes, "family": int(family)}


def pairs() -> list[dict[str, Any]]:
    """One candidate, every combination of outcomes of both families."""
    return [
        case("x.", [], 1, {"x A": a, "x AAAA": aaaa}, family)
        for a, aaaa in product(OUTCOMES, repeat=2)
        for family in TYPES
    ]


def walks() -> list[dict[str, Any]]:
    """Three candidates, every combination of outcomes, the name itself first or last."""
    names = ("x.a", "x.b", "x")
    return [
        case(
            "x",
            ["a", "b"],
            ndots,
            {f"{n} {kind}": o for n, o in zip(names, outcomes, strict=True) for kind in ("A", "AAAA")},
            family,
        )
        for outcomes in product(OUTCOMES, repeat=3)
        for ndots in (0, 1)
        for family in TYPES
    ]


def ours(one: dict[str, Any], *, hosts_missing: bool = False) -> list[Any]:
    """What steadydns reports for a case."""
    network = FakeNetwork({DNS: FakeServer(ScriptedZone(one["outcomes"]))})
    search = tuple(domain.encode() for domain in one["search"])
    rules = RULES._replace(search=search, ndots=one["ndots"], exact=True, attempts=1)
    found = Pod(network, rules).lookup(one["name"], TYPES[one["family"]])
    if isinstance(found, NotFound):
        request = read(one["name"], one["family"], 0)
        assert isinstance(request, Request)
        return list(gaierror(reported(found, request, hosts_missing=hosts_missing)).args)
    return sorted(texts(found))


def differences(cases: list[dict[str, Any]], *, hosts_missing: bool = False) -> list[str]:
    """The cases in which glibc reports something else."""
    theirs = namespace.run(PROBE, cases, *(["no-hosts"] if hosts_missing else []))
    found = []
    for one, their in zip(cases, theirs, strict=True):
        our = ours(one, hosts_missing=hosts_missing)
        if our != their:
            found.append(
                f"{one['name']} ndots:{one['ndots']} family {one['family']} {one['outcomes']}: {our}, glibc {their}"
            )
    return found


def test_both_families_failures_are_merged_as_glibc_merges_them() -> None:
    """For every pair of outcomes of A and AAAA, the addresses or the error are glibc's."""
    assert differences(pairs()) == []


def test_the_walk_ends_and_is_reported_as_glibc_does() -> None:
    """For every combination of outcomes along a search list, the addresses or the error are glibc's."""
    assert differences(walks()) == []


def test_without_a_hosts_file_too() -> None:
    """Glibc reports some failures otherwise where there is no hosts file, and so do we."""
    assert differences(walks(), hosts_missing=True) == []
