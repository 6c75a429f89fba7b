"""Runs a program in an interpreter of its own, with the sources and the repository importable."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run(program: str, *arguments: str, **environ: str) -> str:
    """Return what the program prints; it must end well, and no warning may be given."""
    paths = [f"{ROOT}/src", str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    done = subprocess.run(
        [
            sys.executable,
            "-W",
            "error",
            "-W",
            "ignore:This process:DeprecationWarning",
            "-c",
            program,
            *arguments,
        ],
        env={"PATH": os.environ["PATH"], "PYTHONPATH": os.pathsep.join(paths), **environ},
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
