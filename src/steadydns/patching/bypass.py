"""STEADYDNS_DETECT_BYPASS=1: names that are resolved behind our back are reported, once for each place in the code.

CPython raises an audit event (PEP 578) before its C code resolves a name, whoever calls it. An event from a frame that
is not ours, with a host that is a name, is a lookup that we did not see. (For an address that a socket is given, the
event comes after the lookup: one that failed is not reported.) Native code (c-ares, libcurl, librdkafka and
so on) raises none: `docs/coverage.md` lists what of that kind is known. For tests and diagnoses, not for production:
every call of every audited function in the process passes here.
"""

from __future__ import annotations

import functools
import logging
import socket
import sys
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from steadydns.telemetry import deferred

if TYPE_CHECKING:
    from types import FrameType

_OURS: Final = "steadydns."
_RESOLVING: Final = frozenset(("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr"))
_ADDRESSED: Final = frozenset(("socket.connect", "socket.sendto", "socket.sendmsg", "socket.bind"))
_NO_NAMES: Final = frozenset(("", "<broadcast>"))

_log = logging.getLogger("steadydns")


class Bypass(NamedTuple):
    """A place in the code where names are resolved without steadydns."""

    file: str
    line: int
    event: str
    """What resolves there: the audit event, such as `socket.connect`."""
    name: str
    """The first name that was seen."""

    def __str__(self) -> str:
        return f"{self.event} resolves {self.name!r} behind steadydns' back at {self.file}:{self.line}"


_seen: dict[tuple[str, int, str], Bypass] = {}
_watchers = 0
_hooked = False


def bypasses() -> tuple[Bypass, ...]:
    """Return the places seen so far, in the order in which they were."""
    return tuple(_seen.values())


def watch() -> None:
    """Report from now on, until unwatch() was called as often; what was seen before is forgotten by the first."""
    global _hooked, _watchers  # noqa: PLW0603 - audit hooks are the process's, and cannot be taken back
    if not _watchers:
        _seen.clear()
    _watchers += 1
    if not _hooked:
        _hooked = True
        sys.addaudithook(_audit)


def unwatch() -> None:
    """Report no more."""
    global _watchers  # noqa: PLW0603
    _watchers -= 1


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    if _watchers <= 0 or not event.startswith("socket."):
        return
    try:
        if event in _RESOLVING:
            host = arguments[0]
        elif event in _ADDRESSED:
            address = arguments[1]
            host = address[0] if isinstance(address, tuple) and address else None
        else:
            return
        name = _name(host)
        if name:
            _note(event, name)
    except Exception as error:  # what is raised here would end the call
        deferred.report(functools.partial(_log.debug, "a lookup could not be looked at", exc_info=error))


def _name(host: object) -> str:
    """The host as text if it is a name, else ''."""
    if isinstance(host, (bytes, bytearray)):
        host = bytes(host).decode("ascii", "replace")
    if not isinstance(host, str) or host in _NO_NAMES or ":" in host:
        return ""
    try:
        socket.inet_aton(host)
    except (OSError, UnicodeError):
        return host
    return ""


def _note(event: str, name: str) -> None:
    caller: FrameType | None = sys._getframe(2)  # noqa: SLF001 - the only way to learn who calls
    if caller is None or str(caller.f_globals.get("__name__", "")).startswith(_OURS):
        return  # raised by us for the caller's call, or the original that we ask
    place = (caller.f_code.co_filename, caller.f_lineno, event)
    if place in _seen:
        return
    found = _seen.setdefault(place, Bypass(*place, name))
    deferred.report(functools.partial(_log.warning, "%s", found))
