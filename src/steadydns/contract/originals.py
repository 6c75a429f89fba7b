"""The functions as they were before steadydns replaced them. Imported before anything is patched."""

from __future__ import annotations

import _socket
import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

Rows = list[tuple[Any, ...]]
HostEntry = tuple[str, list[str], list[str]]
"""Canonical name, aliases, addresses (gethostbyname(3))."""

raw: Callable[..., Rows] = _socket.getaddrinfo
_found: Callable[..., Rows] = socket.getaddrinfo


def enum(value: int, kind: type[Any]) -> Any:
    """The enum member, or the number where there is none, as the socket module converts."""
    try:
        return kind(value)
    except ValueError:
        return value


def _public(host: Any, port: Any, family: Any = 0, type: Any = 0, proto: Any = 0, flags: Any = 0) -> Rows:  # noqa: A002
    """Do what socket.getaddrinfo does, with the `_socket.getaddrinfo` of then.

    Its own code looks that up at each call, and would find the replacement.
    """
    return [
        (enum(row[0], socket.AddressFamily), enum(row[1], socket.SocketKind), *row[2:])
        for row in raw(host, port, family, type, proto, flags)
    ]


# Someone who has replaced it before us (gevent) is not to be bypassed.
public: Callable[..., Rows] = _public if getattr(_found, "__globals__", None) is vars(socket) else _found

# Those of `socket` are the same objects, unless someone has replaced them, who then calls these.
gethostbyname: Callable[[Any], str] = _socket.gethostbyname
gethostbyname_ex: Callable[[Any], HostEntry] = _socket.gethostbyname_ex
gethostbyaddr: Callable[[Any], HostEntry] = _socket.gethostbyaddr
getnameinfo: Callable[[Any, Any], tuple[str, str]] = _socket.getnameinfo
