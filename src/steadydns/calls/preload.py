"""What a lookup imports when it first needs it, loaded at once: for gevent and eventlet.

A lookup that runs in a thread of gevent's pool must import nothing: the thread would wait for an import lock that a
greenlet may hold, and that greenlet may be waiting for the lookup.
"""

from __future__ import annotations

import importlib
import logging
from typing import Final

MODULES: Final = (
    "encodings.idna",
    "tenacity",
    "steadydns.telemetry.equipment",
    "steadydns.telemetry.explanation",
    "steadydns.telemetry.lookup",
    "steadydns.wire.loose",
)


def everything() -> None:
    """Import the modules; one that cannot be imported is reported and left to the lookup that needs it."""
    for name in MODULES:
        _load(name)


def _load(name: str) -> None:
    try:
        importlib.import_module(name)
    except Exception:  # fail open: never the reason a library's import fails
        logging.getLogger("steadydns").warning("cannot load %s in advance", name, exc_info=True)
