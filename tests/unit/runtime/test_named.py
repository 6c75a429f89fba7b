"""steadydns.runtime.named: what typing's NamedTuple makes, without its price."""

from __future__ import annotations

import pickle
import typing

import pytest

from steadydns.runtime.named import NamedTuple


class Ours(NamedTuple):
    """A pair."""

    left: int
    """The first."""
    right: tuple[int, ...] = (1, 2)

    @property
    def both(self) -> tuple[int, ...]:
        """The two as one."""
        return (self.left, *self.right)

    def __str__(self) -> str:
        """The pair, shown."""
        return f"{self.left}|{self.right}"


class Theirs(typing.NamedTuple):
    """A pair."""

    left: int
    right: tuple[int, ...] = (1, 2)

    @property
    def both(self) -> tuple[int, ...]:
        """The two as one."""
        return (self.left, *self.right)

    def __str__(self) -> str:
        """The pair, shown."""
        return f"{self.left}|{self.right}"


def test_the_class_is_what_typing_makes() -> None:
    """Fields, defaults, names, document, methods and what an instance says are the same."""
    ours, theirs = Ours(5), Theirs(5)
    assert tuple(ours) == tuple(theirs) == (5, (1, 2))
    assert (ours.left, ours.right, ours.both, str(ours)) == (5, (1, 2), (5, 1, 2), "5|(1, 2)")
    assert repr(ours).replace("Ours", "Theirs") == repr(theirs)
    assert Ours._fields == Theirs._fields
    assert Ours._field_defaults == Theirs._field_defaults
    assert Ours.__doc__ == "A pair."
    assert Ours.__module__ == Theirs.__module__
    assert list(Ours.__annotations__) == list(Theirs.__annotations__)
    assert ours._replace(left=6) == (6, (1, 2))


def test_what_is_missing_is_said() -> None:
    """A field without a default must be given, and there are no others."""
    with pytest.raises(TypeError, match="left"):
        Ours()  # type: ignore[call-arg]
    with pytest.raises(TypeError, match="other"):
        Ours(1, other=2)  # type: ignore[call-arg]


def test_an_instance_can_be_pickled() -> None:
    """Its class is found under its name."""
    assert pickle.loads(pickle.dumps(Ours(3))) == Ours(3)
