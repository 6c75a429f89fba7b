"""The layers: which part of the package may import which, and which parts do no I/O."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from tests.house.sources import Source, imports, sources

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# A call flows hooks -> patching -> resolver -> calls -> transport -> resolution -> wire; a lower layer imports no
# higher one. Part -> what it may import besides itself.
EVERYWHERE = ("runtime",)  # tools of the language and the interpreter, below all layers
LAYERS: dict[str, tuple[str, ...]] = {
    "runtime": (),
    "config": (),
    "system": (),
    "wire": (),
    "resolution": ("wire",),
    "transport": ("resolution", "wire"),
    "contract": ("resolution", "wire"),
    "telemetry": ("contract", "resolution", "config"),
    "calls": ("resolver", "contract", "telemetry", "transport", "resolution", "wire", "system", "config"),
    "resolver_async": ("resolver", "calls", "contract", "telemetry", "transport", "resolution", "wire"),
    "resolver": (
        "resolver_async",
        "calls",
        "contract",
        "telemetry",
        "transport",
        "resolution",
        "wire",
        "system",
        "config",
    ),
    "patching": ("resolver", "calls", "contract", "telemetry", "config"),
    "hooks": ("patching", "resolver", "calls", "contract", "telemetry", "config"),
    "activation": ("hooks", "patching", "resolver", "calls", "telemetry", "config"),
    "auto": ("activation",),
    "": ("activation", "config", "telemetry", "resolver"),
    # At the rim: nothing imports these.
    "cli": (
        *(
            "activation",
            "auto",
            "hooks",
            "patching",
            "resolver",
            "calls",
            "contract",
            "telemetry",
            "transport",
        ),
        *("resolution", "wire", "system", "config", ""),
    ),
    "testing": ("activation", "resolver", "calls", "resolution", "wire", "system", "config", ""),
    "__main__": ("cli",),
}

PURE = ("wire", "resolution", "contract")
# Clock, file, socket, process, thread, log: what a layer without I/O has no use for.
IMPURE = frozenset(
    (
        "_asyncio",
        "_io",
        "_queue",
        "_socket",
        "_thread",
        "asyncio",
        "concurrent",
        "fcntl",
        "io",
        "logging",
        "multiprocessing",
        "os",
        "pathlib",
        "queue",
        "select",
        "selectors",
        "shutil",
        "signal",
        "socket",
        "socketserver",
        "steadydns.runtime.native",
        "ssl",
        "subprocess",
        "sys",
        "tempfile",
        "threading",
        "time",
    )
)
IMPURE_CALLS = frozenset(("open", "print", "input", "exec", "eval"))
# Module -> the names it may use of an impure module, and why.
VALUES = frozenset(
    (
        "gaierror",
        "herror",
        "AddressFamily",
        "SocketKind",
        "AddressInfo",
        "inet_aton",
        "inet_pton",
        "inet_ntop",
    )
)
CONSTANTS = ("AF_", "SOCK_", "IPPROTO_", "AI_", "EAI_", "NI_")
EXCEPTIONS: dict[tuple[str, str], frozenset[str]] = {
    ("resolution.cache", "steadydns.runtime.native"): frozenset(("RLock",)),  # guards its tables
    ("resolution.flights", "steadydns.runtime.native"): frozenset(
        ("Lock", "get_ident")
    ),  # who leads, who waits
    ("resolution.model", "socket"): frozenset(),  # address families, as numbers
    ("contract", "socket"): VALUES,  # numbers and types of the API that the contract is about
    ("contract.originals", "socket"): VALUES | {"getaddrinfo"},  # keeps the originals for everybody
    ("contract.rows", "sys"): frozenset(("_is_gil_enabled",)),  # how rows may rotate is settled at import
    ("contract.originals", "_socket"): frozenset(  # as above
        ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getnameinfo")
    ),
}


def layer_problems(package: Path) -> list[str]:
    """List every import that goes up, or to a part that has no place in LAYERS."""
    problems = []
    for source in sources(package):
        part = source.module.partition(".")[0]
        if part not in LAYERS:
            problems.append(f"{source.path}: {part!r} has no place in LAYERS")
            continue
        for found in imports(source, package):
            top, _, target = found.module.partition(".")
            if top == package.name and not _is_allowed(part, target):
                problems.append(
                    f"{source.path}:{found.line}: {part or 'the face'} may not import {found.module}"
                )
    return problems


def _is_allowed(part: str, target: str) -> bool:
    if target.partition(".")[0] == part or target == "__version__":  # a constant of the package itself
        return True
    return any(
        target == allowed or (allowed and target.startswith(f"{allowed}."))
        for allowed in (*LAYERS[part], *EVERYWHERE)
    )


def purity_problems(package: Path) -> list[str]:
    """List every use that a layer without I/O makes of a clock, a file, a socket, a thread or a log."""
    problems = []
    for source in sources(package):
        if source.module.partition(".")[0] in PURE:
            problems += [f"{source.path}:{line}: {text}" for line, text in _impurities(source, package)]
    return problems


def _impurities(source: Source, package: Path) -> Iterator[tuple[int, str]]:
    for found in imports(source, package):
        top = found.module if found.module in IMPURE else found.module.partition(".")[0]
        if top in IMPURE and not found.typing_only and _allowance(source.module, top) is None:
            yield found.line, f"{source.module} may not import {found.module}"
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in IMPURE_CALLS:
            yield node.lineno, f"{source.module} may not call {node.func.id}()"
        for module, name, line in _names_used(node):
            allowance = _allowance(source.module, module)
            if allowance is not None and name not in allowance and not name.startswith(CONSTANTS):
                yield line, f"{source.module} may not use {module}.{name}"


def _names_used(node: ast.AST) -> Iterator[tuple[str, str, int]]:
    """Yield (module, name, line) for ``module.name`` and ``from module import name``."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        yield node.value.id, node.attr, node.lineno
    elif isinstance(node, ast.ImportFrom) and not node.level:
        for alias in node.names:
            yield node.module or "", alias.name, node.lineno


def _allowance(module: str, impure: str) -> frozenset[str] | None:
    """Return the names a module may use of an impure one; None where it may not import it at all."""
    return EXCEPTIONS.get((module, impure), EXCEPTIONS.get((module.partition(".")[0], impure)))
