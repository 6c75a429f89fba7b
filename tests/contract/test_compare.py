"""The comparison itself: what it must see, and the only thing that it lets pass."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from tests.contract.call import Outcome, lookup
from tests.contract.compare import described, difference, raised

CALL = lookup("x")
EVENT = (("socket.getaddrinfo", described(["x", 80])),)


def row(address: str, name: str = "", family: int = socket.AF_INET, type_: Any = socket.SOCK_STREAM) -> Any:
    """A row as socket.getaddrinfo has it."""
    return (socket.AddressFamily(family), type_, 6, name, (address, 80))


def returned(*rows: Any, events: Any = EVENT, others: tuple[str, ...] = ()) -> Outcome:
    """The outcome of a call that returned these rows."""
    return Outcome("returned", described(list(rows)), events, others)


def failed(error: Exception) -> Outcome:
    """The outcome of a call that raised."""
    return Outcome("raised", raised(error), EVENT, ())


A, B, C = row("192.0.2.1"), row("192.0.2.2"), row("192.0.2.3")
ERROR = socket.gaierror(-2, "Name or service not known")


def test_equal_outcomes_do_not_differ() -> None:
    """The same rows, or the same error, are no difference."""
    assert difference(CALL, "cold", returned(A, B), returned(A, B)) is None
    assert difference(CALL, "cold", failed(ERROR), failed(socket.gaierror(*ERROR.args))) is None


@pytest.mark.parametrize(
    "ours",
    [
        returned(B, A),
        returned(A),
        returned(A, B, B),
        returned(A, (2, *B[1:])),
        returned(A, row("192.0.2.2", type_=1)),
        returned(row("192.0.2.1", "x"), B),
        returned(A, (*B[:4], ("192.0.2.2", 81))),
        returned(A, list(B)),
        Outcome("returned", described((A, B)), EVENT, ()),
        failed(ERROR),
        returned(A, B, events=()),
        returned(A, B, events=EVENT * 2),
        returned(A, B, events=(("socket.getaddrinfo", described([b"x", 80])),)),
        returned(A, B, others=("socket.gethostname",)),
    ],
)
def test_whatever_a_caller_sees_is_a_difference(ours: Outcome) -> None:
    """Order, number, class, name, address, port, type and audit events all count."""
    assert difference(CALL, "cold", returned(A, B), ours) is not None


@pytest.mark.parametrize(
    "ours",
    [
        socket.gaierror(-3, "Name or service not known"),
        socket.gaierror(-2, "No address associated with hostname"),
        socket.gaierror(-2),
        OSError(-2, "Name or service not known"),
        socket.herror(-2, "Name or service not known"),
        socket.gaierror("-2", "Name or service not known"),
    ],
)
def test_every_part_of_an_error_counts(ours: Exception) -> None:
    """Type, number, text and arguments of an exception are compared."""
    assert difference(CALL, "cold", failed(ERROR), failed(ours)) is not None


def test_only_a_rotating_server_may_change_the_order() -> None:
    """Rows are a multiset where the server rotates, and the canonical name stays in the first row."""
    rotating = CALL._replace(rotates=True)
    named = row("192.0.2.1", "x"), B, row("192.0.2.2", "x"), row("192.0.2.1")
    assert difference(rotating, "cold", returned(*named[:2]), returned(*named[2:])) is None
    assert difference(rotating, "cold", returned(A, B), returned(A, A)) is not None
    assert difference(rotating, "cold", returned(*named[:2]), returned(A, row("192.0.2.2", "x"))) is not None


def test_a_hit_may_turn_by_one_place() -> None:
    """Neighbours take turns on a hit, in one turn each; any other order is a difference."""
    assert difference(CALL, "hit", returned(A, B, C), returned(B, C, A)) is None
    assert difference(CALL, "hit", returned(A, B, C), returned(B, A, C)) is None
    assert difference(CALL, "hit", returned(A, B, C), returned(C, A, B)) is not None
    assert difference(CALL, "hit", returned(A, B, C), returned(C, B, A)) is not None
    assert difference(CALL, "hit", returned(A, B, C), returned(B, C)) is not None
    assert difference(CALL, "cold", returned(A, B, C), returned(B, C, A)) is not None


def test_all_rows_of_an_address_turn_together() -> None:
    """The rows of one address for several socket types stay together and in their order."""
    kinds = [row(address, type_=kind) for address in ("192.0.2.1", "192.0.2.2") for kind in socket.SocketKind]
    half = len(kinds) // 2
    assert difference(CALL, "hit", returned(*kinds), returned(*kinds[half:], *kinds[:half])) is None
    assert difference(CALL, "hit", returned(*kinds), returned(*kinds[1:], *kinds[:1])) is not None


def test_sockets_of_the_transport_are_no_difference() -> None:
    """The sockets that DNS is asked over are let pass: that a hit opens none is a test of its own."""
    assert (
        difference(CALL, "cold", returned(A), returned(A, others=("socket.__new__", "socket.connect")))
        is None
    )
