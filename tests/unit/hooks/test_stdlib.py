"""socket.getaddrinfo and _socket.getaddrinfo: replaced, indistinguishable, and put back."""

from __future__ import annotations

import _socket
import inspect
import pickle
import socket
import threading
import types
from typing import TYPE_CHECKING, Any

import pytest

from steadydns import activation
from steadydns.contract import originals as stock
from tests.unit.audit import audited

if TYPE_CHECKING:
    from steadydns.resolver import Resolver
    from steadydns.system.pod import Pod
    from tests.unit.loopback import LoopbackServer

PUBLIC, RAW = socket.getaddrinfo, _socket.getaddrinfo

NAME = "redis.prod"
ADDRESS = "10.96.1.2"


def test_install_replaces_both_and_uninstall_puts_the_originals_back(pod: Pod) -> None:
    """Afterwards both attributes are the very objects they were."""
    activation.install()
    assert socket.getaddrinfo is not PUBLIC
    assert _socket.getaddrinfo is not RAW
    activation.uninstall()
    assert socket.getaddrinfo is PUBLIC
    assert _socket.getaddrinfo is RAW


def test_names_are_resolved_by_us(installed: Resolver, real: LoopbackServer) -> None:
    """The answer comes from the pod's name server, with the rows of the stock function."""
    rows = socket.getaddrinfo(NAME, 6379, type=socket.SOCK_STREAM)
    assert rows == [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ADDRESS, 6379))]
    assert isinstance(rows[0][0], socket.AddressFamily)
    assert real.questions()
    socket.getaddrinfo(NAME, 6379, type=socket.SOCK_STREAM)
    assert real.questions() == []


def test_the_raw_function_gives_numbers(installed: Resolver) -> None:
    """_socket.getaddrinfo answers as the builtin does."""
    (row,) = _socket.getaddrinfo(NAME, 6379, 0, 1)
    assert row == (2, 1, 6, "", (ADDRESS, 6379))
    assert type(row[0]) is int


@pytest.mark.parametrize(("module", "original"), [(socket, PUBLIC), (_socket, RAW)])
def test_introspection_sees_the_original(module: Any, original: Any, installed: Resolver) -> None:
    """Name, module, docstring and signature are the original's, and __wrapped__ leads to it."""
    ours = module.getaddrinfo
    assert isinstance(ours, types.FunctionType)
    for attribute in ("__name__", "__qualname__", "__doc__", "__module__"):
        assert getattr(ours, attribute) == getattr(original, attribute)
    assert vars(ours)["__wrapped__"] is original
    assert signature(ours) == signature(original)


def signature(function: Any) -> object:
    """The signature, or that there is none to be had."""
    try:
        return inspect.signature(function)
    except ValueError:
        return None


def test_arguments_have_the_names_of_the_original(installed: Resolver) -> None:
    """Callers pass all of them by name."""
    plain = inspect.signature(socket.getaddrinfo, follow_wrapped=False)
    assert [(p.name, p.default) for p in plain.parameters.values()] == [
        (p.name, p.default) for p in inspect.signature(PUBLIC).parameters.values()
    ]
    assert socket.getaddrinfo(host=NAME, port=1, family=0, type=1, proto=0, flags=0)[0][4] == (ADDRESS, 1)


def test_the_function_can_be_pickled(installed: Resolver) -> None:
    """By name, like the original."""
    assert pickle.loads(pickle.dumps(socket.getaddrinfo)) is socket.getaddrinfo


def test_who_has_the_stock_function_already_is_covered(installed: Resolver, real: LoopbackServer) -> None:
    """`from socket import getaddrinfo` before install() still leads here, by way of _socket."""
    rows = PUBLIC(NAME, 6379, type=socket.SOCK_STREAM)
    assert rows == [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ADDRESS, 6379))]
    assert isinstance(rows[0][1], socket.SocketKind)
    assert real.questions()


def test_a_reference_kept_beyond_uninstall_passes_calls_on(pod: Pod, monkeypatch: pytest.MonkeyPatch) -> None:
    """What someone still holds answers as the original does, without us."""
    calls: list[object] = []

    def original(*arguments: object) -> list[tuple[Any, ...]]:
        calls.append(arguments)
        return []

    monkeypatch.setattr(stock, "public", original)
    activation.install()
    held, one = socket.getaddrinfo, activation.resolver()
    held(NAME, 80)
    assert calls == []
    activation.uninstall()
    before = dict(one.statistics.fallbacks)
    assert held(NAME, 80) == []
    assert calls == [(NAME, 80, 0, 0, 0, 0)]
    assert one.statistics.fallbacks == before


