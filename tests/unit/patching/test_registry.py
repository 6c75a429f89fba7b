"""Which hooks are installed, when, and that none of them can break an import."""

from __future__ import annotations

import functools
import importlib
import logging
import sys
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

from steadydns import hooks
from steadydns.patching import registry
from steadydns.patching.patches import replace
from steadydns.patching.registry import DEFAULT, EVERY, TARGETS, Installation
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
    module.__dict__.update(install=install)
    monkeypatch.setitem(sys.modules, module.__name__, module)
    monkeypatch.setitem(registry.TARGETS, name, (target,))
    monkeypatch.setattr(registry, "EVERY", (*registry.EVERY, name))


def present(names: tuple[str, ...]) -> list[str]:
    """Those of the hooks whose library is imported in this process."""
    return [name for name in names if any(target in sys.modules for target in TARGETS[name])]


def test_every_hook_has_a_module_and_something_it_is_for() -> None:
    """What can be chosen can be installed, and there is no hook that cannot be chosen."""
    assert tuple(TARGETS) == EVERY
    for name in EVERY:
        assert callable(importlib.import_module(f"steadydns.hooks.{name}").install)
    assert {path.stem for path in Path(hooks.__file__).parent.glob("[a-z]*.py")} == {*EVERY}


def test_a_hook_is_loaded_with_its_library_and_not_before() -> None:
    """A service pays for the hooks of what it uses."""
    program = """
import sys
import steadydns.auto
absent = [f"steadydns.hooks.{name}" for name in ("uvloop", "aiohttp", "aiodns", "gevent", "eventlet", "asyncio")]
assert not any(name in sys.modules for name in absent), [name for name in absent if name in sys.modules]
assert "steadydns.hooks.stdlib" in sys.modules
import asyncio
assert "steadydns.hooks.asyncio" in sys.modules
"""
    run(program)


def test_the_default_hooks_are_installed(resolver: Resolver) -> None:
    """All of them whose library is there are, in their order, and are undone again."""
    one = Installation(resolver)
    one.install("default")
    assert one.installed == present(DEFAULT)
    one.undo()
    assert one.installed == []


def test_hooks_can_be_left_out(resolver: Resolver) -> None:
    """`-asyncio` leaves asyncio as it is."""
    one = Installation(resolver)
    one.install("-asyncio")
    assert one.installed == [name for name in present(DEFAULT) if name != "asyncio"]
    one.undo()


def test_an_unknown_hook_means_the_default_ones(resolver: Resolver, caplog: pytest.LogCaptureFixture) -> None:
    """A misspelt name is said, once, and the service starts with the default hooks."""
    one = Installation(resolver)
    with caplog.at_level(logging.WARNING, "steadydns"):
        one.install("asynco")
    assert "asynco" in caplog.text
    assert one.installed == present(DEFAULT)
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
        one.install("default,broken")
    assert one.installed == present(DEFAULT)
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


def test_asyncio_is_covered_where_waiting_for_another_library_imports_it() -> None:
    """wrapt, which waits for libraries, may itself import one that is waited for: that hook comes right after."""
    program = """
import logging
messages = []
logging.getLogger("steadydns").addHandler(type("", (logging.Handler,), {"emit": lambda self, record: messages.append(record)})())
import steadydns.auto
import gevent.resolver
import asyncio
assert "steadydns" in asyncio.base_events.BaseEventLoop.getaddrinfo.__code__.co_filename
assert not messages, messages
"""
    run(program)


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


def test_installing_again_and_again_leaves_nothing_behind(resolver: Resolver) -> None:
    """What waits for a library that never comes is one entry, however often it was installed and undone."""
    first = Installation(resolver)
    first.install("all")
    first.undo()
    awaited, hooks = sorted(registry._awaited), wrapt_waits()
    for _ in range(100):
        one = Installation(resolver)
        one.install("all")
        one.undo()
    assert sorted(registry._awaited) == awaited
    assert not any(registry._awaited.values())
    assert wrapt_waits() == hooks


def wrapt_waits() -> int:
    """How many calls wrapt keeps for modules that are still to be imported."""
    waiting: dict[str, Any] = importlib.import_module("wrapt.importer").__dict__["_post_import_hooks"]
    return sum(len(calls or ()) for calls in waiting.values())


def test_a_hook_that_is_undone_while_it_installs_does_not_stay(
    resolver: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When undo() comes in between, in another thread, the hook is taken back at once."""
    undone: list[str] = []
    one = Installation(resolver)

    def install(_: object) -> Callable[[], None]:
        one.undo()
        return lambda: undone.append("ours")

    hook(monkeypatch, "slow", install, "sys")
    one.install("slow")
    assert undone == ["ours"]
    assert one.installed == []
