"""Audit events of lookups, collected while a test asks for them."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

_collectors: list[list[tuple[Any, ...]]] = []
_wanted: list[str] = ["socket.getaddrinfo"]


def _note(event: str, arguments: tuple[Any, ...]) -> None:
    # A hook can never be taken out again: it stays, and is quiet while nobody collects.
    if _collectors and event == _wanted[-1]:
        _collectors[-1].append(arguments)


sys.addaudithook(_note)


@contextlib.contextmanager
def audited(event: str = "socket.getaddrinfo") -> Iterator[list[tuple[Any, ...]]]:
    """Collect the arguments of every such event."""
    events: list[tuple[Any, ...]] = []
    _wanted.append(event)
    _collectors.append(events)
    try:
        yield events
    finally:
        _collectors.remove(events)
        _wanted.remove(event)
