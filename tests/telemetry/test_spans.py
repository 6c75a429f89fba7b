"""Spans, as the SDK exports them."""

from __future__ import annotations

import threading
from time import time_ns
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import trace
from opentelemetry.context import _SUPPRESS_HTTP_INSTRUMENTATION_KEY, attach, detach, set_value
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF
from opentelemetry.trace import SpanKind, StatusCode

from steadydns.config import Config
from steadydns.resolution.record import CACHED, RESPONSE, SENT, TIMEOUT
from steadydns.telemetry.observer import Observer
from steadydns.telemetry.presence import LEGACY_KEY, silence
from tests.unit.telemetry.lookups import NAME, SERVER, lookup_of, slow_lookup

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.telemetry.conftest import Traces


def test_a_slow_lookup_is_a_span_inside_its_callers(traces: Traces) -> None:
    """A lookup that lost its first reply lies inside the caller's span, with its times, events and reason."""
    observer = Observer(Config())
    with traces.tracer.start_as_current_span("GET", start_time=time_ns() - 10**9) as parent:
        observer.observe(slow_lookup())
    (span,) = traces.lookups()
    assert (span.name, span.kind, span.status.status_code) == (
        f"DNS lookup {NAME}",
        SpanKind.INTERNAL,
        StatusCode.UNSET,
    )
    assert span.parent == parent.get_span_context()
    assert isinstance(parent, ReadableSpan)
    assert parent.start_time is not None
    assert parent.end_time is not None
    assert parent.start_time < span.start_time < span.end_time < parent.end_time
    assert span.end_time - span.start_time == pytest.approx(0.403e9, rel=1e-5)
    assert span.attributes["steadydns.slow.reason"] == "timeout_retry"
    assert [(event.name, round((event.timestamp - span.start_time) / 1e6)) for event in span.events] == [
        ("steadydns.query.sent", 0),
        ("steadydns.query.timeout", 400),
        ("steadydns.query.retry", 400),
        ("steadydns.query.sent", 400),
        ("steadydns.query.response", 402),
    ]


def test_the_scope_is_named_and_pinned(traces: Traces) -> None:
    """Whoever reads the span learns which library and version made it, under which conventions."""
    import steadydns

    with traces.tracer.start_as_current_span("GET"):
        Observer(Config()).observe(slow_lookup())
    scope = traces.lookups()[0].instrumentation_scope
    assert scope is not None
    assert (scope.name, scope.version, scope.schema_url) == (
        "steadydns",
        steadydns.__version__,
        "https://opentelemetry.io/schemas/1.44.0",
    )


def test_a_failed_lookup_is_an_error_in_libcs_words(traces: Traces) -> None:
    """A quick SERVFAIL is a span too, with status ERROR, gaierror's text and error.type."""
    rows = (0.0, SENT, NAME), (0.01, RESPONSE, NAME, "tcp", "SERVFAIL")
    with traces.tracer.start_as_current_span("GET"):
        Observer(Config()).observe(lookup_of(*rows, seconds=0.01, reason="try_again"))
    (span,) = traces.lookups()
    assert (span.status.status_code, span.status.description) == (
        StatusCode.ERROR,
        "Name or service not known",
    )
    assert span.attributes["error.type"] == "try_again"
    assert not any(event.name == "exception" for event in span.events)


FAST = (0.0, SENT, NAME), (0.002, RESPONSE, NAME, "tcp", "NOERROR")
NO_SPAN: dict[str, tuple[Any, dict[str, Any]]] = {
    "fast": (lambda: lookup_of(*FAST, seconds=0.002), {}),
    "quickly denied": (lambda: lookup_of(*FAST, seconds=0.002, reason="host_not_found"), {}),
    "from the cache, however slow": (lambda: lookup_of((0.0, CACHED, NAME), seconds=1.0), {}),
    "from the cache, threshold 0": (lambda: lookup_of((0.0, CACHED, NAME)), {"slow_threshold": 0}),
    "ignored": (slow_lookup, {"ignored_hostnames": "*.Example.com"}),
    "telemetry off": (slow_lookup, {"telemetry": False}),
}


@pytest.mark.parametrize("case", NO_SPAN)
def test_an_ordinary_lookup_is_no_span(case: str, traces: Traces) -> None:
    """Fast, cached, ignored lookups and those of a service that switched it off add nothing to a trace."""
    make, knobs = NO_SPAN[case]
    with traces.tracer.start_as_current_span("GET"):
        Observer(Config(**knobs)).observe(make())
    assert traces.lookups() == []


def test_threshold_0_makes_a_span_of_every_query(traces: Traces) -> None:
    """An operator who wants to see all lookups that asked a server can."""
    with traces.tracer.start_as_current_span("GET"):
        Observer(Config(slow_threshold=0)).observe(lookup_of(*FAST, seconds=0.002))
    assert len(traces.lookups()) == 1


def test_no_span_without_a_recording_parent(traces: Traces, caplog: pytest.LogCaptureFixture) -> None:
    """A slow lookup of nobody's request is no root span but a warning, and an unsampled request is the same."""
    Observer(Config()).observe(slow_lookup())
    unsampled = TracerProvider(sampler=ALWAYS_OFF).get_tracer("application")
    with unsampled.start_as_current_span("GET"):
        Observer(Config()).observe(slow_lookup())
    assert traces.lookups() == []
    assert [record.getMessage()[:14] for record in caplog.records] == ["slow lookup of"] * 2


