"""uvloop: its loop resolves names in libuv's threads with libc, whatever stands in socket's place.

`uvloop.Loop` is a class of Python around one of Cython, so its methods can be replaced, and running loops have the new
ones at once. Four of them resolve names, each by a C function that no one can reach: getaddrinfo, create_connection,
create_server and create_datagram_endpoint. The last three are given addresses in place of the names that are ours;
everything else, and every name that only libc can answer, goes to the method that was there before, untouched.
"""

from __future__ import annotations

import functools
import os
import socket
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any, Final

from steadydns.patching.patches import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from steadydns.calls.hit_cache import Rows
    from steadydns.resolver import Resolver


_STREAM: Final = int(socket.SOCK_STREAM)
_DATAGRAM: Final = int(socket.SOCK_DGRAM)


class _Names:
    """Looks names up for a loop's methods, until uninstalled."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self.active = True

    async def rows(
        self, host: Any, port: Any, family: Any = 0, type_: Any = 0, proto: Any = 0, flags: Any = 0
    ) -> Rows | None:
        """Return the rows of a name that is ours, None for anything else."""
        arguments = (host, port, family, type_, proto, flags)
        rows = self.at_hand(*arguments)
        return await self.look_up(*arguments) if rows is None else rows

    def at_hand(self, host: Any, port: Any, family: Any, type_: Any, proto: Any, flags: Any) -> Rows | None:
        """Return the rows of a hit, None where there are none."""
        resolver = self._resolver
        return (
            resolver.at_hand(resolver.public, host, port, family, type_, proto, flags)
            if self.active
            else None
        )

    async def look_up(
        self, host: Any, port: Any, family: Any, type_: Any, proto: Any, flags: Any
    ) -> Rows | None:
        """As `rows`, of what is not at hand."""
        if not self.active:
            return None
        resolver = self._resolver
        return await resolver.awaiting.attempt(resolver.public, host, port, family, type_, proto, flags)

    async def address(self, pair: Any, type_: int, family: Any, proto: Any, flags: Any) -> list[Any]:
        """Return the addresses, (host, port), that stand for one of a name; itself where it is none of ours."""
        if isinstance(pair, (tuple, list)) and len(pair) == 2:
            rows = await self.rows(pair[0], pair[1], family, type_, proto, flags)
            if rows is not None:
                return [row[4][:2] for row in rows]
        return [pair]


def install(resolver: Resolver) -> Callable[[], None]:
    """Replace the four methods; return the call that undoes it."""
    from uvloop import Loop  # noqa: PLC0415 - the hook runs once uvloop is there

    loop_class: Any = Loop
    names = _Names(resolver)
    undo = []
    for make in (_getaddrinfo, _create_connection, _create_server, _create_datagram_endpoint):
        name = make.__name__.removeprefix("_")
        stock = getattr(loop_class, name)
        method = functools.update_wrapper(make(names, stock), stock)
        undo.append(replace(loop_class, name, method))

    def uninstall() -> None:
        names.active = False
        for restore in undo:
            restore()

    return uninstall


def _getaddrinfo(names: _Names, stock: Any) -> Any:
    async def getaddrinfo(
        self: Any,
        host: Any,
        port: Any,
        *,
        family: int = 0,
        type: int = 0,  # noqa: A002 - uvloop's own name
        proto: int = 0,
        flags: int = 0,
    ) -> Rows:
        rows = names.at_hand(host, port, family, type, proto, flags)
        if rows is None:
            rows = await names.look_up(host, port, family, type, proto, flags)
        if rows is not None:
            return rows
        return await stock(self, host, port, family=family, type=type, proto=proto, flags=flags)  # type: ignore[no-any-return]

    return getaddrinfo


def _create_connection(names: _Names, stock: Any) -> Any:
    async def create_connection(
        self: Any,
        protocol_factory: Callable[[], Any],
        host: Any = None,
        port: Any = None,
        *,
        ssl: Any = None,
        family: Any = 0,
        proto: Any = 0,
        flags: Any = 0,
        sock: Any = None,
        local_addr: Any = None,
        server_hostname: Any = None,
        **timeouts: Any,
    ) -> Any:
        rest = {"ssl": ssl, "server_hostname": server_hostname, **timeouts}
        refused = sock is not None or (not ssl and any(value is not None for value in rest.values()))
        rows = None if refused else await names.rows(host, port, family, _STREAM, proto, flags)
        if rows is None:
            if local_addr is not None:
                (local_addr, *_) = await names.address(local_addr, _STREAM, family, proto, flags)
            rest.update(family=family, proto=proto, flags=flags, sock=sock, local_addr=local_addr)
            return await stock(self, protocol_factory, host, port, **rest)
        # Made once and first, as there, so whatever is wrong with it is raised before anything is connected.
        protocol = protocol_factory()
        local = None
        if local_addr is not None:
            if not isinstance(local_addr, (tuple, list)) or len(local_addr) != 2:
                raise ValueError("local_addr must be a tuple of host and port")
            local = await self.getaddrinfo(*local_addr, family=family, type=_STREAM, proto=proto, flags=flags)
        if ssl and server_hostname is None:
            rest["server_hostname"] = host
        return await stock(self, lambda: protocol, sock=await _connected(self, rows, local), **rest)

    return create_connection


async def _connected(loop: Any, rows: Rows, local: Rows | None) -> socket.socket:
    """Return a socket that is connected to the first address that can be reached.

    Raises:
        OSError: None can, in the words of uvloop's create_connection.
    """
    failures: list[OSError] = []
    for family, type_, proto, _, address in rows:
        sock = None
        try:
            sock = socket.socket(family, type_, proto)
            sock.setblocking(False)
            if local is None or _bound(sock, local, failures):
                await loop.sock_connect(sock, address)
                return sock
            sock.close()
        except OSError as error:
            if sock is not None:
                sock.close()
            failures.append(_plain(error))
        except BaseException:
            if sock is not None:
                sock.close()
            raise
    texts = {str(failure) for failure in failures}
    if len(texts) == 1:
        raise failures[0]
    raise OSError(f"Multiple exceptions: {', '.join(map(str, failures))}")


def _bound(sock: socket.socket, local: Rows, failures: list[OSError]) -> bool:
    """Whether the socket could be bound to one of the addresses."""
    for row in local:
        try:
            sock.bind(row[4])
            return True
        except OSError as error:  # noqa: PERF203 - the next one is tried
            failures.append(_plain(error))
    return False


def _plain(error: OSError) -> OSError:
    """The error with libuv's text, which names no address."""
    return error if error.errno is None else OSError(error.errno, os.strerror(error.errno))


