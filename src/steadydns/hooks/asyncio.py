"""asyncio's loop.getaddrinfo: a hit is answered in the loop, and a miss keeps the caller's context in its thread.

asyncio runs socket.getaddrinfo in the default executor, 90 to 130 us even for an answer that is at hand, and in that
thread the caller's context is gone, and with it the span that a slow lookup belongs to.
"""

from __future__ import annotations

import contextvars
import functools
from typing import TYPE_CHECKING, Any, Final

from steadydns.hooks.patch import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from steadydns.resolver import Resolver, Rows

NAME: Final = "asyncio"
TARGET: Final = "asyncio.base_events"


def install(resolver: Resolver) -> Callable[[], None]:
    """Replace BaseEventLoop.getaddrinfo; return the call that undoes it."""
    from asyncio import base_events  # noqa: PLC0415 - the hook runs once asyncio is there

    loop_class: Any = base_events.BaseEventLoop
    stock = loop_class.getaddrinfo
    active = True

    async def getaddrinfo(
        self: Any,
        host: Any,
        port: Any,
        *,
        family: int = 0,
        type: int = 0,  # noqa: A002 - asyncio's own name
        proto: int = 0,
        flags: int = 0,
    ) -> Rows:
        # As stock does, by the name `socket` of asyncio's own module: what someone puts in its place is to be asked.
        lookup = vars(base_events)["socket"].getaddrinfo
        if active:
            rows = resolver.ready_rows(lookup, host, port, family, type, proto, flags)
            if rows is not None:
                return rows
        if self._debug:
            lookup = self._getaddrinfo_debug
        if active:
            lookup = _within(contextvars.copy_context(), lookup)
        return await self.run_in_executor(  # type: ignore[no-any-return]
            None, lookup, host, port, family, type, proto, flags
        )

    functools.update_wrapper(getaddrinfo, stock)
    restore = replace(loop_class, "getaddrinfo", getaddrinfo)

    def uninstall() -> None:
        nonlocal active
        active = False
        restore()

    return uninstall


def _within(context: contextvars.Context, function: Callable[..., Rows]) -> Callable[..., Rows]:
    """Return the function bound to the context."""

    def lookup(*arguments: Any) -> Rows:
        return context.run(function, *arguments)

    return lookup
