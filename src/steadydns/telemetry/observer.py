"""Observer: the door through which lookups and errors reach telemetry. It never raises and holds no lock."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from functools import partial
from sys import modules
from typing import TYPE_CHECKING

from steadydns.resolution.record import TIMEOUT
from steadydns.runtime.native import away_from_hub
from steadydns.telemetry import deferred
from steadydns.telemetry.presence import METRICS, TRACE, detached, recording_parent, suppressed

if TYPE_CHECKING:
    from opentelemetry.context import Context

    from steadydns.config import Config
    from steadydns.telemetry.equipment import Equipment
    from steadydns.telemetry.lookup import Lookup


class Observer:
    """Turns finished lookups into spans, a metric and warnings.

    Making one does no I/O and loads nothing. May be used from any thread, after a fork, and by a lookup that its own
    work causes. There is no lock in it: what races costs a count or a warning.
    """

    def __init__(self, config: Config) -> None:
        self._enabled = config.telemetry
        self._threshold = config.slow_threshold
        self._config = config
        self._made: Equipment | None = None

    @property
    def _equipment(self) -> Equipment:
        """What tells of lookups; made, and its modules loaded, when there is first something to tell."""
        made = self._made
        if made is None:
            from steadydns.telemetry.equipment import Equipment  # noqa: PLC0415 - modules that a service without slow lookups never needs

            made = self._made = Equipment(self._config)
        return made

    def cares(self, duration: float) -> bool:
        """Whether a lookup that long may be worth telling: a quick check before anything is put together."""
        return self._enabled and (duration >= self._threshold or TRACE in modules or METRICS in modules)

    def observe(self, lookup: Lookup) -> None:
        """Take note of a finished lookup. Call it with no lock held, in the caller's context.

        Under gevent and eventlet the greenlet that asked does the work, when the lookup's thread is done.
        """
        if self._enabled:
            deferred.report(partial(self._observe, lookup))

    def _observe(self, lookup: Lookup) -> None:
        try:
            if suppressed():
                return
            context = self._trace(lookup) if self._equipment.notable(lookup, self._threshold) else None
        except Exception as error:  # a processor's or exporter's error is not the caller's
            self._failed(error)
            context = None
        try:
            # After the span's end, so that the exemplar can point at it.
            self._equipment.durations.record(lookup, context)
        except Exception as error:  # as above
            self._failed(error)

    def _trace(self, lookup: Lookup) -> Context | None:
        equipment = self._equipment
        if not equipment.used_network(lookup.record) or equipment.names.ignores(lookup.name):
            return None
        parent = recording_parent()
        if parent is not None:
            return equipment.spans.emit(lookup, parent)
        if lookup.duration >= self._threshold and lookup.record.count(TIMEOUT):
            equipment.journal.slow(lookup)
        return None

    def report(self, error: Exception) -> None:
        """Say that an unexpected error inside steadydns made libc answer."""
        deferred.report(partial(self._say, "an error inside steadydns; libc answers instead", error))

    def _failed(self, error: Exception) -> None:
        self._say("a lookup's telemetry failed; the lookup did not", error)

    def _say(self, text: str, error: Exception) -> None:
        try:
            self._equipment.journal.error(text, error)
        except Exception:  # noqa: S110 - a logging filter that raises; there is nobody left to tell
            pass

    def detached(self) -> AbstractContextManager[None]:
        """Return a context manager for work behind the callers' backs: it belongs to no request's trace."""
        # A native thread has no context to detach from, and must not call OpenTelemetry where there are greenlets.
        return detached() if self._enabled and not away_from_hub() else nullcontext()
