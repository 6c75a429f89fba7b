"""A process that lives in the pod and looks names up when told to; runs in the pod.

May import the standard library, and the module that its argument names; never imports the lab.

usage: client.py [MODULE]      the module is imported first: importing it activates what is under test

Reads one JSON document a line and answers each with one line:

{"calls": [[host, port, family, type, proto, flags], ...], "threads": n, "pause_s": seconds, "announce": k,
 "loop": "asyncio" or "uvloop"}
    Makes the calls. Each thread pauses that long after each of its own; a line {"announced": k} comes when k are
    done. With "loop" they are calls of that loop's getaddrinfo, and n is the number of tasks; the loop stays for the
    next document. Answers {"lookups": [{"name", "started", "seconds", "errno", "error", "addresses", "canonical", "rows"},
    ...]} in the order of the calls.
{"stats": true}
    Answers what steadydns.stats() says.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import socket
import sys
import threading
import time
from typing import Any


class Batch:
    """Calls that several threads take from one list."""

    def __init__(self, calls: list[Any], pause_s: float, announce: int) -> None:
        self._lock = threading.Lock()  # guards the three below
        self._next = 0
        self._done = 0
        self.results: list[dict[str, Any]] = [{}] * len(calls)
        self._calls = calls
        self._pause_s = pause_s
        self._announce = announce

    def run(self, threads: int) -> None:
        """Make all calls."""
        workers = [threading.Thread(target=self._work) for _ in range(threads)]
        for worker in workers:
            worker.start()
        for worker in workers:
            worker.join()

    def _work(self) -> None:
        while (index := self._take()) is not None:
            self._keep(index, look_up(*self._calls[index]))
            if self._pause_s:
                time.sleep(self._pause_s)

    async def run_tasks(self, tasks: int) -> None:
        """Make all calls in the running loop."""
        await asyncio.gather(*[self._work_in_task() for _ in range(tasks)])

    async def _work_in_task(self) -> None:
        while (index := self._take()) is not None:
            self._keep(index, await look_up_in_loop(*self._calls[index]))
            if self._pause_s:
                await asyncio.sleep(self._pause_s)

    def _keep(self, index: int, result: dict[str, Any]) -> None:
        with self._lock:
            self.results[index] = result
            self._done += 1
            if self._done == self._announce:
                say({"announced": self._done})

    def _take(self) -> int | None:
        with self._lock:
            index = self._next
            self._next += 1
        return index if index < len(self._calls) else None


def look_up(host: str, port: Any, family: int, type_: int, proto: int, flags: int) -> dict[str, Any]:
    """Make one call; what it gave, with enums as they are, or what it raised."""
    started = time.perf_counter()
    try:
        outcome: Any = socket.getaddrinfo(host, port, family, type_, proto, flags)
    except Exception as error:  # whatever it is, the test is to see it
        outcome = error
    return told(host, started, time.perf_counter() - started, outcome)


async def look_up_in_loop(
    host: str, port: Any, family: int, type_: int, proto: int, flags: int
) -> dict[str, Any]:
    """The same by the running loop's getaddrinfo."""
    loop = asyncio.get_running_loop()
    started = time.perf_counter()
    try:
        outcome: Any = await loop.getaddrinfo(host, port, family=family, type=type_, proto=proto, flags=flags)
    except Exception as error:  # as above
        outcome = error
    return told(host, started, time.perf_counter() - started, outcome)


def told(host: str, started: float, seconds: float, outcome: Any) -> dict[str, Any]:
    """A call's outcome, rows or an exception, as JSON has it."""
    result: dict[str, Any] = {
        "name": host,
        "started": started,
        "seconds": seconds,
        "errno": 0,
        "error": "",
        "addresses": [],
        "canonical": "",
        "rows": [],
    }
    if isinstance(outcome, Exception):
        errno = outcome.errno if isinstance(outcome, OSError) else None
        return {**result, "errno": errno, "error": f"{type(outcome).__name__}{outcome.args!r}"}
    result["addresses"] = [row[4][0] for row in outcome]
    result["canonical"] = outcome[0][3]
    result["rows"] = [repr(row) for row in outcome]
    return result


class Loops:
    """The event loops that were asked for, which stay."""

    def __init__(self) -> None:
        self._loops: dict[str, asyncio.AbstractEventLoop] = {}

    def get(self, kind: str) -> asyncio.AbstractEventLoop:
        """The loop of that kind."""
        if kind not in self._loops:
            make = asyncio if kind == "asyncio" else importlib.import_module("uvloop")
            self._loops[kind] = make.new_event_loop()
        return self._loops[kind]


def say(answer: object) -> None:
    """Write one line."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Do what the input says until it ends."""
    if len(sys.argv) > 1:
        importlib.import_module(sys.argv[1])
    loops = Loops()
    for line in sys.stdin:
        asked = json.loads(line)
        if "stats" in asked:
            say(importlib.import_module("steadydns").stats())
            continue
        batch = Batch(asked["calls"], asked.get("pause_s", 0), asked.get("announce", 0))
        if asked.get("loop"):
            loops.get(asked["loop"]).run_until_complete(batch.run_tasks(asked.get("threads", 1)))
        else:
            batch.run(asked.get("threads", 1))
        say({"lookups": batch.results})


if __name__ == "__main__":
    main()
