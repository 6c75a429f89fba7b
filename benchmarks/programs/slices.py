"""Measures one thing in short slices, whenever it is asked to; runs in the pod, one process for each checkout.

May import the standard library and steadydns, of which it uses the public names only; never imports the lab.

usage: slices.py hit|second|cold|asyncio|memory

Prints {"file": where steadydns was imported from, "after_import": resident MB}. Then it reads one line of JSON at a time,
{"names": [...], "calls": n, "tasks": n}, and answers each with one: {"wall": seconds, "cpu": seconds} of one call or lookup,
or for memory {"resident": MB}.
"""

from __future__ import annotations

import asyncio
import gc
import json
import socket
import statistics
import sys
import time
from itertools import repeat
from typing import TYPE_CHECKING, Any

import steadydns
import steadydns.auto

if TYPE_CHECKING:
    from collections.abc import Callable

STREAM = socket.SOCK_STREAM
Taken = dict[str, float]


def resident() -> float:
    """Resident memory of this process, in MB."""
    gc.collect()
    with open("/proc/self/smaps_rollup") as lines:  # noqa: PTH123 -- pathlib is not loaded otherwise
        return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("Rss:"))


def look_up(name: str) -> None:
    """Look a name up as a service does."""
    if len(socket.getaddrinfo(name, 443, 0, STREAM)) != 2:
        raise RuntimeError(f"{name} does not have two addresses")


def queries() -> int:
    """How many queries have been sent so far."""
    return sum(sum(one.values()) for one in steadydns.stats()["queries"].values())


def hit(asked: dict[str, Any]) -> Taken:
    """Call with the same arguments again and again."""
    (name,), calls = asked["names"], asked["calls"]
    getaddrinfo = socket.getaddrinfo
    before = steadydns.stats()["hits"]
    wall, cpu = time.perf_counter(), time.process_time()
    for _ in repeat(None, calls):
        getaddrinfo(name, 443, 0, STREAM)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    if steadydns.stats()["hits"] - before < calls * 0.999:
        raise RuntimeError("these calls were not cache hits")
    return {"wall": wall / calls, "cpu": cpu / calls}


def second(asked: dict[str, Any]) -> Taken:
    """Look every name up once, and measure the second call for each: the answer is cached, its rows are not."""
    names = asked["names"]
    for name in names:
        look_up(name)
    before = queries()
    taken = one_by_one(names)
    if queries() != before:
        raise RuntimeError("a second call asked a server")
    return taken


def cold(asked: dict[str, Any]) -> Taken:
    """Look names up that no cache has, one after the other."""
    return one_by_one(asked["names"])


def one_by_one(names: list[str]) -> Taken:
    """The median time of a lookup, and its mean processor time."""
    seconds = []
    cpu = time.process_time()
    for name in names:
        start = time.perf_counter()
        look_up(name)
        seconds.append(time.perf_counter() - start)
    return {"wall": statistics.median(seconds), "cpu": (time.process_time() - cpu) / len(names)}


def memory(asked: dict[str, Any]) -> Taken:
    """Look the names up, and see how much memory the process has then."""
    for name in asked["names"]:
        look_up(name)
    return {"resident": resident()}


async def at_once(asked: dict[str, Any]) -> Taken:
    """Let many tasks take the names from one list."""
    loop = asyncio.get_running_loop()
    left = iter(asked["names"])

    async def work() -> None:
        for name in left:
            if len(await loop.getaddrinfo(name, 443, type=STREAM)) != 2:
                raise RuntimeError(f"{name} does not have two addresses")

    wall, cpu = time.perf_counter(), time.process_time()
    await asyncio.gather(*[work() for _ in range(asked["tasks"])])
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return {"wall": wall / len(asked["names"]), "cpu": cpu / len(asked["names"])}


MEASURES: dict[str, Callable[[dict[str, Any]], Taken]] = {
    "hit": hit,
    "second": second,
    "cold": cold,
    "memory": memory,
}


async def serve_loop() -> None:
    """Do what the input says in one event loop. Reading it blocks the loop, which has nothing else to do then."""
    for line in sys.stdin:
        gc.collect()
        print(json.dumps(await at_once(json.loads(line))), flush=True)


def main() -> None:
    """Do what the input says until it ends."""
    print(json.dumps({"file": steadydns.__file__, "after_import": resident()}), flush=True)
    if sys.argv[1] == "asyncio":
        asyncio.run(serve_loop())
        return
    measure = MEASURES[sys.argv[1]]
    for line in sys.stdin:
        gc.collect()
        print(json.dumps(measure(json.loads(line))), flush=True)


if __name__ == "__main__":
    main()
