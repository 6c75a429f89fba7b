"""Resolver: the parts together, on real sockets, without patching anything."""

from __future__ import annotations

import math
import os
import socket
from typing import TYPE_CHECKING, Any

import pytest

from steadydns.calls.gethostby import HostCalls
from steadydns.contract import originals as stock
from steadydns.contract.errors import LookupFailed
from steadydns.resolution.flights import Flights
from steadydns.resolution.model import Question
from steadydns.wire.message import AAAA, SERVFAIL, A
from tests.unit.audit import audited

if TYPE_CHECKING:
    from pathlib import Path

    from steadydns.resolver import Resolver
    from tests.unit.loopback import LoopbackServer

STREAM = socket.SOCK_STREAM


@pytest.fixture
def libc(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """The calls that reached libc, which answers names with nothing."""
    calls: list[tuple[Any, ...]] = []

    def original(*arguments: Any) -> list[tuple[Any, ...]]:
        calls.append(arguments)
        return [("libc",)]

    monkeypatch.setattr(stock, "public", original)
    return calls


def addresses(rows: list[tuple[Any, ...]]) -> list[str]:
    """The addresses of rows, each once."""
    return list(dict.fromkeys(row[4][0] for row in rows))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("redis.prod", 80), ["10.96.1.2"]),
        (("redis.prod", 80, socket.AF_INET), ["10.96.1.2"]),
        (("v6.example.com", 80, socket.AF_INET6), ["2001:db8::6"]),
        (("redis.prod", 80, socket.AF_INET6, 0, 0, socket.AI_V4MAPPED), ["::ffff:10.96.1.2"]),
        (("redis.prod", 80, socket.AF_INET6, 0, 0, socket.AI_V4MAPPED | socket.AI_ALL), ["::ffff:10.96.1.2"]),
        (("v6.example.com", 80, socket.AF_INET6, 0, 0, socket.AI_V4MAPPED), ["2001:db8::6"]),
        ((b"redis.prod", b"80"), ["10.96.1.2"]),
    ],
)
def test_families_and_flags_choose_the_addresses(
    arguments: tuple[Any, ...], expected: list[str], resolver: Resolver
) -> None:
    """AF_INET, AF_INET6, and AI_V4MAPPED with and without AI_ALL."""
    for _ in range(2):
        assert addresses(resolver.getaddrinfo(*arguments)) == expected


def test_both_families_are_in_the_answer(resolver: Resolver) -> None:
    """AF_UNSPEC gives IPv4 and IPv6 addresses, in RFC 6724's order."""
    rows = resolver.getaddrinfo("api.example.com", 443, type=STREAM)
    assert {row[4] for row in rows} == {("203.0.113.1", 443), ("2001:db8::1", 443, 0, 0)}
    all_of_both = socket.AI_V4MAPPED | socket.AI_ALL
    rows = resolver.getaddrinfo("api.example.com", 443, socket.AF_INET6, STREAM, 0, all_of_both)
    assert {row[4][0] for row in rows} == {"2001:db8::1", "::ffff:203.0.113.1"}


@pytest.mark.parametrize(
    ("name", "arguments", "number", "text"),
    [
        ("gone.example.com", (), socket.EAI_NONAME, "Name or service not known"),
        ("redis.prod", (socket.AF_INET6,), socket.EAI_NODATA, "No address associated with hostname"),
        ("broken.example.com.", (), socket.EAI_AGAIN, "Temporary failure in name resolution"),
    ],
)
def test_errors_are_libcs_and_say_why(
    name: str, arguments: tuple[Any, ...], number: int, text: str, resolver: Resolver, real: LoopbackServer
) -> None:
    """Each raise is a new gaierror with libc's number and text, and what was tried as its cause."""
    real.fake.zone.failing["broken.example.com"] = SERVFAIL
    errors = []
    for _ in range(2):
        with pytest.raises(socket.gaierror) as caught:
            resolver.getaddrinfo(name, 80, *arguments)
        assert caught.value.args == (number, text)
        assert isinstance(caught.value.__cause__, LookupFailed)
        errors.append(caught.value)
    assert errors[0] is not errors[1]
    assert errors[1].__traceback__ is not None
    depths = [depth(error) for error in errors]
    assert depths[0] == depths[1]


def depth(error: BaseException) -> int:
    """How long a traceback is."""
    trace, length = error.__traceback__, 0
    while trace is not None:
        trace, length = trace.tb_next, length + 1
    return length


