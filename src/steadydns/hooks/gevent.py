"""gevent's resolvers: the default one, c-ares and dnspython look names up with steadydns, in gevent's thread pool.

The default resolver calls `_socket.getaddrinfo` in the pool, and so do the other two now. A hit is answered without a
thread. A resolver that was given name servers of its own keeps asking them.

The thread of the pool only looks the name up. Log messages, spans and measurements take locks that greenlets may hold,
so the greenlet makes the reports when the thread is done. What a lookup imports, `calls/preload.py` has imported.
"""

from __future__ import annotations

import _socket
import functools
import sys
from typing import TYPE_CHECKING, Any, Final

from steadydns.patching.patches import replace
from steadydns.telemetry.deferred import Outbox

if TYPE_CHECKING:
    from collections.abc import Callable

    from steadydns.resolver import Resolver


_LOOKUPS: Final = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getnameinfo")

_BLOCKING: Final = "gevent.resolver.blocking"


def install(resolver: Resolver) -> Callable[[], None]:
    """Replace the methods of gevent's resolvers; return the call that undoes it."""
    from gevent.hub import get_hub  # noqa: PLC0415 - the hook runs once gevent is there
    from gevent.resolver import AbstractResolver  # noqa: PLC0415
    from gevent.resolver.thread import Resolver as ThreadResolver  # noqa: PLC0415

    active = True

    def in_pool(function: Callable[..., Any], *arguments: Any) -> Any:
        hub = get_hub()
        if _socket.gaierror not in hub.NOT_ERROR:  # a failed lookup is no error of the hub's to print
            hub.NOT_ERROR += (_socket.gaierror, _socket.herror)
        return _looked_up(hub.threadpool, function, arguments, {})

    def ours(abstract: Any) -> bool:
        return active and not _own_servers(abstract)

    stock_getaddrinfo = AbstractResolver.getaddrinfo

    def getaddrinfo(
        self: Any, host: Any, port: Any, family: int = 0, socktype: int = 0, proto: int = 0, flags: int = 0
    ) -> Any:
        if not ours(self):
            return stock_getaddrinfo(self, host, port, family, socktype, proto, flags)
        function, arguments = _socket.getaddrinfo, (host, port, family, socktype, proto, flags)
        rows = resolver.ready_rows(function, *arguments)
        return in_pool(function, *arguments) if rows is None else rows

    functools.update_wrapper(getaddrinfo, stock_getaddrinfo)
    undo = [replace(AbstractResolver, "getaddrinfo", getaddrinfo)]
    undo += [replace(ThreadResolver, name, _in_thread(resolver, ThreadResolver, name)) for name in _LOOKUPS]

    def by_host(name: str) -> Callable[..., Any]:
        stock = getattr(AbstractResolver, name)

        def method(self: Any, host: Any, family: int = _socket.AF_INET) -> Any:
            if not ours(self) or family != _socket.AF_INET:
                return stock(self, host, family)
            return in_pool(getattr(_socket, name), host)

        return functools.update_wrapper(method, stock)

    undo += [replace(AbstractResolver, name, by_host(name)) for name in ("gethostbyname", "gethostbyname_ex")]

    # It took the functions of the socket module when its class was made; those that come later take ours.
    blocking = sys.modules.get(_BLOCKING)
    if blocking is not None:
        undo.append(replace(blocking.Resolver, "getaddrinfo", staticmethod(_socket.getaddrinfo)))

    def uninstall() -> None:
        nonlocal active
        active = False
        for step in reversed(undo):
            step()

    return uninstall


def _in_thread(resolver: Resolver, owner: Any, name: str) -> Callable[..., Any]:
    """Return a method for gevent's default resolver that needs no thread for a hit."""

    def method(self: Any, *arguments: Any, **named: Any) -> Any:
        function = getattr(_socket, name)
        if name == "getaddrinfo" and len(arguments) == 6:
            rows = resolver.ready_rows(function, *arguments)
            if rows is not None:
                return rows
        return _looked_up(self.pool, function, arguments, named)

    return functools.update_wrapper(method, getattr(owner, name))


def _looked_up(pool: Any, function: Callable[..., Any], arguments: tuple[Any, ...], named: Any) -> Any:
    """Call the function in a thread of the pool; make its reports in this greenlet, however the wait ends."""
    outbox = Outbox()
    try:
        return pool.apply(outbox.run, (function, *arguments), named)
    finally:
        outbox.close()


def _own_servers(abstract: Any) -> bool:
    """Whether this resolver was told whom to ask, or where."""
    from gevent import config  # noqa: PLC0415 - the hook runs once gevent is there

    if config.resolver_nameservers or config.ares_servers:
        return True
    params = getattr(abstract, "params", None) or {}
    return any(params.get(name) is not None for name in ("servers", "udp_port", "tcp_port", "ndots"))
