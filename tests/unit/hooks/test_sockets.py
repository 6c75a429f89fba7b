"""Names in the addresses of a socket's methods: looked up in the pod, and nothing else about the methods changed."""

from __future__ import annotations

import _socket
import logging.handlers
import socket
from typing import TYPE_CHECKING, Any

import pytest

from steadydns import activation
from steadydns.resolution.model import Question
from steadydns.wire.message import A
from tests.unit.audit import audited

if TYPE_CHECKING:
    from collections.abc import Iterator

    from steadydns.resolver import Resolver
    from steadydns.system.pod import Pod
    from tests.unit.loopback import LoopbackServer

METHODS = ("connect", "connect_ex", "sendto", "sendmsg")
HERE = "here.prod"


@pytest.fixture
def receiver() -> Iterator[socket.socket]:
    """A socket that takes datagrams on loopback."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.bind(("127.0.0.1", 0))
        sock.settimeout(5)
        yield sock


@pytest.fixture
def here(real: LoopbackServer) -> str:
    """A name that the pod's server gives loopback's address."""
    real.fake.zone.names[f"{HERE}.svc.cluster.local"] = "127.0.0.1"
    return HERE


@pytest.mark.parametrize("name", METHODS)
def test_the_methods_are_patched_and_restored(name: str, pod: Pod) -> None:
    """socket.socket has methods of its own while installed, inherits the original's before and afterwards."""
    assert name not in vars(socket.socket)
    activation.install()
    ours = vars(socket.socket)[name]
    assert (ours.__name__, ours.__doc__) == (name, getattr(_socket.socket, name).__doc__)
    activation.uninstall()
    assert name not in vars(socket.socket)
    assert getattr(socket.socket, name) is getattr(_socket.socket, name)


def test_a_method_of_someone_else_stays(
    here: str, receiver: socket.socket, pod: Pod, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has put a method of their own there before, and then under us, goes on to be called."""
    called: list[object] = []

    def theirs(sock: socket.socket, address: Any) -> int:
        called.append(address)
        return _socket.socket.connect_ex(sock, address)

    monkeypatch.setattr(socket.socket, "connect_ex", theirs, raising=False)
    for _ in range(2):
        activation.install()
        assert vars(socket.socket)["connect_ex"] is theirs
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
            assert sock.connect_ex(receiver.getsockname()) == 0
            sock.connect((here, receiver.getsockname()[1]))  # the other methods are ours
    activation.uninstall()
    assert vars(socket.socket)["connect_ex"] is theirs
    assert called == [receiver.getsockname()] * 2


def test_names_are_looked_up_by_us(
    here: str, receiver: socket.socket, installed: Resolver, real: LoopbackServer
) -> None:
    """Every method reaches the address that the pod's name server gives; one question serves them all."""
    to = (here, receiver.getsockname()[1])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"1", to)
        sock.sendto(b"2", 0, to)
        sock.sendmsg([b"3"], [], 0, to)
        assert sock.connect_ex(to) == 0
        sock.connect(to)
        assert sock.getpeername() == receiver.getsockname()
        sock.send(b"4")
    assert [receiver.recv(9) for _ in range(4)] == [b"1", b"2", b"3", b"4"]
    asked = [question for _, question in real.questions() if question.name.startswith(b"here.prod")]
    assert asked == [Question(b"here.prod.svc.cluster.local", A)]


def test_a_failure_is_getaddrinfos(installed: Resolver) -> None:
    """With its cause, and without the TypeError that stands for it inside."""
    with socket.socket() as sock:
        for method in (sock.connect, sock.connect_ex):
            with pytest.raises(socket.gaierror) as caught:
                method(("gone.prod", 1))
            assert caught.value.args == (-2, "Name or service not known")
            assert caught.value.__cause__ is not None
            assert caught.value.__context__ is caught.value.__cause__ or caught.value.__context__ is None