def test_the_canonical_name_is_the_end_of_the_chain(resolver: Resolver, real: LoopbackServer) -> None:
    """With aliases their target; without, the name that was found, in the caller's case; only on the first row."""
    real.fake.zone.names |= {"www.shop.test": "=cdn.shop.test", "cdn.shop.test": "203.0.113.9"}
    flags = socket.AI_CANONNAME
    rows = resolver.getaddrinfo("www.shop.test.", 80, 0, 0, 0, flags)
    assert [row[3] for row in rows] == ["cdn.shop.test", "", ""]
    assert resolver.getaddrinfo("REDIS.prod", 80, flags=flags)[0][3] == "REDIS.prod.svc.cluster.local"
    assert resolver.getaddrinfo("www.shop.test.", 80)[0][3] == ""


def test_names_of_the_hosts_file_are_libcs(
    resolver: Resolver, etc: Path, libc: list[Any], real: LoopbackServer
) -> None:
    """As given, before any dot is appended or removed; the trailing dot hides them."""
    (etc / "hosts").write_text("192.0.2.77 pinned.example.com Alias\n")
    resolver.public.original = stock.public
    assert resolver.getaddrinfo("pinned.example.com", 80) == [("libc",)]
    assert resolver.getaddrinfo("ALIAS", 80) == [("libc",)]
    assert real.questions() == []
    with pytest.raises(socket.gaierror):
        resolver.getaddrinfo("pinned.example.com.", 80)
    with pytest.raises(socket.gaierror):
        resolver.getaddrinfo("pinned.example.com", 80, socket.AF_INET6)
    assert real.questions()
    assert resolver.stats()["fallbacks"] == {"hosts": 2}


@pytest.mark.parametrize(
    ("file", "text", "name", "family", "reason"),
    [
        ("nsswitch.conf", "hosts: files mdns4_minimal dns\n", "redis", 0, "nsswitch"),
        ("nsswitch.conf", "hosts: files dns myhostname\n", "gone.prod", 0, "nsswitch_after_dns"),
        ("nsswitch.conf", "hosts: files myhostname dns\n", "localhost", 0, "myhostname"),
        ("resolv.conf", "nameserver 127.0.0.1\noptions no-aaaa\n", "redis", socket.AF_INET6, "no_aaaa"),
        ("resolv.conf", "nameserver 127.0.0.1\noptions no-tld-query\n", "redis", 0, "no_tld_query"),
        ("resolv.conf", "nameserver 127.0.0.1\nsortlist 10.0.0.0\n", "redis", socket.AF_INET, "sortlist"),
    ],
)
def test_what_only_libc_can_do_is_left_to_it(
    file: str, text: str, name: str, family: int, reason: str, resolver: Resolver, etc: Path, libc: list[Any]
) -> None:
    """Sources and options that are not ours are a reason, and the original answers."""
    (etc / file).write_text(text)
    (etc / "hosts").write_text("")
    resolver.public.original = stock.public
    assert resolver.getaddrinfo(name, 80, family) == [("libc",)]
    assert resolver.stats()["fallbacks"] == {reason: 1}
    assert libc == [(name, 80, family, 0, 0, 0)]


