"""Traps 35 to 42: programs that print the same with and without steadydns, whatever else goes on in the process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.contract.session import resolv_conf

if TYPE_CHECKING:
    from tests.contract.session import ServerProcess
    from tests.lab.pod import Pod

pytestmark = pytest.mark.lab

BEGIN = """
import atexit, gc, os, signal, socket, sys, threading, time
def look(name, *rest):
    try:
        return [row[4][0] for row in socket.getaddrinfo(name, 80, 0, 1, *rest)]
    except OSError as error:
        return repr(error)
"""

PROGRAMS = {
    "35 a fork while others look up": """
done = threading.Event()
def busy():
    while not done.is_set():
        look("x.wild.test"); look("nosuch.test")
threads = [threading.Thread(target=busy) for _ in range(4)]
for thread in threads:
    thread.start()
for number in range(10):
    child = os.fork()
    if not child:
        signal.alarm(10)
        os._exit(look("v4.test") != ["192.0.2.4"] or look(f"n{number}.wild.test")[0] != "192.0.2.13")
    print(os.waitpid(child, 0)[1])
done.set()
for thread in threads:
    thread.join()
""",
    "36 at exit, in a destructor, in a signal handler, during an import": """
class Late:
    def __del__(self):
        print("del", look("v4.test"))
late = Late()
del late
gc.collect()
signal.signal(signal.SIGUSR1, lambda *_: print("signal", look("redis")))
os.kill(os.getpid(), signal.SIGUSR1)
open("/tmp/steadydns_contract_module.py", "w").write("import socket; ROW = socket.getaddrinfo('dual', 80)[0]")
sys.path.insert(0, "/tmp")
import steadydns_contract_module
print(steadydns_contract_module.ROW)
os.unlink(steadydns_contract_module.__file__)
atexit.register(lambda: print("exit", look("v6.test"), look("v4.test")))
""",
    "37 an interrupt while waiting": """
def interrupt(*_):
    raise KeyboardInterrupt
signal.signal(signal.SIGALRM, interrupt)
signal.setitimer(signal.ITIMER_REAL, 0.2)
try:
    print(look("silent.test."))
except KeyboardInterrupt:
    print("interrupted")
print(look("1.2.3.4"))
""",
    "38 and 39 nobody shares a list or an exception": """
rows, errors, lock = [], [], threading.Lock()
def work():
    mine = socket.getaddrinfo("api.example.com", 80)
    with lock:
        rows.append(mine)
    try:
        socket.getaddrinfo("nosuch.test", 80)
    except OSError as error:
        with lock:
            errors.append(error)
threads = [threading.Thread(target=work) for _ in range(16)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len({id(one) for one in rows}), len({id(one) for one in errors}), {(type(one), one.args) for one in errors})
rows[0].clear()
print(len(socket.getaddrinfo("api.example.com", 80)))
def depth(error):
    trace, count = error.__traceback__, 0
    while trace is not None:
        trace, count = trace.tb_next, count + 1
    return count
depths = []
for _ in range(5):
    try:
        socket.getaddrinfo("nosuch.test", 80)
    except OSError as error:
        depths.append(depth(error))
print(len(set(depths[1:])))
""",
    "40 a lookup inside a lookup": """
inside = threading.local()
def hook(event, args):
    if event == "socket.getaddrinfo" and not getattr(inside, "here", False):
        inside.here = True
        try:
            print("hook", args[0], look("v4.test"))
        finally:
            inside.here = False
sys.addaudithook(hook)
print(look("redis"), look("redis"), look("nosuch.test"))
""",
    "41 references from before, and patches on top": """
ours = socket.getaddrinfo
calls = []
def wrapper(*args, **options):
    calls.append(args[0])
    return ours(*args, **options)
socket.getaddrinfo = wrapper
print(look("dual"), before("dual", 80)[0], calls)
socket.getaddrinfo = ours
print(look("dual"), calls)
""",
    "42 the wall clock jumps": """
print(look("v4.test"))
for jump in (-1e9, 1e9):
    honest = time.time
    time.time = lambda: honest() + jump
    print(look("v4.test"), look("redis"))
    time.time = honest
""",
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_program_notices_nothing(name: str, own_pod: Pod, own_server: ServerProcess) -> None:
    """What the program prints, and that it ends, is the same."""
    servers = "127.0.0.8" if name.startswith("37") else "127.0.0.1"
    own_pod.write("resolv.conf", resolv_conf("ndots:5 timeout:1 attempts:1").replace("127.0.0.1", servers))
    before = "from socket import getaddrinfo as before\n"
    begin, program = f"{before}import steadydns.auto\n{BEGIN}", PROGRAMS[name]
    if name.startswith("35"):
        # glibc 2.36 itself may hang in a child that was forked during a lookup: no oracle for this one.
        assert own_pod.python(begin + program) == "0\n" * 10
        return
    printed = own_pod.python(before + BEGIN + program)
    assert printed
    assert own_pod.python(begin + program) == printed
