"""uvloop's four methods that resolve names: ours for our names, and beside uvloop's own for everything else."""

from __future__ import annotations

import asyncio
import inspect
import socket
import ssl
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
import uvloop

from steadydns import activation
from tests.unit.loops import on_uvloop

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from steadydns.resolver import Resolver
    from steadydns.system.pod import Pod
    from tests.unit.loopback import LoopbackServer

METHODS = ("getaddrinfo", "create_connection", "create_server", "create_datagram_endpoint")
STOCK = {name: getattr(uvloop.Loop, name) for name in METHODS}
ROWS = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.96.1.2", 80))]


@pytest.fixture
def here(real: LoopbackServer) -> LoopbackServer:
    """A zone with names for this machine."""
    real.fake.zone.names.update(
        {
            "here.default.svc.cluster.local": "127.0.0.1",
            # The first address refuses: nobody listens there.
            "second.default.svc.cluster.local": "127.0.0.9 127.0.0.1",
            "nowhere.default.svc.cluster.local": "127.0.0.9",
        }
    )
    real.fake.zone.changed()
    return real


class Echo(asyncio.Protocol):
    """Sends back what comes."""

    def connection_made(self, transport: Any) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.transport.write(data)


class Listening(asyncio.Protocol, asyncio.DatagramProtocol):
    """Keeps what comes."""

    def __init__(self) -> None:
        self.received: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        self.received.set_result(data)

    def datagram_received(self, data: bytes, addr: Any) -> None:
        self.received.set_result(data)


async def served(loop: Any, **options: Any) -> tuple[Any, int]:
    """An echo server on 127.0.0.1, and its port."""
    server = await loop.create_server(Echo, "127.0.0.1", 0, **options)
    return server, server.sockets[0].getsockname()[1]


def test_install_replaces_them_and_uninstall_puts_them_back(pod: Pod) -> None:
    """Afterwards the class has the very methods it had."""
    activation.install()
    assert all(getattr(uvloop.Loop, name) is not STOCK[name] for name in METHODS)
    activation.uninstall()
    assert all(getattr(uvloop.Loop, name) is STOCK[name] for name in METHODS)


@pytest.mark.parametrize("name", METHODS)
def test_introspection_sees_the_original(name: str, installed: Resolver) -> None:
    """Each is a coroutine function with the name and the documentation of the original."""
    ours = getattr(uvloop.Loop, name)
    assert inspect.iscoroutinefunction(ours)
    assert (ours.__name__, ours.__doc__) == (STOCK[name].__name__, STOCK[name].__doc__)


def test_getaddrinfo_is_answered_in_the_loop(installed: Resolver) -> None:
    """A miss and a hit have the rows, enums included, that uvloop gives, and no thread is asked."""

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        loop.run_in_executor = None
        for _ in range(2):
            rows = await loop.getaddrinfo("redis.prod", 80, type=socket.SOCK_STREAM)
            assert rows == ROWS
            assert isinstance(rows[0][0], socket.AddressFamily)
            assert isinstance(rows[0][1], socket.SocketKind)

    on_uvloop(main())
    assert installed.statistics.hits == 1


@pytest.mark.parametrize(
    "call",
    [
        (("127.0.0.1", 80), {}),
        (("127.0.0.1", 80), {"type": socket.SOCK_STREAM}),
        (("::1", "http"), {}),
        (("localhost", 80), {"type": socket.SOCK_STREAM}),
        ((b"localhost", "http"), {}),
        ((None, 80), {"type": socket.SOCK_STREAM}),
        (("", 80), {}),
        (("x" * 300, 80), {}),
        (("redis.prod", 80), {"family": 99}),
        (("redis.prod", "nosuchservice"), {"type": socket.SOCK_STREAM}),
        (([], 80), {}),
    ],
    ids=str,
)
def test_what_is_not_ours_is_what_uvloop_says(
    call: tuple[tuple[Any, ...], dict[str, Any]], installed: Resolver
) -> None:
    """Numbers, None, names of the hosts file and impossible arguments: the same rows, or the same error."""
    arguments, options = call

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        outcomes = []
        for function in (STOCK["getaddrinfo"], uvloop.Loop.getaddrinfo):
            try:
                outcomes.append(repr(await function(loop, *arguments, **options)))
            except Exception as error:  # noqa: PERF203 -- the error is the outcome
                outcomes.append(repr(error))
        assert outcomes[0] == outcomes[1]

    on_uvloop(main())


def test_a_name_that_does_not_exist(installed: Resolver) -> None:
    """Every method raises libc's error for it."""

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        attempts: list[Callable[[], Awaitable[Any]]] = [
            lambda: loop.getaddrinfo("gone.prod", 80),
            lambda: loop.create_connection(Echo, "gone.prod", 80),
            lambda: loop.create_server(Echo, "gone.prod", 80),
            lambda: loop.create_datagram_endpoint(Listening, remote_addr=("gone.prod", 80)),
        ]
        for attempt in attempts:
            with pytest.raises(socket.gaierror, match="Name or service not known"):
                await attempt()

    on_uvloop(main())


