"""`python -m steadydns.cli.demo`: build a node in the best way this machine allows, and tell the story in it.

Each way is tried in a process of its own, because a process that has changed its namespaces cannot change back.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import traceback
from typing import TYPE_CHECKING, Final

from steadydns.cli.demo.node import ALONE, MODES, ROOT, USER, Impossible, Node
from steadydns.cli.demo.program import Ended
from steadydns.cli.demo.screen import Screen
from steadydns.cli.demo.story import Story
from steadydns.system.pod import libc

if TYPE_CHECKING:
    from collections.abc import Sequence

IMPOSSIBLE: Final = 75  # EX_TEMPFAIL, <sysexits.h>
INTERRUPTED: Final = 128 + signal.SIGINT

WAYS: Final = {USER: "user namespaces", ROOT: "root's namespaces", ALONE: "loopback"}


def main(arguments: list[str] | None = None) -> int:
    """Run the demonstration; return its exit status."""
    parser = argparse.ArgumentParser(prog="steadydns demo", description=__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument(
        "--mode", choices=MODES, help="how to build the node; the best possible way if not given"
    )
    chosen = parser.parse_args(arguments).mode
    reasons: list[str] = []
    modes: tuple[str, ...] = MODES
    if libc() != "glibc":  # install() says so, too
        modes = (ALONE,)
        reasons.append("it cannot be replaced on musl yet")
    status = IMPOSSIBLE
    for mode in (chosen,) if chosen else modes:
        status, reason = _try(mode, reasons)
        if status != IMPOSSIBLE:
            return status
        reasons.append(f"{WAYS[mode]}: {reason}")
    print("The demonstration cannot run here.", *reasons, sep="\n   ", file=sys.stderr)
    return status


def _try(mode: str, reasons: Sequence[str]) -> tuple[int, str]:
    """Run the story in a child process; return its exit status, and why the node could not be built if so."""
    sys.stdout.flush()
    reader, writer = os.pipe()
    parent = os.getpid()
    child = os.fork()
    if not child:
        os.close(reader)
        status = 1
        try:
            status = _play(mode, parent, reasons, writer)
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stdout.flush()
            os._exit(status)
    os.close(writer)
    try:
        with os.fdopen(reader, encoding="utf-8") as pipe:
            reason = pipe.read()
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), reason
    except KeyboardInterrupt:
        os.kill(
            child, signal.SIGKILL
        )  # the kernel ends all that it has started, and with them the namespaces
        os.waitpid(child, 0)
        print("\ninterrupted; nothing is left behind")
        return INTERRUPTED, ""


def _play(mode: str, parent: int, reasons: Sequence[str], writer: int) -> int:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent sees to it
    try:
        with Node(mode, parent) as node:
            return Story(node, Screen(sys.stdout)).tell(_left_out(mode, reasons))
    except Impossible as why:
        os.write(writer, str(why).encode())
        return IMPOSSIBLE
    except Ended as what:  # which has said why
        print(f"The demonstration cannot go on: {what}.", file=sys.stderr)
        return 1


def _left_out(mode: str, reasons: Sequence[str]) -> list[str]:
    """What the user does not get to see in this mode, and why."""
    if mode != ALONE:
        return []
    return [
        "stock getaddrinfo, which asks the servers of /etc/resolv.conf only",
        *reasons,
    ]


if __name__ == "__main__":
    sys.exit(main())
