"""The functions as they were before anything was replaced."""

from __future__ import annotations

import inspect
import socket

import pytest

from steadydns.contract import originals as stock


@pytest.mark.parametrize("arguments", [("127.0.0.1", 80), ("::1", "http", 0, 1), (None, 0, 0, 0, 17, 1)])
def test_public_returns_what_the_socket_module_returns(arguments: tuple[object, ...]) -> None:
    """Values and their classes are equal."""
    ours, theirs = stock.public(*arguments), socket.getaddrinfo(*arguments)  # type: ignore[arg-type]
    assert ours == theirs
    assert [list(map(type, row)) for row in ours] == [list(map(type, row)) for row in theirs]


def test_public_has_the_stock_signature() -> None:
    """Names and defaults of the arguments are the socket module's."""
    theirs = inspect.signature(socket.getaddrinfo)
    ours = inspect.signature(stock.public)
    assert [(p.name, p.default) for p in ours.parameters.values()] == [
        (p.name, p.default) for p in theirs.parameters.values()
    ]


def test_a_number_becomes_an_enum_where_there_is_one() -> None:
    """As the socket module converts."""
    assert stock.enum(2, socket.AddressFamily) is socket.AF_INET
    assert stock.enum(12345, socket.AddressFamily) == 12345
