"""NamedTuple, as in typing, made in a fraction of the time.

typing's compiles every annotation that is text, which all are under ``from __future__ import annotations``: a good part
of a millisecond for a class, in every process that imports steadydns. Annotations are for readers and type checkers;
none is looked at here. Imports nothing of steadydns.
"""

from __future__ import annotations

from collections import namedtuple
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import NamedTuple
else:
    _OF_THE_WRITTEN_CLASS = frozenset(
        ("__module__", "__qualname__", "__annotations__", "__firstlineno__", "__static_attributes__")
    )

    class _Maker(type):
        """Puts collections.namedtuple's class in the place of the one that is written down."""

        def __new__(cls, name: str, bases: tuple[type, ...], namespace: dict[str, Any]) -> type:
            if not bases:
                return super().__new__(cls, name, bases, namespace)
            fields = namespace["__annotations__"]
            defaults = [namespace.pop(field) for field in fields if field in namespace]
            made = namedtuple(name, fields, defaults=defaults, module=namespace["__module__"])  # noqa: PYI024
            made.__annotations__ = fields
            for key, value in namespace.items():
                if key not in _OF_THE_WRITTEN_CLASS:
                    setattr(made, key, value)
            return made

    class NamedTuple(metaclass=_Maker):
        """Base of a class that lists fields and adds methods; what comes of it is a tuple."""


__all__ = ["NamedTuple"]
