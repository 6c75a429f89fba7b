"""The failures of a walk and what getaddrinfo reports for them, compared with the running glibc."""

from __future__ import annotations

import socket
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from steadydns.contract.errors import gaierror, reported
from steadydns.contract.request import Request, read
from steadydns.resolution.model import TCP
from steadydns.resolution.walk import NotFound
from steadydns.wire.message import AAAA, A
from tests.unit.network import DNS, RULES, FakeNetwork, FakeServer, Pod, Response, Zone, shown, texts
from tests.unit.system import namespace

if TYPE_CHECKING:
    from steadydns.resolution.model import Question

PROBE = Path(__file__).with_name("verdicts_probe.py")

OUTCOMES = ("ok", "nxdomain", "nodata", "servfail", "refused", "notimp", "formerr", "alias")
RCODES = {"servfail": 2, "refused": 5, "notimp": 4, "formerr": 1, "nxdomain": 3, "nodata": 0, "alias": 0}
TYPES = {socket.AF_UNSPEC: (A, AAAA), socket.AF_INET: (A,), socket.AF_INET6: (AAAA,)}
# IPv4 alone is looked up by gethostbyname2 in glibc, unless the canonical name is wanted.
CALLS = (
    (socket.AF_UNSPEC, 0),
    (socket.AF_INET, 0),
    (socket.AF_INET, socket.AI_CANONNAME),
    (socket.AF_INET6, 0),
)


class ScriptedZone(Zone):
    """Answers each question as a case says, even against RFC 8020."""

    def __init__(self, outcomes: dict[str, str]) -> None:
        super().__init__({})
        self.outcomes = outcomes

    def ask(self, question: Question) -> Response:
        outcome = self.outcomes[shown(question)]
        if outcome == "ok":
            return Response(0, ("192.0.2.1" if question.type == A else "2001:db8::1",))
        return Response(RCODES[outcome], aliases=("target",) if outcome == "alias" else ())


def case(
    name: str,
    search: list[str],
    ndots: int,
    outcomes: dict[str, str],
    family: int = socket.AF_UNSPEC,
    flags: int = 0,
    options: str = "",
) -> dict[str, Any]:
    """Make a case."""
    fixed = {"search": search, "ndots": ndots, "outcomes": outcomes, "options": options}
    return {"name": name, "family": int(family), "flags": int(flags), **fixed}


def pairs(options: str) -> list[dict[str, Any]]:
    """One candidate, every combination of outcomes of both families."""
    return [
        case("x.", [], 1, {"x A": a, "x AAAA": aaaa}, family, flags, options)
        for a, aaaa in product(OUTCOMES, repeat=2)
        for family, flags in CALLS
    ]


def walks(family: int, flags: int, options: str) -> list[dict[str, Any]]:
    """Three candidates, every combination of outcomes, the name itself first or last."""
    names = ("x.a", "x.b", "x")
    return [
        case(
            "x",
            ["a", "b"],
            ndots,
            {f"{n} {kind}": o for n, o in zip(names, outcomes, strict=True) for kind in ("A", "AAAA")},
            family,
            flags,
            options,
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
    if one["options"]:
        rules = rules._replace(use_vc=True, transport=TCP)
    found = Pod(network, rules).lookup(one["name"], TYPES[one["family"]])
    if isinstance(found, NotFound):
        request = read(one["name"], one["family"], one["flags"])
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
                f"{one['name']} ndots:{one['ndots']} family {one['family']} flags {one['flags']} {one['outcomes']}: {our}, glibc {their}"
            )
    return found


@pytest.mark.parametrize("options", ["", "use-vc"])
def test_both_families_failures_are_merged_as_glibc_merges_them(options: str) -> None:
    """For every pair of outcomes of A and AAAA, the addresses or the error are glibc's."""
    assert differences(pairs(options)) == []


@pytest.mark.parametrize("options", ["", "use-vc"])
@pytest.mark.parametrize(("family", "flags"), CALLS)
def test_the_walk_ends_and_is_reported_as_glibc_does(family: int, flags: int, options: str) -> None:
    """For every combination of outcomes along a search list, the addresses or the error are glibc's."""
    assert differences(walks(family, flags, options)) == []


@pytest.mark.parametrize(("family", "flags"), CALLS)
def test_without_a_hosts_file_too(family: int, flags: int) -> None:
    """Glibc reports some failures otherwise where there is no hosts file, and so do we."""
    assert differences(walks(family, flags, ""), hosts_missing=True) == []
