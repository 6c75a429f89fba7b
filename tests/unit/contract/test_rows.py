"""From addresses to rows: what the stock function makes of the same port, type and protocol."""

from __future__ import annotations

import socket
from itertools import islice, product
from typing import Any

import pytest

from steadydns.contract import originals as stock
from steadydns.contract.profile import Profile
from steadydns.contract.rows import (
    MAX_ROTATIONS,
    MAX_SHAPES,
    Address,
    Shape,
    Shapes,
    in_every_order,
    rotation,
)
from tests.unit.audit import audited

V4, V6 = int(socket.AF_INET), int(socket.AF_INET6)
STREAM = Shape(((1, 6, 443),), ((socket.SOCK_STREAM, 6, 443),))

PORTS = (
    None,
    0,
    80,
    443,
    65535,
    70000,
    "80",
    "443",
    "http",
    "https",
    "domain",
    "tftp",
    b"80",
    b"http",
    "",
    "x-none",
    -1,
    80.0,
)
TYPES = (0, socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_RAW, 5, 99)
PROTOS = (0, 6, 17, 132, 99)


def outcome(call: Any, *arguments: Any) -> object:
    """What a call returns or raises."""
    try:
        return call(*arguments)
    except (OSError, TypeError, OverflowError, ValueError) as error:
        return type(error), error.args


@pytest.mark.parametrize("type_", TYPES)
@pytest.mark.parametrize("family", [0, V4, V6])
def test_shapes_are_the_stock_functions(type_: int, family: int) -> None:
    """For every port and protocol the kinds of row, or the error, are those of the stock function."""
    for port, proto, flags in product(PORTS, PROTOS, (0, socket.AI_PASSIVE, socket.AI_NUMERICSERV)):
        shapes = Shapes(stock.raw)
        ours = outcome(shapes.learn, "x.test", port, family, type_, proto, flags)
        if isinstance(ours, Shape):
            ours = [*ours.kinds]
        sample = "192.0.2.1" if family != V6 else "2001:db8::1"
        theirs = outcome(stock.raw, sample, port, family, type_, proto, flags | socket.AI_NUMERICHOST)
        if isinstance(theirs, list):
            theirs = [(row[1], row[2], row[4][1]) for row in theirs]
        assert ours == theirs, (port, proto, flags)


def test_what_is_known_of_numbers_is_the_stock_functions() -> None:
    """Ports that are numbers, with the usual types and protocols, need not be asked about, and raise no event."""
    asked = list(product((None, 0, 80, 65535), (0, V4, V6), TYPES, PROTOS, (0, socket.AI_PASSIVE)))
    known = 0
    for port, family, type_, proto, flags in asked:
        with audited() as events:
            shape = Shapes(stock.raw, Profile.kinds).get(port, family, type_, proto, flags)
        assert events == []
        if shape is not None:
            assert shape == Shapes(stock.raw).learn("x.test", port, family, type_, proto, flags)
            assert [list(map(type, one)) for one in shape.public] == [
                list(map(type, one))
                for one in Shapes(stock.raw).learn("x.test", port, family, type_, proto, flags).public
            ]
            known += 1
    assert known == 4 * 3 * 2 * 7


@pytest.mark.parametrize("port", [-1, 65536, 80.0, True, "80", b"80", "http", [], 2**70])
def test_other_ports_are_the_stock_functions_to_read(port: object) -> None:
    """Nothing is known of what libc reads in ways of its own, or refuses."""
    assert Shapes(stock.raw, Profile.kinds).get(port, 0, 1, 0, 0) is None


def test_a_shape_is_asked_for_once() -> None:
    """The second time it is known; flags that have nothing to do with ports do not matter."""
    shapes = Shapes(stock.raw)
    assert shapes.get("http", 0, 1, 0, 0) is None
    shape = shapes.learn("x.test", "http", 0, 1, 0, 0)
    assert shapes.get("http", 0, 1, 0, socket.AI_CANONNAME | socket.AI_ADDRCONFIG) is shape
    assert shapes.get("http", 0, 1, 0, socket.AI_NUMERICSERV) is None


@pytest.mark.parametrize(("known", "other"), [(80, 80.0), (1, True), ("80", b"80"), (0, None), (80, "80")])
def test_ports_that_are_equal_are_not_the_same(known: object, other: object) -> None:
    """A port of another class has a shape, or an error, of its own."""
    shapes = Shapes(stock.raw)
    shapes.learn("x.test", known, 0, 1, 0, 0)
    assert shapes.get(other, 0, 1, 0, 0) is None


def test_an_unhashable_port_is_the_stock_functions_to_refuse() -> None:
    """A list is not known, and learning it raises what the stock function raises."""
    shapes = Shapes(stock.raw)
    assert shapes.get([], 0, 1, 0, 0) is None
    with pytest.raises(OSError, match="Int or String expected"):
        shapes.learn("x.test", [], 0, 1, 0, 0)


def test_shapes_are_bounded() -> None:
    """A scanner of all ports does not fill the memory."""
    shapes = Shapes(stock.raw)
    for port in range(3 * MAX_SHAPES):
        shapes.learn("x.test", port, 0, 1, 0, 0)
    assert len(shapes._known) <= MAX_SHAPES


