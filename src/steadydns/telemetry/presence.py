"""Which parts of opentelemetry-api the application has loaded, and whether telemetry is suppressed right now.

Looks the modules up in sys.modules and imports none: a recording parent and a meter provider can only exist where
the application has imported them. So a service without OpenTelemetry pays one dict probe (decision 0003).
"""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.context import Context

CONTEXT: Final = "opentelemetry.context"
TRACE: Final = "opentelemetry.trace"
METRICS: Final = "opentelemetry.metrics"

LEGACY_KEY: Final = "suppress_instrumentation"
"""The key that opentelemetry.instrumentation sets beside the API's own."""


def loaded(name: str) -> Any:
    """Return the module if somebody has imported it to its end, else None.

    A module that another thread is still importing is not waited for: that import may be waiting for this lookup.
    """
    module = sys.modules.get(name)
    if module is None or getattr(getattr(module, "__spec__", None), "_initializing", False):
        return None
    return module


def suppressed() -> bool:
    """Whether the caller, an exporter as a rule, has asked instrumentations to be silent.

    The key for HTTP clients alone is not looked at: they set it around the very call in which the lookup happens.
    """
    context = loaded(CONTEXT)
    if context is None:
        return False
    current = context.get_current()
    return bool(current.get(_key(context)) or current.get(LEGACY_KEY))


@contextmanager
def silence() -> Iterator[None]:
    """Suppress instrumentations inside the block: what they look up for us makes no telemetry of its own."""
    context = loaded(CONTEXT)
    if context is None:
        yield
        return
    token = context.attach(context.set_value(_key(context), True))
    try:
        yield
    finally:
        context.detach(token)


@contextmanager
def detached() -> Iterator[None]:
    """Run the block under an empty Context: it belongs to no request."""
    context = loaded(CONTEXT)
    if context is None:
        yield
        return
    token = context.attach(context.Context())
    try:
        yield
    finally:
        context.detach(token)


def recording_parent() -> Context | None:
    """Return the caller's Context if its current span is recording."""
    trace, context = loaded(TRACE), loaded(CONTEXT)
    if trace is None or context is None:
        return None
    current: Context = context.get_current()
    return current if trace.get_current_span(current).is_recording() else None


def _key(context: Any) -> str:
    """The API's suppression key: random in each process, and private, so it may move."""
    key: str = getattr(context, "_SUPPRESS_INSTRUMENTATION_KEY", LEGACY_KEY)
    return key