def test_host_aliases_are_libcs(resolver: Resolver, libc: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """With HOSTALIASES set, names without a dot are (hostname(7))."""
    monkeypatch.setenv("HOSTALIASES", "/nowhere")
    resolver.public.original = stock.public
    assert resolver.getaddrinfo("redis", 80) == [("libc",)]
    assert addresses(resolver.getaddrinfo("redis.prod", 80)) == ["10.96.1.2"]


def test_no_aaaa_asks_for_ipv4_alone(resolver: Resolver, etc: Path, real: LoopbackServer) -> None:
    """`options no-aaaa`: no AAAA question leaves the pod."""
    path = etc / "resolv.conf"
    path.write_text(path.read_text() + "options no-aaaa\n")
    resolver.getaddrinfo("api.example.com", 80)
    assert {question.type for _, question in real.questions()} == {A}


@pytest.mark.parametrize(
    ("seen", "types"), [((True, True), {A, AAAA}), ((True, False), {A}), ((False, True), {AAAA})]
)
def test_addrconfig_asks_for_the_families_the_pod_has(
    seen: tuple[bool, bool],
    types: set[int],
    resolver: Resolver,
    real: LoopbackServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """AI_ADDRCONFIG leaves out a family without an address that is not loopback."""
    monkeypatch.setattr(resolver.surroundings, "families", lambda: seen)
    resolver.getaddrinfo("api.example.com.", 80, flags=socket.AI_ADDRCONFIG)
    assert {question.type for _, question in real.questions()} == types


def test_the_audit_event_has_the_callers_family(resolver: Resolver, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where AI_ADDRCONFIG has narrowed it: the event is that of the call, not of what became of it."""
    monkeypatch.setattr(resolver.surroundings, "families", lambda: (True, False))
    for name in ("redis", "redis.prod", "redis"):
        with audited() as events:
            resolver.getaddrinfo(name, 80, flags=socket.AI_ADDRCONFIG)
        assert events == [(name, 80, 0, 0, 0)]


def test_addrconfig_without_the_family_asked_for_is_libcs(
    resolver: Resolver, libc: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It refuses the call without a packet, with an error of its own."""
    monkeypatch.setattr(resolver.surroundings, "families", lambda: (True, False))
    resolver.public.original = stock.public
    assert resolver.getaddrinfo("redis", 80, socket.AF_INET6, flags=socket.AI_ADDRCONFIG) == [("libc",)]
    assert resolver.stats()["fallbacks"] == {"addrconfig": 1}


def test_an_edited_resolv_conf_is_used(
    resolver: Resolver, etc: Path, real: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a restart, once the last look at the files is old enough."""
    resolver.getaddrinfo("redis", 80)
    now = [0.0]
    monkeypatch.setattr("steadydns.resolver.monotonic", lambda: now[0])
    now[0] = __import__("time").monotonic() + 2
    aside = etc / "new"
    aside.write_text("nameserver 127.0.0.1\nsearch prod.svc.cluster.local\n")
    aside.replace(etc / "resolv.conf")
    assert addresses(resolver.getaddrinfo("redis", 80)) == ["10.96.1.2"]


def test_addresses_of_equal_rank_take_turns(resolver: Resolver, real: LoopbackServer) -> None:
    """A headless service stays balanced though it is cached: each call begins with the next address."""
    real.fake.zone.names["pods.default.svc.cluster.local"] = "10.244.9.1 10.244.9.2 10.244.9.3"
    firsts = [addresses(resolver.getaddrinfo("pods", 80))[0] for _ in range(6)]
    assert sorted(firsts) == sorted(["10.244.9.1", "10.244.9.2", "10.244.9.3"] * 2)


def test_turns_go_on_where_rows_are_made_anew(resolver: Resolver, real: LoopbackServer) -> None:
    """A service that looks a name up less often than rows are kept reaches all of its addresses as well."""
    real.fake.zone.names["turns.example.com"] = "10.244.9.1 10.244.9.2 10.244.9.3"
    firsts, names = [], []
    for _ in range(40):
        firsts.append(addresses(resolver.getaddrinfo("turns.example.com.", 80, 0, STREAM))[0])
        names.append(HostCalls(resolver).gethostbyname("turns.example.com."))
        for table in resolver.tables:
            table.ready.clear()
        resolver.first_addresses.clear()
    entry = resolver.cache.peek(Question(b"turns.example.com", A))
    assert entry is not None
    assert firsts[0] == socket.inet_ntoa(entry.addresses[0]), "a new answer has the server's order"
    assert set(firsts) == set(names) == {"10.244.9.1", "10.244.9.2", "10.244.9.3"}
    assert len(real.questions()) == 2


def test_the_second_call_finishes_the_rows(resolver: Resolver, real: LoopbackServer) -> None:
    """A name that is looked up once leaves no rows behind; the second call has them made, and is counted as a hit."""
    wanted = resolver.getaddrinfo("redis.prod", 80, 0, STREAM)
    assert (resolver.stats()["cache"]["rows"], resolver.stats()["hits"], resolver.stats()["misses"]) == (
        0,
        0,
        1,
    )
    assert len(real.questions()) == 3
    for hits in (1, 2, 3):
        assert resolver.getaddrinfo("redis.prod", 80, 0, STREAM) == wanted
        assert (resolver.stats()["cache"]["rows"], resolver.stats()["hits"]) == (1, hits)
    assert real.questions() == []


def test_a_process_of_one_thread_shares_with_nobody(
    resolver: Resolver, real: LoopbackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It has the same answers, failures and cache, and enters no flight that could be left behind."""
    monkeypatch.setattr("steadydns.resolver.others", lambda: 0)
    resolver.getaddrinfo("www.example.com.", 80, 0, STREAM)  # so that the kind of call is known
    monkeypatch.setattr(Flights, "join", None)
    for name, found in (("redis.prod", ["10.96.1.2"]), ("api.example.com.", ["203.0.113.1", "2001:db8::1"])):
        for _ in range(3):
            assert sorted(addresses(resolver.getaddrinfo(name, 80, 0, STREAM))) == sorted(found)
    with pytest.raises(socket.gaierror):
        resolver.getaddrinfo("gone.prod", 80, 0, STREAM)
    assert resolver.stats()["hits"] == 4
    asked = real.questions()
    assert len(set(asked)) == len(asked)


def test_a_name_that_moves_is_found_where_libc_finds_it(resolver: Resolver, real: LoopbackServer) -> None:
    """What was found behind a search domain is asked at once next time; denied there, the walk goes on."""
    names = real.fake.zone.names
    assert addresses(resolver.getaddrinfo("redis.prod", 80, 0, STREAM)) == ["10.96.1.2"]
    rules, target = resolver._settings().rules, b"redis.prod.svc.cluster.local"
    assert resolver.flush("redis.prod.svc.cluster.local") == 2
    resolver.cache.proven.walked(rules, b"redis.prod", (A, AAAA), target, math.inf)
    del names["redis.prod.svc.cluster.local"]
    names["redis.prod"] = "203.0.113.77"
    assert addresses(resolver.getaddrinfo("redis.prod", 80, 0, STREAM)) == ["203.0.113.77"]


def test_half_an_answer_is_not_remembered_as_a_whole(resolver: Resolver, real: LoopbackServer) -> None:
    """AAAA failed: the next call asks for it again, and has it once the server answers."""
    real.fake.zone.failing["api.example.com AAAA"] = SERVFAIL
    assert addresses(resolver.getaddrinfo("api.example.com.", 80)) == ["203.0.113.1"]
    real.fake.zone.failing.clear()
    assert set(addresses(resolver.getaddrinfo("api.example.com.", 80))) == {"203.0.113.1", "2001:db8::1"}


def test_a_single_lookup_does_no_io_before_it_is_asked(
    real: LoopbackServer, pod: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Making a resolver opens no file and no socket."""
    from steadydns.resolver import Resolver

    def none(*_: Any, **__: Any) -> Any:
        raise AssertionError("opened something")

    with monkeypatch.context() as patched:
        patched.setattr(os, "open", none)
        patched.setattr(os, "stat", none)
        patched.setattr("builtins.open", none)
        patched.setattr("steadydns.transport.tcp._Socket", none)
        patched.setattr("steadydns.transport.udp._Socket", none)
        Resolver(pod=pod)
    assert real.questions() == []


def test_explain_tells_what_happened(resolver: Resolver) -> None:
    """For names that resolve, that do not, and that are not ours."""
    assert "10.96.1.2" in str(resolver.explain("redis.prod"))
    told = resolver.explain("redis.prod")
    assert "redis.prod.svc.cluster.local A" in told.cached
    assert told.queries == ()
    assert resolver.explain("gone.prod")
    assert resolver.explain("127.0.0.1")
    assert repr(resolver).startswith("<Resolver <Cache ")


def test_the_finished_rows_are_bounded(resolver: Resolver, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scanner of all ports does not fill the memory."""
    monkeypatch.setattr("steadydns.calls.hit_cache.MAX_ROWS", 50)
    for port in range(200):
        resolver.getaddrinfo("redis.prod", port, 0, STREAM)
        assert resolver.stats()["cache"]["rows"] <= 50


def test_a_refresh_brings_the_new_answer(resolver: Resolver, real: LoopbackServer) -> None:
    """What the background asks is stored as if a caller had asked; its errors reach nobody."""
    resolver.getaddrinfo("www.example.com.", 80, socket.AF_INET)
    real.fake.zone.names["www.example.com"] = "203.0.113.200"
    question = Question(b"www.example.com", A)
    resolver._refresh(question)
    entry = resolver.cache.peek(question)
    assert entry is not None
    assert entry.addresses == (socket.inet_aton("203.0.113.200"),)
    resolver._refresh(Question(b"a..b", A))


@pytest.mark.parametrize("name", ["a" * 70 + ".com", "a..b", "\u00e4" * 70 + ".com", "", "."])
def test_flush_of_an_impossible_name_forgets_nothing(resolver: Resolver, name: str) -> None:
    """A name that no lookup can have is no error: nothing is cached for it."""
    assert resolver.flush(name) == 0
