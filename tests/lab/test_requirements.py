"""A machine that cannot run the lab is told why, and CI is not allowed to be one."""

from __future__ import annotations

import pytest

from tests.lab import builds, requirements
from tests.lab.requirements import Missing

LACKING = Missing("nft", "no such command", "apt-get install nftables")
TEXT = "nft: no such command; apt-get install nftables"


def test_a_missing_component_skips_with_reason_and_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a user's machine the test is skipped, and the text says what to do."""
    monkeypatch.setattr(requirements, "missing", lambda: [LACKING])
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match=TEXT):
        requirements.demand()


def test_a_missing_component_fails_in_ci(monkeypatch: pytest.MonkeyPatch) -> None:
    """In CI the same is a failure."""
    monkeypatch.setattr(requirements, "missing", lambda: [LACKING])
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match=TEXT):
        requirements.demand()


def test_nothing_missing_lets_the_test_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """With all components there, neither happens."""
    monkeypatch.setattr(requirements, "missing", list)
    requirements.demand()


def test_commands_that_are_not_there_are_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Without any command on PATH each is listed; Go only as long as CoreDNS is not built."""
    empty = tmp_path_factory.mktemp("empty")
    monkeypatch.setenv("PATH", str(empty))
    monkeypatch.setenv("XDG_CACHE_HOME", str(empty))
    commands = {*requirements.COMMANDS}
    assert commands | {"go"} <= {one.component for one in requirements.missing()}
    builds.coredns_path().parent.mkdir()
    builds.coredns_path().touch()
    named = {one.component for one in requirements.missing()}
    assert commands <= named
    assert "go" not in named
