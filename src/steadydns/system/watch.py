"""A file that is read again when it changed: parsed aside, swapped in as one reference.

May import the standard library. No clock, no thread, no lock: whoever asks looks at the file.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

MAX_SIZE = 16 * 2**20  # bytes; block lists of a million hosts fit, a runaway file does not

_CHUNK = 2**18  # bytes; os.read sets aside what it is asked for
_stat = os.stat
_Signature = tuple[int, int, int, int]
_MISSING: _Signature = (-1, -1, -1, -1)
_NEVER: _Signature = (-2, -2, -2, -2)


class Watched(Generic[T]):
    """The parsed value of the file at *path*; a missing file has the value of an empty one.

    A file that cannot be read, is larger than *max_size* bytes or makes *parse* fail leaves the last good value
    in place; ``error`` says what happened and is empty again after the next good read.
    """

    __slots__ = ("_max_size", "_parse", "_state", "error", "path")

    def __init__(self, path: str, parse: Callable[[bytes], T], *, max_size: int = MAX_SIZE) -> None:
        self.path = path
        self.error = ""
        self._parse = parse
        self._max_size = max_size
        # Signature and value in one tuple, so that a thread never sees the one without the other.
        self._state: tuple[_Signature, T] | None = None

    def __repr__(self) -> str:
        return f"<Watched {self.path}{': ' + self.error if self.error else ''}>"

    def get(self) -> T:
        """Return the value of the file as it is now. One ``stat`` when nothing changed. Never raises OSError."""
        try:
            found = _stat(self.path)
        except OSError:
            return self._reload()
        state = self._state
        if state is not None and state[0] == (
            found.st_mtime_ns,
            found.st_size,
            found.st_ino,
            found.st_ctime_ns,
        ):
            return state[1]
        return self._reload()

    @property
    def never_read(self) -> bool:
        """Whether nobody asked for the value yet."""
        return self._state is None

    @property
    def missing(self) -> bool:
        """Whether the last look found no file."""
        state = self._state
        return state is not None and state[0] is _MISSING

    def _reload(self) -> T:
        last = self._state
        try:
            state = self._read(last)
        except Exception as error:
            self.error = f"{self.path}: {error}"
            # The signature that nothing has: the next call tries again.
            state = (_NEVER, self._parse(b"") if last is None else last[1])
        else:
            self.error = ""
        self._state = state
        return state[1]

    def _read(self, last: tuple[_Signature, T] | None) -> tuple[_Signature, T]:
        try:
            # Not to hang on a FIFO that stands where the file should be.
            descriptor = os.open(self.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except (FileNotFoundError, NotADirectoryError):
            if last is not None and last[0] is _MISSING:
                return last
            return _MISSING, self._parse(b"")
        try:
            before = _signature(os.fstat(descriptor))
            text = _read_all(descriptor, self._max_size)
            after = _signature(os.fstat(descriptor))
        finally:
            os.close(descriptor)
        # A file that changed under our eyes is read once more by the next call.
        return (before if before == after else _NEVER), self._parse(text)


def _read_all(descriptor: int, most: int) -> bytes:
    parts = []
    size = 0
    while part := os.read(descriptor, min(_CHUNK, most + 1 - size)):
        parts.append(part)
        size += len(part)
        if size > most:
            raise ValueError(f"larger than {most} bytes")
    return b"".join(parts)


def _signature(found: os.stat_result) -> _Signature:
    return found.st_mtime_ns, found.st_size, found.st_ino, found.st_ctime_ns
