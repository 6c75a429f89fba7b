"""Run unittest modules in a network namespace of their own and write one JSON line per event.

Started as a script by the interpreter under test, in an empty network namespace: uses the standard library
alone and imports nothing of this repository. Its only argument is a JSON request (see ``harness.Request``).
"""

from __future__ import annotations

import faulthandler
import fcntl
import json
import os
import socket
import struct
import sys
import traceback
import unittest
from typing import TYPE_CHECKING, Any, TextIO

if TYPE_CHECKING:
    from collections.abc import Iterator

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 0x1  # netdevice(7)


def raise_loopback() -> None:
    """Bring ``lo`` up: in a new network namespace it is down, and with it ::1 and 127.0.0.1."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        flags = struct.unpack("16xH6x", fcntl.ioctl(control, SIOCGIFFLAGS, struct.pack("16sH6x", b"lo", 0)))[
            0
        ]
        fcntl.ioctl(control, SIOCSIFFLAGS, struct.pack("16sH6x", b"lo", flags | IFF_UP))


class Recorder(unittest.TestResult):
    """Writes every outcome at once, so that a crash or a hang loses nothing that went before."""

    def __init__(self, out: TextIO) -> None:
        super().__init__()
        self.out = out
        self.outcomes: dict[str, tuple[str, str]] = {}

    def write(self, **event: object) -> None:
        self.out.write(json.dumps(event) + "\n")
        self.out.flush()

    def startTest(self, test: unittest.TestCase) -> None:
        super().startTest(test)
        self.write(start=test.id())

    def stopTest(self, test: unittest.TestCase) -> None:
        super().stopTest(test)
        outcome, detail = self.outcomes.get(test.id(), ("skip", "every subtest was skipped"))
        self.write(id=test.id(), outcome=outcome, detail=detail)

    def _note(self, test: unittest.TestCase, outcome: str, detail: str = "") -> None:
        # A failing subtest comes before its test's own success, and decides.
        if self.outcomes.get(test.id(), ("",))[0] not in ("fail", "error"):
            self.outcomes[test.id()] = (outcome, detail)
        if not hasattr(test, "_testMethodName"):  # a failed setUpClass or setUpModule never starts a test
            self.write(id=test.id(), outcome=outcome, detail=detail)

    def addSuccess(self, test: unittest.TestCase) -> None:
        self._note(test, "pass")

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        self._note(test, "skip", reason)

    def addExpectedFailure(self, test: unittest.TestCase, err: Any) -> None:
        self._note(test, "expected failure")

    def addUnexpectedSuccess(self, test: unittest.TestCase) -> None:
        self._note(test, "unexpected success")

    def addFailure(self, test: unittest.TestCase, err: Any) -> None:
        self._note(test, "fail", "".join(traceback.format_exception(*err)))

    def addError(self, test: unittest.TestCase, err: Any) -> None:
        self._note(test, "error", "".join(traceback.format_exception(*err)))

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: Any) -> None:
        if err is not None:
            self._note(test, "fail", f"{subtest}\n" + "".join(traceback.format_exception(*err)))


def each_test(suite: unittest.TestSuite) -> Iterator[unittest.TestCase]:
    """Yield the tests of a suite and of the suites in it."""
    for item in suite:
        if isinstance(item, unittest.TestSuite):
            yield from each_test(item)
        else:
            yield item


def is_wanted(identity: str, request: dict[str, Any]) -> bool:
    """Tell whether a test is to run: not excluded, matching, and among the named ones if any are named."""
    if any(part in identity for part in request["exclude"]):
        return False
    return request["match"] in identity and (request["only"] is None or identity in request["only"])


def is_patched() -> bool:
    """Tell whether name lookups of this process go through something other than CPython's C function."""
    import _socket

    return type(_socket.getaddrinfo).__name__ != "builtin_function_or_method"


def run(request: dict[str, Any], out: TextIO) -> None:
    """Run one module and record it."""
    recorder = Recorder(out)
    recorder.write(patched=is_patched(), loaded=not request["shim"] or request["shim"] in sys.modules)
    if request["module"].startswith("test."):
        from test import support  # type: ignore[import-not-found, import-untyped, unused-ignore]

        support.use_resources = []  # as `python -m test` without -u: nothing that needs the internet or hours
    suite = unittest.defaultTestLoader.loadTestsFromName(request["module"])
    unittest.TestSuite(test for test in each_test(suite) if is_wanted(test.id(), request)).run(recorder)
    recorder.write(end=recorder.testsRun, patched=is_patched())


def main() -> None:
    """Run the request of the command line, alone on a loopback, and end with the process."""
    request = json.loads(sys.argv[1])
    faulthandler.dump_traceback_later(request["timeout"], exit=True)
    raise_loopback()
    os.chdir(request["folder"])
    with open(request["out"], "w", encoding="utf-8") as out:  # noqa: PTH123 - as light as the suite under test
        run(request, out)
    # Not sys.exit: what a failed test left behind (threads, tasks) must not keep the process.
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    main()
