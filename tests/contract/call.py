"""What a case of the contract is: a call, and the world in which it is made.

Imports the standard library only: the probe in the pod needs it, whatever its interpreter has installed.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

_NOTHING: Mapping[str, Any] = {}


class Call(NamedTuple):
    """A call of a function of `socket` or `_socket`."""

    args: tuple[Any, ...]
    function: str = "socket.getaddrinfo"
    options: tuple[tuple[str, Any], ...] = ()
    """Arguments by name."""
    label: str = ""
    """What the case is there for; '' for one of many."""
    rotates: bool = False
    """The server changes the order of this answer from one time to the next: its rows are compared as a multiset."""

    def __str__(self) -> str:
        """The call as source code."""
        arguments = [*map(repr, self.args), *(f"{name}={value!r}" for name, value in self.options)]
        text = f"{self.function}({', '.join(arguments)})"
        return f"{self.label}: {text}" if self.label else text


def gai(
    host: Any,
    port: Any = 80,
    family: Any = 0,
    type: Any = 0,  # noqa: A002 - socket.getaddrinfo's own name
    proto: Any = 0,
    flags: Any = 0,
    label: str = "",
) -> Call:
    """A call of socket.getaddrinfo, all of its arguments by position."""
    return Call((host, port, family, type, proto, flags), label=label)


def lookup(host: Any, family: Any = 0, flags: Any = 0, label: str = "") -> Call:
    """The common kind of it: a TCP connection to port 80."""
    return gai(host, 80, family, int(socket.SOCK_STREAM), 0, flags, label)


class World(NamedTuple):
    """What a pod has besides its network. Only what is named differs from a plain Debian pod's."""

    files: Mapping[str, str | None] = _NOTHING
    """Text of files below /etc, latin-1 standing for bytes; None: the file is not there."""
    environ: Mapping[str, str] = _NOTHING
    knobs: Mapping[str, Any] = _NOTHING
    """Overrides for steadydns.install()."""

    def __str__(self) -> str:
        """What is particular about it."""
        parts = [f"/etc/{name}: {text!r}" for name, text in self.files.items()]
        parts += [f"{name}={value}" for name, value in self.environ.items()]
        parts += [f"steadydns.install({name}={value!r})" for name, value in self.knobs.items()]
        return "; ".join(parts) or "a plain pod"


class Outcome(NamedTuple):
    """What came of one call, as plain data: types are part of it."""

    kind: str
    """'returned' or 'raised'."""
    value: Any
    """See `described`; of an exception: its type, arguments, errno, strerror and text."""
    events: tuple[Any, ...]
    """Audit events of the call that belong to a lookup, each with its arguments, in their order."""
    other_events: tuple[str, ...]
    """Names of all the other audit events of the call."""
