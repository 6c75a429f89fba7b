"""Celery tasks in pre-forked workers, with a folder as broker, so that nothing else has to run.

cd examples
FOLDER=/tmp/celery celery --app celery_tasks worker --pool prefork --concurrency 2
FOLDER=/tmp/celery python -c 'import celery_tasks; print(celery_tasks.lookup.delay("example.com").get(timeout=30))'
"""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path

from celery import Celery

import steadydns.auto  # noqa: F401 - the only line that is about steadydns: importing it activates it

FOLDER = Path(os.environ.get("FOLDER", "celery-queue"))
(FOLDER / "messages").mkdir(parents=True, exist_ok=True)
(FOLDER / "results").mkdir(parents=True, exist_ok=True)

app = Celery("celery_tasks", broker="filesystem://", backend=f"file://{FOLDER.resolve() / 'results'}")
app.conf.broker_transport_options = {
    "data_folder_in": str(FOLDER / "messages"),
    "data_folder_out": str(FOLDER / "messages"),
    "control_folder": str(FOLDER / "control"),
}


@app.task  # type: ignore[untyped-decorator]
def lookup(name: str) -> dict[str, object]:
    """Return the addresses of a name, and how long they took."""
    began = time.monotonic()
    rows = socket.getaddrinfo(name, 80)
    addresses = sorted({str(row[4][0]) for row in rows})
    return {"pid": os.getpid(), "addresses": addresses, "seconds": time.monotonic() - began}
