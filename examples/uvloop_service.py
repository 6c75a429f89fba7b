"""A FastAPI service on uvicorn with uvloop; uvloop resolves in C, and a hook leads it to steadydns.

    python examples/uvloop_service.py          # then: curl http://127.0.0.1:8000/lookup/example.com

PORT is where it listens.
"""

from __future__ import annotations

import asyncio
import os
import time

import uvicorn
from fastapi import FastAPI

import steadydns.auto  # noqa: F401 - the only line that is about steadydns: importing it activates it

app = FastAPI()


@app.get("/lookup/{name}")
async def lookup(name: str) -> dict[str, object]:
    """Return the addresses of a name, and how long they took."""
    began = time.monotonic()
    rows = await asyncio.get_running_loop().getaddrinfo(name, 80)
    addresses = sorted({str(row[4][0]) for row in rows})
    return {"pid": os.getpid(), "addresses": addresses, "seconds": time.monotonic() - began}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(os.environ.get("PORT", "8000")), loop="uvloop")
