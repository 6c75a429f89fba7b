"""What a lookup imports when it first needs it, imported in advance where gevent or eventlet are at work.

A lookup that runs in a native thread beside greenlets must import nothing: the thread would wait for an import lock that
a greenlet may hold, and that greenlet may be waiting for the lookup.
"""

from __future__ import annotations

import logging
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Final

from steadydns.runtime.native import locks_are_green

if TYPE_CHECKING:
    from collections.abc import Callable

MODULES: Final = (
    "encodings.idna",
    "encodings.punycode",  # which the codec above imports for a name such as "münchen"
    "tenacity",
    "steadydns.telemetry.equipment",
    "steadydns.telemetry.explanation",
    "steadydns.telemetry.lookup",
    "steadydns.wire.loose",
)


def prepare(when_imported: Callable[[str, Callable[[], None]], None]) -> None:
    """Import the modules as soon as gevent or eventlet have patched the process, which may be now.

    Not earlier: an old tenacity imports `ssl`, and gevent warns of everything that imported `ssl` before its patches. With
    them comes the hook for gevent's resolvers, so that no import is left for the first lookup.

    Args:
        when_imported: Makes a call after the import of a module; at once where it is imported already.
    """
    if locks_are_green():
        _import_all()
        return
    when_imported("gevent.events", _subscribe)
    when_imported("gevent.threadpool", _import_if_patched)  # a process that is patched in parts tells nobody
    when_imported("eventlet.tpool", _import_all)


def _subscribe() -> None:
    """Have gevent tell when it has patched."""
    from gevent.events import subscribers  # noqa: PLC0415 - gevent is there

    if _on_event not in subscribers:
        subscribers.append(_on_event)


def _on_event(event: object) -> None:
    if type(event).__name__ == "GeventDidPatchAllEvent":
        _import_if_patched()


def _import_if_patched() -> None:
    if locks_are_green():
        _import_all()


def _import_all() -> None:
    resolvers = ("gevent.resolver",) if "gevent.monkey" in sys.modules else ()
    for name in (*resolvers, *MODULES):
        _import(name)


def _import(name: str) -> None:
    try:
        import_module(name)
    except Exception:  # fail open: never the reason gevent or eventlet fail
        logging.getLogger("steadydns").warning("cannot import %s in advance", name, exc_info=True)