@pytest.mark.parametrize("legacy", [False, True])
def test_suppression_is_honoured(
    legacy: bool, traces: Traces, points: Callable[[], list[Any]], caplog: pytest.LogCaptureFixture
) -> None:
    """Under either suppression key a slow lookup makes no span, no metric and no log."""
    with traces.tracer.start_as_current_span("GET"):
        if legacy:
            token = attach(set_value(LEGACY_KEY, True))
            Observer(Config()).observe(slow_lookup())
            detach(token)
        else:
            with silence():
                Observer(Config()).observe(slow_lookup())
    assert (traces.lookups(), points(), caplog.records) == ([], [], [])


def test_the_key_for_http_clients_is_not_honoured(traces: Traces) -> None:
    """Instrumented HTTP clients set their key around the call in which the lookup happens: it is their span's child."""
    with traces.tracer.start_as_current_span("GET"):
        token = attach(set_value(_SUPPRESS_HTTP_INSTRUMENTATION_KEY, True))
        Observer(Config()).observe(slow_lookup())
        detach(token)
    assert len(traces.lookups()) == 1


def test_names_beyond_the_cap_have_one_span_name(traces: Traces) -> None:
    """Span names stay few however many names are looked up; the attribute still has the name."""
    observer = Observer(Config(name_cap=1))
    with traces.tracer.start_as_current_span("GET"):
        observer.observe(slow_lookup())
        observer.observe(slow_lookup(name="other.example.com"))
    assert [span.name for span in traces.lookups()] == [f"DNS lookup {NAME}", "DNS lookup"]
    assert traces.lookups()[1].attributes["dns.question.name"] == "other.example.com"


def test_events_end_at_32(traces: Traces) -> None:
    """A lookup with hundreds of retries makes a span of ordinary size that says what was left out."""
    rows = [(n / 100, TIMEOUT, NAME) for n in range(100)]
    with traces.tracer.start_as_current_span("GET"):
        Observer(Config()).observe(lookup_of((0.0, SENT, NAME), *rows, seconds=1.0))
    (span,) = traces.lookups()
    assert (len(span.events), span.attributes["steadydns.events_dropped"]) == (32, 69)


def test_a_sampler_sees_the_attributes_and_may_refuse(
    traces: Traces, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sampler decides with all attributes in hand; a refused span is none, and nothing breaks."""
    from opentelemetry.sdk.trace.sampling import Decision, Sampler, SamplingResult

    seen: list[Any] = []

    class Refusing(Sampler):
        def should_sample(self, parent_context: Any, trace_id: int, name: str, *args: Any, **kw: Any) -> Any:
            seen.append(kw.get("attributes") or args[1])
            return SamplingResult(Decision.DROP)

        def get_description(self) -> str:
            return "refuses"

    monkeypatch.setattr(trace, "_TRACER_PROVIDER", TracerProvider(sampler=Refusing()))
    with traces.tracer.start_as_current_span("GET"):
        Observer(Config()).observe(slow_lookup())
    assert seen[0]["server.address"] == SERVER.address
    assert traces.lookups() == []


class Raising(SpanProcessor):
    """A processor with a fault, which the SDK lets through."""

    def __init__(self, when: str) -> None:
        self.when = when

    def on_start(self, span: Any, parent_context: Any = None) -> None:
        if self.when == "start" and span.name.startswith("DNS"):
            raise RuntimeError(self.when)

    def on_end(self, span: ReadableSpan) -> None:
        if self.when == "end" and span.name.startswith("DNS"):
            raise RuntimeError(self.when)


@pytest.mark.parametrize("when", ["start", "end"])
def test_a_processors_error_is_not_the_callers(
    when: str, traces: Traces, points: Callable[[], list[Any]], caplog: pytest.LogCaptureFixture
) -> None:
    """A span processor that raises costs its span and one warning: the lookup and its metric are untouched."""
    traces.provider.add_span_processor(Raising(when))
    observer = Observer(Config())
    with traces.tracer.start_as_current_span("GET"):
        observer.observe(slow_lookup())
        observer.observe(slow_lookup())
        current = trace.get_current_span()
    assert current.get_span_context().is_valid
    assert [point.count for point in points()] == [2]
    assert [record.levelname for record in caplog.records] == ["WARNING"]
    assert "telemetry failed" in caplog.text


def test_background_work_belongs_to_no_request(traces: Traces) -> None:
    """Inside detached() the caller's span is not seen; afterwards it is again, also after an error."""
    observer = Observer(Config())

    def refresh() -> None:
        with observer.detached():
            assert trace.get_current_span() is trace.INVALID_SPAN
            observer.observe(slow_lookup())
            raise ZeroDivisionError

    with traces.tracer.start_as_current_span("GET") as parent:
        with pytest.raises(ZeroDivisionError):
            refresh()
        assert trace.get_current_span() is parent
    assert traces.lookups() == []


def test_threads_get_spans_of_their_own_requests(traces: Traces) -> None:
    """Lookups of many requests at once, each in its thread, become children of the right one."""
    observer = Observer(Config())
    barrier = threading.Barrier(8)
    parents: dict[str, int] = {}

    def request(number: int) -> None:
        with traces.tracer.start_as_current_span("GET") as span:
            barrier.wait()
            for _ in range(20):
                observer.observe(slow_lookup(name=f"r{number}.example.com"))
            parents[f"r{number}.example.com"] = span.get_span_context().span_id

    threads = [threading.Thread(target=request, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spans = traces.lookups()
    assert len(spans) == 160
    assert all(
        span.parent and span.parent.span_id == parents[str(span.attributes["dns.question.name"])]
        for span in spans
    )
