"""benchmarks/README.md says how the benchmarks are run, and which there are."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from benchmarks.__main__ import BENCHMARKS

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "benchmarks" / "README.md").read_text()


def test_every_benchmark_has_a_section_and_every_section_a_benchmark() -> None:
    """In the order in which they run."""
    assert re.findall(r"^## (.*)$", README, re.MULTILINE) == list(BENCHMARKS)


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed: apt-get install make")
def test_make_passes_the_arguments_on() -> None:
    """The README's second line runs one benchmark with its own number of rounds."""
    found = re.search(r'make bench ARGS="(.*?)"', README)
    assert found is not None
    # A make that runs these tests passes its own options on.
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))
    }
    command = ["make", "-n", "bench", f"ARGS={found[1]}"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1].endswith(f"-m benchmarks {found[1]}")
