"""The real SDK, fresh for each test: a provider of spans and one of metrics, kept in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

if TYPE_CHECKING:
    from collections.abc import Callable


class Traces:
    """The application's tracing, and what it has exported."""

    def __init__(self) -> None:
        self.exporter = InMemorySpanExporter()
        self.provider = TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        self.tracer = self.provider.get_tracer("application")

    def lookups(self) -> list[Any]:
        """Return the lookups' spans, without the application's own; Any: the SDK types every field as optional."""
        return [span for span in self.exporter.get_finished_spans() if span.name.startswith("DNS lookup")]


@pytest.fixture
def traces(monkeypatch: pytest.MonkeyPatch) -> Traces:
    """Make a tracer provider the global one for this test."""
    traces = Traces()
    monkeypatch.setattr(trace, "_TRACER_PROVIDER", traces.provider)
    return traces


@pytest.fixture
def points(monkeypatch: pytest.MonkeyPatch) -> Callable[[], list[Any]]:
    """Make a meter provider the global one for this test; return what reads dns.lookup.duration's points."""
    reader = InMemoryMetricReader()
    monkeypatch.setattr(metrics._internal, "_METER_PROVIDER", MeterProvider([reader]))

    def read() -> list[Any]:
        data = reader.get_metrics_data()
        if data is None:
            return []
        found = [m for r in data.resource_metrics for s in r.scope_metrics for m in s.metrics]
        assert {metric.name for metric in found} == {"dns.lookup.duration"}
        assert {metric.unit for metric in found} == {"s"}
        return [point for metric in found for point in metric.data.data_points]

    return read
