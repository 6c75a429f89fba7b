"""`dns.lookup.duration`: how long the application waited (OpenTelemetry semantic conventions, DNS metrics).

One synchronous histogram, made at the first lookup that finds opentelemetry.metrics loaded. An observable instrument
made at such a moment can deadlock with a collection that is under way; a histogram cannot.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from steadydns.telemetry import scope
from steadydns.telemetry.names import OTHER
from steadydns.telemetry.presence import METRICS, loaded, silence
from steadydns.telemetry.reason import error_type

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.metrics import Histogram

    from steadydns.telemetry.lookup import Lookup
    from steadydns.telemetry.names import Names

DURATION: Final = "dns.lookup.duration"

BUCKETS: Final = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Seconds, as the semantic conventions advise; the SDK's own boundaries are meant for milliseconds."""


class Durations:
    """The histogram, as soon as there is a use for it."""

    def __init__(self, names: Names) -> None:
        self._names = names
        self._histogram: Histogram | None = None

    def record(self, lookup: Lookup, context: Context | None) -> None:
        """Record the duration of a lookup; `context` holds its span, where it has one, for the exemplar."""
        histogram = self._histogram
        if histogram is None:
            metrics = loaded(METRICS)
            if metrics is None:
                return
            histogram = self._histogram = _make(metrics)
        name = lookup.name
        attributes = {"dns.question.name": name if self._names.shows(name) else OTHER}
        if lookup.error is not None:
            attributes["error.type"] = error_type(lookup)
        duration = lookup.ended - lookup.started
        if context is None:
            histogram.record(duration, attributes)
            return
        try:
            histogram.record(duration, attributes, context=context)
        except TypeError:  # API before 1.30, which an operator may have put on the path
            histogram.record(duration, attributes)


def _make(metrics: Any) -> Histogram:
    """Create the histogram; twice, by two threads, is the same as once."""
    # OTEL_PYTHON_METER_PROVIDER makes this load a provider, whose resource detectors may look names up.
    with silence():
        meter = metrics.get_meter(scope.NAME, scope.version(), schema_url=scope.SCHEMA_URL)
        description = "Measures the time taken to perform a DNS lookup."
        histogram: Histogram
        try:
            histogram = meter.create_histogram(
                DURATION, unit="s", description=description, explicit_bucket_boundaries_advisory=BUCKETS
            )
        except TypeError:  # API before 1.30
            histogram = meter.create_histogram(DURATION, unit="s", description=description)
    return histogram
