"""Whole processes: OpenTelemetry absent, without its SDK, set up late, and forked."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]

HEAD = """
import sys
from steadydns.config import Config
from steadydns.telemetry.observer import Observer
from tests.unit.telemetry.lookups import slow_lookup
observer = Observer(Config())
"""

EVERYTHING = """
with observer.detached():
    observer.observe(slow_lookup())
observer.observe(slow_lookup())
observer.report(RuntimeError("reported"))
"""

SET_UP = """
def set_up():
    global exporter, reader, tracer
    from opentelemetry import metrics, trace
    from opentelemetry.sdk.metrics import MeterProvider
    from opentelemetry.sdk.metrics.export import InMemoryMetricReader
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
    exporter, reader = InMemorySpanExporter(), InMemoryMetricReader()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    trace.set_tracer_provider(provider)
    metrics.set_meter_provider(MeterProvider([reader]))
    tracer = trace.get_tracer("application")

def seen():
    with tracer.start_as_current_span("GET"):
        observer.observe(slow_lookup())
    names = [span.name for span in exporter.get_finished_spans()]
    metric, = reader.get_metrics_data().resource_metrics[0].scope_metrics[0].metrics
    point, = metric.data.data_points
    return names, point.count, point.explicit_bounds[0]
"""

EXPECTED = "(['DNS lookup api.example.com', 'GET'], 1, 0.005)"


def run(*parts: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a program in a new interpreter that sees the sources; it must end well."""
    path = os.pathsep.join((str(ROOT / "src"), str(ROOT)))
    done = subprocess.run(
        [sys.executable, "-c", "".join(parts)],
        env={**os.environ, "PYTHONPATH": path, **environ},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done


def test_nothing_of_opentelemetry_is_loaded() -> None:
    """A service without OpenTelemetry never gets it loaded, whatever is observed and reported."""
    report = 'print([name for name in sys.modules if name.startswith("opentelemetry")])'
    done = run(HEAD, EVERYTHING, report)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("blocked", ["opentelemetry", "opentelemetry.sdk"])
def test_blocked_packages_are_not_missed(blocked: str) -> None:
    """Where OpenTelemetry, or only its SDK, cannot be imported, nothing breaks and the warnings still come."""
    use = "" if blocked == "opentelemetry" else "import opentelemetry.trace, opentelemetry.metrics\n"
    done = run(f"import sys\nsys.modules[{blocked!r}] = None\n", use, HEAD, EVERYTHING)
    assert done.stderr.count("slow lookup of api.example.com") == 1
    assert done.stderr.count("libc answers instead") == 1
    assert "telemetry failed" not in done.stderr


def test_an_sdk_that_is_set_up_later_is_found() -> None:
    """Providers set after the first lookup get the lookups from then on, with the right buckets."""
    done = run(HEAD, EVERYTHING, SET_UP, "set_up()\nprint(seen())")
    assert done.stdout.strip() == EXPECTED


def test_an_sdk_that_is_set_up_after_the_apis_first_use_is_found() -> None:
    """Instruments made while there was only the API become real when providers are set."""
    done = run(
        "import opentelemetry.trace, opentelemetry.metrics\n",
        HEAD,
        EVERYTHING,
        SET_UP,
        "set_up()\nprint(seen())",
    )
    assert done.stdout.strip() == EXPECTED


def test_an_sdk_that_is_set_up_after_a_fork_is_found() -> None:
    """A worker that sets its providers up after the fork gets its spans and metrics, though the parent looked up."""
    fork = """
import os
if os.fork():
    sys.exit(os.waitstatus_to_exitcode(os.wait()[1]))
set_up()
print(seen(), flush=True)
os._exit(0)
"""
    done = run("import opentelemetry.trace, opentelemetry.metrics\n", HEAD, EVERYTHING, SET_UP, fork)
    assert done.stdout.strip() == EXPECTED


def test_a_provider_from_the_environment_may_look_names_up_while_it_loads() -> None:
    """OTEL_PYTHON_METER_PROVIDER loads a provider at our first use of it; its own lookups do not start that anew."""
    provider = """
import opentelemetry.metrics._internal as internal
loads = []
def load(*args):
    loads.append(args)
    assert len(loads) < 10
    observer.observe(slow_lookup(name="metadata.example.com"))
    return internal.NoOpMeterProvider()
internal._load_provider = load
observer.observe(slow_lookup())
observer.observe(slow_lookup())
print(len(loads))
"""
    done = run(HEAD, "import opentelemetry.trace\n", provider, OTEL_PYTHON_METER_PROVIDER="late")
    assert done.stdout.strip() == "1"
