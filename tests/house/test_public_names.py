from __future__ import annotations

import inspect
import types
from typing import Any

# The interface: a name here is a promise to users; adding one is a decision, removing one needs a major release.
# Name -> its parameters, or None for a class or a constant.
PUBLIC: dict[str, tuple[str, ...] | None] = {
    "Config": None,
    "Explanation": None,
    "Resolver": None,
    "__version__": None,
    "explain": ("name",),
    "flush": ("name",),
    "install": ("config", "overrides"),
    "is_installed": (),
    "resolve": None,
    "stats": (),
    "uninstall": (),
}


def name_problems(module: Any) -> list[str]:
    """List the names by which a module differs from PUBLIC, in ``__all__`` or beside it."""
    listed = set(module.__all__)
    problems = [f"{name} is missing" for name in PUBLIC if name not in listed]
    problems += [f"{name} is not pinned" for name in sorted(listed) if name not in PUBLIC]
    problems += [f"{name} cannot be had" for name in sorted(listed) if not hasattr(module, name)]
    beside = {
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and name not in listed and not isinstance(value, types.ModuleType)
    }
    innocent = {"annotations", "TYPE_CHECKING", "Any"}
    return problems + [f"{name} is public beside __all__" for name in sorted(beside - innocent)]


def test_the_public_names_are_pinned() -> None:
    """``import steadydns`` offers exactly the names that users were promised."""
    import steadydns

    assert name_problems(steadydns) == []


def test_the_public_functions_take_what_was_promised() -> None:
    """The parameters of the public functions are pinned by name and order."""
    import steadydns

    for name, parameters in PUBLIC.items():
        if parameters is not None:
            assert tuple(inspect.signature(getattr(steadydns, name)).parameters) == parameters, name


def test_a_name_more_or_less_is_found() -> None:
    """The name rule reports a missing, an unpinned, an empty and an unlisted name."""
    sample: Any = types.ModuleType("sample")
    for name in PUBLIC:
        setattr(sample, name, None)
    sample.__all__ = [*(name for name in PUBLIC if name != "flush"), "extra"]
    assert name_problems(sample) == [
        "flush is missing",
        "extra is not pinned",
        "extra cannot be had",
        "flush is public beside __all__",
    ]
