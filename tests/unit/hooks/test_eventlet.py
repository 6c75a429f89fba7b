"""eventlet: its green lookups are ours where the hook is asked for, in either order, and other threads go on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.hooks.late import answer_late
from tests.unit.hooks.reports import REPORTS
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


CONNECT = """
import socket
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
for connect in ("connect", "connect_ex"):
    sock = socket.socket()
    getattr(sock, connect)(("here.prod", listener.getsockname()[1]))
    listener.accept()[0].close()
    sock.close()
try:
    socket.socket().connect(("gone.prod", 1))
except socket.gaierror as error:
    assert error.errno == socket.EAI_NONAME
else:
    raise AssertionError("there is no such name")
datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
datagrams.bind(("127.0.0.1", 0))
socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("here.prod", datagrams.getsockname()[1]))
assert datagrams.recv(1) == b"x"
"""


@pytest.mark.parametrize("order", ORDERS)
def test_a_name_in_an_address_is_ours(order: str, etc: Path, real: LoopbackServer) -> None:
    """A green socket connects and sends to a name that only our name server knows."""
    real.fake.zone.names["here.prod.svc.cluster.local"] = "127.0.0.1"
    real.fake.zone.changed()
    run(
        f"import warnings; warnings.simplefilter('ignore', ResourceWarning)\n{ORDERS[order]}{CONNECT}",
        str(etc.parent),
        str(real.server.port),
    )
    assert {transport for transport, _ in real.questions()} == {"tcp"}


UNDO = """
import socket
from eventlet.green import socket as green
from eventlet.support import greendns
names = ("getaddrinfo", "gethostbyname", "gethostbyname_ex")
from eventlet.greenio.base import GreenSocket
def state():
    found = [getattr(module, name) for module in (socket, green, greendns) for name in names]
    return found + [vars(GreenSocket)[name] for name in ("connect", "connect_ex", "sendto")]
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


CONTENDED = """
import time
from eventlet import patcher
from steadydns import activation
from steadydns.runtime.native import start_new_thread
pause = patcher.original("time").sleep
lock = activation.resolver().cache._lock
taken = []
def take(seconds):
    with lock:
        taken.append(seconds)
        pause(seconds)
start_new_thread(take, (0.1,))
while not taken:
    pause(0.01)
start_new_thread(take, (0,))
until = time.monotonic() + 10
while len(taken) < 2 and time.monotonic() < until:
    eventlet.sleep(0.01)
assert taken == [0.1, 0], "the second thread was never woken"
"""


@pytest.mark.parametrize("order", ORDERS)
def test_a_lock_wakes_the_native_thread_that_waits_for_it(
    order: str, etc: Path, real: LoopbackServer
) -> None:
    """The locks of the cache stay the interpreter's, also where eventlet patches after they were made."""
    run(ORDERS[order] + CONTENDED, str(etc.parent), str(real.server.port))


@pytest.mark.parametrize("order", ORDERS)
def test_reports_are_made_by_the_green_thread_that_asked(order: str, etc: Path, real: LoopbackServer) -> None:
    """No thread of the pool logs, makes a span or imports a module, however slow a lookup is."""
    answer_late(real)
    program = ORDERS[order] + REPORTS
    run(program, str(etc.parent), str(real.server.port), STEADYDNS_SLOW_THRESHOLD="0.000001")
