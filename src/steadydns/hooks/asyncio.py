"""asyncio's loop.getaddrinfo: a hit is answered in the loop at once, and a miss is awaited there, without a thread.

asyncio runs socket.getaddrinfo in the default executor, 90 to 130 us even for an answer that is at hand; a few slow
lookups occupy all of its threads; and in them the caller's context is gone, and with it the span that a slow lookup
belongs to.
"""

from __future__ import annotations

import contextvars
import functools
from typing import TYPE_CHECKING, Any

from steadydns.patching.patches import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from steadydns.calls.hit_cache import Rows
    from steadydns.resolver import Resolver


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
        table = resolver.table_of(lookup) if active else None
        if table is not None:
            rows = resolver.at_hand(table, host, port, family, type, proto, flags)
            if rows is not None:
                return rows
            return await resolver.awaiting.answer(table, host, port, family, type, proto, flags)
        if self._debug:
            lookup = self._getaddrinfo_debug
        arguments: tuple[Any, ...] = (lookup, host, port, family, type, proto, flags)
        if active:  # whoever stands in our place may call us in the end
            arguments = (contextvars.copy_context().run, *arguments)
        return await self.run_in_executor(None, *arguments)  # type: ignore[no-any-return]

    functools.update_wrapper(getaddrinfo, stock)
    restore = replace(loop_class, "getaddrinfo", getaddrinfo)

    def uninstall() -> None:
        nonlocal active
        active = False
        restore()

    return uninstall
