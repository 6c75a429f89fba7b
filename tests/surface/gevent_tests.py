"""gevent's own tests of its lookups, with steadydns and without: every test has to end the same way.

usage: python -m tests.surface.gevent_tests [--resolver NAME]

The tests are those of the installed gevent, gevent/tests/test__socket_dns.py. They compare gevent's lookups with the
interpreter's, for names of this machine and of the world; without a network some of them fail, with and without us.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

REPOSITORY: Final = Path(__file__).resolve().parents[2]

PROGRAM: Final = """
import sys
if sys.argv[1] == "with":
    import steadydns.auto
import json, unittest
import gevent.tests.test__socket_dns as module

class Result(unittest.TestResult):
    ended = {}
    def addSuccess(self, test): self.ended[test.id()] = "passed"
    def addError(self, test, error): self.ended[test.id()] = "error"
    def addFailure(self, test, error): self.ended[test.id()] = "failed"
    def addSkip(self, test, reason): self.ended[test.id()] = "skipped"

result = Result()
unittest.defaultTestLoader.loadTestsFromModule(module).run(result)
patched = "steadydns" in __import__("_socket").getaddrinfo.__module__ + str(
    getattr(__import__("_socket").getaddrinfo, "__code__", "")
)
print("RESULT " + json.dumps({"patched": patched, "ended": result.ended}))
"""


def outcomes(mode: str, resolver: str) -> dict[str, str]:
    """Return how each test ended, `with` steadydns or `without`."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", PROGRAM, mode],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src"), "GEVENT_RESOLVER": resolver},
        capture_output=True,
        text=True,
        timeout=500,
        check=False,
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("RESULT ")]
    if not lines:
        raise RuntimeError(done.stderr[-3000:])
    found = json.loads(lines[0].removeprefix("RESULT "))
    if found["patched"] is not (mode == "with"):
        raise RuntimeError(f"{mode} steadydns, and yet _socket.getaddrinfo says otherwise")
    ended: dict[str, str] = found["ended"]
    return ended


def main() -> int:
    """Return 0 when every test ends the same way."""
    parser = argparse.ArgumentParser(prog="python -m tests.surface.gevent_tests")
    parser.add_argument("--resolver", default="thread", help="gevent's resolver; thread is its default")
    resolver = parser.parse_args().resolver
    without, ours = outcomes("without", resolver), outcomes("with", resolver)
    different = sorted(name for name in without.keys() | ours.keys() if without.get(name) != ours.get(name))
    for name in different:
        print(f"{name}: {without.get(name)} without, {ours.get(name)} with steadydns")
    counts = {word: list(ours.values()).count(word) for word in ("passed", "failed", "error", "skipped")}
    print(f"{len(ours)} tests with steadydns: {counts}; {len(different)} differences")
    return 1 if different or not ours else 0


if __name__ == "__main__":
    sys.exit(main())
