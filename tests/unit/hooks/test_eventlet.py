"""eventlet: its green lookups are ours where the hook is asked for, in either order, and other threads go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.hooks.late import answer_late
from tests.unit.program import run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.loopback import LoopbackServer

PATCH = """
import warnings
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import eventlet
    eventlet.monkey_patch()
    import eventlet.green.socket
"""
INSTALL = """
import sys
from tests.unit.hooks import pods
pods.enter(sys.argv[1], sys.argv[2])
import steadydns
steadydns.install(hooks="+eventlet")
"""
ORDERS = {"patched before": PATCH + INSTALL, "patched after": INSTALL + PATCH}

LOOK = """
import socket
ticks = []
def tick():
    while True:
        ticks.append(None)
        eventlet.sleep(0.01)
eventlet.spawn(tick)
from eventlet.green import socket as green
for module in (socket, green):
    (row,) = module.getaddrinfo("redis.prod", 80, 0, socket.SOCK_STREAM)
    assert row[4] == ("10.96.1.2", 80), row
    assert type(row[0]).__name__ == "AddressFamily", row
try:
    socket.getaddrinfo("gone.prod", 80)
except socket.gaierror as error:
    assert error.args == (socket.EAI_NONAME, "Name or service not known"), error.args
else:
    raise AssertionError("there is no such name")
print(len(ticks))
"""


@pytest.mark.parametrize("order", ORDERS)
def test_a_name_is_resolved_by_us(order: str, etc: Path, real: LoopbackServer) -> None:
    """Both modules give stock's rows and errors, over TCP, and the second lookup is a hit."""
    run(ORDERS[order] + LOOK, str(etc.parent), str(real.server.port))
    asked = real.questions()
    assert asked
    assert {transport for transport, _ in asked} == {"tcp"}
    names = [question for _, question in asked]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("order", ORDERS)
def test_other_green_threads_run_during_a_lookup(order: str, etc: Path, real: LoopbackServer) -> None:
    """While the name server is silent, the hub goes on ticking."""
    answer_late(real)
    output = run(ORDERS[order] + LOOK, str(etc.parent), str(real.server.port))
    assert int(output.split()[-1]) >= 3


UNDO = """
import socket
from eventlet.green import socket as green
from eventlet.support import greendns
names = ("getaddrinfo", "gethostbyname", "gethostbyname_ex")
def state():
    return [getattr(module, name) for module in (socket, green, greendns) for name in names]
before = state()
import steadydns
for _ in range(3):
    steadydns.install(hooks="+eventlet")
    assert all(now is not then for now, then in zip(state(), before))
    steadydns.uninstall()
    assert all(now is then for now, then in zip(state(), before))
"""


def test_uninstall_puts_everything_back() -> None:
    """Every function of eventlet is the very object that it was."""
    run(PATCH + UNDO)
