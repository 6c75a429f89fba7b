"""A fork waits for what is imported at first use, so that no child hangs in the same import."""

from __future__ import annotations

import pytest

from tests.unit.program import run

FORK = '''
import os, signal, sys, threading
from importlib import import_module
from importlib.machinery import PathFinder
{first}

module = {module!r}
assert module not in sys.modules
reading, go_on = threading.Event(), threading.Event()

class Slow:
    """The module's import stops in the middle, with its lock held, until the fork has had time to happen."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        if name != module:
            return None
        spec = PathFinder.find_spec(name, path)
        execute = spec.loader.exec_module

        def exec_module(made):
            reading.set()
            go_on.wait(30)
            execute(made)

        spec.loader.exec_module = exec_module
        return spec

sys.meta_path.insert(0, Slow)
importing = threading.Thread(target=lambda: {call})
importing.start()
assert reading.wait(30)
threading.Timer(0.2, go_on.set).start()
child = os.fork()
if child == 0:
    signal.alarm(10)  # a child that hangs is ended by the signal
    import_module(module)
    os._exit(0)
importing.join()
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
'''

PARTS = {
    "encodings.idna": ("from steadydns.resolver import _load_codec", "_load_codec()"),
    "tenacity": ("from steadydns.resolution.attempts import _retrying", "_retrying(0.4, [])"),
    "steadydns.telemetry.equipment": (
        "from steadydns.config import Config\nfrom steadydns.telemetry.observer import Observer",
        "Observer(Config())._equipment",
    ),
    "steadydns.resolver_async": ("from steadydns.resolver import Resolver", "Resolver().awaiting"),
    "steadydns.explanation": ("import steadydns\nsteadydns.install", "steadydns.explain('127.0.0.1')"),
    "steadydns.hooks.asyncio": (
        "import asyncio\nfrom steadydns.hooks.registry import Installation",
        "Installation(None)._apply('asyncio', 'asyncio.base_events')",
    ),
    "wrapt": (
        "from steadydns.hooks.arrivals import _Watcher, when_imported\nwhen_imported('json.tool', print)",
        "_Watcher().find_spec('json.tool')",
    ),
}


@pytest.mark.parametrize("module", PARTS)
def test_a_child_forked_in_the_middle_of_an_import_does_not_hang(module: str) -> None:
    """Whatever is loaded late: the child loads it as well, and the thread that loaded it goes on."""
    first, call = PARTS[module]
    run(FORK.format(module=module, first=first, call=call))


INSIDE = """
import os
from steadydns.loading import no_fork
from time import monotonic

with no_fork, no_fork:
    start = monotonic()
    child = os.fork()
    took = monotonic() - start
assert not no_fork._threads
if child == 0:
    os._exit(0)
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert took < 0.5, took
"""


def test_a_thread_does_not_wait_for_itself() -> None:
    """What forks while it is imported does so at once, and both processes come out of it."""
    run(INSIDE)


STUCK = """
import os, threading
from steadydns import loading

inside, go_on = threading.Event(), threading.Event()
def stay():
    with loading.no_fork:
        inside.set()
        go_on.wait(30)

loading.PATIENCE = 0.2
thread = threading.Thread(target=stay)
thread.start()
inside.wait(30)
child = os.fork()
if child == 0:
    with loading.no_fork:  # the other thread is none of the child's
        os._exit(0 if len(loading.no_fork._threads) == 1 else 1)
go_on.set()
thread.join()
assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
assert not loading.no_fork._threads
"""


def test_a_fork_waits_no_longer_than_it_must() -> None:
    """An import that waits for the forking thread itself does not stop the fork for ever."""
    run(STUCK)
