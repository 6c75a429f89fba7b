"""aiohttp's AsyncResolver: resolves by the event loop's getaddrinfo, as its ThreadedResolver does, and not by c-ares.

It is aiohttp's default where aiodns is installed. The method is replaced on the class, so sessions that are open
already are covered. One that was given name servers of its own, or any other option, keeps asking as it was told to;
and one whose DNSResolver is not aiodns' own, as in the tests of a service, asks that.
"""

from __future__ import annotations

import functools
import socket
from typing import TYPE_CHECKING, Any

from steadydns.patching.patches import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from steadydns.resolver import Resolver


def install(resolver: Resolver) -> Callable[[], None]:  # noqa: ARG001 - the loop's getaddrinfo leads to it
    """Replace AsyncResolver.resolve; return the call that undoes it."""
    from inspect import unwrap  # noqa: PLC0415 - asyncio, and so aiohttp, has imported it

    from aiohttp import resolver as module  # noqa: PLC0415 - the hook runs once aiohttp is there

    threaded: Any = module.ThreadedResolver.resolve
    stock: Any = module.AsyncResolver.resolve
    maker: Any = getattr(getattr(module, "aiodns", None), "DNSResolver", None)
    cares: Any = unwrap(getattr(maker, "getaddrinfo", None))  # type: ignore[arg-type]
    active = True

    def asks_cares(one: Any) -> bool:
        # The hook for aiodns, which may come later, wraps the method. A mock, a fake or a subclass with a method of its
        # own is there on purpose.
        method = getattr(getattr(one, "_resolver", None), "getaddrinfo", None)
        return cares is not None and unwrap(getattr(method, "__func__", None)) is cares  # type: ignore[arg-type]

    async def resolve(self: Any, host: str, port: int = 0, family: Any = socket.AF_INET) -> Any:
        # Only a resolver without options shares the manager. Where aiohttp has none yet (before 3.12), the hook for
        # aiodns decides, and so it does for the others.
        if active and getattr(self, "_manager", None) is not None and asks_cares(self):
            return await threaded(self, host, port, family)
        return await stock(self, host, port, family)

    functools.update_wrapper(resolve, stock)
    restore = replace(module.AsyncResolver, "resolve", resolve)

    def uninstall() -> None:
        nonlocal active
        active = False
        restore()

    return uninstall
