"""A program's end: slow and failed lookups, and in which native threads their log messages, spans and imports happen."""

from __future__ import annotations

REPORTS = """
import _thread, logging, os, socket, sys
import steadydns
from opentelemetry import trace
from opentelemetry.sdk.trace import SpanProcessor, TracerProvider

logged, spans, imported = [], [], []
here = _thread.get_native_id

class Handler(logging.Handler):
    def emit(self, record):
        logged.append((record.getMessage(), here()))

class Processor(SpanProcessor):
    def on_end(self, span):
        if span.name.startswith("DNS lookup"):
            spans.append((span.name, here()))

class Finder:
    def find_spec(self, name, path=None, target=None):
        if here() != os.getpid():
            imported.append(name)

logger = logging.getLogger("steadydns")
logger.addHandler(Handler())
logger.setLevel(logging.DEBUG)
provider = TracerProvider()
provider.add_span_processor(Processor())
trace.set_tracer_provider(provider)
tracer = provider.get_tracer("application")
sys.meta_path.insert(0, Finder())

def look_up(name):
    steadydns.flush()
    try:
        socket.getaddrinfo(name, 80, 0, socket.SOCK_STREAM)
    except socket.gaierror:
        pass

look_up("redis.prod")
warnings = [thread for text, thread in logged if text.startswith("slow lookup")]
assert warnings, (logged, steadydns.stats())
with tracer.start_as_current_span("request"):
    look_up("redis.prod")
    look_up("gone.prod")
assert [name for name, _ in spans][:1] == ["DNS lookup redis.prod"], spans
assert {thread for _, thread in (*logged, *spans)} == {os.getpid()}, (os.getpid(), logged, spans)
assert imported == [], imported
"""
