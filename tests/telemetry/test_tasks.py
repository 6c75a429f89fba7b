"""Spans of lookups that tasks of an event loop await."""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING, Any

import pytest

from steadydns.calls.settings import rules as make_rules
from steadydns.config import Config
from steadydns.resolution.model import UDP
from steadydns.resolver import Resolver
from steadydns.system.pod import Pod
from tests.unit.loopback import LoopbackServer
from tests.unit.loops import RUNNERS
from tests.unit.network import FakeServer, cluster_zone

if TYPE_CHECKING:
    from pathlib import Path

    from steadydns.resolution.rules import Rules
    from steadydns.system.resolvconf import ResolvConf
    from tests.telemetry.conftest import Traces

NAMES = ("redis.prod", "www.example.com")


@pytest.mark.parametrize("kind", RUNNERS)
def test_each_slow_lookup_is_in_the_span_of_the_task_that_awaits_it(
    kind: str, traces: Traces, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two tasks, each within a span of its own, lose a query: each has the slow lookup's span below its own, with why."""
    etc = tmp_path / "etc"
    etc.mkdir()
    (etc / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    (etc / "hosts").write_text("")
    (etc / "nsswitch.conf").write_text("hosts: files dns\n")
    # Each name's first question over UDP is lost, whichever goes first.
    with LoopbackServer(FakeServer(cluster_zone(), drop=frozenset({0, 1, 2, 3}))) as real:

        def rules(config: Config, conf: ResolvConf) -> Rules:
            changed: dict[str, Any] = {
                "servers": (real.server,),
                "preferred": None,
                "transport": UDP,
                "first_retry": 0.15,
            }
            return make_rules(config, conf)._replace(**changed)

        monkeypatch.setattr("steadydns.resolver.make_rules", rules)
        resolver = Resolver(Config(slow_threshold=0.1), pod=Pod(str(tmp_path), environ={}))

        async def request(name: str) -> int:
            with traces.tracer.start_as_current_span(f"GET {name}") as span:
                await resolver.agetaddrinfo(
                    f"{name}.svc.cluster.local" if name == NAMES[0] else name, 80, 0, socket.SOCK_STREAM
                )
                return span.get_span_context().span_id

        async def main() -> list[int]:
            return await asyncio.gather(*map(request, NAMES))

        parents = RUNNERS[kind](main())
        resolver.close()
    spans = sorted(traces.lookups(), key=lambda span: str(span.name))
    assert [span.name for span in spans] == [
        f"DNS lookup {NAMES[0]}.svc.cluster.local",
        f"DNS lookup {NAMES[1]}",
    ]
    assert [span.parent.span_id for span in spans] == parents
    assert {span.attributes["steadydns.slow.reason"] for span in spans} == {"timeout_retry"}
