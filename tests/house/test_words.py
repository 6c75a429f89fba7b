from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from tests.house.sources import REPOSITORY
from tests.house.words import FORBIDDEN, forbidden_words

if TYPE_CHECKING:
    from pathlib import Path


def test_no_file_names_a_developers_machine() -> None:
    """No tracked file holds a path that exists on one developer's machine only."""
    assert forbidden_words(REPOSITORY) == []


def test_a_path_of_a_machine_is_found(tmp_path: Path) -> None:
    """The word rule reports file, line and word, in files that git tracks or would track, and no others."""
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    (tmp_path / ".gitignore").write_text("ignored.md\n", encoding="utf-8")
    for name in ("found.md", "ignored.md"):
        (tmp_path / name).write_text(f"first\nsee {FORBIDDEN[0]}notes\n", encoding="utf-8")
    assert forbidden_words(tmp_path) == [f"{tmp_path / 'found.md'}:2: {FORBIDDEN[0]}"]


def test_the_word_rule_works_without_git(tmp_path: Path) -> None:
    """In an unpacked archive, where there is no git, every file is read."""
    (tmp_path / "found.md").write_text(FORBIDDEN[1], encoding="utf-8")
    assert forbidden_words(tmp_path) == [f"{tmp_path / 'found.md'}:1: {FORBIDDEN[1]}"]