def test_a_later_patch_of_someone_else_survives(pod: Pod) -> None:
    """uninstall() leaves what is no longer ours, and what that calls passes on."""
    activation.install()
    ours = socket.getaddrinfo

    def theirs(*arguments: Any) -> list[tuple[Any, ...]]:
        return [("theirs",), *ours(*arguments)]

    try:
        socket.getaddrinfo = theirs  # type: ignore[assignment]
        activation.uninstall()
        assert socket.getaddrinfo is theirs
        assert _socket.getaddrinfo is RAW
        assert socket.getaddrinfo("127.0.0.1", 80, 0, 1)[1:] == PUBLIC("127.0.0.1", 80, 0, 1)
    finally:
        socket.getaddrinfo = PUBLIC


@pytest.mark.parametrize("module", [socket, _socket], ids=["socket", "_socket"])
def test_a_later_patch_is_asked_after_installing_again(module: Any, pod: Pod) -> None:
    """It stays where it is, and what it calls of ours reaches the resolver that is in place now, if there is one."""
    original = module.getaddrinfo
    activation.install()
    ours = module.getaddrinfo
    asked: list[object] = []

    def theirs(host: Any, *arguments: Any, **named: Any) -> list[tuple[Any, ...]]:
        asked.append(host)
        return ours(host, *arguments, **named)  # type: ignore[no-any-return]

    try:
        module.getaddrinfo = theirs
        for number in range(1, 4):
            activation.install(max_ttl=number)
            assert module.getaddrinfo is theirs
            for _ in range(2):
                assert module.getaddrinfo(NAME, 80, 0, 1)[0][4] == (ADDRESS, 80)
            stats = activation.stats()
            assert (stats["misses"], stats["hits"]) == (1, 1)
            assert len(asked) == 2 * number
        activation.uninstall()
        assert module.getaddrinfo is theirs
        with pytest.raises(socket.gaierror):
            theirs(NAME, 80)
        module.getaddrinfo = original
        activation.install()
        assert module.getaddrinfo(NAME, 80, 0, 1)[0][4] == (ADDRESS, 80)
        activation.uninstall()
        assert module.getaddrinfo is original
    finally:
        module.getaddrinfo = original


def test_every_call_gives_a_list_of_its_own(installed: Resolver) -> None:
    """Callers may change what they get."""
    for _ in range(3):
        rows = socket.getaddrinfo(NAME, 80, 0, 1)
        assert len(rows) == 1
        rows.clear()
        rows = socket.getaddrinfo("127.0.0.1", 80, 0, 1)
        assert len(rows) == 1
        rows.clear()


ODD_CALLS: list[tuple[tuple[Any, ...], dict[str, Any]]] = [
    ((), {}),
    ((NAME,), {}),
    ((NAME, 80, 0, 1, 0, 0, 0), {}),
    ((NAME, 80), {"kind": 1}),
    (([], 80), {}),
    ((NAME, []), {}),
    ((NAME, {}), {"type": 1}),
    ((NAME, object()), {}),
    ((NAME, 80.0), {}),
    ((NAME, "http-nobody"), {}),
    ((NAME, -1), {}),
    ((NAME, 2**70), {}),
    ((NAME, "\udc80"), {}),
    ((NAME, 80, None), {}),
    ((NAME, 80, "2"), {}),
    ((NAME, 80, []), {}),
    ((NAME, 80, 255), {}),
    ((NAME, 80, 2**40), {}),
    ((NAME, 80, 0, None), {}),
    ((NAME, 80, 0, []), {}),
    ((NAME, 80, 0, 99), {}),
    ((NAME, 80, 0, 1, 17), {}),
    ((NAME, 80, 0, 1, None), {}),
    ((NAME, 80, 0, 1, 0, None), {}),
    ((NAME, 80, 0, 1, 0, []), {}),
    ((NAME, 80, 0, 1, 0, -1), {}),
    ((NAME, 80, 0, 1, 0, 0x8000), {}),
    ((NAME, 80, 0, 1, 0, 2**40), {}),
    ((NAME, 80, 0, socket.SOCK_RAW), {}),
    ((bytearray(b"redis"), 80), {}),
    ((memoryview(b"redis"), 80), {}),
    ((25, 80), {}),
    ((None, None), {}),
    ((None, 80, 0, 1), {}),
    (("", 80), {}),
    (("a..b", 80), {}),
    (("a" * 64, 80), {}),
    (("a b", 80), {}),
    (("\udc80", 80), {}),
    (("127.0.0.1", 80, 0, 1), {}),
    (("127.0.0.1", 80, socket.AF_INET6), {}),
    (("::1", 80, 0, 1), {}),
    (("fe80::1%lo", 80, 0, 1), {}),
    (("fe80::1%nowhere", 80, 0, 1), {}),
    (("127.1", "http", 0, 0), {}),
    ((NAME, 80, 0, 1, 0, socket.AI_NUMERICHOST), {}),
]


