"""benchmarks/README.md says how the benchmarks are run, and which there are."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from benchmarks.__main__ import BENCHMARKS, COMMANDS

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "benchmarks" / "README.md").read_text()


def test_every_benchmark_has_a_section_and_every_section_a_benchmark() -> None:
    """In the order in which they run, and then the commands that compare versions."""
    assert re.findall(r"^## (.*)$", README, re.MULTILINE) == [*BENCHMARKS, *COMMANDS]


@pytest.mark.skipif(not shutil.which("make"), reason="make is not installed: apt-get install make")
@pytest.mark.parametrize(
    ("target", "command"), [("bench", ""), ("bench-compare", "compare "), ("instructions", "instructions ")]
)
def test_make_passes_the_arguments_on(target: str, command: str) -> None:
    """The first use of a target in the README runs what it says there, with its own arguments."""
    found = re.search(rf'make {target} ARGS="(.*?)"', README)
    assert found is not None
    # A make that runs these tests passes its own options on.
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))
    }
    make = ["make", "-n", target, f"ARGS={found[1]}"]
    done = subprocess.run(make, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1].endswith(f"-m benchmarks {command}{found[1]}")
