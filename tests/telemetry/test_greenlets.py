"""gevent and eventlet: lookups in native threads end, and greenlets make their reports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.telemetry.greenlets import ORDERS, PATCH, run
from tests.unit.hooks.late import answer_late
from tests.unit.loopback import LoopbackServer
from tests.unit.network import FakeServer, Zone

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

NAMES = {f"slow{number}.test": f"192.0.2.{number}" for number in range(1, 11)}


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    """The pod's /etc, without a search list."""
    path = tmp_path / "etc"
    path.mkdir()
    (path / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    (path / "nsswitch.conf").write_text("hosts: files dns\n")
    (path / "hosts").write_text("")
    return path


@pytest.fixture
def server() -> Iterator[LoopbackServer]:
    """A name server that knows NAMES, for a second each."""
    with LoopbackServer(FakeServer(Zone(NAMES, ttl=1))) as server:
        yield server


SLOW = """
names = [f"slow{number}.test" for number in range(1, 11)]
found = wait([spawn(look_up, name) for name in names[:5]] + [spawn(request, name) for name in names[5:]])
assert all(row and row[0][4][0].startswith("192.0.2.") for row in found), found
assert sorted(span.name for span in spans()) == sorted(f"DNS lookup {name}" for name in names[5:])
assert all(span.parent is not None for span in spans())
assert len(slow_messages()) == 1, messages  # one a minute
assert count() == 10
"""


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("kind", PATCH)
@pytest.mark.parametrize("attempt", range(2))
def test_slow_lookups_are_reported_by_those_who_asked(
    attempt: int, kind: str, order: str, server: LoopbackServer, etc: Path
) -> None:
    """Ten slow lookups at once end, are logged and have spans below their callers', and no native thread reports."""
    del attempt  # which thread comes first is chance
    answer_late(server)
    run(kind, order, SLOW, server, etc)


ALONE = """
names = [f"slow{number}.test" for number in range(1, 11)]
assert all(wait([spawn(request, name) for name in names]))
assert len(spans()) == 10, spans()
"""


@pytest.mark.parametrize("resolver", ["ares", "dnspython", "block"])
def test_every_resolver_of_gevents_reports(resolver: str, server: LoopbackServer, etc: Path) -> None:
    """Whichever resolver gevent is set to, each lookup's span is below its caller's."""
    answer_late(server)
    run("gevent", "patched after", ALONE, server, etc, GEVENT_RESOLVER=resolver, STEADYDNS_SLOW_THRESHOLD="0")


UNHOOKED = """
import _socket
names = [f"slow{number}.test" for number in range(1, 11)]
assert all(wait([spawn(in_pool, _socket.getaddrinfo, name, 80) for name in names]))
"""


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("kind", PATCH)
def test_a_lookup_without_a_hook_reports_nothing_in_its_thread(
    kind: str, order: str, server: LoopbackServer, etc: Path
) -> None:
    """A service that left the hook out, and calls a pool by itself, gets its answers from threads that report nothing."""
    answer_late(server)
    run(kind, order, UNHOOKED, server, etc, STEADYDNS_HOOKS="-gevent")


FAILING = """
assert wait([spawn(request, f"slow{number}.test") for number in range(1, 6)]) == [socket.EAI_AGAIN] * 5
assert {span.attributes["error.type"] for span in spans()} == {"timeout"}
assert len(spans()) == 5, spans()
assert wait([spawn(request, "münchen.test")]) == [socket.EAI_AGAIN]
for name in ("gethostbyname", "gethostbyname_ex"):
    try:
        getattr(socket, name)("slow9.test")
    except socket.gaierror as error:
        assert "slow9.test" in str(error.__cause__), error.__cause__
    else:
        raise AssertionError(name)
"""


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("kind", PATCH)
def test_failing_lookups_say_what_was_tried(kind: str, order: str, server: LoopbackServer, etc: Path) -> None:
    """While no server answers, each call raises with its cause, and each caller has the failed lookup's span."""
    server.fake.tcp = server.fake.udp = "silent"
    run(kind, order, FAILING, server, etc, STEADYDNS_DEADLINE="0.4")


STALE = """
assert look_up("slow1.test")
sleep(1.1)
rows = request("slow1.test")
assert rows[0][4][0] == "192.0.2.1", rows
(span,) = spans()
assert span.attributes["steadydns.cache.result"] == "stale", span.attributes
"""


class _Closing(list[Any]):
    """The questions seen; the server falls silent at the third."""

    def __init__(self, server: LoopbackServer) -> None:
        super().__init__()
        self.server = server

    def append(self, item: Any) -> None:
        super().append(item)
        if len(self) == 3:
            self.server.fake.tcp = self.server.fake.udp = "silent"


@pytest.mark.parametrize("kind", PATCH)
def test_stale_lookups_are_reported(kind: str, server: LoopbackServer, etc: Path) -> None:
    """An expired answer that is used for want of a server makes a span in the caller's."""
    server.seen = _Closing(server)
    run(kind, "patched after", STALE, server, etc)


ERROR = """
from steadydns import activation
resolver = activation.resolver()
def fail(*_):
    raise ZeroDivisionError
resolver._search = resolver._find = resolver._lead = fail
for table in resolver.tables:
    table.original = lambda *_: [(2, 1, 6, "", ("192.0.2.99", 80))]
assert all(wait([spawn(look_up, f"slow{number}.test") for number in range(1, 6)]))
warnings = [text for text in messages if text.startswith("an error inside steadydns")]
assert len(warnings) == 5, messages
"""


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("kind", PATCH)
def test_errors_inside_steadydns_are_reported(
    kind: str, order: str, server: LoopbackServer, etc: Path
) -> None:
    """An error in a native thread is logged by the greenlet that asked, and libc answers."""
    run(kind, order, ERROR, server, etc)


KILLED = """
def hurried(name):
    with tracer.start_as_current_span("GET"):
        try:
            with Timeout(0.1):
                socket.getaddrinfo(name, 80)
        except Timeout:
            return "gave up"
assert wait([spawn(hurried, "slow1.test")]) == ["gave up"]
sleep(0.6)
assert not slow_messages()
assert look_up("slow2.test")
assert ["slow1.test" in text for text in slow_messages()] == [True], messages
"""


@pytest.mark.parametrize("kind", PATCH)
def test_a_lookup_nobody_waits_for_is_reported_by_the_next(
    kind: str, server: LoopbackServer, etc: Path
) -> None:
    """A greenlet that gave up leaves its slow lookup to the next greenlet that looks a name up."""
    answer_late(server)
    run(kind, "patched before", KILLED, server, etc)


NATIVE = """
import _socket
from steadydns.runtime import native
done = []
def work():
    done.append(_socket.getaddrinfo("slow1.test", 80))
native.start_new_thread(work, ())
while not done:
    sleep(0.02)
sleep(0.05)
assert not slow_messages()
assert look_up("slow2.test")
assert ["slow1.test" in text for text in slow_messages()] == [True], messages
"""


@pytest.mark.parametrize("kind", PATCH)
def test_a_native_thread_of_the_services_own_reports_nothing(
    kind: str, server: LoopbackServer, etc: Path
) -> None:
    """A slow lookup in a thread that the service started behind gevent's back is reported by the next greenlet."""
    answer_late(server)
    run(kind, "patched before", NATIVE, server, etc)


BYPASS = """
from steadydns.contract.originals import raw
def past_us():
    try:
        raw("nowhere.invalid", 80, 0, 0, 0, socket.AI_NUMERICHOST)
    except socket.gaierror:
        return "refused"
assert wait([spawn(in_pool, past_us)]) == ["refused"]
assert not any("behind steadydns' back" in text for text in messages)
assert look_up("slow2.test")
assert any("behind steadydns' back" in text for text in messages), messages
"""


@pytest.mark.parametrize("kind", PATCH)
def test_a_bypass_in_a_native_thread_is_reported_by_the_next(
    kind: str, server: LoopbackServer, etc: Path
) -> None:
    """STEADYDNS_DETECT_BYPASS logs nothing in the thread in which it sees a bypass."""
    run(kind, "patched before", BYPASS, server, etc, STEADYDNS_DETECT_BYPASS="1")


HELD = """
order = []
def hold():
    with handler.lock:
        order.append("held")
        while "others" not in order:
            sleep(0.01)
        order.append("released")
holder = spawn(hold)
sleep(0)
assert order == ["held"]
slow = spawn(look_up, "slow1.test")
sleep(0.6)  # its thread is done by now, and its report waits
wait([spawn(look_up, f"slow{number}.test") for number in range(2, 7)])  # fast ones, which have nothing to log
order.append("others")
wait([holder, slow])
assert order == ["held", "others", "released"]
assert len(slow_messages()) == 1, messages
"""


@pytest.mark.parametrize("kind", PATCH)
def test_a_held_logging_lock_delays_nothing_but_the_report(
    kind: str, server: LoopbackServer, etc: Path
) -> None:
    """While a greenlet holds the log handler's lock, a slow lookup's thread ends, and other lookups go on."""
    answer_late(server)
    run(kind, "patched before", HELD, server, etc, STEADYDNS_SLOW_THRESHOLD="0.25")
