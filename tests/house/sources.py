"""Read the Python files under a folder: their module names, syntax trees and imports."""

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).parents[2]
PACKAGE = REPOSITORY / "src" / "steadydns"


@dataclass(frozen=True)
class Source:
    """One file: its path, its module name inside the package ("" is the package itself) and its tree."""

    path: Path
    module: str
    tree: ast.Module


@dataclass(frozen=True)
class Import:
    """One imported module, where it is imported, and whether only a type checker sees it."""

    module: str
    line: int
    typing_only: bool


def sources(package: Path) -> Iterator[Source]:
    """Yield every Python file below ``package`` that Python itself would import."""
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package).with_suffix("").parts
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        yield Source(path, module, ast.parse(path.read_text(encoding="utf-8"), str(path)))


def imports(source: Source, package: Path) -> Iterator[Import]:
    """Yield what a file imports, anywhere in it; ``from a import b`` is ``a.b`` where that is a module."""
    hidden = {id(node) for block in _type_checking_blocks(source.tree) for node in ast.walk(block)}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, source, package)
            names = [_imported(base, alias.name, package) for alias in node.names]
        else:
            continue
        for name in dict.fromkeys(names):
            yield Import(name, node.lineno, id(node) in hidden)


def _type_checking_blocks(tree: ast.Module) -> Iterator[ast.stmt]:
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            yield from node.body


def _absolute(node: ast.ImportFrom, source: Source, package: Path) -> str:
    if not node.level:
        return node.module or ""
    parts = [package.name, *(source.module.split(".") if source.module else [])]
    climb = node.level - (source.path.name == "__init__.py")
    return ".".join([*parts[: len(parts) - climb], *([node.module] if node.module else [])])


def _imported(base: str, name: str, package: Path) -> str:
    """Return the module that ``from base import name`` needs."""
    top, *rest = base.split(".")
    if top != package.name:
        return base
    place = package.joinpath(*rest, name)
    is_module = place.with_suffix(".py").exists() or place.is_dir()
    return f"{base}.{name}" if is_module or (not rest and name == "__version__") else base
