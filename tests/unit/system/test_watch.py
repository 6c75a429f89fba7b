from __future__ import annotations

import os
import threading
from typing import TYPE_CHECKING

import pytest

from steadydns.system.watch import Watched

if TYPE_CHECKING:
    from pathlib import Path


class Parser:
    """Counts its calls; refuses the text that says so."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, text: bytes) -> str:
        self.calls += 1
        if text == b"refuse":
            raise ValueError("refused")
        return text.decode()


@pytest.fixture
def parser() -> Parser:
    """A parser that counts."""
    return Parser()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that says "one"."""
    path = tmp_path / "file"
    path.write_text("one")
    return path


def _replace(path: Path, text: str) -> None:
    aside = path.with_suffix(".new")
    aside.write_text(text)
    aside.replace(path)


def test_reads_once_until_it_changes(path: Path, parser: Parser) -> None:
    """A file is parsed at the first call and again only when it is another."""
    watched = Watched(str(path), parser)
    assert parser.calls == 0
    assert [watched.get(), watched.get()] == ["one", "one"]
    assert parser.calls == 1
    _replace(path, "two")
    assert [watched.get(), watched.get()] == ["two", "two"]
    assert parser.calls == 2


@pytest.mark.parametrize("changed", ["size", "mtime", "inode"])
def test_any_sign_of_a_change_counts(path: Path, parser: Parser, changed: str) -> None:
    """Another size, time or inode is enough to read again."""
    watched = Watched(str(path), parser)
    watched.get()
    before = path.stat()
    if changed == "size":
        path.write_text("longer")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    elif changed == "mtime":
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns + 1))
    else:
        _replace(path, "two")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
    watched.get()
    assert parser.calls == 2


def test_missing_file_is_an_empty_one(path: Path, parser: Parser) -> None:
    """No file has the value of an empty file; coming and going are both noticed."""
    watched = Watched(str(path), parser)
    assert watched.never_read
    assert watched.get() == "one"
    path.unlink()
    assert (watched.get(), watched.missing, watched.error) == ("", True, "")
    calls = parser.calls
    watched.get()
    assert parser.calls == calls
    path.write_text("back")
    assert (watched.get(), watched.missing) == ("back", False)


def test_folder_that_is_no_folder_is_missing(path: Path, parser: Parser) -> None:
    """A path below a file is a missing file, as for libc."""
    assert Watched(str(path / "below"), parser).get() == ""


@pytest.mark.parametrize("trouble", ["too large", "refused", "a directory", "a loop"])
def test_trouble_keeps_the_last_good_value(path: Path, parser: Parser, trouble: str) -> None:
    """A file that cannot be read or parsed leaves the old value, says why, and heals."""
    watched = Watched(str(path), parser, max_size=100)
    watched.get()
    if trouble == "too large":
        path.write_text("x" * 101)
    elif trouble == "refused":
        path.write_text("refuse")
    else:
        path.unlink()
        path.mkdir() if trouble == "a directory" else path.symlink_to(path)
    assert watched.get() == "one"
    assert watched.error.startswith(f"{path}: ")
    assert repr(watched) == f"<Watched {path}: {watched.error}>"
    if path.is_symlink():
        path.unlink()
    elif path.is_dir():
        path.rmdir()
    path.write_text("healed")
    assert (watched.get(), watched.error) == ("healed", "")


def test_trouble_from_the_start_is_an_empty_file(tmp_path: Path, parser: Parser) -> None:
    """Without any good value there is that of an empty file."""
    watched = Watched(str(tmp_path), parser)
    assert watched.get() == ""
    assert watched.error


def test_limit_is_inclusive(path: Path, parser: Parser) -> None:
    """A file of exactly the largest size is read."""
    path.write_text("x" * 100)
    watched = Watched(str(path), parser, max_size=100)
    assert (len(watched.get()), watched.error) == (100, "")


def test_pipe_does_not_hang(tmp_path: Path, parser: Parser) -> None:
    """A FIFO without a writer in place of the file reads as empty at once."""
    fifo = tmp_path / "fifo"
    os.mkfifo(fifo)
    assert Watched(str(fifo), parser).get() == ""


def test_change_while_reading_is_read_again(path: Path) -> None:
    """A file that changes while it is read is read once more by the next call."""
    texts = iter(["two", ""])

    def parse(text: bytes) -> str:
        return text.decode()

    watched = Watched(str(path), parse)
    fstat = os.fstat

    def writing_fstat(descriptor: int) -> os.stat_result:
        found = fstat(descriptor)
        text = next(texts, "")
        if text:
            path.write_text(text + "!")
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fstat", writing_fstat)
        watched.get()
    assert watched.get() == "two!"


def test_many_threads_see_whole_values(path: Path) -> None:
    """Threads that read while the file is replaced see one of its versions, never a mixture or an error."""
    watched = Watched(str(path), lambda text: (text.decode(), text.decode()))
    seen: set[tuple[str, str]] = set()
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            seen.add(watched.get())

    threads = [threading.Thread(target=read) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(50):
        _replace(path, str(number))
    done.set()
    for thread in threads:
        thread.join()
    assert all(one == other for one, other in seen)
    assert (watched.get(), watched.error) == (("49", "49"), "")
