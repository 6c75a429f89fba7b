"""Looks names up in an event loop, many tasks at once; runs in the pod.

May import the standard library, uvloop, aiodns and, as ``steadydns``, steadydns.auto; never imports the lab.

usage: asyncio_client.py stock|steadydns|aiodns asyncio|uvloop

Reads one line of JSON at a time, {"names": [...], "tasks": n, "warm": k}: so many tasks take the names from one list;
the first k names are looked up before and not counted. Answers each line with one:
{"seconds": of all, "cpu": processor time, "median": of a lookup, "errors": n, "threads": that are new}.

With {"hits": n, "names": [name]} it looks the one name up so often, and answers {"mean": seconds of a call}.
"""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import statistics
import sys
import threading
import time
from itertools import repeat
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

STREAM = socket.SOCK_STREAM


def looker(how: str) -> Callable[[str], Awaitable[int]]:
    """What looks a name up and gives the number of its addresses."""
    loop = asyncio.get_running_loop()
    if how == "aiodns":
        import aiodns

        resolver = aiodns.DNSResolver()

        async def through_aiodns(name: str) -> int:
            found = await resolver.getaddrinfo(name, socket.AF_UNSPEC, 443, STREAM)
            return len(found.nodes)

        return through_aiodns

    async def through_the_loop(name: str) -> int:
        return len(await loop.getaddrinfo(name, 443, type=STREAM))

    return through_the_loop


async def batch(look_up: Callable[[str], Awaitable[int]], names: list[str], tasks: int) -> dict[str, Any]:
    """Look all names up."""
    left = iter(names)
    times: list[float] = []
    errors = 0

    async def work() -> None:
        nonlocal errors
        for name in left:
            start = time.perf_counter()
            try:
                errors += await look_up(name) != 2
            except Exception:
                errors += 1
            times.append(time.perf_counter() - start)

    start, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*[work() for _ in range(tasks)])
    return {
        "seconds": time.perf_counter() - start,
        "cpu": time.process_time() - cpu,
        "median": statistics.median(times),
        "errors": errors,
    }


async def hits(name: str, number: int) -> dict[str, float]:
    """The mean of a call whose answer is cached."""
    getaddrinfo = asyncio.get_running_loop().getaddrinfo
    await getaddrinfo(name, 443, type=STREAM)
    start = time.perf_counter()
    for _ in repeat(None, number):
        await getaddrinfo(name, 443, type=STREAM)
    return {"mean": (time.perf_counter() - start) / number}


async def serve(how: str) -> None:
    """Do what the input says until it ends. Reading it blocks the loop, which has nothing else to do then."""
    look_up = looker(how)
    for line in sys.stdin:
        asked = json.loads(line)
        if "hits" in asked:
            print(json.dumps(await hits(asked["names"][0], asked["hits"])), flush=True)
            continue
        names, warm, tasks = asked["names"], asked["warm"], asked["tasks"]
        before = threading.active_count()
        await batch(look_up, names[:warm], min(tasks, 8))
        gc.collect()
        done = await batch(look_up, names[warm:], tasks)
        print(json.dumps({**done, "threads": threading.active_count() - before}), flush=True)


def main() -> None:
    """Run it on the loop that was asked for."""
    how, kind = sys.argv[1:]
    if how == "steadydns":
        import steadydns.auto  # noqa: F401 -- importing activates
    if kind == "uvloop":
        import uvloop

        uvloop.run(serve(how))
    else:
        asyncio.run(serve(how))


if __name__ == "__main__":
    main()
