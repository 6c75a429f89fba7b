"""What a call path is: a library, the way in which it is used, and a program of a line or a few.

A program finds NAME and PORT, where a listener waits for TCP and UDP and says nothing, and `run`, which is asyncio.run.
What it raises does not matter: what counts is who asked for NAME, and whether the listener was reached.
"""

from __future__ import annotations

import importlib
import pkgutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


@dataclass(frozen=True)
class CallPath:
    """One way of looking a name up."""

    call: str
    """What is called, as a reader of the table knows it."""
    code: str
    connects: bool = True
    """Whether the listener is to be reached; False for a lookup and nothing more."""
    hook: str = ""
    """The hook that covers it, where it is not the library's."""
    limit: float = 20.0
    """Seconds after which the program is stopped."""


@dataclass(frozen=True)
class Library:
    """The call paths of one library, run in one process for each order, with one import of it."""

    name: str
    paths: tuple[CallPath, ...]
    packages: tuple[str, ...] = ()
    """Distributions whose versions matter; none: the standard library."""
    imports: str = ""
    environ: Mapping[str, str] = field(default_factory=dict)
    hook: str = "stdlib"
    """The hook that covers it, by its name in `steadydns.hooks`; switched on when it is not a default one."""
    reason: str = ""
    """Why it cannot be covered; '' where it is."""
    remedy: str = ""
    """What helps instead."""


def libraries() -> Iterator[tuple[str, Library]]:
    """Yield every library with the title of its section, in the order of the table."""
    package = importlib.import_module("tests.surface.libraries")
    for found in sorted(pkgutil.iter_modules(package.__path__), key=lambda one: one.name):
        module = importlib.import_module(f"{package.__name__}.{found.name}")
        for library in module.LIBRARIES:
            yield module.TITLE, library
