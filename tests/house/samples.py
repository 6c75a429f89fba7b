"""Make a small package for a rule to judge."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def package(folder: Path, **modules: str) -> Path:
    """Write modules (``resolution__cache="import time"`` is resolution/cache.py) and return the package."""
    top = folder / "steadydns"
    for name, text in modules.items():
        parts = [name] if name == "__init__" else name.split("__")
        path = top.joinpath(*parts).with_suffix(".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n", encoding="utf-8")
    return top
