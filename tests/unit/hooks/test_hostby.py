"""gethostbyname and its family: replaced in both modules, answered from the pod's name server, and put back."""

from __future__ import annotations

import _socket
import socket
from typing import TYPE_CHECKING, Any

import pytest

from steadydns import activation
from tests.unit.audit import audited

if TYPE_CHECKING:
    from steadydns.resolver import Resolver
    from steadydns.system.pod import Pod
    from tests.unit.loopback import LoopbackServer

FUNCTIONS = ("gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getnameinfo")
ORIGINALS = {name: getattr(_socket, name) for name in FUNCTIONS}

NAME, FULL, ADDRESS = "redis.prod", "redis.prod.svc.cluster.local", "10.96.1.2"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_both_modules_are_patched_and_restored(name: str, pod: Pod) -> None:
    """One function stands in for the original in both, looks like it, and the original is back afterwards."""
    activation.install()
    ours = getattr(socket, name)
    assert ours is getattr(_socket, name) is not ORIGINALS[name]
    assert (ours.__wrapped__, ours.__name__, ours.__doc__) == (ORIGINALS[name], name, ORIGINALS[name].__doc__)
    activation.uninstall()
    assert getattr(socket, name) is getattr(_socket, name) is ORIGINALS[name]


def test_what_someone_has_replaced_stays(pod: Pod, monkeypatch: pytest.MonkeyPatch) -> None:
    """A function in `socket` that is not the original is not ours to replace; the one it calls in `_socket` is."""

    def theirs(host: str) -> Any:
        return _socket.gethostbyname(host)

    monkeypatch.setattr(socket, "gethostbyname", theirs)
    activation.install()
    assert socket.gethostbyname is theirs
    assert socket.gethostbyname(NAME) == ADDRESS
    activation.uninstall()
    assert socket.gethostbyname is theirs
    assert _socket.gethostbyname is ORIGINALS["gethostbyname"]


def test_the_pods_name_server_answers(installed: Resolver, real: LoopbackServer) -> None:
    """Names of addresses and addresses of names; what is known is asked no second time."""
    for _ in range(2):
        assert socket.gethostbyname(NAME) == ADDRESS
        assert socket.gethostbyname_ex(NAME) == (FULL, [], [ADDRESS])
        assert socket.gethostbyaddr(ADDRESS) == (FULL, [], [ADDRESS])
        assert socket.gethostbyaddr(NAME) == (FULL, [], [ADDRESS])
        assert socket.getnameinfo((ADDRESS, 7), socket.NI_NUMERICSERV) == (FULL, "7")
        assert socket.getfqdn(NAME) == FULL
    asked = real.questions()
    assert len(asked) == len(set(asked))
    assert [question.name for _, question in asked if question.type == 12] == [b"2.1.96.10.in-addr.arpa"]


def test_failures_are_stocks(installed: Resolver) -> None:
    """A name without addresses is a gaierror, an address without a name a herror or the address itself."""
    for function in (socket.gethostbyname, socket.gethostbyname_ex, socket.gethostbyaddr):
        with pytest.raises(socket.gaierror) as caught:
            function("gone.prod")
        assert caught.value.args == (-2, "Name or service not known")
    with pytest.raises(socket.herror) as failed:
        socket.gethostbyaddr("10.96.1.99")
    assert failed.value.args == (1, "Unknown host")
    assert socket.getnameinfo(("10.96.1.99", 7), socket.NI_NUMERICSERV) == ("10.96.1.99", "7")
    with pytest.raises(socket.gaierror) as refused:
        socket.getnameinfo(("10.96.1.99", 7), socket.NI_NAMEREQD)
    assert refused.value.args == (-2, "Name or service not known")


@pytest.mark.parametrize(
    ("function", "event", "arguments"),
    [
        ("gethostbyname", "socket.gethostbyname", (NAME,)),
        ("gethostbyname", "socket.gethostbyname", (b"redis.prod",)),
        ("gethostbyname_ex", "socket.gethostbyname", (NAME,)),
        ("gethostbyaddr", "socket.gethostbyaddr", (NAME,)),
        ("gethostbyaddr", "socket.gethostbyaddr", (ADDRESS,)),
        ("getnameinfo", "socket.getnameinfo", ((ADDRESS, 7), 0)),
        ("gethostbyname", "socket.gethostbyname", ("localhost",)),
        ("gethostbyaddr", "socket.gethostbyaddr", ("127.0.0.1",)),
    ],
)
def test_a_call_raises_its_audit_event_once(
    function: str, event: str, arguments: tuple[Any, ...], installed: Resolver
) -> None:
    """With the caller's arguments, on the first call, on a hit, and where libc answers."""
    for _ in range(3):
        with audited(event) as events:
            getattr(socket, function)(*arguments)
        assert events == [arguments[:1]]


def test_addresses_of_one_rank_take_turns(installed: Resolver) -> None:
    """As getaddrinfo's rows do, from hit to hit."""
    socket.getaddrinfo("www.example.com", 80)
    installed.first_addresses[str, "many", int(socket.AF_INET)] = (1e12, iter("abcabc").__next__)
    assert [socket.gethostbyname("many") for _ in range(4)] == list("abca")


def test_an_error_of_ours_is_nobodys_problem(installed: Resolver, monkeypatch: pytest.MonkeyPatch) -> None:
    """The original answers, and the error is counted."""

    def broken(*_: object) -> object:
        raise ValueError("broken")

    monkeypatch.setattr(installed, "_settings", broken)
    assert socket.gethostbyname("localhost") == "127.0.0.1"
    assert socket.gethostbyaddr("127.0.0.1") == ORIGINALS["gethostbyaddr"]("127.0.0.1")
    assert socket.getnameinfo(("127.0.0.1", 7), 0) == ORIGINALS["getnameinfo"](("127.0.0.1", 7), 0)
    assert installed.statistics.fallbacks["error"] == 3


def test_a_reference_kept_beyond_uninstall_passes_calls_on(pod: Pod, real: LoopbackServer) -> None:
    """What someone still holds asks us no more, and gives nothing that was kept."""
    activation.install()
    held = socket.gethostbyname
    assert held(NAME) == ADDRESS
    activation.uninstall()
    real.questions()
    assert held("127.0.0.1") == "127.0.0.1"
    assert held.__closure__ is not None
    assert real.questions() == []
