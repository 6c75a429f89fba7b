"""gRPC: its C core asks DNS by c-ares, and can be told whom: a name server of ours on loopback.

A channel to `name:port` is opened to `dns://127.0.0.1:PORT/name:port`, so that gRPC goes on resolving by itself, when
and as often as it thinks fit, and every question reaches our cache. `target()` gives that text to whoever makes
channels where this hook does not see it, or keeps it in a configuration.
"""

from __future__ import annotations

import functools
import os
import re
import socket
from typing import TYPE_CHECKING, Any, Final

from steadydns.calls.forwarder import HOST, Forwarder
from steadydns.patching.patches import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from steadydns.resolver import Resolver


# gRPC Name Resolution (github.com/grpc/grpc, doc/naming.md): what is no scheme of these is a name for dns.
_OTHER_SCHEMES: Final = re.compile(
    r"(?:unix|unix-abstract|vsock|ipv4|ipv6|xds|google-c2p|google-c2p-experimental|passthrough):"
)
_DNS: Final = re.compile(r"dns:(?://(?P<authority>[^/]*)/)?/?", re.IGNORECASE)
_HOST: Final = re.compile(r"(?P<host>[^:\[\]/%]+)(?::[^:/]*)?")

_forwarder: Forwarder | None = None


def install(resolver: Resolver) -> Callable[[], None]:
    """Rewrite the targets of channels made from now on; return the call that undoes it."""
    from grpc import _channel, aio  # noqa: PLC0415 - the hook runs once grpc is there

    global _forwarder  # noqa: PLW0603 - target() is a function of the module, as the hook is one of the process
    forwarder = _forwarder = Forwarder(resolver)

    def rewriting(stock: Callable[..., None]) -> Callable[..., None]:
        def init(self: Any, target_: str, *arguments: Any, **options: Any) -> None:
            stock(self, _rewritten(target_, forwarder), *arguments, **options)

        def init_by_name(self: Any, *arguments: Any, **options: Any) -> None:
            if arguments:
                init(self, *arguments, **options)
            else:
                init(self, options.pop("target"), **options)

        return functools.update_wrapper(init_by_name, stock)

    undo = [
        replace(kind, "__init__", rewriting(vars(kind)["__init__"]))
        for kind in (_channel.Channel, aio._channel.Channel)  # noqa: SLF001 - where every way of making one ends
    ]

    def uninstall() -> None:
        global _forwarder  # noqa: PLW0603
        if _forwarder is forwarder:
            _forwarder = None
        for step in reversed(undo):
            step()
        forwarder.close()

    return uninstall


def target(text: str) -> str:
    """Return the target that makes gRPC resolve the name through steadydns; the text as it is where it cannot.

    Args:
        text: `name:port`, with or without `dns:///` before it. Addresses, other schemes and targets that name a DNS
            server already stay as they are, and so does every target while the `grpc` hook is not installed.
    """
    return text if _forwarder is None else _rewritten(text, _forwarder)


def _rewritten(text: str, forwarder: Forwarder) -> str:
    try:
        endpoint = _endpoint(text)
        # The native resolver calls libc, and refuses a target that names a DNS server.
        if not endpoint or os.environ.get("GRPC_DNS_RESOLVER", "").lower() == "native":
            return text
        return f"dns://{HOST}:{forwarder.port()}/{endpoint}"
    except Exception:  # fail open: gRPC resolves as before
        return text


def _endpoint(text: str) -> str:
    """The `name:port` of a target that is ours to resolve; '' for any other."""
    if _OTHER_SCHEMES.match(text):
        return ""
    scheme = _DNS.match(text)
    if scheme is not None and scheme["authority"]:
        return ""
    endpoint = text[scheme.end() :] if scheme is not None else text
    found = _HOST.fullmatch(endpoint)
    if found is None:
        return ""
    try:
        socket.inet_aton(found["host"])
    except OSError:
        return endpoint
    return ""
