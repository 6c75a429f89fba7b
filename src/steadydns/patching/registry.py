"""Which hooks there are, which are installed, and when: at once where the library is imported, else right after."""

from __future__ import annotations

import functools
import importlib
import logging
import os
import sys
from typing import TYPE_CHECKING, Final

from steadydns.calls import preload
from steadydns.config import DEFAULT_HOOKS, EVERY_HOOK, ON, chosen_hooks
from steadydns.patching.import_watch import when_imported
from steadydns.runtime.native import RLock

if TYPE_CHECKING:
    from collections.abc import Callable

    from steadydns.resolver import Resolver

DEFAULT: Final = DEFAULT_HOOKS
EVERY: Final = EVERY_HOOK

TARGETS: Final[dict[str, tuple[str, ...]]] = {
    "stdlib": ("socket",),
    "hostby": ("socket",),
    "sockets": ("socket",),
    "asyncio": ("asyncio.base_events",),
    "uvloop": ("uvloop",),
    "aiohttp": ("aiohttp.resolver",),
    "aiodns": ("aiodns",),
    "gevent": ("gevent.resolver",),
    "eventlet": ("eventlet.green.socket",),
    "psycopg2": ("psycopg2",),
    "dnspython": ("dns.resolver", "dns.asyncresolver"),
    "grpc": ("grpc",),
    "native": ("os",),
}
"""The modules that a hook is for; it is loaded, and installed, when one of them is imported, and not before."""

_log = logging.getLogger("steadydns")

# Module -> what is to be done after its import. A module stays here, without calls if need be, while it is waited for:
# that is not called off, and hooks may be installed and uninstalled any number of times.
_awaited: dict[str, list[Callable[[], None]]] = {}
_lock = RLock()  # guards _awaited and each Installation's _undo; held for list operations only


class Installation:
    """The hooks of one install()."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self.installed: list[str] = []
        self._undo: list[Callable[[], None]] = []
        self._waiting: list[tuple[str, Callable[[], None]]] = []
        self._active = True

    def install(self, spec: str) -> None:
        """Install the hooks that the `hooks` knob names; a hook that fails is reported and left out."""
        try:
            names = chosen_hooks(spec, DEFAULT, EVERY)
        except ValueError as error:
            _log.warning("%s; installing the default hooks", error)
            names = DEFAULT
        if os.environ.get("STEADYDNS_DETECT_BYPASS", "").strip().lower() in ON:
            from steadydns.patching import bypass  # noqa: PLC0415 - for tests and diagnoses

            bypass.watch()
            self._undo.append(bypass.unwatch)
        for name in names:
            for target in TARGETS[name]:
                self._attach(name, target)
        # Whichever hooks there are: a thread of a pool may look a name up without any.
        preload.prepare(self._when_imported)

    def _attach(self, name: str, target: str) -> None:
        """Install at once where the module is imported, else after its import."""

        def apply() -> None:
            self._apply(name, target)

        self._when_imported(target, apply)

    def _when_imported(self, target: str, apply: Callable[[], None]) -> None:
        if target in sys.modules:
            apply()
            return
        with _lock:
            known = target in _awaited
            _awaited.setdefault(target, []).append(apply)
            self._waiting.append((target, apply))
        if not known:
            when_imported(target, functools.partial(_imported, target))

    def _apply(self, name: str, target: str) -> None:
        if not self._active:
            return
        try:
            install = importlib.import_module(f"steadydns.hooks.{name}").install
            undo = install(self.resolver, target) if len(TARGETS[name]) > 1 else install(self.resolver)
        except Exception:  # never the reason an import fails
            _log.warning("the hook %r failed; the library stays as it is", name, exc_info=True)
            return
        # An import in another thread may come here while undo() is at work.
        with _lock:
            active = self._active
            if active:
                self._undo.append(undo)
                if name not in self.installed:
                    self.installed.append(name)
        if not active:
            undo()

    def undo(self) -> None:
        """Take back every hook, last first, and wait for no library any more."""
        with _lock:
            self._active = False
            steps, self._undo = self._undo, []
            for target, apply in self._waiting:
                if apply in _awaited.get(target, ()):
                    _awaited[target].remove(apply)
            self._waiting.clear()
            self.installed.clear()
        while steps:
            steps.pop()()


def _imported(target: str) -> None:
    """Do what waits for the module."""
    with _lock:
        calls = _awaited.pop(target, [])
    for call in calls:
        call()
