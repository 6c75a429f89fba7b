"""The environments of the libraries, and their tests: in the user's cache folder, made anew when the pins change."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.suites.libraries import Suite


def cache() -> Path:
    """Return the folder that holds what is installed."""
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "steadydns" / "suites"


def python(suite: Suite) -> Path:
    """Return the interpreter of the suite's environment, which holds exactly what its requirements pin."""
    folder = cache() / f"{suite.name}-{sys.version_info[0]}.{sys.version_info[1]}"
    stamp = folder / "stamp"
    wanted = hashlib.sha256(suite.requirements.read_bytes() + sys.version.encode()).hexdigest()
    interpreter = folder / "bin" / "python"
    if interpreter.exists() and stamp.exists() and stamp.read_text() == wanted:
        return interpreter
    shutil.rmtree(folder, ignore_errors=True)
    print(f"installing what {suite.name}'s tests need into {folder}", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    # Wheels only, but for what has none: forbiddenfruit, by which blockbuster watches calls that block a loop.
    pip(
        *("--python", str(interpreter), "install", "--no-deps", "--no-compile"),
        *("--only-binary", ":all:", "--no-binary", "forbiddenfruit"),
        *("--requirement", str(suite.requirements)),
    )
    stamp.write_text(wanted)
    return interpreter


def archive(suite: Suite) -> Path:
    """Return the library's source distribution, fetched once for each version."""
    wanted = cache() / "sources" / f"{suite.package}-{suite.version}.tar.gz"
    if not wanted.exists():
        wanted.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=wanted.parent) as folder:
            print(f"fetching the source of {suite.package} {suite.version}", flush=True)
            pip(
                *("download", "--no-deps", "--no-binary", suite.package, "--dest", folder),
                f"{suite.package}=={suite.version}",
            )
            (found,) = Path(folder).glob("*.tar.gz")
            found.replace(wanted)
    return wanted


def pip(*arguments: str) -> None:
    """Run the pip of the environment that runs this."""
    subprocess.run(
        [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet", *arguments], check=True
    )


def unpack(packed: Path, wanted: Iterable[str], folder: Path) -> None:
    """Unpack these members of a source distribution, folders with what is in them, without its topmost folder."""
    left = set(wanted)
    chosen = frozenset(left)
    with tarfile.open(packed) as tar:
        for member in tar:
            path = PurePosixPath(member.name.partition("/")[2])
            if not member.isfile() or ".." in path.parts or path.parts[0] not in chosen:
                continue
            left.discard(path.parts[0])
            content = tar.extractfile(member)
            assert content is not None
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(content.read())
    if left:
        raise ValueError(f"{packed} has no {', '.join(sorted(left))}")
