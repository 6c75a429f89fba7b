"""``python -m tests.cpython``: compare CPython's test suite with and without the shim on given interpreters."""

from __future__ import annotations

import argparse
import sys

from tests.cpython.harness import MODULES, Request, Subject, compare, obstacle


def main() -> int:
    """Print one line a module, every difference below it; return 1 if there is one, 2 if it cannot run."""
    parser = argparse.ArgumentParser(prog="python -m tests.cpython", description=__doc__)
    parser.add_argument(
        "--python", action="append", help="an interpreter with our dependencies (default: this)"
    )
    parser.add_argument("--shim", default="steadydns.auto", help="the module that sitecustomize imports")
    parser.add_argument("--match", default="", help="run only tests whose name contains this")
    parser.add_argument("modules", nargs="*", default=list(MODULES), metavar="module")
    options = parser.parse_args()
    problem = obstacle()
    if problem:
        print(problem, file=sys.stderr)
        return 2
    failures = 0
    for python in options.python or [sys.executable]:
        for module in options.modules:
            subject = Subject(python, options.shim)
            found = compare(Subject(python), subject, Request(module, options.match), must_patch=True)
            print(found, flush=True)
            for line in found.differences:
                print(f"  {line}".replace("\n", "\n    "), flush=True)
            failures += len(found.differences)
    print(f"{failures} differences" if failures else "no differences")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
