"""`DNS lookup NAME`: a span made after the fact, inside the caller's.

INTERNAL, as .NET's: a CLIENT span would draw the name server as a service into every service graph.
"""

from __future__ import annotations

from time import monotonic, time_ns
from typing import TYPE_CHECKING, Any

from steadydns.telemetry import scope
from steadydns.telemetry.attributes import MAX_EVENTS, event_attributes, shown, span_attributes
from steadydns.telemetry.presence import TRACE, loaded, silence

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.trace import Tracer

    from steadydns.config import Config
    from steadydns.telemetry.lookup import Lookup
    from steadydns.telemetry.names import Names

NANOSECONDS = 1_000_000_000


class Spans:
    """Makes the spans; its tracer is made for the first of them, when a provider is certain to exist."""

    def __init__(self, config: Config, names: Names) -> None:
        self._threshold = config.slow_threshold
        self._answers = config.dns_answers
        self._names = names
        self._tracer: Tracer | None = None

    def emit(self, lookup: Lookup, parent: Context) -> Context | None:
        """Make the lookup's span, and return a Context with it; None if the sampler did not want it.

        Whatever a processor or an exporter looks up meanwhile makes no span: not all of them see to that themselves.
        """
        with silence():
            return self._emit(lookup, parent)

    def _emit(self, lookup: Lookup, parent: Context) -> Context | None:
        trace = loaded(TRACE)
        tracer = self._tracer
        if tracer is None:
            tracer = self._tracer = _tracer(trace)
        # The wall clock when the monotonic one was at zero: both ends then lie inside the parent.
        epoch = time_ns() - _nanoseconds(monotonic())
        span = tracer.start_span(
            f"DNS lookup {lookup.name}" if self._names.shows(lookup.name) else "DNS lookup",
            context=parent,
            kind=trace.SpanKind.INTERNAL,
            attributes=span_attributes(lookup, self._threshold, answers=self._answers),
            start_time=epoch + _nanoseconds(lookup.started),
        )
        if not span.is_recording():
            return None
        for event in shown(lookup.record.events)[:MAX_EVENTS]:
            span.add_event(f"steadydns.{event.kind}", event_attributes(event), epoch + _nanoseconds(event.at))
        if lookup.error is not None:
            text = lookup.error.strerror or str(lookup.error)
            span.set_status(trace.Status(trace.StatusCode.ERROR, text))
        span.end(epoch + _nanoseconds(lookup.ended))
        context: Context = trace.set_span_in_context(span, parent)
        return context


def _nanoseconds(seconds: float) -> int:
    return int(seconds * NANOSECONDS)


def _tracer(trace: Any) -> Tracer:
    tracer: Tracer = trace.get_tracer(scope.NAME, scope.version(), schema_url=scope.SCHEMA_URL)
    return tracer
