"""Calls of a socket's methods, for the probe: what came of them, where the socket is connected to, what was audited."""

from __future__ import annotations

import socket
import sys
from typing import Any

_EVENTS = ("socket.bind", "socket.connect", "socket.sendto", "socket.sendmsg")
_noted: list[tuple[str, Any, Any]] = []


def _note(event: str, args: tuple[Any, ...]) -> None:
    if event in _EVENTS:
        _noted.append((event, *args))


sys.addaudithook(_note)


def dial(family: int, type_: int, method: str, *arguments: Any, **named: Any) -> Any:
    """Call a method of a new socket; return its result, the address of the other end, and its audit events."""
    with socket.socket(family, type_) as sock:
        sock.settimeout(2)
        _noted.clear()
        result = getattr(sock, method)(*arguments, **named)
        events = [(event, _plain(address)) for event, whose, address in _noted if whose is sock]
        try:
            peer = sock.getpeername()
        except OSError as error:
            peer = error.errno
        return result, peer, events


def _plain(address: Any) -> Any:
    """The address with its host as plain text (docs/decisions/0004)."""
    if type(address) is not tuple or not isinstance(address[0], (str, bytes)):
        return address
    host = address[0].decode("ascii", "replace") if isinstance(address[0], bytes) else str.__str__(address[0])
    return (host, *address[1:])
