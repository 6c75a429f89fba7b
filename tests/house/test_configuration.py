from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from steadydns.config import knobs
from tests.house import configuration_table
from tests.house.samples import package
from tests.house.sources import PACKAGE, sources

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

# A knob's reader may be in any of these; the rule speaks once they are all there.


def unread_knobs(folder: Path) -> list[str]:
    """List the knobs that no module but config.py reads: a setting without an effect is a lie."""
    read = {
        node.attr
        for source in sources(folder)
        if source.module != "config"
        for node in ast.walk(source.tree)
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)
    }
    return [knob.name for knob in knobs() if knob.name not in read]


def test_the_table_is_up_to_date() -> None:
    """docs/configuration.md holds the table that the knobs give today."""
    current = configuration_table.DOCUMENT.read_text(encoding="utf-8")
    assert configuration_table.with_table(current) == current


def test_an_outdated_table_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--check fails on a document whose table was changed by hand, --write repairs it and keeps the rest."""
    document = tmp_path / "configuration.md"
    document.write_text(
        f"before\n{configuration_table.BEGIN}\nold\n{configuration_table.END}\nafter\n", encoding="utf-8"
    )
    monkeypatch.setattr(configuration_table, "DOCUMENT", document)
    assert configuration_table.main(["--check"]) == 1
    assert configuration_table.main(["--write"]) == 0
    assert configuration_table.main(["--check"]) == 0
    text = document.read_text(encoding="utf-8")
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "STEADYDNS_DEADLINE" in text


def test_every_knob_is_read() -> None:
    """Every knob has an effect somewhere in the package."""
    assert unread_knobs(PACKAGE) == []


def test_an_unread_knob_is_found(tmp_path: Path) -> None:
    """The rule counts a read of the attribute in any module but the one that declares it."""
    sample = package(tmp_path, resolver="x = config.deadline", config="x = config.search")
    assert "deadline" not in unread_knobs(sample)
    assert "search" in unread_knobs(sample)
