"""Installing and uninstalling, a thousand times over: nothing is changed by it, and nothing grows."""

from __future__ import annotations

from tests.unit.program import run

PROGRAM = """
import gc, importlib, os, sys, warnings
warnings.simplefilter("ignore")
MODULES = (
    "_socket", "socket", "select", "ssl", "asyncio", "asyncio.base_events", "asyncio.selector_events", "uvloop",
    "aiohttp", "aiohttp.resolver", "aiohttp.connector", "aiodns", "gevent.resolver", "gevent.resolver.ares",
    "gevent.resolver.blocking", "gevent.resolver.thread", "eventlet.green.socket", "eventlet.support.greendns", "psycopg2", "dns.resolver",
    "dns.asyncresolver", "grpc", "grpc._channel", "grpc.aio._channel",
)
present = []
for name in MODULES:
    try:
        present.append(importlib.import_module(name))
    except ImportError:
        continue
import dns.asyncresolver, dns.resolver
dns.resolver.get_default_resolver(), dns.asyncresolver.get_default_resolver()

def state():
    found = {}
    for module in present:
        for name, value in vars(module).items():
            found[module.__name__, name] = value
            if isinstance(value, type):
                found.update({(module.__name__, name, inner): one for inner, one in vars(value).items()})
    return found

def size():
    gc.collect()
    return len(gc.get_objects())

import steadydns, steadydns.activation
before = state()
def rounds(number):
    for _ in range(number):
        steadydns.install(hooks="all,-native")
        steadydns.uninstall()
steadydns.install(hooks="all,-native")
changed = [key for key, value in state().items() if before.get(key) is not value]
print(len(changed), *steadydns.activation._installation.installed)
steadydns.uninstall()
rounds(200)
objects, files, threads = size(), len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task"))
rounds(800)
grown = size() - objects
after = state()
assert [key for key in before.keys() | after.keys() if before.get(key, 0) is not after.get(key, 0)] == []
assert grown < 80, grown  # a tenth of an object for each round: a leak would be one at least
assert len(os.listdir("/proc/self/fd")) == files
assert len(os.listdir("/proc/self/task")) == threads
"""


def test_a_thousand_times_leave_everything_as_it_was() -> None:
    """Every attribute of every library and its classes is the very object it was, and nothing has accumulated."""
    output = run(PROGRAM).split()
    assert int(output[0]) >= 15, "the hooks had something to put back"
    assert {"stdlib", "asyncio", "aiohttp", "aiodns", "gevent", "psycopg2", "dnspython", "grpc"} <= set(
        output[1:]
    )
