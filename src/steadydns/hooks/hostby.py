"""gethostbyname, gethostbyname_ex, gethostbyaddr and getnameinfo, of socket and of _socket.

socket.getfqdn calls the first two by their names in `socket`, so it needs no hook of its own. A function of `socket`
that someone has replaced before (gevent) stays: it calls the one of `_socket`.
"""

from __future__ import annotations

import _socket
import functools
import socket
import sys
from time import monotonic
from typing import TYPE_CHECKING, Any

from steadydns.calls.gethostby import HostCalls
from steadydns.contract import originals as stock
from steadydns.contract.request import AF_INET
from steadydns.patching.patches import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from steadydns.resolver import Resolver


def install(resolver: Resolver) -> Callable[[], None]:
    """Replace the functions; return the call that undoes it. On musl they stay: its own ways for them are not known here."""
    return (lambda: None) if resolver.pod.libc == "musl" else _install(resolver)


def _install(resolver: Resolver) -> Callable[[], None]:
    """Replace the functions; return the call that undoes it."""
    calls = HostCalls(resolver)
    active = True

    def passing(original: Callable[..., Any], mine: Callable[..., Any], count: int) -> Callable[..., Any]:
        """Return a function that lets `mine` answer calls of so many positional arguments."""

        # What the original says of a wrong number of arguments, or of named ones, it says itself.
        def function(*arguments: Any, **named: Any) -> Any:
            if active and len(arguments) == count and not named:
                return mine(*arguments)
            return original(*arguments, **named)

        return function

    probe, statistics, audit = resolver.first_addresses.get, resolver.statistics, sys.audit

    def gethostbyname(*arguments: Any, **named: Any) -> Any:
        if not active or len(arguments) != 1 or named:
            return stock.gethostbyname(*arguments, **named)
        (host,) = arguments
        try:
            ready = probe((host.__class__, host, AF_INET))
        except TypeError:  # unhashable: the original says what is wrong with it, or takes it (bytearray)
            ready = None
        if ready is not None:
            expires, turn = ready
            if monotonic() < expires:
                audit("socket.gethostbyname", host)
                statistics.hits += 1
                return turn()
        return calls.gethostbyname(host)

    def getnameinfo(*arguments: Any, **named: Any) -> Any:
        if active and len(arguments) == 2 and not named and arguments[0].__class__ is tuple:
            return calls.getnameinfo(*arguments)
        # No frame of ours is to hold an argument that is refused: CPython's own tests count its references.
        held = [arguments]
        del arguments
        return stock.getnameinfo(*held.pop(), **named)

    functions = {
        "gethostbyname": gethostbyname,
        "gethostbyname_ex": passing(stock.gethostbyname_ex, calls.gethostbyname_ex, 1),
        "gethostbyaddr": passing(stock.gethostbyaddr, calls.gethostbyaddr, 1),
        "getnameinfo": getnameinfo,
    }
    undo: list[Callable[[], object]] = []
    for name, function in functions.items():
        original = getattr(_socket, name)
        functools.update_wrapper(function, original)
        modules = [module for module in (_socket, socket) if getattr(module, name) is original]
        undo += [replace(module, name, function) for module in modules]

    def uninstall() -> None:
        nonlocal active
        active = False
        for step in undo:
            step()

    return uninstall
