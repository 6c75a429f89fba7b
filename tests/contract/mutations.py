"""Bugs, each of which the contract's cases must notice."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

MUTATIONS: dict[str, Callable[[], None]] = {}
