"""Calls getaddrinfo again and again with the same arguments; runs in the pod.

May import the standard library and, as ``steadydns``, steadydns.auto; never imports the lab.

usage: hit_client.py stock|steadydns

Reads one line of JSON at a time, {"case": ..., "calls": n}, and answers each with the mean of a call in nanoseconds.
"""

from __future__ import annotations

import functools
import gc
import json
import socket
import sys
from itertools import repeat
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

DNS_NAME, HOSTS_NAME = "www.example.com", "pod"


def positional(function: Any, host: str, calls: int) -> float:
    """Mean nanoseconds of a call with positional arguments, as http.client and asyncio make it."""
    stream = socket.SOCK_STREAM
    start = perf_counter_ns()
    for _ in repeat(None, calls):
        function(host, 443, 0, stream)
    return (perf_counter_ns() - start) / calls


def keywords(function: Any, host: str, calls: int) -> float:
    """Mean nanoseconds of a call with keyword arguments."""
    stream = socket.SOCK_STREAM
    start = perf_counter_ns()
    for _ in repeat(None, calls):
        function(host, 443, family=0, type=stream)
    return (perf_counter_ns() - start) / calls


def stock_cases() -> dict[str, Callable[[int], float]]:
    """What is measured without steadydns."""
    remembered = functools.lru_cache(maxsize=None)(socket.getaddrinfo)
    return {
        "lru_cache": lambda calls: positional(remembered, DNS_NAME, calls),
        "lru_cache, keywords": lambda calls: keywords(remembered, DNS_NAME, calls),
        "hosts name": lambda calls: positional(socket.getaddrinfo, HOSTS_NAME, calls),
    }


def our_cases() -> dict[str, Callable[[int], float]]:
    """What is measured with it."""
    import steadydns.auto

    def checked(call: Callable[..., float], host: str, calls: int) -> float:
        before = steadydns.stats()["hits"]
        mean = call(socket.getaddrinfo, host, calls)
        if steadydns.stats()["hits"] - before < calls * 0.999:
            raise RuntimeError("these calls were no hits")
        return mean

    return {
        "DNS name": lambda calls: checked(positional, DNS_NAME, calls),
        "DNS name, keywords": lambda calls: checked(keywords, DNS_NAME, calls),
        "hosts name": lambda calls: checked(positional, HOSTS_NAME, calls),
    }


def main() -> None:
    """Do what the input says until it ends."""
    cases = our_cases() if sys.argv[1] == "steadydns" else stock_cases()
    for line in sys.stdin:
        asked = json.loads(line)
        gc.collect()
        print(json.dumps(cases[asked["case"]](asked["calls"])), flush=True)


if __name__ == "__main__":
    main()
