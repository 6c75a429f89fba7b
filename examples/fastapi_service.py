"""A FastAPI service on uvicorn that calls another service by name, with a span for each request.

    python examples/fastapi_service.py            # then: curl http://127.0.0.1:8000/orders/7

UPSTREAM is the URL that it calls, PORT where it listens. A slow DNS lookup of the upstream's name is a span
below the request's. Spans go to the standard output; STEADYDNS_SLOW_THRESHOLD=0 makes every lookup slow.
"""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import httpx
import uvicorn
from fastapi import FastAPI, Request, Response
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, ConsoleSpanExporter

import steadydns
import steadydns.auto  # the only line that is needed; the one above is for /dns below

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

UPSTREAM = os.environ.get("UPSTREAM", "http://example.com/")

provider = TracerProvider(resource=Resource.create({"service.name": "orders"}))
provider.add_span_processor(BatchSpanProcessor(ConsoleSpanExporter()))
trace.set_tracer_provider(provider)
tracer = trace.get_tracer("fastapi_service")


@asynccontextmanager
async def lifespan(_: FastAPI) -> AsyncIterator[None]:
    """Export the last spans before the service ends."""
    yield
    provider.shutdown()


app = FastAPI(lifespan=lifespan)


@app.middleware("http")
async def traced(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
    """Put a span around every request, where FastAPI or an instrumentation of it does not do so already."""
    if trace.get_current_span().is_recording():
        return await call_next(request)
    with tracer.start_as_current_span(f"{request.method} {request.url.path}", kind=trace.SpanKind.SERVER):
        return await call_next(request)


@app.get("/orders/{number}")
async def order(number: int) -> dict[str, object]:
    """Answer with what the upstream says; its name is looked up on the way."""
    async with httpx.AsyncClient(timeout=10) as client:
        response = await client.get(UPSTREAM)
    return {"order": number, "upstream": response.status_code}


@app.get("/dns")
async def dns() -> dict[str, object]:
    """What steadydns has done in this process so far."""
    return steadydns.stats()


if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ.get("PORT", "8000")))
