"""A WSGI service for gunicorn, with pre-forked workers or with gevent's.

    cd examples
    gunicorn --workers 2 --preload gunicorn_app:app
    gunicorn --worker-class gevent gunicorn_app:app
    curl http://127.0.0.1:8000/lookup/example.com

With --preload steadydns is activated once, before the workers are forked: they begin with the cache that is there by
then. A gevent worker patches first and imports this afterwards; a lookup lets its other greenlets run.
"""

from __future__ import annotations

import json
import os
import socket
import time
from typing import TYPE_CHECKING, Any

import steadydns.auto  # noqa: F401 - the only line that is about steadydns: importing it activates it

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable


def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    """Answer /lookup/NAME with the addresses of the name, and how long they took."""
    began = time.monotonic()
    rows = socket.getaddrinfo(environ["PATH_INFO"].rpartition("/")[2], 80)
    answer = {
        "pid": os.getpid(),
        "addresses": sorted({row[4][0] for row in rows}),
        "seconds": time.monotonic() - began,
    }
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(answer).encode()]
