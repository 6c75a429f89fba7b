"""What must be compiled: CoreDNS and the C programs, once each, into the user's cache folder.

May import the standard library only; never builds at import, and never writes outside the cache folder.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

HERE = Path(__file__).resolve().parent
GO_MODULE = HERE / "coredns"
PROGRAMS = HERE / "programs"

MAX_TOLD = 4000  # characters of what a failed step wrote


def cache_folder() -> Path:
    """The folder that holds the binaries: ``$XDG_CACHE_HOME/steadydns``."""
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "steadydns"


def coredns_path() -> Path:
    """Where the binary of the pinned module is, or will be."""
    return place("coredns", _go_sources())


def coredns() -> Path:
    """The CoreDNS binary of the pinned module; the first call takes about three minutes."""
    command = ["go", "build", "-trimpath", "-buildvcs=false", "-mod=readonly", "-ldflags=-s -w", "-o"]
    return _built("coredns", _go_sources(), lambda target: run([*command, str(target), "."], GO_MODULE))


def glibc_peer() -> Path:
    """The C peer linked to the system's own libc."""
    return c_program("peer", "gcc", "-pthread")


def musl_peer() -> Path:
    """The C peer linked statically to musl."""
    return c_program("peer", "musl-gcc", "-static", "-pthread")


def delay_relay() -> Path:
    """The program that holds packets back for a set time."""
    return c_program("delay", "gcc")


def c_program(name: str, compiler: str, *flags: str) -> Path:
    """The binary of ``programs/NAME.c`` made by this compiler."""
    source = PROGRAMS / f"{name}.c"
    command = [compiler, "-O2", "-Wall", "-Wextra", "-Werror", str(source), *flags, "-o"]
    return _built(f"{name}-{compiler}", [source], lambda target: run([*command, str(target)], PROGRAMS))


def everything() -> list[Path]:
    """All binaries, built if need be."""
    return [coredns(), glibc_peer(), musl_peer(), delay_relay()]


def _go_sources() -> list[Path]:
    return [GO_MODULE / name for name in ("main.go", "go.mod", "go.sum")]


def place(name: str, sources: list[Path]) -> Path:
    """The path of what is built from exactly these sources."""
    digest = hashlib.sha256(b"\0".join(source.read_bytes() for source in sources)).hexdigest()[:16]
    return cache_folder() / f"{name}-{digest}"


def _built(name: str, sources: list[Path], build: Callable[[Path], None]) -> Path:
    """The path of a binary that is there; made by whoever comes first, while the others wait."""
    path = place(name, sources)
    if path.exists():
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    with lock(path):
        if not path.exists():
            print(f"lab: building {path} (once)", file=sys.stderr, flush=True)
            unfinished = path.with_suffix(f".{os.getpid()}")
            build(unfinished)
            unfinished.rename(path)
    return path


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Guards the building of ``path`` against other processes; the kernel frees it if we are killed."""
    with path.with_suffix(".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def run(command: list[str], folder: Path, settings: Mapping[str, str] | None = None) -> None:
    """Run one step of a build, with these variables added to the environment.

    Raises:
        RuntimeError: It failed; with the end of what it wrote.
    """
    environ = {**os.environ, **(settings or {})}
    done = subprocess.run(command, cwd=folder, env=environ, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)}: exit {done.returncode}\n{done.stderr[-MAX_TOLD:]}")
