"""A process that removes a node when the process that made it is gone, however it went.

May import the standard library and namespaces; never looks at a namespace that is not of this node.

usage: python -m tests.lab.reaper PREFIX FOLDER, with a pipe as its input that its owner holds open
"""

from __future__ import annotations

import shutil
import signal
import sys

from . import namespaces


def main() -> None:
    """Wait until the pipe is closed, by ``Node.close`` or by the kernel; then remove what is left."""
    prefix, folder = sys.argv[1:]
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the owner
    sys.stdin.read()
    namespaces.remove_all(prefix)
    shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main()
