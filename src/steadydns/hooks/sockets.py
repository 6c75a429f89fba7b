"""bind, connect, connect_ex, sendto and sendmsg of socket.socket, where the address has a name in it.

CPython resolves that in C, past every getaddrinfo. The name is put into a disguise that is an address to libc, found
when the original method asks for it: so it checks the other arguments before and after, in its own order and words,
and its audit event has the name. A numeric address passes through after one probe of those met before.
"""

from __future__ import annotations

import _socket
import functools
import logging
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from steadydns.calls.gethostby import HostCalls
from steadydns.contract.disguise import Disguise
from steadydns.contract.request import AF_INET, AF_INET6, Theirs
from steadydns.patching.patches import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from steadydns.resolver import Resolver

_log = logging.getLogger("steadydns")

# The type's own attribute: the property of socket.socket makes an enum of it.
_family: Final = vars(_socket.socket)["family"].__get__


# Method -> how many arguments it has where the last one is an address: at least.
_METHODS: Final = {"bind": 1, "connect": 1, "connect_ex": 1, "sendto": 2, "sendmsg": 4}

MAX_PASSING: Final = 1024
"""Numeric hosts that are remembered to be that: more than the peers of most programs."""

_ABSENT: Final = object()


def install(resolver: Resolver) -> Callable[[], None]:
    """Replace the methods; return the call that undoes it."""
    names = _Names(resolver)
    undo: list[Callable[[], object]] = []
    # eventlet makes a second copy of the module socket, and with it of the class; gevent's class is no subclass.
    for owner in _socket.socket.__subclasses__():
        if (owner.__module__, owner.__qualname__) == ("socket", "socket"):
            for name, least in _METHODS.items():
                if name in vars(owner):  # someone's own, whom we are not to bypass
                    _log.info("socket.%s was replaced by someone else; leaving it", name)
                    continue
                original = getattr(_socket.socket, name)
                function = _replacement(original, least, names)
                functools.update_wrapper(function, original)
                undo.append(replace(owner, name, function))

    def uninstall() -> None:
        names.active = False
        for step in undo:
            step()

    return uninstall


def _replacement(original: Callable[..., Any], least: int, names: _Names) -> Callable[..., Any]:
    """Return the method that stands in for the original."""
    passing = names.passing

    def other(sock: Any, arguments: tuple[Any, ...], named: dict[str, Any]) -> Any:
        """Make a call whose address is not known to be numeric, or that the original refuses."""
        if named:  # refused, in the words for a bound method
            return original.__get__(sock)(*arguments, **named)
        arguments = tuple([one for one in arguments if one is not _ABSENT])
        address = arguments[-1] if len(arguments) >= least else None
        if address.__class__ is not tuple or not address:
            return original(sock, *arguments)
        found = names.find(_family(sock), address[0])
        if found is None:
            return original(sock, *arguments)
        try:
            return original(sock, *arguments[:-1], (Disguise(address[0], found), *address[1:]))
        except TypeError:
            # A wrong argument beside the host is told before a lookup's failure, but an interruption is not lost.
            if found.failure is None or isinstance(found.failure, OSError):
                raise
        except OSError:
            if found.failure is None:
                raise
        raise found.failure.with_traceback(None)

    # What follows is all that a numeric address pays for: no tuple and no dict of arguments, one probe.
    def to_address(self: Any, address: Any = _ABSENT, /, *more: Any, **named: Any) -> Any:
        if address.__class__ is tuple and address:
            host = address[0]
            if host.__class__ is str and host in passing and not more and not named:
                return original(self, address)
        return other(self, (address, *more), named)

    def data_to_address(
        self: Any, data: Any = _ABSENT, address: Any = _ABSENT, /, *more: Any, **named: Any
    ) -> Any:
        if address.__class__ is tuple and address:
            host = address[0]
            if host.__class__ is str and host in passing and not more and not named:
                return original(self, data, address)
        return other(self, (data, address, *more), named)

    def message_to_address(self: Any, /, *arguments: Any, **named: Any) -> Any:
        return other(self, arguments, named)

    return {1: to_address, 2: data_to_address}.get(least, message_to_address)


class _Found:
    """The address that a name stands for, looked up when it is asked for. A failure is kept, and not raised."""

    def __init__(self, family: int, look_up: Callable[[], str | None]) -> None:
        self._family = family
        self._look_up = look_up
        self.failure: BaseException | None = None

    def __call__(self) -> str | None:
        try:
            return self._look_up()
        except BaseException as failure:  # raised again as soon as the original is done
            self.failure = failure
            # An address of the other family, which libc refuses at once.
            return "::1" if self._family == AF_INET else "127.0.0.1"


class _Names:
    """The names in addresses, looked up by one resolver."""

    def __init__(self, resolver: Resolver) -> None:
        self.active = True
        self.passing: dict[str, None] = {}
        """Hosts that are numeric addresses."""
        self._resolver = resolver
        self._calls = HostCalls(resolver)

    def find(self, family: int, host: Any) -> _Found | None:
        """Return what finds the host's address; None where it is for the original to look up, or to refuse."""
        if not self.active or family not in (AF_INET, AF_INET6) or not isinstance(host, (str, bytes)):
            return None
        resolver = self._resolver
        try:
            ready = resolver.first_addresses.get((host.__class__, host, family))
        except TypeError:  # a str that cannot be hashed
            ready = None
        if ready is not None and monotonic() < ready[0]:
            resolver.statistics.hits += 1
            return _Found(family, ready[1])
        request = resolver.decide(host, family)
        if isinstance(request, Theirs):
            resolver.statistics.fallback(request.reason)
            if request.reason == "numeric" and type(host) is str:
                if len(self.passing) >= MAX_PASSING:
                    self.passing.clear()
                self.passing[host] = None
            return None
        return _Found(family, lambda: self._calls.address(request, host))
