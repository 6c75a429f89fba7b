"""eventlet's green socket: lookups run by us in eventlet's pool of threads, instead of in its own copy of dnspython.

eventlet's greendns reads resolv.conf and the hosts file by itself, and waits 5 s for a lost packet. A hit is answered
in the green thread; a miss takes a thread of the pool, so the others go on. A name in the address of a green socket is
looked up the same way: eventlet leaves that to C, where it stops all green threads, once or twice for each connection.

As under gevent, the green thread makes the reports of a lookup.
"""

from __future__ import annotations

import _socket
import functools
import socket
import sys
from typing import TYPE_CHECKING, Any

from steadydns.contract.originals import enum
from steadydns.patching.patches import replace
from steadydns.telemetry.deferred import Outbox

if TYPE_CHECKING:
    from collections.abc import Callable

    from steadydns.resolver import Resolver


def install(resolver: Resolver) -> Callable[[], None]:
    """Replace getaddrinfo and the gethostby* in eventlet's modules, and in `socket` where eventlet has patched that."""
    from eventlet import tpool  # noqa: PLC0415 - the hook runs once eventlet is there
    from eventlet.green import socket as green  # noqa: PLC0415 - as above
    from eventlet.greenio.base import GreenSocket  # noqa: PLC0415 - as above

    active = True

    def in_pool(function: Callable[..., Any], *arguments: Any) -> Any:
        outbox = Outbox()
        try:
            return tpool.execute(outbox.run, function, *arguments)
        finally:
            outbox.close()

    stock_getaddrinfo = green.getaddrinfo

    def getaddrinfo(
        host: Any,
        port: Any,
        family: int = 0,
        type: int = 0,  # noqa: A002 - its own name
        proto: int = 0,
        flags: int = 0,
    ) -> Any:
        if not active:
            return stock_getaddrinfo(host, port, family, type, proto, flags)
        function, arguments = _socket.getaddrinfo, (host, port, family, type, proto, flags)
        rows = resolver.ready_rows(function, *arguments)
        if rows is None:
            rows = in_pool(function, *arguments)
        return [
            (enum(found, socket.AddressFamily), enum(kind, socket.SocketKind), *rest)
            for found, kind, *rest in rows
        ]

    functools.update_wrapper(getaddrinfo, stock_getaddrinfo)

    def by_host(name: str) -> Callable[..., Any]:
        stock = getattr(green, name)

        def function(host: Any) -> Any:
            return in_pool(getattr(_socket, name), host) if active else stock(host)

        return functools.update_wrapper(function, stock)

    replacements = {
        "getaddrinfo": (stock_getaddrinfo, getaddrinfo),
        **{name: (getattr(green, name), by_host(name)) for name in ("gethostbyname", "gethostbyname_ex")},
    }

    def addressed(name: str) -> Callable[..., Any]:
        stock = getattr(GreenSocket, name)

        def method(self: Any, *arguments: Any) -> Any:
            if active and arguments:
                # The address comes last in each of them.
                arguments = (*arguments[:-1], _numeric(self, arguments[-1], getaddrinfo))
            return stock(self, *arguments)

        return functools.update_wrapper(method, stock)

    undo = [replace(GreenSocket, name, addressed(name)) for name in ("connect", "connect_ex", "sendto")]
    for module in (sys.modules.get("eventlet.support.greendns"), green, socket):
        for name, (stock, function) in replacements.items():
            # In `socket` only what eventlet has put there.
            if module is not None and getattr(module, name) is stock:
                undo.append(replace(module, name, function))

    def uninstall() -> None:
        nonlocal active
        active = False
        for step in reversed(undo):
            step()

    return uninstall


def _numeric(sock: Any, address: Any, getaddrinfo: Callable[..., Any]) -> Any:
    """The address with its name looked up, as the C code would: the first of the socket's family."""
    if not isinstance(address, tuple) or len(address) < 2 or not isinstance(address[0], str):
        return address
    host = address[0]
    if sock.family not in (socket.AF_INET, socket.AF_INET6) or host in ("", "<broadcast>") or ":" in host:
        return address
    try:
        socket.inet_aton(host)
    except (OSError, UnicodeError):
        found = getaddrinfo(host, None, sock.family, socket.SOCK_DGRAM)[0][4][0]
        return (found, *address[1:])
    return address
