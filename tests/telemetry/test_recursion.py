"""Exporters look names up too: no loop, no deadlock, no lock of ours while they work."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor
from opentelemetry.sdk.trace.export import (
    BatchSpanProcessor,
    SimpleSpanProcessor,
    SpanExporter,
    SpanExportResult,
)

from steadydns.config import Config
from steadydns.telemetry.observer import Observer
from tests.unit.telemetry.lookups import slow_lookup

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.telemetry.conftest import Traces


class Resolving(SpanExporter):
    """An exporter whose collector's name takes long to look up, every time."""

    def __init__(self, observer: Observer) -> None:
        self.observer = observer
        self.exports: list[str] = []

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        self.exports += [span.name for span in spans]
        assert len(self.exports) < 50
        self.observer.observe(slow_lookup(name="collector.example.com"))
        return SpanExportResult.SUCCESS


@pytest.mark.parametrize("processor", [SimpleSpanProcessor, BatchSpanProcessor])
def test_an_exporters_own_lookup_makes_no_telemetry(
    processor: Callable[[SpanExporter], Any], traces: Traces, points: Callable[[], list[Any]]
) -> None:
    """Exporting a lookup's span over a slow lookup exports that one span, and counts only the application's lookup."""
    observer = Observer(Config())
    exporter = Resolving(observer)
    traces.provider.add_span_processor(processor(exporter))
    with traces.tracer.start_as_current_span("GET"):
        observer.observe(slow_lookup())
    traces.provider.force_flush()
    traces.provider.shutdown()
    assert exporter.exports == ["DNS lookup api.example.com", "GET"]
    assert [point.count for point in points()] == [1]


class Careless(SpanProcessor):
    """A processor that sends each span from on_end, and suppresses nothing while it does."""

    def __init__(self, observer: Observer) -> None:
        self.observer = observer
        self.ended: list[str] = []

    def on_end(self, span: ReadableSpan) -> None:
        self.ended.append(span.name)
        assert len(self.ended) < 50
        if span.name.startswith("DNS"):
            self.observer.observe(slow_lookup(name="collector.example.com"))


def test_a_processor_that_forgets_suppression_makes_no_loop(traces: Traces) -> None:
    """Even a processor that looks names up unsuppressed inside span.end() gets one span for one lookup."""
    observer = Observer(Config())
    processor = Careless(observer)
    traces.provider.add_span_processor(processor)
    with traces.tracer.start_as_current_span("GET"):
        observer.observe(slow_lookup())
    assert processor.ended == ["DNS lookup api.example.com", "GET"]


class Waiting(SpanExporter):
    """An exporter that waits for another thread, which looks a name up in a request of its own."""

    def __init__(self, traces: Traces, observer: Observer) -> None:
        self.traces, self.observer = traces, observer
        self.finished: list[bool] = []

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        if threading.current_thread() is threading.main_thread() and spans[0].name.startswith("DNS"):
            thread = threading.Thread(target=self.request, daemon=True)
            thread.start()
            thread.join(10)
            self.finished.append(not thread.is_alive())
        return SpanExportResult.SUCCESS

    def request(self) -> None:
        with self.traces.tracer.start_as_current_span("other request"):
            self.observer.observe(slow_lookup(name="other.example.com"))
            self.observer.report(RuntimeError("elsewhere"))


def test_no_lock_is_held_around_opentelemetry(traces: Traces, points: Callable[[], list[Any]]) -> None:
    """While one thread is inside span.end(), another's lookup goes through all of telemetry undisturbed."""
    observer = Observer(Config())
    exporter = Waiting(traces, observer)
    traces.provider.add_span_processor(SimpleSpanProcessor(exporter))
    with traces.tracer.start_as_current_span("GET"):
        observer.observe(slow_lookup())
    assert exporter.finished == [True]
    assert sorted(span.name for span in traces.lookups()) == [
        "DNS lookup api.example.com",
        "DNS lookup other.example.com",
    ]
    assert sum(point.count for point in points()) == 2


def test_a_log_handler_that_looks_names_up_ends(caplog: pytest.LogCaptureFixture) -> None:
    """A handler that ships the warning over a slow lookup of its own gets that one warning and no loop."""
    observer = Observer(Config())
    handled: list[str] = []

    class Shipping(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            handled.append(record.getMessage())
            assert len(handled) < 50
            observer.observe(slow_lookup(name="logs.example.com"))

    handler = Shipping()
    logging.getLogger("steadydns").addHandler(handler)
    try:
        observer.observe(slow_lookup())
    finally:
        logging.getLogger("steadydns").removeHandler(handler)
    assert len(handled) == len(caplog.records) == 1


class Failing(SpanExporter):
    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        raise ConnectionError("collector is down")


def test_an_exporters_error_stays_there(traces: Traces) -> None:
    """A collector that is down is the SDK's to report; the lookup's caller notices nothing."""
    logging.getLogger("opentelemetry").addHandler(logging.NullHandler())
    traces.provider.add_span_processor(SimpleSpanProcessor(Failing()))
    with traces.tracer.start_as_current_span("GET"):
        Observer(Config()).observe(slow_lookup())
    assert len(traces.lookups()) == 1