def _create_server(names: _Names, stock: Any) -> Any:
    async def create_server(
        self: Any, protocol_factory: Callable[[], Any], host: Any = None, port: Any = None, **options: Any
    ) -> Any:
        family, flags = options.get("family", 0), options.get("flags", socket.AI_PASSIVE)
        if options.get("sock") is None and host:
            single = isinstance(host, str) or not isinstance(host, Iterable)
            hosts = [host] if single else list(host)
            bound: list[Any] = []
            for one in hosts:
                rows = await names.rows(one, port, family, _STREAM, 0, flags)
                bound += [one] if rows is None else [row[4][0] for row in rows]
            host = bound[0] if single and bound == [host] else bound
        return await stock(self, protocol_factory, host, port, **options)

    return create_server


def _create_datagram_endpoint(names: _Names, stock: Any) -> Any:
    async def create_datagram_endpoint(
        self: Any,
        protocol_factory: Callable[[], Any],
        local_addr: Any = None,
        remote_addr: Any = None,
        **options: Any,
    ) -> Any:
        if options.get("sock") is not None:
            return await stock(self, protocol_factory, local_addr, remote_addr, **options)
        how = (_DATAGRAM, *(options.get(name, 0) for name in ("family", "proto", "flags")))
        locals_ = await names.address(local_addr, *how)
        remotes = await names.address(remote_addr, *how)
        if local_addr is None:
            remotes = remotes[:1]  # as there: without a local address the first one has to do
        failure: OSError | None = None
        for local in locals_:
            for remote in remotes:
                try:
                    return await stock(self, protocol_factory, local, remote, **options)
                except OSError as error:  # noqa: PERF203 - the next pair is tried
                    failure = error
        assert failure is not None
        raise failure

    return create_datagram_endpoint
