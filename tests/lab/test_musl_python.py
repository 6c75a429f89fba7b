"""The interpreter on musl: what is said where it cannot be built, and that it is what it says."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.lab import builds, musl_python, requirements

PROGRAM = """
import json, sys, sysconfig
from steadydns.system.musl_files import no_data
from steadydns.system.pod import libc
loader = next(line.split()[-1] for line in open("/proc/self/maps") if "/musl/lib/" in line)
print(json.dumps([libc(), loader, no_data(), sys.version.split()[0]]))
"""


@pytest.fixture
def nothing_built(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with an empty cache folder."""
    monkeypatch.setattr(builds, "cache_folder", lambda: tmp_path)


@pytest.mark.usefixtures("nothing_built")
@pytest.mark.parametrize("command", ["gcc", "make", "ar"])
def test_a_missing_command_is_named_with_its_remedy(command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The reason says what to install."""
    monkeypatch.setattr(shutil, "which", lambda name: None if name == command else name)
    assert f"needs {command}: apt-get install" in musl_python.lacking()


@pytest.mark.usefixtures("nothing_built")
def test_other_systems_are_told_why(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without apt's downloader there is no source to build from."""
    monkeypatch.setattr(shutil, "which", lambda name: name)
    monkeypatch.setattr(musl_python, "APT_HELPER", Path("/nowhere/apt-helper"))
    monkeypatch.setattr(musl_python, "_kernel_headers", lambda: {"asm": Path("/")})
    assert "/nowhere/apt-helper" in musl_python.lacking()


def test_what_is_missing_skips_here_and_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody who lacks a compiler is stopped by it, and CI never passes without the comparison."""
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="needs gcc"):
        requirements.refuse("a CPython on musl needs gcc")
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="needs gcc"):
        requirements.refuse("a CPython on musl needs gcc")


@pytest.mark.lab
def test_it_runs_on_musl(on_musl: Path) -> None:
    """The libc in its memory is the one that was built, the profile finds that out, and learns its error."""
    path = f"{musl_python.site_packages()}:{builds.HERE.parents[1] / 'src'}"
    done = subprocess.run(
        [on_musl, "-c", PROGRAM], env={"PYTHONPATH": path}, capture_output=True, text=True, check=True
    )
    libc, loader, no_data, version = json.loads(done.stdout)
    assert (libc, version) == ("musl", musl_python.PYTHON)
    assert Path(loader).is_relative_to(on_musl.parents[1])
    assert no_data == [-5, "Name has no usable address"]
