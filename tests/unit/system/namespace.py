"""Runs a probe script as root of its own mount, host name and network namespace, with a private, empty /etc.

What libc reads from /etc and the environment is then the test's to write, and no packet leaves the machine.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[3]


def run(
    script: str | Path,
    request: object,
    *arguments: str,
    python: str | Path = sys.executable,
    packages: str | Path = "",
) -> Any:
    """Return what *script*, given *request* as JSON on its standard input, prints as JSON.

    *python* runs it; *packages* is the folder of what it imports beside the repository, if it has none of its own.
    """
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        reason = "asks the real libc in namespaces: run as root, with util-linux installed"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    done = subprocess.run(
        [
            "unshare",
            "--mount",
            "--uts",
            "--net",
            "--propagation",
            "private",
            str(python),
            "-B",
            str(script),
            *arguments,
        ],
        input=json.dumps(request),
        capture_output=True,
        text=True,
        timeout=100,
        cwd=ROOT,
        env={
            "PATH": os.environ["PATH"],
            "PYTHONPATH": os.pathsep.join((f"{ROOT}/src", str(ROOT), str(packages))),
        },
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return json.loads(done.stdout)


def private_etc() -> None:
    """Cover /etc with an empty file system; called by a probe inside its namespace."""
    subprocess.run(["mount", "-t", "tmpfs", "none", "/etc"], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def write_etc(name: str, text: str | None) -> None:
    """Replace /etc/*name* by a new file with *text* (latin-1 stands for the bytes), or by none."""
    path = Path("/etc", name)
    if text is None:
        path.unlink(missing_ok=True)
        return
    # A new inode each time: libc notices changes by inode, size and times, and times tick slowly.
    aside = path.with_suffix(".new")
    aside.write_bytes(text.encode("latin-1"))
    aside.replace(path)
