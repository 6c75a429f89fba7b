"""dns.lookup.duration, as the SDK collects it."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import pytest
from opentelemetry import metrics
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from steadydns.config import Config
from steadydns.resolution.record import CACHED, RESPONSE, SENT
from steadydns.telemetry.metrics import BUCKETS
from steadydns.telemetry.observer import Observer
from tests.unit.telemetry.lookups import NAME, lookup_of, slow_lookup

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.telemetry.conftest import Traces


def test_every_lookup_is_counted_with_the_advised_buckets(points: Callable[[], list[Any]]) -> None:
    """Fast, slow and cached lookups are all in the histogram, in seconds, with the conventions' boundaries."""
    observer = Observer(Config())
    for lookup in (
        lookup_of((0, SENT, NAME), seconds=0.002),
        slow_lookup(),
        lookup_of((0, CACHED, NAME), seconds=0),
    ):
        observer.observe(lookup)
    (point,) = points()
    assert (point.count, point.sum) == (3, pytest.approx(0.405))
    assert point.explicit_bounds == BUCKETS
    assert dict(point.attributes) == {"dns.question.name": NAME}


def test_failures_have_their_type(points: Callable[[], list[Any]]) -> None:
    """A failure is a series of its own, by error.type."""
    rows = (0.0, SENT, NAME), (0.01, RESPONSE, NAME, "tcp", "NXDOMAIN")
    Observer(Config()).observe(lookup_of(*rows, seconds=0.01, reason="host_not_found"))
    assert [dict(point.attributes) for point in points()] == [
        {"dns.question.name": NAME, "error.type": "host_not_found"}
    ]


def test_names_are_capped(points: Callable[[], list[Any]]) -> None:
    """A thousand names make the cap's number of series and one more, however they are chosen."""
    observer = Observer(Config(name_cap=3))
    for number in range(1000):
        observer.observe(lookup_of(name=f"{number}.example.com", seconds=0.001))
    counts = {point.attributes["dns.question.name"]: point.count for point in points()}
    assert counts == {"0.example.com": 1, "1.example.com": 1, "2.example.com": 1, "_OTHER": 997}


def test_the_exemplar_is_the_lookups_span(traces: Traces, points: Callable[[], list[Any]]) -> None:
    """From the slow bucket one comes to the DNS span itself, not to its parent."""
    observer = Observer(Config())
    with traces.tracer.start_as_current_span("GET"):
        observer.observe(slow_lookup())
    (point,) = points()
    (span,) = traces.lookups()
    assert span.context is not None
    assert [exemplar.span_id for exemplar in point.exemplars] == [span.context.span_id]


def test_switched_off_it_records_nothing(points: Callable[[], list[Any]]) -> None:
    """telemetry=off makes no metric."""
    Observer(Config(telemetry=False)).observe(slow_lookup())
    assert points() == []


def test_a_first_lookup_inside_a_collection_does_not_deadlock(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another library's gauge that resolves a name while metrics are collected gets its answer."""
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader])
    monkeypatch.setattr(metrics._internal, "_METER_PROVIDER", provider)
    observer = Observer(Config())
    observed: list[str] = []

    def gauge(options: object) -> list[Any]:
        observer.observe(lookup_of(seconds=0.001))
        observed.append(NAME)
        return [metrics.Observation(1)]

    provider.get_meter("application").create_observable_gauge("gauge", [gauge])
    thread = threading.Thread(target=reader.get_metrics_data, daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
    assert observed


class OldMeter:
    """The metrics API before 1.30: no advisory, and no context with a measurement."""

    def __init__(self) -> None:
        self.recorded: list[tuple[float, dict[str, str]]] = []

    def create_histogram(self, name: str, unit: str = "", description: str = "") -> OldMeter:
        assert (name, unit) == ("dns.lookup.duration", "s")
        return self

    def record(self, amount: float, attributes: dict[str, str] | None = None) -> None:
        self.recorded.append((amount, attributes or {}))


def test_an_older_api_is_used_without_what_it_lacks(
    traces: Traces, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """An older opentelemetry-api, as an operator may put on the path, still gets the durations."""
    meter = OldMeter()
    monkeypatch.setattr(metrics, "get_meter", lambda *args, **kwargs: meter)
    with traces.tracer.start_as_current_span("GET"):
        Observer(Config()).observe(slow_lookup())
    ((seconds, attributes),) = meter.recorded
    assert seconds == pytest.approx(0.403)
    assert attributes == {"dns.question.name": NAME}
    assert not caplog.records
