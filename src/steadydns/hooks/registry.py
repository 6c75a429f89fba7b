"""Which hooks there are, which are installed, and when: at once where the library is imported, else right after."""

from __future__ import annotations

import importlib
import logging
import sys
from typing import TYPE_CHECKING, Final

from steadydns.config import chosen_hooks

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from steadydns.resolver import Resolver

DEFAULT: Final = ("stdlib", "asyncio", "uvloop")
EVERY: Final = DEFAULT

_log = logging.getLogger("steadydns")


class Installation:
    """The hooks of one install()."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self.installed: list[str] = []
        self._undo: list[Callable[[], None]] = []
        self._active = True

    def install(self, spec: str) -> None:
        """Install the hooks that the `hooks` knob names; a hook that fails is reported and left out."""
        try:
            names = chosen_hooks(spec, DEFAULT, EVERY)
        except ValueError as error:
            _log.warning("%s; installing the default hooks", error)
            names = DEFAULT
        for name in names:
            module = importlib.import_module(f"steadydns.hooks.{name}")
            if module.TARGET in sys.modules:
                self._apply(name, module)
            else:
                self._when_imported(name, module)

    def _when_imported(self, name: str, module: ModuleType) -> None:
        import wrapt  # noqa: PLC0415 - only where a library is still to come

        wrapt.register_post_import_hook(lambda _: self._apply(name, module), module.TARGET)

    def _apply(self, name: str, module: ModuleType) -> None:
        if not self._active:
            return
        try:
            self._undo.append(module.install(self.resolver))
        except Exception:  # never the reason an import fails
            _log.warning("the hook %r failed; the library stays as it is", name, exc_info=True)
        else:
            self.installed.append(name)

    def undo(self) -> None:
        """Take back every hook, last first; hooks whose library was never imported stay without effect."""
        self._active = False
        while self._undo:
            self._undo.pop()()
        self.installed.clear()
