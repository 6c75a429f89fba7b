"""A process that lives in the pod and looks names up when told to; runs in the pod.

May import the standard library, and the module that its argument names; never imports the lab.

usage: client.py [MODULE]      the module is imported first: importing it activates what is under test

Reads one JSON document a line and answers each with one line:

{"calls": [[host, port, family, type, proto, flags], ...], "threads": n, "pause_s": seconds, "announce": k}
    Makes the calls. Each thread pauses that long after each of its own; a line {"announced": k} comes when k are
    done. Answers {"lookups": [{"name", "started", "seconds", "errno", "error", "addresses", "canonical", "rows"},
    ...]} in the order of the calls.
{"stats": true}
    Answers what steadydns.stats() says.
"""

from __future__ import annotations

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
            result = look_up(*self._calls[index])
            with self._lock:
                self.results[index] = result
                self._done += 1
                if self._done == self._announce:
                    say({"announced": self._done})
            if self._pause_s:
                time.sleep(self._pause_s)

    def _take(self) -> int | None:
        with self._lock:
            index = self._next
            self._next += 1
        return index if index < len(self._calls) else None


def look_up(host: str, port: Any, family: int, type_: int, proto: int, flags: int) -> dict[str, Any]:
    """Make one call; what it gave, with enums as they are, or what it raised."""
    result: dict[str, Any] = {
        "name": host,
        "errno": 0,
        "error": "",
        "addresses": [],
        "canonical": "",
        "rows": [],
    }
    started = time.perf_counter()
    try:
        rows = socket.getaddrinfo(host, port, family, type_, proto, flags)
    except Exception as error:  # whatever it is, the test is to see it
        errno = error.errno if isinstance(error, OSError) else None
        result.update(errno=errno, error=f"{type(error).__name__}{error.args!r}")
        seconds = time.perf_counter() - started
    else:
        seconds = time.perf_counter() - started
        result["addresses"] = [row[4][0] for row in rows]
        result["canonical"] = rows[0][3]
        result["rows"] = [repr(row) for row in rows]
    return {**result, "started": started, "seconds": seconds}


def say(answer: object) -> None:
    """Write one line."""
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main() -> None:
    """Do what the input says until it ends."""
    if len(sys.argv) > 1:
        importlib.import_module(sys.argv[1])
    for line in sys.stdin:
        asked = json.loads(line)
        if "stats" in asked:
            say(importlib.import_module("steadydns").stats())
            continue
        batch = Batch(asked["calls"], asked.get("pause_s", 0), asked.get("announce", 0))
        batch.run(asked.get("threads", 1))
        say({"lookups": batch.results})


if __name__ == "__main__":
    main()
