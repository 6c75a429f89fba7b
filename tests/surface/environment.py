"""The environment that the libraries are installed into: in the user's cache folder, made anew when the pins change."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

REQUIREMENTS: Final = Path(__file__).with_name("requirements.txt")


def python() -> Path:
    """Return the interpreter of the environment, which holds exactly what the requirements pin."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "steadydns"
    folder = cache / f"surface-{sys.version_info[0]}.{sys.version_info[1]}"
    stamp = folder / "stamp"
    wanted = hashlib.sha256(REQUIREMENTS.read_bytes() + sys.version.encode()).hexdigest()
    interpreter = folder / "bin" / "python"
    if interpreter.exists() and stamp.exists() and stamp.read_text() == wanted:
        return interpreter
    shutil.rmtree(folder, ignore_errors=True)
    print(f"installing {len(REQUIREMENTS.read_text().splitlines())} distributions into {folder}", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    # The pip of the environment that runs this: wheels only, so that nothing is built here, and byte code is left to
    # the imports, of which there are few.
    subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--python", str(interpreter), "install", "--quiet"),
            *("--disable-pip-version-check", "--no-deps", "--only-binary", ":all:", "--no-compile"),
            *("--requirement", str(REQUIREMENTS)),
        ],
        check=True,
    )
    stamp.write_text(wanted)
    return interpreter
