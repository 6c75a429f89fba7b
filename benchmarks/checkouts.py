"""The sources of steadydns that are measured: copied from a checkout's folder, or taken from git.

A copy stays as it is while somebody edits the checkout, .pyc files are written beside it and nowhere else, and the paths of
all copies have the same length. May import the standard library only.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).resolve().parents[1]
PACKAGE = Path("src", "steadydns")


class Unknown(Exception):  # noqa: N818 -- says what the text is, not that it went wrong
    """The text names neither a checkout nor a commit."""


class Sources(NamedTuple):
    """A copy of a checkout's src folder, and what it was copied from."""

    label: str
    path: Path

    def environment(self, **more: str) -> dict[str, str]:
        """Return the environment of a process that imports these sources, without settings of steadydns."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("STEADYDNS_")}
        kept.pop("PYTHONDONTWRITEBYTECODE", None)
        return {**kept, "PYTHONPATH": str(self.path), **more}


def copy(text: str, folder: Path) -> Sources:
    """Copy the sources of the checkout in this folder, or of this commit, to ``folder``/src.

    Raises:
        Unknown: the text names neither.
    """
    checkout = Path(text)
    if (checkout / PACKAGE).is_dir():
        shutil.copytree(checkout / PACKAGE, folder / PACKAGE, ignore=shutil.ignore_patterns("__pycache__"))
        return Sources(f"{checkout.resolve().name} ({described(checkout)})", folder / "src")
    commit = git(REPOSITORY, "rev-parse", "--verify", "--quiet", f"{text}^{{commit}}").strip()
    if not commit:
        raise Unknown(f"{text} is neither a folder with {PACKAGE} in it nor a commit of this repository")
    command = ["git", "archive", commit, str(PACKAGE)]
    archive = subprocess.run(command, cwd=REPOSITORY, stdout=subprocess.PIPE, check=True).stdout
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["tar", "-x", "-C", folder], input=archive, check=True)
    return Sources(f"{text} ({commit[:7]})", folder / "src")


def described(checkout: Path) -> str:
    """Return the commit of a checkout, and whether files have changed since; "no git" where there is none."""
    commit = git(checkout, "rev-parse", "--short", "HEAD").strip()
    changed = git(checkout, "status", "--porcelain", "--", str(PACKAGE)).strip()
    return (commit or "no git") + (" with changes" if changed else "")


def git(folder: Path, *arguments: str) -> str:
    """Return what git prints; nothing where it fails."""
    try:
        done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        return ""
    return done.stdout if done.returncode == 0 else ""
