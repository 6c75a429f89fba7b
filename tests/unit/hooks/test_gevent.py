"""gevent: every resolver setting, patched before or after steadydns, answered by us and never with the hub stopped."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.unit.hooks.late import answer_late
from tests.unit.hooks.reports import REPORTS
from tests.unit.program import run

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.loopback import LoopbackServer

PATCH = "from gevent import monkey; monkey.patch_all()"
INSTALL = """
import sys
from tests.unit.hooks import pods
pods.enter(sys.argv[1], sys.argv[2])
import steadydns
steadydns.install()
"""
ORDERS = {"patched before": (PATCH, INSTALL), "patched after": (INSTALL, PATCH)}
RESOLVERS = ("thread", "block", "ares", "dnspython")

LOOK = """
import socket, gevent, sys
ticks = []
def tick():
    while True:
        ticks.append(None)
        gevent.sleep(0.01)
gevent.spawn(tick)
for _ in range(2):
    (row,) = socket.getaddrinfo("redis.prod", 80, 0, socket.SOCK_STREAM)
    assert row[4] == ("10.96.1.2", 80), row
    assert isinstance(row[0], socket.AddressFamily), row
try:
    socket.getaddrinfo("gone.prod", 80)
except socket.gaierror as error:
    assert error.args == (socket.EAI_NONAME, "Name or service not known"), error.args
else:
    raise AssertionError("there is no such name")
print(len(ticks))
"""


@pytest.mark.parametrize("resolver", RESOLVERS)
@pytest.mark.parametrize("order", ORDERS)
def test_a_name_is_resolved_by_us(order: str, resolver: str, etc: Path, real: LoopbackServer) -> None:
    """socket.getaddrinfo gives stock's rows and errors, over TCP, whichever resolver gevent is set to."""
    program = "\n".join((*ORDERS[order], LOOK))
    run(program, str(etc.parent), str(real.server.port), GEVENT_RESOLVER=resolver)
    asked = real.questions()
    assert asked
    assert {transport for transport, _ in asked} == {"tcp"}
    names = [question for _, question in asked]
    assert len(names) == len(set(names)), "the second lookup was a hit"


@pytest.mark.parametrize("resolver", ["thread", "ares", "dnspython"])
@pytest.mark.parametrize("order", ORDERS)
def test_other_greenlets_run_during_a_lookup(
    order: str, resolver: str, etc: Path, real: LoopbackServer
) -> None:
    """While the name server is silent, the hub goes on ticking."""
    answer_late(real)
    program = "\n".join((*ORDERS[order], LOOK))
    output = run(program, str(etc.parent), str(real.server.port), GEVENT_RESOLVER=resolver)
    assert int(output.split()[-1]) >= 3


CONNECT = """
import socket
listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen()
port = listener.getsockname()[1]
socket.create_connection(("here.prod", port), 5).close()
assert listener.accept()
"""


@pytest.mark.parametrize("order", ORDERS)
def test_connections_by_name_are_ours(order: str, etc: Path, real: LoopbackServer) -> None:
    """A create_connection of gevent's own, which looks up behind socket.getaddrinfo's back, gets its address from us."""
    real.fake.zone.names["here.prod.svc.cluster.local"] = "127.0.0.1"
    real.fake.zone.changed()
    run("\n".join((*ORDERS[order], CONNECT)), str(etc.parent), str(real.server.port))
    assert {transport for transport, _ in real.questions()} == {"tcp"}


WRAPPED = """
import socket
inner = socket.getaddrinfo
def wrapper(*arguments, **options):
    return inner(*arguments, **options)
socket.getaddrinfo = wrapper
"""


def test_other_greenlets_run_behind_someone_elses_wrapper(etc: Path, real: LoopbackServer) -> None:
    """Where something else was put on top of gevent's function (an instrumentation), that stays, and leads to us."""
    answer_late(real)
    program = f"{PATCH}{WRAPPED}{INSTALL}assert socket.getaddrinfo is wrapper{LOOK}"
    assert int(run(program, str(etc.parent), str(real.server.port)).split()[-1]) >= 3


OWN = """
import socket
import gevent.resolver.ares
from gevent import get_hub
get_hub().resolver = gevent.resolver.ares.Resolver(servers=["127.0.0.9"], timeout=0.05, tries=1)
try:
    socket.getaddrinfo("redis.prod", 80)
except OSError:
    pass
else:
    raise AssertionError("its own server does not exist")
"""


