"""dnspython's default resolver: its questions go out as ours do, to the cache on the node first and never waiting 5 s.

For those who ask for SRV, TXT and other records by `dns.resolver.resolve` (pymongo, for `mongodb+srv:`). The search
list, the answers and the errors stay dnspython's own; only who is asked, how often and for how long is ours. A resolver
that the application made itself is left alone.
"""

from __future__ import annotations

import asyncio
import functools
import sys
from typing import TYPE_CHECKING, Any

from steadydns.patching.patches import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from dns.message import Message, QueryMessage
    from dns.nameserver import Nameserver

    from steadydns.resolver import Resolver


def install(resolver: Resolver, target: str) -> Callable[[], None]:
    """Let the module's default resolver, and each that takes its place, ask by us; return the call that undoes it."""
    module, server = sys.modules[target], nameserver(resolver)
    stock: Callable[[], None] = vars(module)["reset_default_resolver"]
    led: list[tuple[Any, list[Any], float]] = []

    def lead() -> None:
        one = vars(module)["default_resolver"]
        led[:] = [(one, list(one.nameservers), one.timeout)]
        one.nameservers = [server]
        one.timeout = one.lifetime  # it is not to be cut short: it asks all servers, again and again

    def reset_default_resolver() -> None:
        stock()
        lead()

    functools.update_wrapper(reset_default_resolver, stock)
    restore = replace(module, "reset_default_resolver", reset_default_resolver)
    if vars(module)["default_resolver"] is not None:
        lead()

    def uninstall() -> None:
        restore()
        for one, servers, timeout in led:
            if one.nameservers == [server]:
                one.nameservers, one.timeout = servers, timeout

    return uninstall


def nameserver(resolver: Resolver) -> Nameserver:
    """Return what dnspython takes for one name server, and what asks all of the pod's."""
    import dns.exception  # noqa: PLC0415 - dnspython is there
    from dns.nameserver import Nameserver  # noqa: PLC0415 - as above

    class Pod(Nameserver):
        """The name servers of the pod."""

        def __str__(self) -> str:
            return "steadydns"

        def kind(self) -> str:
            return "steadydns"

        def is_always_max_size(self) -> bool:
            return False

        def answer_nameserver(self) -> str:
            return next(iter(resolver.nameservers()), "")

        def answer_port(self) -> int:
            return 53

        def query(self, request: QueryMessage, timeout: float, *arguments: Any, **options: Any) -> Message:
            max_size = options["max_size"] if "max_size" in options else arguments[2]
            response = resolver.ask(request, timeout, tcp=max_size)
            if response is None:
                raise dns.exception.Timeout(timeout=timeout)  # type: ignore[no-untyped-call]
            return response

        async def async_query(
            self, request: QueryMessage, timeout: float, *arguments: Any, **options: Any
        ) -> Message:
            return await _in_thread(functools.partial(self.query, request, timeout, *arguments, **options))

    return Pod()  # type: ignore[no-untyped-call]


async def _in_thread(call: Callable[[], Message]) -> Message:
    """Run the call beside the event loop, asyncio's or trio's."""
    trio = sys.modules.get("trio")
    if trio is not None and trio.lowlevel.in_trio_run():
        found: Message = await trio.to_thread.run_sync(call)
        return found
    return await asyncio.get_running_loop().run_in_executor(None, call)
