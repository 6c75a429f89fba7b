"""socket.getaddrinfo and _socket.getaddrinfo: the hot path of a hit, and the door for everything else.

Both are replaced. `socket` is the fast way; `_socket` catches whoever kept the stock `socket.getaddrinfo` before, and
gevent, whose resolver calls it in its thread pool. What gevent or eventlet have put in the place of the public one
stays there: it lets other greenlets run during a lookup, and ours would not.
"""

from __future__ import annotations

import _socket
import functools
import socket
import sys
from time import monotonic
from typing import TYPE_CHECKING, Any

from steadydns.hooks.patch import replace
from steadydns.native import cooperative
from steadydns.tables import Table

if TYPE_CHECKING:
    from collections.abc import Callable

    from steadydns.resolver import Resolver
    from steadydns.tables import Rows


def replacement(resolver: Resolver, table: Table) -> tuple[Callable[..., Rows], Callable[[], None]]:
    """Return the function that stands in for the table's original, and the call that makes it pass calls on."""
    probe, statistics, audit = table.ready.get, resolver.statistics, sys.audit
    answer: Callable[..., Rows] | None = resolver.answer

    # The arguments are those of the original, `type` included: callers pass them by name.
    def getaddrinfo(
        host: Any,
        port: Any,
        family: Any = 0,
        type: Any = 0,  # noqa: A002
        proto: Any = 0,
        flags: Any = 0,
    ) -> Rows:
        try:
            # tables.call_key, written out: this is the hot path of a hit.
            ready = probe((host.__class__, host, port.__class__, port, family, type, proto, flags))
        except TypeError:  # an unhashable argument: the original says what is wrong with it
            ready = None
        if ready is not None:
            expires, turn, family_number, type_number, proto_number = ready
            if monotonic() < expires:
                audit("socket.getaddrinfo", host, port, family_number, type_number, proto_number)
                statistics.hits += 1
                return turn()[:]
        current = answer  # once: another thread may retire us between two looks
        if current is None:
            return table.original(host, port, family, type, proto, flags)
        return current(table, host, port, family, type, proto, flags)

    def retire() -> None:
        nonlocal answer
        answer = None
        table.ready.clear()
        table.ready = {}  # what a lookup under way still keeps is seen by nobody

    return getaddrinfo, retire


def install(resolver: Resolver) -> Callable[[], None]:
    """Replace both functions; return the call that undoes it."""
    undo: list[Callable[[], object]] = []
    for module, table in ((_socket, resolver.raw), (socket, resolver.public)):
        if module is socket and cooperative():
            continue
        mine = Table(table.original, enums=table.enums)
        function, retire = replacement(resolver, mine)
        functools.update_wrapper(function, getattr(module, "getaddrinfo"))  # noqa: B009
        mine.function = function
        resolver.tables.append(mine)
        undo += [
            replace(module, "getaddrinfo", function),
            retire,
            functools.partial(resolver.tables.remove, mine),
        ]

    def uninstall() -> None:
        for step in undo:
            step()

    return uninstall
