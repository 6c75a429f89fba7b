"""steadydns makes DNS boring for services in Kubernetes pods.

`import steadydns.auto` sends every name the process looks up through a caching stub resolver in the process itself,
with the answers, orders and errors of the image's libc. This module is the face: everything else is loaded at first
use, and importing it does no I/O.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from steadydns.activation import explain, flush, install, is_installed, resolve, stats, uninstall
    from steadydns.config import Config
    from steadydns.resolver import Resolver
    from steadydns.telemetry.explanation import Explanation

__version__ = "0.1.0"

__all__ = [
    "Config",
    "Explanation",
    "Resolver",
    "__version__",
    "explain",
    "flush",
    "install",
    "is_installed",
    "resolve",
    "stats",
    "uninstall",
]

_HOMES = {
    "Config": "steadydns.config",
    "Explanation": "steadydns.telemetry.explanation",
    "Resolver": "steadydns.resolver",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - the face costs nothing until it is used

    value = getattr(import_module(_HOMES.get(name, "steadydns.activation")), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
