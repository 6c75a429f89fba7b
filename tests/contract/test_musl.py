"""The contract on Alpine's libc: an interpreter that runs on musl makes the same calls with and without steadydns."""

from __future__ import annotations

import itertools
import socket
from typing import TYPE_CHECKING

import pytest

from tests.contract import alpine
from tests.contract.call import Call, World, gai, lookup
from tests.contract.cases.zone import HOSTS, ZONE
from tests.contract.names import QUIRKS
from tests.contract.session import REPOSITORY, SEARCH, resolv_conf
from tests.lab import musl_python

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.contract.session import ServerProcess, Session
    from tests.lab.pod import Pod

pytestmark = [pytest.mark.lab, pytest.mark.slow]

FAMILIES = tuple(map(int, (socket.AF_UNSPEC, socket.AF_INET, socket.AF_INET6)))
FLAGS = tuple(
    map(
        int,
        (
            0,
            socket.AI_CANONNAME,
            socket.AI_ADDRCONFIG,
            socket.AI_V4MAPPED,
            socket.AI_V4MAPPED | socket.AI_ALL | socket.AI_CANONNAME,
            socket.AI_V4MAPPED | socket.AI_ADDRCONFIG,
            socket.AI_NUMERICHOST,
            socket.AI_PASSIVE | socket.AI_NUMERICSERV,
            0x4000,
        ),
    )
)
# musl waits a failure out: each of these takes its whole time-out, three times.
FAILING = (
    "refused.test.",
    "formerr.test.",
    "aaaa-servfail.test.",
    "a-servfail.test.",
    "broken",
    "alias-failed.quirk.test",
)
ASKED_AGAIN = ("alias-beside", "no-question")
"""Answers that are none to steadydns, and some to musl, which is asked then (docs/differences.md)."""

WAITED_OUT = ("servfail-with-addresses", "odd-rcode", "alias-failed")
KNOWN = tuple(
    name.replace("*", "any") for name, at in ZONE.nodes.items() if not (at.rcode or at.rcode_aaaa or at.quirk)
)
NAMES = (
    *KNOWN,
    *(f"{name}." for name in KNOWN),
    "aaaa-nxdomain.test", "a-nxdomain.test",
    # through the search list
    "redis", "REDIS", "redis.prod", "redis.prod.svc", "Redis.Prod", "dual", "web", "web-0.web", "external", "nosuch",
    "nosuch.prod", "default", "prod", "prod.svc", "default.svc", "svc", "cluster.local", "local", "com", "test",
    "nosuch.test", "under_score", "caf\u00e9", "caf\u00e9.test",
    # in the hosts file
    "hosts-only.test", "hosts-alias", "HOSTS-ALIAS", "hosts-too.test", "hosts-too.test.", "six-only.test",
    "Mixed.Case.Test", "mixed.case.test", "dotted.test", "dotted.test.", "both.test", "own", "localhost", "LOCALHOST",
    "ip6-localhost", "localhost.",
    # not for DNS, or only for libc
    "127.0.0.1", "127.1", "0x7f.1", "017700000001", "256.1.1.1", "1.2.3", "::1", "::ffff:192.0.2.1", "fe80::1%lo",
    "fe80::1%1", "", ".", "..", "a..b", "a.", "-x", "x-", " redis", "redis ", "bad name", "*.wild.test", "x" * 63,
    "x" * 64, "x." * 126 + "x", "x." * 127,
)  # fmt: skip
HOSTS_OF_OTHER_TYPES = (
    None,
    b"redis",
    b"redis.prod",
    b"caf\xc3\xa9",
    bytearray(b"redis"),
    5,
    ("redis",),
    "a\0b",
)
PORTS = (
    None, 0, 80, 65535, 65536, 99999, -1, 2**31, 2**63, "80", " 80", "80x", "", "0", "65536", "-1", "http", "https",
    "domain", "HTTP", "nosuchservice", b"80", b"http", 1.5, True,
)  # fmt: skip
KINDS = (
    (0, 0), (socket.SOCK_STREAM, 0), (socket.SOCK_DGRAM, 0), (socket.SOCK_RAW, 0), (0, socket.IPPROTO_TCP),
    (0, socket.IPPROTO_UDP), (socket.SOCK_STREAM, socket.IPPROTO_UDP), (99, 0), (0, 99), (socket.SOCK_RAW, 1),
)  # fmt: skip
FILES = {
    "few dots": resolv_conf("ndots:1"),
    "two dots": resolv_conf("ndots:2"),
    "no dots": resolv_conf("ndots:0"),
    "most dots": resolv_conf("ndots:99"),
    "glibc's options": resolv_conf(
        "ndots:5 single-request use-vc no-aaaa rotate no-tld-query edns0 trust-ad"
    ),
    "sortlist": resolv_conf() + "sortlist 10.0.0.0\n",
    "other numbers": resolv_conf("ndots:5 timeout:2 attempts:7"),
    "no time": resolv_conf("ndots:5 timeout:0"),
    "dotted domains": resolv_conf(search="default.svc.cluster.local. svc.cluster.local."),
    "the root": resolv_conf(search=". default.svc.cluster.local"),
    "no domain": "nameserver 127.0.0.1\n",
    "domain": "domain svc.cluster.local\nnameserver 127.0.0.1\n",
    "an impossible domain": resolv_conf(search="a..b default.svc.cluster.local"),
    "too long a label": resolv_conf(search=f"{'x' * 70}.test default.svc.cluster.local"),
    "too long a domain": resolv_conf(search=f"{'.'.join(['y' * 60] * 3)} default.svc.cluster.local"),
    "too long a line": resolv_conf(search=f"{SEARCH} {'z' * 250}"),
    "the world first": resolv_conf("ndots:3", search="example.com cluster.local"),
}
SEARCHED = ("redis", "redis.", "redis.prod", "www.example.com", "www", "www.", "nosuch", "default.svc", "web-0.web", "com",
            "cluster.local", "z" * 60 + ".redis", "external", "v6.test", "localhost")  # fmt: skip


