"""Asks a program linked with musl what it makes of resolv.conf and hosts. Run through namespace.run."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from tests.unit.system.glibc_probe import serve_dns
from tests.unit.system.namespace import private_etc, write_etc


def _run(program: str, *arguments: bytes) -> list[str]:
    done = subprocess.run([program.encode(), *arguments], check=True, capture_output=True)
    return done.stdout.decode("latin-1").split("\n")


def resolv_conf(program: str, text: str | None) -> dict[str, Any]:
    """Return the configuration musl reads from the file."""
    write_etc("resolv.conf", text)
    lines = _run(program)
    ndots, timeout, attempts = (int(number) for number in lines[0].split())
    # What follows the numbers is the search line, as long as it is, and then the servers.
    servers = [line.split() for line in lines[2:] if line]
    return {
        "numbers": [ndots, timeout, attempts],
        "search": lines[1],
        "nameservers": [[int(family), address, int(scope)] for family, address, scope in servers],
    }


def hosts(program: str, text: str, queries: list[tuple[str, int]]) -> list[str]:
    """Return the first address musl finds for each (name, family), or its error."""
    write_etc("hosts", text)
    write_etc("resolv.conf", "nameserver 127.0.0.1\n")
    arguments = [part for name, family in queries for part in (name.encode("latin-1"), str(family).encode())]
    return _run(program, *arguments)[: len(queries)]


if __name__ == "__main__":
    private_etc()
    serve_dns()
    request = json.load(sys.stdin)
    answers = {
        "resolv_conf": [resolv_conf(request["program"], text) for text in request["resolv_confs"]],
        "hosts": hosts(request["program"], request["hosts"], request["queries"]),
    }
    json.dump(answers, sys.stdout)
