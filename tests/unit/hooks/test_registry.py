"""Which hooks are installed, when, and that none of them can break an import."""

from __future__ import annotations

import functools
import importlib
import logging
import sys
import types
from typing import TYPE_CHECKING, Any

from steadydns.hooks import registry
from steadydns.hooks.patch import replace
from steadydns.hooks.registry import DEFAULT, Installation
from tests.unit.program import run

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    from steadydns.resolver import Resolver


def hook(
    monkeypatch: pytest.MonkeyPatch, name: str, install: Callable[[Any], Callable[[], None]], target: str
) -> None:
    """Make a hook known by that name."""
    module = types.ModuleType(f"steadydns.hooks.{name}")
    module.__dict__.update(NAME=name, TARGET=target, install=install)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setattr(registry, "EVERY", (*registry.EVERY, name))


def at_once() -> list[str]:
    """The default hooks whose libraries are imported; the others wait for that."""
    modules = {name: importlib.import_module(f"steadydns.hooks.{name}") for name in DEFAULT}
    return [name for name, module in modules.items() if module.TARGET in sys.modules]


def test_the_default_hooks_are_installed(resolver: Resolver) -> None:
    """They are installed in their order where their libraries are imported, and undone again."""
    one = Installation(resolver)
    one.install("default")
    assert one.installed == at_once()
    one.undo()
    assert one.installed == []


def test_hooks_can_be_left_out(resolver: Resolver) -> None:
    """`-asyncio` leaves asyncio as it is."""
    one = Installation(resolver)
    one.install("-asyncio")
    assert one.installed == [name for name in at_once() if name != "asyncio"]
    one.undo()


def test_an_unknown_hook_means_the_default_ones(resolver: Resolver, caplog: pytest.LogCaptureFixture) -> None:
    """A misspelt name is said, once, and the service starts with the default hooks."""
    one = Installation(resolver)
    with caplog.at_level(logging.WARNING, "steadydns"):
        one.install("asynco")
    assert "asynco" in caplog.text
    assert one.installed == at_once()
    one.undo()


def test_a_hook_that_fails_is_left_out(
    resolver: Resolver, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Its library stays as it is, the other hooks are installed, and a warning says so."""

    def install(_: object) -> Callable[[], None]:
        raise RuntimeError("not today")

    hook(monkeypatch, "broken", install, "sys")
    one = Installation(resolver)
    with caplog.at_level(logging.WARNING, "steadydns"):
        one.install("all")
    assert one.installed == at_once()
    assert "broken" in caplog.text
    one.undo()


def test_hooks_are_undone_last_first(resolver: Resolver, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was put on top is taken off first."""
    undone: list[str] = []
    for name in ("one", "two"):
        hook(monkeypatch, name, lambda _, name=name: lambda: undone.append(name), "sys")  # type: ignore[misc]
    installation = Installation(resolver)
    installation.install("one,two")
    installation.undo()
    assert undone == ["two", "one"]


def test_a_hook_waits_for_its_library(
    resolver: Resolver, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    """A library that is not there yet is patched right after its import, unless all was undone before."""
    installed: list[str] = []

    def note(name: str, _: object) -> Callable[[], None]:
        installed.append(name)
        return lambda: None

    for name in ("later_one", "later_two"):
        (tmp_path / f"{name}.py").write_text("")
        hook(monkeypatch, name, functools.partial(note, name), name)
    monkeypatch.syspath_prepend(tmp_path)
    one = Installation(resolver)
    one.install("later_one,later_two")
    assert installed == []
    __import__("later_one")
    assert installed == ["later_one"]
    one.undo()
    __import__("later_two")
    assert installed == ["later_one"]
    for name in ("later_one", "later_two"):
        del sys.modules[name]


def test_asyncio_is_patched_when_it_is_imported_later() -> None:
    """The loop is covered whether it is imported before `steadydns.auto` or after."""
    program = """
import {first}, {second}
import asyncio
assert "steadydns" in asyncio.base_events.BaseEventLoop.getaddrinfo.__code__.co_filename
"""
    run(program.format(first="asyncio", second="steadydns.auto"))
    run(program.format(first="steadydns.auto", second="asyncio"))


def test_replacing_can_be_taken_back_only_while_it_is_ours(caplog: pytest.LogCaptureFixture) -> None:
    """Someone else's later patch stays, and that is said."""
    owner = types.SimpleNamespace(attribute=1, __name__="owner")
    restore = replace(owner, "attribute", 2)
    assert restore()
    assert owner.attribute == 1
    restore = replace(owner, "attribute", 2)
    owner.attribute = 3
    with caplog.at_level(logging.INFO, "steadydns"):
        assert not restore()
    assert owner.attribute == 3
    assert "owner.attribute" in caplog.text
