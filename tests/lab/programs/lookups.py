"""Looks names up with socket.getaddrinfo and prints what came back, as the C peer does; runs in the pod.

May import the standard library, and the module that --activate names; never imports the lab.

usage: lookups.py [--activate MODULE] [--threads N] [--repeat N] [--family 4|6] [--port P] NAME...
A NAME like ``host{0..199}.many.example.com`` stands for 200 names.
"""

from __future__ import annotations

import argparse
import importlib
import json
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

FAMILIES = {"4": socket.AF_INET, "6": socket.AF_INET6, "0": socket.AF_UNSPEC}


def main() -> None:
    """Read the arguments, look everything up, print one JSON document."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--activate", metavar="MODULE")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--family", choices=FAMILIES, default="0")
    parser.add_argument("--port", type=int)
    parser.add_argument("names", nargs="+")
    arguments = parser.parse_args()
    if arguments.activate:
        importlib.import_module(arguments.activate)
    names = [name for pattern in arguments.names for name in expanded(pattern)] * arguments.repeat
    start = time.perf_counter()
    with ThreadPoolExecutor(arguments.threads) as pool:
        lookups = list(
            pool.map(lambda name: look_up(name, arguments.port, FAMILIES[arguments.family]), names)
        )
    print(json.dumps({"libc": "python", "seconds": time.perf_counter() - start, "lookups": lookups}))


def expanded(pattern: str) -> list[str]:
    """The names that a pattern with ``{first..last}`` stands for."""
    found = re.search(r"\{(\d+)\.\.(\d+)\}", pattern)
    if found is None:
        return [pattern]
    numbers = range(int(found[1]), int(found[2]) + 1)
    return [pattern[: found.start()] + str(number) + pattern[found.end() :] for number in numbers]


def look_up(name: str, port: int | None, family: int) -> dict[str, Any]:
    """One lookup: its time in seconds, and its rows or its error."""
    result: dict[str, Any] = {"name": name, "error": 0, "text": None, "rows": []}
    start = time.perf_counter()
    try:
        found = socket.getaddrinfo(name, port, family, socket.SOCK_STREAM)
    except socket.gaierror as error:
        result.update(error=error.errno, text=error.strerror)
    else:
        result["rows"] = [[*row[:4], row[4][0], row[4][1], *row[4][3:]] for row in found]
    return {**result, "seconds": time.perf_counter() - start}


if __name__ == "__main__":
    main()
