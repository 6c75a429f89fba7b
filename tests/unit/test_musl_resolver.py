"""A resolver in a pod whose libc is musl: which rules the files lead to, and what becomes of calls."""

from __future__ import annotations

import contextlib
import socket
from typing import TYPE_CHECKING

import pytest

from steadydns.calls.ranking_musl import MuslSurroundings
from steadydns.calls.settings import rules
from steadydns.config import Config
from steadydns.resolution.libc import GLIBC, MUSL
from steadydns.resolution.search import candidates
from steadydns.resolver import Resolver
from steadydns.system import interfaces
from steadydns.system.musl_files import parse_resolv_conf
from steadydns.system.pod import Pod
from steadydns.wire.message import AAAA, A

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.unit.loopback import LoopbackServer


@pytest.fixture
def musl(pod: Pod, etc: Path) -> Iterator[Resolver]:
    """A resolver of the musl profile, asking the loopback server."""
    one = Resolver(pod=Pod(str(etc.parent), environ={}, profile="musl"))
    yield one
    one.close()


def test_every_row_has_the_name(musl: Resolver) -> None:
    """The canonical name is there without being asked for, and in each row."""
    rows = musl.getaddrinfo("api.example.com", 80, type=socket.SOCK_STREAM)
    assert {row[3] for row in rows} == {"api.example.com"}
    assert {row[3] for row in musl.getaddrinfo("redis", 80)} == {"redis.default.svc.cluster.local"}


def test_errors_are_musls(musl: Resolver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Their texts say which libc they are from, those of other record types too."""
    with pytest.raises(socket.gaierror, match="Name does not resolve"):
        musl.getaddrinfo("gone.example.com", 80)
    monkeypatch.setattr("steadydns.calls.records.ask", lambda *_: None)
    with pytest.raises(socket.gaierror, match="Try again"):
        musl.resolve("gone.example.com", "TXT")
    with pytest.raises(socket.gaierror) as raised:
        musl.getaddrinfo("redis", 80, socket.AF_INET6)
    assert raised.value.args == (-5, "Name has no usable address")


def test_a_name_of_the_hosts_file_is_libcs_in_its_own_case_only(
    musl: Resolver, etc: Path, real: LoopbackServer
) -> None:
    """It is asked of no server, whatever kinds of calls were met before; in other letters it is another name."""
    (etc / "hosts").write_text("192.0.2.7 Redis.Test\n")
    musl.getaddrinfo("redis", 80)
    real.questions()
    for name in ("Redis.Test", "Redis.Test"):
        with contextlib.suppress(socket.gaierror):  # the machine's own hosts file does not have it
            musl.getaddrinfo(name, 80)
    assert musl.stats()["fallbacks"] == {"hosts": 2}
    with pytest.raises(socket.gaierror):
        musl.getaddrinfo("redis.test", 80)
    assert musl.stats()["fallbacks"] == {"hosts": 2}


@pytest.mark.parametrize("flags", [socket.AI_V4MAPPED, socket.AI_V4MAPPED | socket.AI_ALL])
def test_mapped_addresses_cost_one_walk(musl: Resolver, real: LoopbackServer, flags: int) -> None:
    """Both families are asked for at once, and an IPv4 address is found where there is no other."""
    rows = musl.getaddrinfo("redis", 80, socket.AF_INET6, socket.SOCK_STREAM, 0, flags)
    assert [row[4][0] for row in rows] == ["::ffff:10.96.1.1"]
    asked = [(question.name, question.type) for _, question in real.questions()]
    assert asked == [(b"redis.default.svc.cluster.local", A), (b"redis.default.svc.cluster.local", AAAA)]


def test_an_open_connection_changes_no_answer(musl: Resolver, real: LoopbackServer) -> None:
    """Addresses of one family beside a denial of the other are none, however the question was sent."""
    real.fake.zone.failing = {"www.example.com AAAA": 3}
    for _ in range(2):  # the second time a connection stands open
        musl.flush()
        with pytest.raises(socket.gaierror, match="Name does not resolve"):
            musl.getaddrinfo("www.example.com.", 80)


def test_host_aliases_and_nsswitch_are_nothing_to_musl(
    musl: Resolver, etc: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither leaves a name to libc."""
    (etc / "nsswitch.conf").write_text("hosts: mdns\n")
    monkeypatch.setenv("HOSTALIASES", "/etc/aliases")
    assert musl.getaddrinfo("redis", 80)
    assert musl.stats()["fallbacks"] == {}


def test_the_file_gives_musls_rules() -> None:
    """The time is `timeout` for all, datagrams are plain, and the walk is musl's."""
    text = b"nameserver 10.0.0.1\nnameserver 10.0.0.2\noptions timeout:3 attempts:4\n"
    made = rules(Config(), parse_resolv_conf(text, {}, ""))
    assert (made.deadline, made.edns, made.libc) == (3.0, False, MUSL)
    assert GLIBC.edns


@pytest.mark.parametrize(("text", "attempts"), [(b"options timeout:0\n", 0), (b"options attempts:0\n", 1)])
def test_no_time_is_libcs_and_no_attempts_are_not(text: bytes, attempts: int) -> None:
    """Without time musl fails at once, which it is to say itself; by no attempts it would divide."""
    assert parse_resolv_conf(text, {}, "").attempts == attempts


@pytest.mark.parametrize(
    ("reachable", "types"), [((True, True), {A, AAAA}), ((True, False), {A}), ((False, True), {AAAA})]
)
def test_addrconfig_means_loopback(
    musl: Resolver,
    real: LoopbackServer,
    reachable: tuple[bool, bool],
    types: set[int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A family counts as configured where its loopback address can be reached, whatever else the pod has."""
    monkeypatch.setattr(interfaces, "loopbacks", lambda: reachable)
    assert isinstance(musl.surroundings, MuslSurroundings)
    musl.surroundings.forget()
    musl.getaddrinfo("api.example.com.", 80, flags=socket.AI_ADDRCONFIG)
    assert {question.type for _, question in real.questions()} == types


def test_loopback_is_reachable_here() -> None:
    """The kernel is asked for a route, and every machine that runs this has one to 127.0.0.1."""
    assert interfaces.loopbacks()[0]


def test_impossible_domains_are_skipped() -> None:
    """A search domain that no name can be below, and one that makes the name too long, count as denied."""
    text = b"search a..b %b.test default.svc %b\n" % (b"x" * 64, b".".join([b"y" * 60] * 4))
    made = rules(Config(), parse_resolv_conf(text[:250] + b"\n", {}, ""))
    assert made.search[0] == b"default.svc"
    long = (b".".join([b"y" * 60] * 4), b"default.svc")
    assert [one.domain for one in candidates(b"name-that-is-long", long, 5, MUSL)] == [b"default.svc", None]