def test_servers_of_its_own_are_left_alone(etc: Path, real: LoopbackServer) -> None:
    """A c-ares resolver that was given servers asks them."""
    run(f"{PATCH}{INSTALL}{OWN}", str(etc.parent), str(real.server.port))
    assert real.questions() == []


UNDO = """
import socket, _socket
import gevent.resolver.ares, gevent.resolver.blocking
from gevent.resolver import AbstractResolver
from gevent.resolver.blocking import Resolver as Blocking
def state():
    return {
        (owner, name): vars(owner).get(name)
        for owner, name in (
            (socket, "getaddrinfo"), (_socket, "getaddrinfo"), (AbstractResolver, "getaddrinfo"),
            (AbstractResolver, "gethostbyname"), (AbstractResolver, "gethostbyname_ex"), (Blocking, "getaddrinfo"),
        )
    }
before = state()
import sys
from tests.unit.hooks import pods
pods.enter(sys.argv[1], sys.argv[2])
import steadydns
for _ in range(3):
    steadydns.install()
    assert state() != before
    steadydns.uninstall()
    assert all(value is before[key] for key, value in state().items())
"""


def test_uninstall_puts_everything_back(etc: Path, real: LoopbackServer) -> None:
    """Every attribute of gevent and socket is the very object that it was."""
    run(f"{PATCH}{UNDO}", str(etc.parent), str(real.server.port))


REFRESH = """
import gevent, threading
from steadydns.calls.refresher import Refresher
from steadydns.resolution.model import Question
done = []
refresher = Refresher(lambda question: done.append(question))
refresher.submit(Question(b"www.example.com", 1))
for _ in range(500):
    gevent.sleep(0.01)
    if done:
        break
assert done
"""


@pytest.mark.parametrize("order", ORDERS)
def test_the_background_thread_is_no_greenlet(order: str, etc: Path, real: LoopbackServer) -> None:
    """The thread that refreshes answers waits for work in a thread of the kernel, and the hub goes on."""
    run("\n".join((*ORDERS[order], REFRESH)), str(etc.parent), str(real.server.port))


@pytest.mark.parametrize("resolver", ["thread", "ares"])
@pytest.mark.parametrize("order", ORDERS)
def test_reports_are_made_by_the_greenlet_that_asked(
    order: str, resolver: str, etc: Path, real: LoopbackServer
) -> None:
    """No thread of the pool logs, makes a span or imports a module, however slow a lookup is."""
    answer_late(real)
    program = "\n".join((*ORDERS[order], REPORTS))
    environ = {"GEVENT_RESOLVER": resolver, "STEADYDNS_SLOW_THRESHOLD": "0.000001"}
    run(program, str(etc.parent), str(real.server.port), **environ)


HITS = """
import socket, gevent
for _ in range(2):  # the second call keeps its rows
    rows = socket.getaddrinfo("redis.prod", 80)
def refuse(*_):
    raise AssertionError("a hit takes a thread")
pool = type(gevent.get_hub().threadpool)
pool.spawn = pool.apply = refuse
assert sorted(socket.getaddrinfo("redis.prod", 80)) == sorted(rows)
"""


@pytest.mark.parametrize("resolver", ["thread", "ares"])
@pytest.mark.parametrize("order", ORDERS)
def test_a_hit_takes_no_thread(order: str, resolver: str, etc: Path, real: LoopbackServer) -> None:
    """Rows that are kept are returned in the greenlet itself."""
    program = "\n".join((*ORDERS[order], HITS))
    run(program, str(etc.parent), str(real.server.port), GEVENT_RESOLVER=resolver)


HELD = """
import logging, socket, gevent
handler = logging.StreamHandler()
logging.getLogger("steadydns").addHandler(handler)
with gevent.Timeout(15):
    handler.acquire()
    socket.getaddrinfo("redis.prod", 80)
    handler.release()
"""


@pytest.mark.parametrize("order", ORDERS)
def test_a_log_handler_may_look_a_name_up(order: str, etc: Path, real: LoopbackServer) -> None:
    """A greenlet that holds a handler's lock, as one that sends its messages to a server does, gets its slow lookup."""
    answer_late(real)
    program = "\n".join((*ORDERS[order], HELD))
    run(program, str(etc.parent), str(real.server.port), GEVENT_RESOLVER="thread")