@pytest.fixture
def begin(on_musl: Path, sessions: Callable[..., Session]) -> Callable[..., Session]:
    """Begin sessions of the interpreter on musl: `begin(conf=...)`."""
    path = f"{REPOSITORY / 'src'}:{REPOSITORY}:{musl_python.site_packages()}"

    def one(conf: str = "") -> Session:
        files = {"resolv.conf": conf or resolv_conf(), "hosts": HOSTS}
        return sessions(World(files, {"PYTHONPATH": path}), python=str(on_musl))

    return one


def test_the_interpreter_runs_on_musl(begin: Callable[..., Session]) -> None:
    """What answers is musl, by its own words."""
    (outcome,) = begin().stock([lookup("", label="musl's text")])
    assert "Name does not resolve" in str(outcome.value)


@pytest.mark.parametrize("flags", FLAGS)
def test_names_in_every_family(begin: Callable[..., Session], flags: int) -> None:
    """Names of every kind have musl's rows, canonical names, order and errors."""
    begin().check([lookup(name, family, flags) for name, family in itertools.product(NAMES, FAMILIES)])


def test_ports_and_kinds(begin: Callable[..., Session]) -> None:
    """Ports, types and protocols have musl's rows and errors, and so have hosts of other types."""
    names = ("www.example.com.", "nosuch.test.", "localhost")
    calls: list[Call] = [
        gai(name, port, 0, int(type_), int(proto))
        for name, port, (type_, proto) in itertools.product(names, PORTS, KINDS)
    ]
    calls += [gai("www.example.com.", 80, family) for family in FAMILIES]
    calls += [
        gai(host, 80, family) for host, family in itertools.product(HOSTS_OF_OTHER_TYPES, (*FAMILIES, 1, 99))
    ]
    begin().check(calls)


@pytest.mark.parametrize("file", FILES)
def test_files(begin: Callable[..., Session], file: str) -> None:
    """Whatever resolv.conf says, names have musl's rows and errors: its search list, and options it does not know."""
    begin(FILES[file]).check([lookup(name, family) for name, family in itertools.product(SEARCHED, FAMILIES)])


def test_odd_answers(begin: Callable[..., Session]) -> None:
    """Whatever a server does to an answer, the caller gets what musl makes of it."""
    quirks = [quirk for quirk in QUIRKS if quirk not in WAITED_OUT]
    begin().check(
        lookup(f"{quirk}.quirk.test", family)._replace(after_all=quirk in ASKED_AGAIN)
        for quirk, family in itertools.product(quirks, FAMILIES)
    )


def test_failures(begin: Callable[..., Session]) -> None:
    """What servers fail with is waited out as in musl, with its error at the end, in a search domain too."""
    begin().check([lookup(name) for name in FAILING])


def test_the_page_for_alpine_says_what_was_printed(
    on_musl: Path, own_pod: Pod, own_server: ServerProcess
) -> None:
    """docs/alpine.md shows what both libcs print today; `python -m tests.contract.alpine` writes it anew."""
    assert on_musl.exists()
    assert own_server.errors == ""
    assert alpine.PAGE.read_text() == alpine.page(alpine.table(own_pod))
