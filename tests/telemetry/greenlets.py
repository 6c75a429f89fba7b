"""Parts of programs in which greenlets look names up, and what they must not do in native threads is recorded.

usage: run(kind, order, scenario, server, etc, **environ) puts the parts together and returns the lines that are printed
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.unit import program

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.loopback import LoopbackServer

# A hang is a failure at once, and not when the runner's patience ends.
WATCH = """
import _thread, time
def watch(sleep=time.sleep):
    import faulthandler, os, sys
    sleep(20)
    print("HUNG", file=sys.stderr, flush=True)
    faulthandler.dump_traceback()
    import gc, greenlet, traceback
    for one in gc.get_objects():
        if isinstance(one, greenlet.greenlet) and one.gr_frame is not None:
            traceback.print_stack(one.gr_frame)
            print(file=sys.stderr, flush=True)
    os._exit(3)
_thread.start_new_thread(watch, ())
"""

PATCH = {
    "gevent": """
import gevent
from gevent import monkey
monkey.patch_all()
spawn, sleep, Timeout, Event = gevent.spawn, gevent.sleep, gevent.Timeout, __import__("gevent.event").event.Event
def wait(greenlets):
    gevent.joinall(greenlets, raise_error=True)
    return [one.value for one in greenlets]
def in_pool(function, *arguments):
    return gevent.get_hub().threadpool.apply(function, arguments)
""",
    "eventlet": """
import warnings
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import eventlet
    eventlet.monkey_patch()
spawn, sleep, Timeout = eventlet.spawn, eventlet.sleep, eventlet.Timeout
def wait(greenlets):
    return [one.wait() for one in greenlets]
def in_pool(function, *arguments):
    from eventlet import tpool
    return tpool.execute(function, *arguments)
""",
}

INSTALL = """
import sys
from tests.unit.hooks import pods
pods.enter(sys.argv[1], sys.argv[2])
import steadydns.auto
"""

# Everything that a native thread calls of logging, OpenTelemetry and the import system. Both libraries take the profile
# function of `threading` over into the threads of their pools.
RECORD = """
import logging, os, socket, sys, time, _thread
import steadydns

away, messages = set(), []

def profile(frame, event, argument, me=_thread.get_native_id, process=os.getpid()):
    if event == "call" and me() != process:
        code = frame.f_code
        file, name = code.co_filename, code.co_name
        if "/logging/" in file or "/opentelemetry/" in file or name in ("_find_and_load", "find_spec"):
            away.add(f"{file}:{name} {frame.f_locals.get('name', '')}")

import threading
threading.setprofile(profile)
if "eventlet" in sys.modules:
    from eventlet import patcher
    patcher.original("threading").setprofile(profile)

class Handler(logging.Handler):
    def emit(self, record):
        messages.append(record.getMessage())
handler = Handler()
logging.getLogger().addHandler(handler)
logging.getLogger().setLevel(logging.DEBUG)

from opentelemetry import metrics, trace
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
exporter, batched, reader = InMemorySpanExporter(), InMemorySpanExporter(), InMemoryMetricReader()
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(exporter))
provider.add_span_processor(BatchSpanProcessor(batched))
trace.set_tracer_provider(provider)
metrics.set_meter_provider(MeterProvider([reader]))
tracer = trace.get_tracer("service")

def spans():
    provider.force_flush()
    assert len(batched.get_finished_spans()) == len(exporter.get_finished_spans())
    return [span for span in exporter.get_finished_spans() if span.name.startswith("DNS lookup")]

def count():
    data = reader.get_metrics_data()
    found = [m for r in data.resource_metrics for s in r.scope_metrics for m in s.metrics] if data else []
    return sum(point.count for metric in found for point in metric.data.data_points)

def slow_messages():
    return [message for message in messages if message.startswith("slow lookup")]

def look_up(name):
    try:
        return socket.getaddrinfo(name, 80, 0, socket.SOCK_STREAM)
    except socket.gaierror as error:
        assert "lookup" in str(error.__cause__), repr(error.__cause__)
        return error.errno

def request(name):
    with tracer.start_as_current_span("GET"):
        return look_up(name)
"""

# The last line of each program: what was called where greenlets may hold what it takes.
CHECK = """
assert not away, away
print("done", flush=True)
os._exit(0)  # threads of a pool may wait for work for ever
"""

ORDERS = ("patched before", "patched after")


def run(kind: str, order: str, scenario: str, server: LoopbackServer, etc: Path, **environ: str) -> None:
    """Run a scenario in a process that gevent or eventlet have patched; it must come to its end, with nothing amiss."""
    parts = [PATCH[kind], INSTALL] if order == "patched before" else [INSTALL, PATCH[kind]]
    text = "".join([WATCH, *parts, RECORD, scenario, CHECK])
    knobs = {"STEADYDNS_FIRST_RETRY": "0.1", "STEADYDNS_HOOKS": "+eventlet", **environ}
    output = program.run(text, str(etc.parent), str(server.server.port), **knobs)
    assert output.split()[-1] == "done"
