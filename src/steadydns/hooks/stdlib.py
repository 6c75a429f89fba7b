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
from typing import TYPE_CHECKING, Any, Final, cast

from steadydns.calls.hit_cache import Table
from steadydns.patching.patches import replace
from steadydns.runtime.native import cooperative

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from steadydns.calls.hit_cache import Rows
    from steadydns.resolver import Resolver


_covered: Final[dict[ModuleType, Table]] = {}
"""Where someone's own function stood in the place of ours when we left: the table of ours, which theirs may call."""


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
            _put_in(module, mine),
            retire,
            functools.partial(resolver.tables.remove, mine),
        ]

    def uninstall() -> None:
        for step in undo:
            step()

    return uninstall


def _put_in(module: ModuleType, mine: Table) -> Callable[[], None]:
    """Put the table's function into the module; return the call that undoes it.

    Under a function that someone has put over an earlier one of ours, it is put in the original's place instead: theirs
    goes on to be asked first, and what it calls of ours comes here.
    """
    below, now = _covered.get(module), vars(module)["getaddrinfo"]
    if below is not None and now not in (below.function, getattr(below.function, "__wrapped__", None)):
        original, below.original = below.original, cast("Callable[..., Rows]", mine.function)

        def take_out() -> None:
            below.original = original

        return take_out
    restore = replace(module, "getaddrinfo", mine.function)

    def put_back() -> None:
        if not restore():
            _covered[module] = mine

    return put_back
