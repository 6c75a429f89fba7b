from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from benchmarks import checkouts

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two commits of a package called steadydns, and a change that is not committed."""
    folder = tmp_path / "repository"
    package = folder / "src" / "steadydns"
    package.mkdir(parents=True)
    monkeypatch.setattr(checkouts, "REPOSITORY", folder)
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    for number in (1, 2):
        (package / "__init__.py").write_text(f"VALUE = {number}\n")
        if number == 1:
            git(folder, "init", "-q")
        git(folder, "add", ".")
        git(folder, "commit", "-q", "-m", f"commit {number}")
    (package / "__init__.py").write_text("VALUE = 3\n")
    return folder


def git(folder: Path, *arguments: str) -> None:
    """Run git as somebody who has a name."""
    command = ["git", "-c", "user.name=A", "-c", "user.email=a@example.com", *arguments]
    subprocess.run(command, cwd=folder, check=True)


def imported(sources: checkouts.Sources) -> str:
    """What a Python with the environment of these sources imports."""
    command = [sys.executable, "-c", "import steadydns; print(steadydns.VALUE)"]
    done = subprocess.run(command, env=sources.environment(), capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_a_folder_is_taken_as_it_is(repository: Path, tmp_path: Path) -> None:
    """Changes that are not committed are measured too, and the label says that there are some."""
    sources = checkouts.copy(str(repository), tmp_path / "copy")
    assert imported(sources) == "3"
    assert sources.label.startswith("repository (")
    assert sources.label.endswith(" with changes)")


def test_a_commit_is_taken_from_git(repository: Path, tmp_path: Path) -> None:
    """A ref gives the sources as they were then, without a trace in the repository."""
    sources = checkouts.copy("HEAD~1", tmp_path / "copy")
    assert imported(sources) == "1"
    assert sources.label.startswith("HEAD~1 (")
    assert checkouts.git(repository, "worktree", "list").count("\n") == 1


def test_later_edits_do_not_reach_the_copy(repository: Path, tmp_path: Path) -> None:
    """A checkout may be edited while its copy is measured."""
    sources = checkouts.copy(str(repository), tmp_path / "copy")
    (repository / "src" / "steadydns" / "__init__.py").write_text("VALUE = 4\n")
    assert imported(sources) == "3"


def test_settings_of_steadydns_do_not_reach_the_measured_process(
    repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What this process's environment configures is left out, and further variables are added."""
    monkeypatch.setenv("STEADYDNS_DISABLED", "1")
    monkeypatch.setenv("PYTHONPATH", "/elsewhere")
    sources = checkouts.copy(str(repository), tmp_path / "copy")
    environment = sources.environment(PYTHONHASHSEED="0")
    assert "STEADYDNS_DISABLED" not in environment
    assert environment["PYTHONPATH"] == str(tmp_path / "copy" / "src")
    assert environment["PYTHONHASHSEED"] == "0"


@pytest.mark.usefixtures("repository")
def test_neither_a_folder_nor_a_commit_is_an_error(tmp_path: Path) -> None:
    """The text of the error says what was looked for."""
    with pytest.raises(checkouts.Unknown, match="nosuch is neither a folder with src/steadydns in it nor"):
        checkouts.copy("nosuch", tmp_path / "copy")
