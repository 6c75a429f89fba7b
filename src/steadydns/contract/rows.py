"""From addresses to getaddrinfo's rows.

What a port, a type and a protocol make of one address, libc says itself: it is asked about a numeric address, once
for each combination, and the result is applied to all others.
"""

from __future__ import annotations

import socket
import sys
from itertools import cycle
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from steadydns.contract.disguise import Disguise
from steadydns.contract.originals import enum
from steadydns.contract.request import AF_INET, AF_INET6, AI_NUMERICHOST
from steadydns.runtime.named import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

T = TypeVar("T")

Kinds = tuple[tuple[int, int], ...]
"""(type, protocol) of each row."""

MAX_SHAPES: Final = 512
"""Combinations of port, type and protocol that are remembered: ports of one service, not of a scanner."""

MAX_PORT: Final = 65535

MAX_ROTATIONS: Final = 16
"""Orders kept ready for a name whose addresses rank alike."""

_FLAGS_FOR_PORTS: Final = int(socket.AI_PASSIVE) | int(socket.AI_NUMERICSERV)

# One of each family, from the ranges for documentation (RFC 5737, RFC 3849); never sent anywhere.
_SAMPLES: Final = {AF_INET: "192.0.2.1", AF_INET6: "2001:db8::1"}


class Shape(NamedTuple):
    """What one address becomes."""

    kinds: tuple[tuple[int, int, int], ...]
    """(type, protocol, port) of each row, in numbers."""
    public: tuple[tuple[Any, int, int], ...]
    """The same with the type as socket.getaddrinfo returns it."""


class Address(NamedTuple):
    """One address of an answer."""

    family: int
    text: str
    scope_id: int = 0


class Shapes:
    """The shapes met so far."""

    def __init__(
        self, original: Callable[..., list[Any]], kinds: Mapping[tuple[int, int], Kinds] | None = None
    ) -> None:
        self._original = original
        self._kinds = kinds or {}
        self._known: dict[tuple[object, ...], Shape] = {}

    def get(self, port: object, family: int, type_: int, proto: int, flags: int) -> Shape | None:
        """Return the shape if it is known."""
        key = (port.__class__, port, family, type_, proto, flags & _FLAGS_FOR_PORTS)
        try:
            shape = self._known.get(key)
        except TypeError:  # an unhashable port: the original says what is wrong with it
            return None
        if shape is None and (port is None or (port.__class__ is int and 0 <= port <= MAX_PORT)):
            kinds = self._kinds.get((type_, proto))
            if kinds is not None:
                number = int(port or 0)
                shape = self._keep(key, [(type_, proto, number) for type_, proto in kinds])
        return shape

    def learn(
        self, host: str | bytes, port: object, family: int, type_: int, proto: int, flags: int
    ) -> Shape:
        """Ask the original function, which raises the call's audit event, and remember the shape.

        Raises:
            OSError: gaierror for an unknown service, type or protocol, as the original raises it.
            TypeError, OverflowError: arguments of wrong types, likewise.
        """
        wanted = flags & _FLAGS_FOR_PORTS
        # Disguised, so that the event raised for a new shape is the one that the caller's own call owes.
        address = _SAMPLES[family or AF_INET]
        sample = Disguise(host, lambda: address)
        rows = self._original(sample, port, family, type_, proto, wanted | AI_NUMERICHOST)
        return self._keep(
            (port.__class__, port, family, type_, proto, wanted),
            [(int(row[1]), row[2], row[4][1]) for row in rows],
        )

    def _keep(self, key: tuple[object, ...], kinds: list[tuple[int, int, int]]) -> Shape:
        shape = Shape(
            tuple(kinds), tuple([(enum(kind, socket.SocketKind), proto, port) for kind, proto, port in kinds])
        )
        if len(self._known) >= MAX_SHAPES:
            self._known.clear()
        self._known[key] = shape
        return shape


_GIL: Final = getattr(sys, "_is_gil_enabled", lambda: True)()

_NUMBERS: Final = {AF_INET: AF_INET, AF_INET6: AF_INET6}
_FAMILIES: Final = {family: socket.AddressFamily(family) for family in (AF_INET, AF_INET6)}


def in_order(
    groups: Sequence[list[Address]], shape: Shape, canonical: str, enums: bool, every: bool = False
) -> list[tuple[Any, ...]]:
    """Return the rows.

    Args:
        groups: Addresses by rank (RFC 6724 section 6), best first; at least one.
        shape: What each address becomes.
        canonical: For the first row; '' where it was not asked for.
        enums: Families and types as socket.getaddrinfo returns them, instead of _socket.getaddrinfo's numbers.
        every: The canonical name is for every row.
    """
    kinds, families = (shape.public, _FAMILIES) if enums else (shape.kinds, _NUMBERS)
    name = canonical if every else ""
    rows: list[tuple[Any, ...]] = []
    for group in groups:
        for family, text, scope_id in group:
            for kind, proto, port in kinds:
                sockaddr = (text, port, 0, scope_id) if family == AF_INET6 else (text, port)
                rows.append((families[family], kind, proto, name, sockaddr))
    if canonical and not every:
        rows[0] = (*rows[0][:3], canonical, rows[0][4])
    return rows


def in_every_order(
    groups: Sequence[list[Address]], shape: Shape, canonical: str, enums: bool, every: bool = False
) -> list[list[tuple[Any, ...]]]:
    """Return the rows in as many orders as the addresses of equal rank can take by rotation; arguments as above."""
    orders = [in_order(groups, shape, canonical, enums, every)]
    for turn in range(1, min(max(map(len, groups)), MAX_ROTATIONS)):
        turned = [_rotated(group, turn) for group in groups]
        orders.append(in_order(turned, shape, canonical, enums, every))
    return orders


def _rotated(group: list[Address], turn: int) -> list[Address]:
    at = turn % len(group)
    return group[at:] + group[:at]


def rotation(orders: Sequence[T], first: int = 0) -> Callable[[], T]:
    """Return a call that gives the next order each time; it is shared, and if it is a list, it must be copied.

    Args:
        orders: All of them.
        first: With which one to begin, counted on from the last where it is too high: so that a name whose orders are
            made anew for each of its calls does not always begin with the same address.
    """
    at = first % len(orders)
    if at:
        orders = [*orders[at:], *orders[:at]]
    if not _GIL:
        return _Turns(orders).next
    return cycle(orders).__next__


class _Turns(Generic[T]):
    """What itertools.cycle does, for interpreters without the GIL, where that is not safe between threads."""

    def __init__(self, orders: Sequence[T]) -> None:
        self._orders = orders
        self._turn = -1

    def next(self) -> T:
        turn = self._turn = (self._turn + 1) % len(self._orders)
        return self._orders[turn]