@pytest.mark.parametrize("host", ["x.test", b"x.test", "bücher.example"])
def test_learning_raises_the_calls_own_audit_event_once(host: str | bytes) -> None:
    """The event names the caller's host and arguments, not the sample that libc was asked about."""
    with audited() as events:
        Shapes(stock.raw).learn(host, "http", 0, 1, 6, 0)
    (event,) = events
    assert event[1:] == ("http", 0, 1, 6)
    assert event[0] == (host if isinstance(host, str) else host.decode())


def test_known_shapes_raise_no_event() -> None:
    """Looking one up is not a call of the stock function."""
    shapes = Shapes(stock.raw)
    shapes.learn("x.test", 80, 0, 1, 0, 0)
    with audited() as events:
        shapes.get(80, 0, 1, 0, 0)
    assert events == []


def test_rows_are_the_stock_functions_rows() -> None:
    """For the same addresses the rows are equal, enums included, addresses outermost."""
    shape = Shapes(stock.raw).learn("x.test", "domain", 0, 0, 0, 0)
    (rows,) = in_every_order([[Address(V4, "192.0.2.7")]], shape, "", enums=True)
    assert rows == socket.getaddrinfo("192.0.2.7", "domain")
    assert [list(map(type, row)) for row in rows] == [
        list(map(type, row)) for row in socket.getaddrinfo("192.0.2.7", "domain")
    ]
    (rows,) = in_every_order([[Address(V6, "2001:db8::7")]], shape, "", enums=True)
    assert rows == socket.getaddrinfo("2001:db8::7", "domain")


def test_the_raw_function_returns_numbers() -> None:
    """_socket.getaddrinfo knows no enums."""
    (rows,) = in_every_order([[Address(V4, "192.0.2.7")]], STREAM, "", enums=False)
    assert [type(value) for value in rows[0][:3]] == [int, int, int]


def test_a_number_without_an_enum_stays_a_number() -> None:
    """Types that the socket module has no name for are given as they are."""

    def original(*_: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        return [(2, 77, 0, "", ("192.0.2.1", 0))]

    assert Shapes(original).learn("x.test", 0, 0, 77, 0, 0) == Shape(((77, 0, 0),), ((77, 0, 0),))


def test_the_canonical_name_is_on_the_first_row_only() -> None:
    """Of all rows, in every order, one has it: the first."""
    shape = Shapes(stock.raw).learn("x.test", 80, 0, 0, 0, 0)
    groups = [[Address(V4, "192.0.2.1"), Address(V4, "192.0.2.2")]]
    for rows in in_every_order(groups, shape, "canonical.test", enums=True):
        assert [row[3] for row in rows] == ["canonical.test"] + [""] * (len(rows) - 1)


def addresses(rows: list[tuple[Any, ...]]) -> list[str]:
    """The addresses of rows."""
    return [row[4][0] for row in rows]


def test_addresses_of_equal_rank_rotate() -> None:
    """Each order begins with another one of them; groups stay in their order."""
    groups = [
        [Address(V4, "192.0.2.1"), Address(V4, "192.0.2.2"), Address(V4, "192.0.2.3")],
        [Address(V6, "2001:db8::1")],
    ]
    turn = rotation(in_every_order(groups, STREAM, "", enums=True))
    seen = [addresses(turn()) for _ in range(4)]
    assert [order[0] for order in seen] == ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.1"]
    assert {order[-1] for order in seen} == {"2001:db8::1"}
    assert all(sorted(order) == sorted(seen[0]) for order in seen)


def test_every_group_rotates_evenly() -> None:
    """Over all orders, each address of a group leads it equally often where the sizes divide."""
    groups = [
        [Address(V4, "192.0.2.1"), Address(V4, "192.0.2.2")],
        [Address(V6, f"2001:db8::{n}") for n in range(1, 5)],
    ]
    orders = in_every_order(groups, STREAM, "", enums=True)
    assert [addresses(order)[0] for order in orders].count("192.0.2.1") == 2
    assert sorted(addresses(order)[2] for order in orders) == sorted(f"2001:db8::{n}" for n in range(1, 5))


def test_orders_are_bounded() -> None:
    """A name with hundreds of addresses has a bounded number of orders, each with all of them."""
    groups = [[Address(V4, f"192.0.2.{number}") for number in range(200)]]
    orders = in_every_order(groups, STREAM, "", enums=True)
    assert len(orders) == MAX_ROTATIONS
    assert all(len(order) == 200 for order in orders)


def test_a_scope_is_kept() -> None:
    """A link-local address carries its interface."""
    (rows,) = in_every_order([[Address(V6, "fe80::1", 3)]], STREAM, "", enums=True)
    assert rows[0][4] == ("fe80::1", 443, 0, 3)


def test_rotation_begins_where_it_is_told() -> None:
    """Counted on from the last order where the number is higher, as a count of uses is."""
    assert [rotation(["a", "b", "c"], first)() for first in range(7)] == list("abcabca")
    turn = rotation(["a", "b", "c"], 2)
    assert [turn() for _ in range(4)] == list("cabc")


def test_rotation_goes_round() -> None:
    """The shared lists come again and again, the same objects."""
    orders: list[list[tuple[Any, ...]]] = [[(1,)], [(2,)]]
    turn = rotation(orders)
    assert [turn() is order for order, _ in zip(islice(iter(orders * 2), 4), range(4), strict=True)] == [
        True
    ] * 4
