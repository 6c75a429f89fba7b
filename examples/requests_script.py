"""A script that fetches a URL with requests, and shows what a slow DNS lookup looks like in its trace.

    python examples/requests_script.py http://example.com/

Spans go to the standard output. Only a slow lookup becomes one; STEADYDNS_SLOW_THRESHOLD=0 makes every lookup slow.
"""

from __future__ import annotations

import sys

import requests
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import ConsoleSpanExporter, SimpleSpanProcessor

import steadydns.auto  # noqa: F401 - the only line that is about steadydns: importing it activates it


def main(url: str) -> int:
    """Fetch the URL inside a span; return 0 if that went well."""
    provider = TracerProvider(resource=Resource.create({"service.name": "requests-script"}))
    provider.add_span_processor(SimpleSpanProcessor(ConsoleSpanExporter()))
    trace.set_tracer_provider(provider)
    tracer = trace.get_tracer("requests_script")
    try:
        with tracer.start_as_current_span("fetch", attributes={"url.full": url}):
            response = requests.get(url, timeout=10)
        print(f"{url}: {response.status_code}, {len(response.content)} bytes", file=sys.stderr)
    finally:
        provider.shutdown()
    return 0 if response.ok else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "http://example.com/"))