def outcome(call: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> object:
    """What a call returns, or the exception's class and arguments."""
    try:
        return call(*arguments, **named)
    except Exception as error:
        return type(error), error.args


@pytest.mark.parametrize(("arguments", "named"), ODD_CALLS)
@pytest.mark.parametrize("name", ["known", "new"])
def test_odd_arguments_do_what_they_do_with_the_original(
    name: str, arguments: tuple[Any, ...], named: dict[str, Any], installed: Resolver, real: LoopbackServer
) -> None:
    """Same rows or same exception, class and arguments; twice, also for a name in the cache; and without a packet."""
    if name == "known":
        socket.getaddrinfo(NAME, 80, 0, 1)
        socket.getaddrinfo(NAME, 80)
        real.questions()
    expected = outcome(stock.public, arguments, named)
    if isinstance(expected, tuple) and "_public" in str(expected[1]):
        expected = expected[0], (str(expected[1][0]).replace("_public", "getaddrinfo"),)
    for _ in range(2):
        found = outcome(socket.getaddrinfo, arguments, named)
        if isinstance(found, tuple) and ".<locals>." in str(found[1]):
            found = found[0], (str(found[1][0]).replace("replacement.<locals>.", ""),)
        assert found == expected
    assert real.questions() == []


@pytest.mark.parametrize(
    "call",
    [
        (NAME, 80, 0, 1, 0, 0),
        (NAME, "http", socket.AF_INET, socket.SOCK_STREAM, 6, 0),
        (b"redis.prod", 80, 0, 0, 0, 0),
        ("127.0.0.1", 80, 0, 1, 0, 0),
        ("localhost", 80, 0, 1, 0, 0),
        (NAME, 80, 0, 1, 0, socket.AI_ADDRCONFIG),
    ],
)
def test_a_call_raises_its_audit_event_once(call: tuple[Any, ...], installed: Resolver) -> None:
    """On the first call, on a hit, and where libc answers: the event has the call's own arguments."""
    host = call[0].decode() if isinstance(call[0], bytes) else call[0]
    for _ in range(3):
        with audited() as events:
            socket.getaddrinfo(*call)
        assert [(e[0].decode() if isinstance(e[0], bytes) else e[0], *e[1:]) for e in events] == [
            (host, call[1], int(call[2]), int(call[3]), call[4])
        ]


@pytest.mark.parametrize(
    "call", [("gone.prod", 80), (NAME, "http-nobody"), (NAME, -1), (NAME, 80, 255), ("a..b", 80)]
)
def test_a_failing_call_raises_its_audit_event_once(call: tuple[Any, ...], installed: Resolver) -> None:
    """As often as the original does, which is once, or not at all where the host cannot be encoded."""
    for _ in range(2):
        with audited() as events, pytest.raises((OSError, UnicodeError)):
            socket.getaddrinfo(*call)
        assert len(events) == (0 if call[0] == "a..b" else 1)


def test_an_audit_hook_may_veto(installed: Resolver, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a hook raises reaches the caller, on hits too."""
    from tests.unit import audit

    class Vetoing(list[Any]):
        def append(self, event: object) -> None:
            raise PermissionError("vetoed")

    socket.getaddrinfo(NAME, 80)
    for port in (80, 81, 82):
        audit._collectors.append(Vetoing())
        try:
            with pytest.raises(PermissionError, match="vetoed"):
                socket.getaddrinfo(NAME, port)
        finally:
            audit._collectors.pop()


def test_many_threads_share_one_lookup(installed: Resolver, real: LoopbackServer) -> None:
    """Twenty callers of one name cost the questions of one."""
    start = threading.Barrier(20)
    results: list[object] = []

    def call() -> None:
        start.wait(10)
        results.append(socket.getaddrinfo(NAME, 80, 0, 1)[0][4])

    threads = [threading.Thread(target=call) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert results == [(ADDRESS, 80)] * 20
    arrived = real.questions()
    assert len(arrived) == len(set(arrived)) <= 3


def test_two_installs_are_one(pod: Pod) -> None:
    """The second replaces the first, its cache empty; one uninstall() puts the originals back."""
    activation.install()
    socket.getaddrinfo(NAME, 80)
    first = activation.resolver()
    activation.install()
    assert activation.resolver() is not first
    assert activation.stats()["cache"]["entries"] == 0
    assert socket.getaddrinfo.__wrapped__ is PUBLIC  # type: ignore[attr-defined]
    activation.uninstall()
    assert socket.getaddrinfo is PUBLIC
    assert _socket.getaddrinfo is RAW
    activation.uninstall()
    assert socket.getaddrinfo is PUBLIC
