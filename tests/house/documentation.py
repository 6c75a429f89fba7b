"""Docstrings: every public name of the package says what it is, every test states its promise."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from tests.house.sources import sources

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Definition = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def undocumented(package: Path) -> list[str]:
    """List modules, and public classes, functions and methods, that have no docstring."""
    problems = []
    for source in sources(package):
        if not ast.get_docstring(source.tree):
            problems.append(f"{source.path}: no module docstring")
        for name, node in _public(source.tree, ""):
            if not ast.get_docstring(node):
                problems.append(f"{source.path}:{node.lineno}: {name} has no docstring")
    return problems


def _public(
    scope: ast.Module | ast.ClassDef, prefix: str
) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef]]:
    for node in _statements(scope):
        if not isinstance(node, Definition) or node.name.startswith("_") or _is_exempt(node):
            continue
        yield prefix + node.name, node
        if isinstance(node, ast.ClassDef):
            yield from _public(node, f"{node.name}.")


def _statements(scope: ast.Module | ast.ClassDef) -> list[ast.stmt]:
    """Return the statements of a scope itself, also those under if and try, but none of a nested scope."""
    found: list[ast.stmt] = []
    queue: list[ast.AST] = [scope]
    while queue:
        for child in ast.iter_child_nodes(queue.pop()):
            if isinstance(child, ast.stmt):
                found.append(child)
            if isinstance(child, (ast.If, ast.Try, ast.With, ast.ExceptHandler)):
                queue.append(child)
    return found


def _is_exempt(node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> bool:
    """Overloads and property setters share the docstring of what they belong to."""
    decorators = {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}
    return bool(decorators & {"overload", "setter", "override"})


def promiseless_tests(folder: Path) -> list[str]:
    """List tests that have no docstring, or one whose first line is no sentence."""
    problems = []
    for source in sources(folder):
        if not source.path.name.startswith("test_"):
            continue
        for node in ast.walk(source.tree):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and node.name.startswith("test"):
                first = (ast.get_docstring(node) or "").partition("\n\n")[0]
                if not first.endswith((".", "?", "!")) or " " not in first:
                    problems.append(
                        f"{source.path}:{node.lineno}: {node.name} states no promise in a sentence"
                    )
    return problems


def sleeping(folder: Path) -> list[str]:
    """List calls that wait for real time: a unit test's clock is an argument."""
    problems = []
    for source in sources(folder):
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] == "sleep":
                yields = [ast.unparse(argument) for argument in node.args] == ["0"]
                if not yields:
                    problems.append(f"{source.path}:{node.lineno}: {ast.unparse(node)}")
    return problems
