"""The suite of call paths: what it judges by, and that its table lists what it runs. `make surface` runs it."""

from __future__ import annotations

import re

import pytest

from steadydns.patching.registry import EVERY
from tests.surface import table
from tests.surface.environment import REQUIREMENTS
from tests.surface.paths import CallPath, Library, libraries
from tests.surface.results import BYPASSED, COVERED, NOTHING, PARTLY, judge
from tests.surface.world import World, address_of, label_of

FOUND = list(libraries())


@pytest.mark.parametrize(
    ("seen", "verdict"),
    [
        ({"tcp": 2, "udp": 0, "reached": True}, COVERED),
        ({"tcp": 0, "udp": 2, "reached": True}, BYPASSED),
        ({"tcp": 2, "udp": 1, "reached": True}, PARTLY),
        ({"tcp": 2, "udp": 0, "reached": False}, NOTHING),
        ({"tcp": 0, "udp": 0, "reached": True}, NOTHING),
        ({}, NOTHING),
    ],
)
def test_a_path_is_covered_when_all_questions_were_ours(seen: dict[str, int], verdict: str) -> None:
    """One question of somebody else's, or a listener that was not reached, and it is not."""
    path = CallPath("call", "code")
    assert judge(Library("library", (path,)), path, "before", seen).verdict == verdict


def test_a_lookup_alone_reaches_nobody() -> None:
    """Where nothing is connected to, the questions decide."""
    path = CallPath("call", "code", connects=False)
    assert judge(Library("library", (path,)), path, "before", {"tcp": 1}).verdict == COVERED


@pytest.mark.parametrize("number", [0, 199, 200, 4321])
def test_an_address_tells_its_label(number: int) -> None:
    """The listener learns from its own address which program has connected."""
    for letter in "ba":
        assert label_of(address_of(number, letter)) == f"p{number}-{letter}"


def test_the_world_counts_who_asked_how() -> None:
    """Questions count for the label wherever it stands in the name, by transport; others are denied."""
    import dns.message
    import dns.rcode

    world = World(9000)
    for transport, name, kind in (
        ("tcp", "p7-b.surface.test", "A"),
        ("udp", "_x._tcp.p7-b.surface.test", "SRV"),
        ("udp", "shard.p7-b.surface.test", "AAAA"),
    ):
        response = dns.message.from_wire(world.reply(transport, dns.message.make_query(name, kind).to_wire()))
        assert response.rcode() == dns.rcode.NOERROR
    assert world.asked["p7-b"] == {"tcp": 1, "udp": 2}
    other = dns.message.make_query("p7-b.example.com", "A").to_wire()
    assert dns.message.from_wire(world.reply("udp", other)).rcode() == dns.rcode.NXDOMAIN


def test_there_are_enough_of_them() -> None:
    """At least 60 libraries, each call path named once, and the standard library's 37."""
    names = [(library.name, path.call) for _, library in FOUND for path in library.paths]
    assert len(names) == len(set(names))
    assert len({package for _, library in FOUND for package in library.packages}) >= 60
    assert sum(len(library.paths) for title, library in FOUND if title == table.STDLIB) == 37


def test_every_package_is_pinned() -> None:
    """What a call path needs is in the requirements, at one version."""
    pinned = {
        normal(line.partition("==")[0]) for line in REQUIREMENTS.read_text().splitlines() if "==" in line
    }
    needed = {normal(package) for _, library in FOUND for package in library.packages}
    assert needed - pinned == set()


def normal(name: str) -> str:
    """A distribution's name as it is compared (packaging.python.org, "Names and normalization")."""
    return re.sub(r"[-_.]+", "-", name).lower()


def test_the_table_lists_what_is_run() -> None:
    """docs/coverage.md has a row for each call path, in their order."""
    text = table.DOCUMENT.read_text(encoding="utf-8")
    found = [
        line.split(" | ")[1]
        for line in text.splitlines()
        if line.startswith("| ") and line.count(" | ") == 4 and "---" not in line and "| call |" not in line
    ]
    assert found == [path.call for _, library in FOUND for path in library.paths]


def test_what_is_opt_in_is_switched_on() -> None:
    """A hook that is named here exists, or is one that another part of the project brings."""
    hooks = {path.hook or library.hook for _, library in FOUND for path in library.paths}
    assert hooks - set(EVERY) <= {"hostby", "sockets", "uvloop"}