@pytest.mark.parametrize("host", ["here", "second", "127.0.0.1", "localhost"])
@pytest.mark.parametrize("local", [None, ("127.0.0.1", 0), ("here", 0)])
def test_a_connection_to_a_name(
    host: str, local: tuple[str, int] | None, here: LoopbackServer, installed: Resolver
) -> None:
    """Connects to the first address that can be reached, from the local address asked for, in blocking order."""

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        server, port = await served(loop)
        transport, protocol = await loop.create_connection(Listening, host, port, local_addr=local)
        transport.write(b"hello")
        assert await protocol.received == b"hello"
        assert transport.get_extra_info("peername") == ("127.0.0.1", port)
        sock = transport.get_extra_info("socket")
        assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
        transport.close()
        server.close()
        await server.wait_closed()

    on_uvloop(main())


def test_a_connection_that_nobody_takes_fails_as_uvloops_own(
    here: LoopbackServer, installed: Resolver
) -> None:
    """The error is that of the address, without a name or address in its text; several differ and are all told."""

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        with pytest.raises(ConnectionRefusedError) as theirs:
            await STOCK["create_connection"](loop, Echo, "127.0.0.9", 1)
        with pytest.raises(ConnectionRefusedError) as ours:
            await loop.create_connection(Echo, "nowhere", 1)
        assert ours.value.args == theirs.value.args
        with pytest.raises(OSError, match=r"Cannot assign requested address"):
            await loop.create_connection(Echo, "nowhere", 1, local_addr=("192.0.2.77", 0))

    on_uvloop(main())


def test_wrong_arguments_are_refused_before_any_lookup(here: LoopbackServer, installed: Resolver) -> None:
    """What uvloop refuses is refused with its words, and nobody is asked."""

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        sock = socket.socket()
        options: dict[str, Any]
        for options in ({"server_hostname": "x"}, {"ssl_handshake_timeout": 3}, {"sock": sock}):
            said = []
            for function in (STOCK["create_connection"], uvloop.Loop.create_connection):
                with pytest.raises(ValueError) as refused:
                    await function(loop, Echo, "here", 80, **options)
                said.append(str(refused.value))
            assert said[0] == said[1]
        sock.close()

    on_uvloop(main())
    assert here.questions() == []


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for the name `here`, with its key."""
    path = tmp_path_factory.mktemp("tls") / "here.pem"
    command = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
    ]
    names = ["-subj", "/CN=here", "-addext", "subjectAltName=DNS:here", "-days", "2"]
    subprocess.run(
        [*command, *names, "-keyout", f"{path}.key", "-out", path], check=True, capture_output=True
    )
    path.write_bytes(path.read_bytes() + path.with_suffix(".pem.key").read_bytes())
    return path


def test_tls_has_the_name_that_was_given(
    certificate: Path, here: LoopbackServer, installed: Resolver
) -> None:
    """The server is told the name (SNI), its certificate is checked for it, and a wrong one is refused at once."""
    seen: list[str] = []
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(certificate)
    server_side.sni_callback = lambda _, name, __: seen.append(name)
    client_side = ssl.create_default_context(cafile=str(certificate))

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        server, port = await served(loop, ssl=server_side)
        transport, protocol = await loop.create_connection(Listening, "here", port, ssl=client_side)
        transport.write(b"hello")
        assert await protocol.received == b"hello"
        transport.close()
        with pytest.raises(ssl.SSLCertVerificationError, match=r"(?i)hostname mismatch"):
            await loop.create_connection(Echo, "here", port, ssl=client_side, server_hostname="other")
        server.close()
        await server.wait_closed()

    on_uvloop(main())
    assert seen == ["here", "other"]


@pytest.mark.parametrize("host", ["here", ["here", "127.0.0.2"], "127.0.0.1", None])
def test_a_server_on_a_name(host: Any, here: LoopbackServer, installed: Resolver) -> None:
    """Listens on the addresses of its names, and on what is no name as before."""

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        server = await loop.create_server(Echo, host, 0)
        addresses = {sock.getsockname()[0] for sock in server.sockets}
        expected = {None: {"0.0.0.0", "::"}}.get(host) if host is None else {"127.0.0.1"}
        assert addresses == ({"127.0.0.1", "127.0.0.2"} if isinstance(host, list) else expected)
        server.close()
        await server.wait_closed()

    on_uvloop(main())


@pytest.mark.parametrize("local", [None, ("127.0.0.1", 0), ("here", 0)])
@pytest.mark.parametrize("host", ["here", "127.0.0.1"])
def test_datagrams_to_a_name(
    host: str, local: tuple[str, int] | None, here: LoopbackServer, installed: Resolver
) -> None:
    """A UDP endpoint is connected to the name's address, from the local one asked for."""

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        receiver, protocol = await loop.create_datagram_endpoint(Listening, local_addr=("127.0.0.1", 0))
        port = receiver.get_extra_info("sockname")[1]
        sender, _ = await loop.create_datagram_endpoint(Listening, local, (host, port))
        sender.sendto(b"hello")
        assert await protocol.received == b"hello"
        sender.close()
        receiver.close()

    on_uvloop(main())


def test_kept_beyond_uninstall_they_do_what_the_originals_do(here: LoopbackServer, pod: Pod) -> None:
    """What someone still holds passes every call on."""
    activation.install()
    held = {name: getattr(uvloop.Loop, name) for name in METHODS}
    activation.uninstall()

    async def main() -> None:
        loop: Any = asyncio.get_running_loop()
        with pytest.raises(socket.gaierror):
            await held["getaddrinfo"](loop, "here.invalid", 80)
        server, port = await served(loop)
        transport, _ = await held["create_connection"](loop, Echo, "127.0.0.1", port)
        transport.close()
        server.close()

    on_uvloop(main())
    assert here.questions() == []
