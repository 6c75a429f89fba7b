"""Measures what telemetry adds to one finished lookup; a process of its own each time, since the cases differ in what is loaded.

May import steadydns, and OpenTelemetry where the case has it.

usage: observing.py CASE ROUNDS

Prints the microseconds of Observer.observe(), and of the same OpenTelemetry calls alone: the least of the rounds.
"""

from __future__ import annotations

import gc
import socket
import sys
from contextlib import AbstractContextManager, nullcontext
from time import monotonic, thread_time_ns
from typing import TYPE_CHECKING

from steadydns.config import Config
from steadydns.resolution.model import TCP, Flow, Question, Server
from steadydns.resolution.record import RESPONSE, TIMEOUT, Event, Record
from steadydns.telemetry.attributes import event_attributes, span_attributes
from steadydns.telemetry.lookup import Lookup
from steadydns.telemetry.observer import Observer

if TYPE_CHECKING:
    from collections.abc import Callable

NAME = "api.example.com"


def lookup(*, slow: bool) -> Lookup:
    """Make a finished lookup: a fast one, or one that lost its first reply (3 events)."""
    now = monotonic()
    started = now - (0.4 if slow else 0.001)
    question, server = Question(NAME.encode(), 1), Server(int(socket.AF_INET), "10.96.0.10")
    record = Record(started)
    record.sent(started, Flow(server, TCP, (question,), started))
    if slow:
        record.note(Event(now, TIMEOUT, question, server, TCP))
    record.note(Event(now, RESPONSE, question, server, TCP, "NOERROR"))
    return Lookup(NAME, record, started, now, None, "", ("192.0.2.1",), NAME)


def set_up_sdk() -> None:
    """Give the process providers that keep what they get to themselves."""
    from opentelemetry import metrics, trace
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.trace import TracerProvider

    trace.set_tracer_provider(TracerProvider())
    metrics.set_meter_provider(MeterProvider([InMemoryMetricReader()]))


def microseconds(call: Callable[[], object]) -> float:
    """Return the mean of 1000 calls, in microseconds of this thread's processor time."""
    started = thread_time_ns()
    for _ in range(1000):
        call()
    return (thread_time_ns() - started) / 1000 / 1000


def measure(case: str, rounds: int) -> tuple[float, float]:
    """Measure one case in this process; return what observe() costs, and the bare OpenTelemetry calls."""
    observer = Observer(Config())
    finished = lookup(slow="events" in case)
    bare: Callable[[], object] = lambda: None  # noqa: E731 - a case that makes no call has no other
    scope: AbstractContextManager[object] = nullcontext()
    if case == "no opentelemetry":
        assert not any(name.startswith("opentelemetry") for name in sys.modules)
    else:
        if case.startswith("SDK"):
            set_up_sdk()
        bare, scope = bare_calls(finished, in_span="span" in case)
    with scope:
        gc.collect()
        pairs = [
            (microseconds(lambda: observer.observe(finished)), microseconds(bare)) for _ in range(rounds)
        ]
    ours, floor = zip(*pairs, strict=True)
    return min(ours), min(floor)


def bare_calls(
    finished: Lookup, *, in_span: bool
) -> tuple[Callable[[], object], AbstractContextManager[object]]:
    """Return the OpenTelemetry calls of a lookup without what decides on them, and the span they are made in."""
    from opentelemetry import metrics, trace

    tracer = trace.get_tracer("benchmark")
    histogram = metrics.get_meter("benchmark").create_histogram("benchmark", "s")
    attributes = span_attributes(finished, 0.1, answers=True)
    events = [event_attributes(event) for event in finished.record.events]

    def bare() -> None:
        if len(events) > 2:
            span = tracer.start_span("DNS lookup", attributes=attributes, start_time=1)
            for event in events:
                span.add_event("steadydns.query", event, 1)
            span.end(2)
        histogram.record(finished.duration, {"dns.question.name": NAME})

    return bare, tracer.start_as_current_span("GET") if in_span else nullcontext()


if __name__ == "__main__":
    print(*measure(sys.argv[1], int(sys.argv[2])))
