"""The program in the pod: looks names up with getaddrinfo, as its parent tells it on the standard input.

`python -m steadydns.cli.demo.lookups PARENT SUBJECT PORT`, where SUBJECT is `stock`, `steadydns` (activated as a
service does it) or `loopback` (a Resolver that asks 127.0.0.1 at PORT). Each job is a line
{"names": [...], "threads": N}; each name is answered by a line as soon as it is, the end of a job by {"seconds": S}.
"""

from __future__ import annotations

import json
import os
import socket
import sys
import threading
from time import monotonic
from typing import TYPE_CHECKING, Any

from steadydns.cli.demo.linux import die_with_parent

if TYPE_CHECKING:
    from collections.abc import Callable


def getaddrinfo_of(subject: str, port: int) -> Callable[..., list[Any]]:
    """Return what is looked up with."""
    if subject == "loopback":
        from steadydns.cli.demo.loopback import resolver  # noqa: PLC0415 - the stock program loads nothing of ours

        return resolver(port).getaddrinfo
    if subject == "steadydns":
        import steadydns.auto  # noqa: PLC0415 - as above

        if not steadydns.is_installed():
            raise SystemExit("steadydns could not be activated here")
    return socket.getaddrinfo


def run(job: dict[str, Any], getaddrinfo: Callable[..., list[Any]]) -> None:
    """Look the job's names up, in as many threads as it says, and print what came of each."""
    names = list(reversed(job["names"]))
    began = monotonic()
    threads = [threading.Thread(target=_take, args=(names, getaddrinfo)) for _ in range(job["threads"])]
    for thread in threads:
        thread.daemon = True  # one that waits in libc must not keep the process from ending
        thread.start()
    for thread in threads:
        thread.join()
    _say({"seconds": monotonic() - began})


def _take(names: list[str], getaddrinfo: Callable[..., list[Any]]) -> None:
    while True:
        try:
            name = names.pop()
        except IndexError:
            return
        _say(look_up(name, getaddrinfo))


def look_up(name: str, getaddrinfo: Callable[..., list[Any]]) -> dict[str, Any]:
    """Look one name up; return its addresses or its error, and the seconds it took."""
    began = monotonic()
    addresses, error = [], ""
    try:
        addresses = [row[4][0] for row in getaddrinfo(name, 443, 0, socket.SOCK_STREAM)]
    except OSError as failure:
        error = str(failure)
    return {"name": name, "addresses": addresses, "error": error, "took": monotonic() - began}


def _say(message: object) -> None:
    # One write of the kernel's, so that the lines of several threads stay whole.
    os.write(sys.stdout.fileno(), json.dumps(message).encode() + b"\n")


if __name__ == "__main__":
    die_with_parent(int(sys.argv[1]))
    looking_up = getaddrinfo_of(sys.argv[2], int(sys.argv[3]))
    _say({})  # what had to be loaded is loaded
    for line in sys.stdin:
        run(json.loads(line), looking_up)
