"""Runs the fuzz target: its seeds always, atheris for a bounded time, and once against a codec that is wrong."""

from __future__ import annotations

import importlib.util
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

import steadydns.wire.message as codec
from tests.fuzz import fuzz_codec

SECONDS = 5
# PyPI has wheels of atheris for these: 2.3.0 for 3.10, 3.0 or later for the others.
WITH_WHEEL = ((3, 10), (3, 11), (3, 12), (3, 13))


def test_every_seed_keeps_the_invariants() -> None:
    """The inputs that fuzzing starts from are read as dnspython reads them."""
    seeds = fuzz_codec.seeds()
    assert len(seeds) > 20
    for seed in seeds:
        fuzz_codec.check(seed)


def test_mutated_seeds_keep_the_invariants() -> None:
    """Damage done to real responses never gives anything but an answer or a WireError, the same on both ways."""
    choose = random.Random(53)
    seeds = fuzz_codec.seeds()
    for _ in range(4000):
        fuzz_codec.check(fuzz_codec.mutated(choose.choice(seeds), choose))


def test_the_check_sees_a_wrong_shortcut(monkeypatch: pytest.MonkeyPatch) -> None:
    """A codec whose shortcut invents an answer does not pass the fuzz target."""
    wrong = codec.Answer(0, False, False, (b"\0\0\0\0",), 1, b"x", False, None)
    monkeypatch.setattr(codec, "read_direct", lambda *_: wrong)
    with pytest.raises(AssertionError, match="shortcut"):
        fuzz_codec.check(fuzz_codec.seeds()[0])


def test_the_check_sees_a_wrong_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A codec that gives another TTL than dnspython's records have does not pass the fuzz target."""
    honest = codec.parse
    monkeypatch.setattr(codec, "parse", lambda *question: honest(*question)._replace(ttl=7))
    with pytest.raises(AssertionError, match="dnspython"):
        fuzz_codec.check(fuzz_codec.seeds()[0])


def test_fuzzing_finds_nothing() -> None:
    """Coverage-guided fuzzing for some seconds breaks no invariant."""
    if importlib.util.find_spec("atheris") is None:
        why = "atheris is not installed: pip install --only-binary atheris atheris"
        if os.environ.get("CI") == "true" and sys.version_info[:2] in WITH_WHEEL:
            pytest.fail(why)
        pytest.skip(why)
    script = Path(fuzz_codec.__file__)
    run = subprocess.run(
        [sys.executable, str(script), "--seconds", str(SECONDS)],
        capture_output=True,
        text=True,
        timeout=SECONDS + 60,
        check=False,
    )
    assert run.returncode == 0, run.stderr[-4000:]
    done = re.search(r"Done (\d+) runs", run.stderr)
    assert done is not None, run.stderr[-4000:]
    assert int(done[1]) > 200
