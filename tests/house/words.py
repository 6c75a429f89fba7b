"""Words that have no place in the repository: traces of one developer's machine."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

# Put together here, so that this file does not contain what it forbids.
FORBIDDEN = tuple(
    "/" + folder + "/" for folder in ("wo" + "rk", "ro" + "ot", "tmp/" + "dev", "tmp/" + "team")
)


def tracked(repository: Path) -> list[Path]:
    """Return the files that are, or are about to be, in the repository; every file where git is absent."""
    if not (repository / ".git").exists():
        return [path for path in sorted(repository.rglob("*")) if path.is_file()]
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    names = subprocess.run(command, cwd=repository, capture_output=True, text=True, check=True).stdout
    return [repository / name for name in names.split("\0") if name and (repository / name).is_file()]


def forbidden_words(repository: Path) -> list[str]:
    """List every line that holds a forbidden word."""
    problems = []
    for path in tracked(repository):
        text = path.read_text(encoding="utf-8", errors="replace")
        for number, line in enumerate(text.splitlines(), 1):
            problems += [f"{path}:{number}: {word}" for word in FORBIDDEN if word in line]
    return problems
