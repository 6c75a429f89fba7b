"""What sys.addaudithook sees: the events of the stock function, with the same arguments, cold and on a hit."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.session import resolv_conf

if TYPE_CHECKING:
    from tests.contract.session import ServerProcess
    from tests.lab.pod import Pod

pytestmark = pytest.mark.lab

PROGRAM = """
import json, socket, sys
{activate}
seen = []
sys.addaudithook(lambda event, args: event.startswith("socket.") and seen.append(
    (event, [(type(one).__name__, repr(one)) for one in args])))

def call(*args):
    del seen[:]
    try:
        socket.getaddrinfo(*args)
    except Exception:
        pass
    return list(seen)

# The first call with a port that is no number has an entry in docs/differences.md.
for port in ("http", b"http"):
    call("first.test", port)
hosts = ("dual", b"dual", "V4.Test", "nosuch.test", "hosts-only.test", "1.2.3.4", b"1.2.3.4", "::1", None, "", "a..b", 25, "servfail.test")
print(json.dumps([[call(host, port), call(host, port)] for host in hosts for port in (80, None, "http", b"http", 1.5)]
    + [[call(host, port, family, *kind), call(host, port, family, *kind)] for host in ("dual", b"dual")
       for family in (0, 2, 10) for port in (0, 443, 65535)
       for kind in ((1,), (2,), (0, 6), (0, 17), (1, 6), (2, 17), (0, 0))]))
"""


def events(pod: Pod, activate: str) -> list[list[list[Any]]]:
    """The events of each call, made twice."""
    pod.write("resolv.conf", resolv_conf("ndots:1 timeout:1"))
    return list(json.loads(pod.python(PROGRAM.replace("{activate}", activate))))


def test_the_same_events_with_the_same_arguments(own_pod: Pod, own_server: ServerProcess) -> None:
    """Types included; the repetition of a call that has an answer raises nothing else, opens no socket for instance."""
    stock, ours = events(own_pod, ""), events(own_pod, "import steadydns.auto")
    assert len(stock) == len(ours) == 65 + 126
    for theirs, mine in zip(stock, ours, strict=True):
        for lookups in (theirs, mine):
            lookups[:] = [[one for one in made if one[0] == "socket.getaddrinfo"] for made in lookups] + [
                lookups[1]
            ]
        assert mine[:2] == theirs[:2]
        if "servfail" not in str(mine[0]):
            assert mine[2] == theirs[2]