def test_a_lookup_that_is_interrupted_stays_interrupted(
    installed: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """KeyboardInterrupt during the lookup reaches the caller, though C asks for the address."""

    def interrupted(*_: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setattr(installed, "find", interrupted)
    with socket.socket() as sock, pytest.raises(KeyboardInterrupt):
        sock.connect(("redis.prod", 1))
    with socket.socket() as sock, pytest.raises(KeyboardInterrupt):
        sock.connect(("redis.prod", "not a port"))


def test_the_audit_event_has_the_name(here: str, receiver: socket.socket, installed: Resolver) -> None:
    """Once, with the socket and an address that equals the caller's."""
    to = (here, receiver.getsockname()[1])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for _ in range(2):
            with audited("socket.sendto") as events:
                sock.sendto(b"x", to)
            assert [event for event in events if event[0] is sock] == [(sock, to)]


def test_numeric_addresses_never_reach_the_resolver(
    receiver: socket.socket, installed: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After the first time a numeric host is not even looked at again."""
    to = receiver.getsockname()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        sock.sendto(b"x", to)
        sock.connect(to)
        monkeypatch.setattr(installed, "decide", None)
        sock.sendto(b"x", to)
        sock.connect(to)
        assert sock.connect_ex(to) == 0


def test_numeric_hosts_remembered_are_bounded(installed: Resolver, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many peers a program has."""
    from steadydns.hooks import sockets

    monkeypatch.setattr(sockets, "MAX_PASSING", 8)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        for number in range(1, 50):
            sock.connect((f"127.0.0.{number}", 9))
    (passing,) = [
        cell.cell_contents
        for cell in socket.socket.connect.__closure__ or ()
        if type(cell.cell_contents) is dict
    ]
    assert len(passing) <= 8


def test_other_families_are_left_alone(installed: Resolver) -> None:
    """A path, and a tuple that is no IP address, go to the original as they are."""
    with socket.socket(socket.AF_UNIX) as sock:
        with pytest.raises(FileNotFoundError):
            sock.connect("/nowhere/at/all")
        with pytest.raises(TypeError):
            sock.connect(("redis.prod", 80))


def test_data_of_any_class_passes(here: str, receiver: socket.socket, installed: Resolver) -> None:
    """An object whose comparison raises is data like any other."""

    class Odd(bytearray):
        def __eq__(self, other: object) -> bool:
            raise AssertionError("compared")

        __hash__ = None

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        assert sock.sendto(Odd(b"xyz"), (here, receiver.getsockname()[1])) == 3
    assert receiver.recv(9) == b"xyz"


def test_a_syslog_handler_asks_once(
    here: str, receiver: socket.socket, installed: Resolver, real: LoopbackServer
) -> None:
    """It sends each record to a name; the second one costs no question."""
    handler = logging.handlers.SysLogHandler((here, receiver.getsockname()[1]))
    record = logging.makeLogRecord({"msg": "text"})
    handler.emit(record)
    real.questions()
    handler.emit(record)
    handler.close()
    assert [receiver.recv(99).rstrip(b"\0") for _ in range(2)] == [b"<12>text"] * 2
    assert real.questions() == []


def test_subclasses_have_the_methods(here: str, receiver: socket.socket, installed: Resolver) -> None:
    """A class of the program's own, and ssl's, inherit them."""

    class Mine(socket.socket):
        pass

    with Mine(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        assert sock.connect_ex((here, receiver.getsockname()[1])) == 0


def test_a_method_kept_beyond_uninstall_passes_calls_on(
    receiver: socket.socket, pod: Pod, real: LoopbackServer
) -> None:
    """It asks us no more."""
    activation.install()
    held: Any = socket.socket.connect_ex
    activation.uninstall()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        assert held(sock, receiver.getsockname()) == 0
        with pytest.raises(socket.gaierror):
            held(sock, ("a..b", 1))
    assert real.questions() == []
