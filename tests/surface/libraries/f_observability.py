"""Metrics, traces and logs."""

from __future__ import annotations

from tests.surface.paths import CallPath, Library

TITLE = "Observability"

RECORD = "import logging\nrecord = logging.makeLogRecord({'msg': 'text', 'levelname': 'INFO'})\n"

LIBRARIES = (
    Library(
        "statsd",
        (CallPath("StatsClient.incr", "statsd.StatsClient(NAME, PORT).incr('x')"),),
        ("statsd",),
        "import statsd",
    ),
    Library(
        "datadog",
        (CallPath("DogStatsd.increment", "datadog.DogStatsd(host=NAME, port=PORT).increment('x')"),),
        ("datadog",),
        "import datadog",
    ),
    Library(
        "prometheus-client",
        (
            CallPath(
                "push_to_gateway",
                "prometheus_client.push_to_gateway('%s:%d' % (NAME, PORT), 'j', prometheus_client.REGISTRY)",
            ),
            CallPath(
                "GraphiteBridge.push",
                "prometheus_client.bridge.graphite.GraphiteBridge((NAME, PORT)).push()",
            ),
        ),
        ("prometheus-client",),
        "import prometheus_client, prometheus_client.bridge.graphite",
    ),
    Library(
        "sentry-sdk",
        (
            CallPath(
                "capture_message",
                "sentry_sdk.init('http://key@%s:%d/1' % (NAME, PORT), auto_enabling_integrations=False); sentry_sdk.capture_message('x')\n"
                "sentry_sdk.flush(3)",
            ),
        ),
        ("sentry-sdk",),
        "import sentry_sdk",
    ),
    Library(
        "OTLP over HTTP",
        (
            CallPath(
                "OTLPSpanExporter",
                "OTLPSpanExporter('http://%s:%d/v1/traces' % (NAME, PORT), timeout=2).export([])",
            ),
        ),
        ("opentelemetry-exporter-otlp-proto-http",),
        "from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter",
    ),
    Library(
        "OTLP over gRPC",
        (
            CallPath(
                "OTLPSpanExporter",
                "OTLPSpanExporter('http://%s:%d' % (NAME, PORT), timeout=2, insecure=True).export([])",
            ),
        ),
        ("opentelemetry-exporter-otlp-proto-grpc", "grpcio"),
        "from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter",
        hook="grpc",
    ),
    Library(
        "graypy",
        (
            CallPath("GELFUDPHandler.emit", "graypy.GELFUDPHandler(NAME, PORT).emit(record)", hook="sockets"),
            CallPath("GELFTCPHandler.emit", "graypy.GELFTCPHandler(NAME, PORT).emit(record)"),
        ),
        ("graypy",),
        RECORD + "import graypy",
    ),
    Library(
        "fluent-logger",
        (
            CallPath(
                "FluentSender.emit",
                "fluent.sender.FluentSender('x', host=NAME, port=PORT).emit('y', {'z': 1})",
            ),
        ),
        ("fluent-logger",),
        "import fluent.sender",
        hook="sockets",
    ),
)
