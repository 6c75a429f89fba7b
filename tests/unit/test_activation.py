"""install(), uninstall(), and what can be asked meanwhile."""

from __future__ import annotations

import logging
import socket
from typing import TYPE_CHECKING, Any

import pytest

import steadydns
from steadydns import activation
from tests.unit.program import run

if TYPE_CHECKING:
    from steadydns.resolver import Resolver
    from steadydns.system.pod import Pod
    from tests.unit.loopback import LoopbackServer

STOCK = socket.getaddrinfo


def test_it_says_whether_it_is_installed(pod: Pod) -> None:
    """False, True, False; stats() are empty without it."""
    assert not steadydns.is_installed()
    assert steadydns.stats() == {}
    steadydns.install()
    assert steadydns.is_installed()
    steadydns.uninstall()
    assert not steadydns.is_installed()
    assert steadydns.flush() == 0


def test_overrides_set_single_knobs(pod: Pod) -> None:
    """They come on top of the configuration given, or of the environment's."""
    steadydns.install(steadydns.Config(deadline=3), first_retry=0.2)
    config = activation.resolver().config
    steadydns.uninstall()
    assert (config.deadline, config.first_retry) == (3.0, 0.2)


@pytest.mark.parametrize(
    ("overrides", "error"), [({"deadline": -1}, ValueError), ({"dedline": 1}, TypeError)]
)
def test_a_wrong_override_is_refused_and_changes_nothing(
    overrides: dict[str, Any], error: type[Exception], pod: Pod
) -> None:
    """What was installed before stays installed."""
    steadydns.install()
    before = activation.resolver()
    with pytest.raises(error):
        steadydns.install(**overrides)
    assert activation.resolver() is before
    steadydns.uninstall()
    with pytest.raises(error):
        steadydns.install(**overrides)
    assert not steadydns.is_installed()
    assert socket.getaddrinfo is STOCK


@pytest.mark.parametrize("value", ["1", "true", "YES", " on "])
def test_the_environment_switches_it_off(value: str, pod: Pod, monkeypatch: pytest.MonkeyPatch) -> None:
    """With STEADYDNS_DISABLED install() does nothing."""
    monkeypatch.setenv("STEADYDNS_DISABLED", value)
    steadydns.install()
    assert not steadydns.is_installed()
    assert socket.getaddrinfo is STOCK


@pytest.mark.parametrize("value", ["", "0", "false", "no"])
def test_other_values_do_not(value: str, pod: Pod, monkeypatch: pytest.MonkeyPatch) -> None:
    """Empty and negative values leave it on."""
    monkeypatch.setenv("STEADYDNS_DISABLED", value)
    steadydns.install()
    assert steadydns.is_installed()
    steadydns.uninstall()


def test_an_unsupported_platform_is_left_alone_and_told_once(
    pod: Pod, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """A no-op with one warning, however often it is tried."""
    monkeypatch.setattr(activation, "_unsupported", lambda: "not here; libc resolves")
    with caplog.at_level(logging.WARNING, "steadydns"):
        for _ in range(3):
            steadydns.install()
    assert not steadydns.is_installed()
    assert caplog.text.count("not here") == 1


def test_flush_makes_the_next_call_ask_again(installed: Resolver, real: LoopbackServer) -> None:
    """Of one name, absolute as it was asked, or of all; it says how many answers were forgotten."""
    socket.getaddrinfo("www.example.com", 80)
    real.questions()
    assert steadydns.flush("www.example.com") == 2
    socket.getaddrinfo("www.example.com", 80)
    assert len(real.questions()) == 2
    assert steadydns.flush() >= 5
    assert steadydns.stats()["cache"]["entries"] == 0
    assert steadydns.stats()["cache"]["rows"] == 0


def test_stats_are_nested_dicts_of_numbers(installed: Resolver, real: LoopbackServer) -> None:
    """Hits, misses, queries by server and transport, fallbacks by reason, and what the cache holds."""
    for _ in range(3):
        socket.getaddrinfo("www.example.com", 80)
    socket.getaddrinfo("127.0.0.1", 80)
    for _ in range(2):
        with pytest.raises(socket.gaierror):
            socket.getaddrinfo("gone.example.com", 80)
    stats = steadydns.stats()
    assert (stats["hits"], stats["misses"], stats["negative_hits"]) == (2, 2, 1)
    assert stats["queries"] == {str(real.server): {"tcp": 7}}
    assert stats["fallbacks"] == {"numeric": 1}
    assert stats["cache"]["entries"] == 7
    assert stats["cache"]["max_entries"] == 9984

    def numbers(value: object) -> bool:
        return (
            all(map(numbers, value.values())) if isinstance(value, dict) else isinstance(value, (int, float))
        )

    assert numbers(stats)


def test_uninstall_closes_the_connections(pod: Pod, real: LoopbackServer) -> None:
    """Nothing stays open behind."""
    steadydns.install()
    socket.getaddrinfo("www.example.com", 80)
    pool = activation.resolver().pool
    assert pool._idle[real.server]
    steadydns.uninstall()
    assert not any(pool._idle.values())


def test_the_face_loads_nothing() -> None:
    """`import steadydns` imports neither sockets' users nor dependencies, and dir() knows the names."""
    run(
        """
import sys, steadydns
loaded = {name for name in sys.modules if name.startswith("steadydns")}
assert loaded == {"steadydns"}, loaded
assert {"install", "Config", "Resolver", "stats"} <= set(dir(steadydns))
for heavy in ("tenacity", "wrapt", "dns", "opentelemetry", "asyncio", "ssl"):
    assert heavy not in sys.modules, heavy
assert steadydns.Config.__module__ == "steadydns.config"
try:
    steadydns.nonsense
except AttributeError as error:
    assert "nonsense" in str(error)
else:
    raise AssertionError
"""
    )


def test_auto_installs_and_the_environment_prevents_it() -> None:
    """One import is enough; with STEADYDNS_DISABLED it loads nothing more."""
    run("import steadydns.auto, steadydns; assert steadydns.is_installed()")
    run(
        """
import sys, socket
stock = socket.getaddrinfo
import steadydns.auto
assert socket.getaddrinfo is stock
assert "steadydns.activation" not in sys.modules
""",
        STEADYDNS_DISABLED="1",
    )


def test_auto_never_raises() -> None:
    """Whatever breaks on the way, the service starts, with a warning and with libc."""
    run(
        """
import logging, socket, sys
stock = socket.getaddrinfo
class Broken:
    def find_spec(self, name, path=None, target=None):
        if name == "steadydns.activation":
            raise RuntimeError("broken installation")
sys.meta_path.insert(0, Broken())
said = []
logging.getLogger("steadydns").addHandler(type("H", (logging.Handler,), {"emit": lambda self, record: said.append(record)})())
import steadydns.auto
assert socket.getaddrinfo is stock
assert len(said) == 1 and said[0].levelname == "WARNING"
"""
    )


def test_bad_settings_do_not_stop_the_service() -> None:
    """An impossible value in the environment is told once, and its default used."""
    run(
        """
import logging
said = []
logging.getLogger("steadydns").addHandler(type("H", (logging.Handler,), {"emit": lambda self, record: said.append(record)})())
import steadydns.auto, steadydns
from steadydns import activation
assert steadydns.is_installed()
assert activation.resolver().config.deadline is None
assert len(said) == 1, said
""",
        STEADYDNS_DEADLINE="soon",
    )
