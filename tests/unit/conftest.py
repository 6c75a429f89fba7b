"""A pod of files, a name server on loopback, and steadydns between them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from steadydns import activation
from steadydns.calls.settings import rules as make_rules
from steadydns.resolver import Resolver
from steadydns.system.pod import Pod
from tests.unit.loopback import LoopbackServer
from tests.unit.network import FakeServer, cluster_zone

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from steadydns.config import Config
    from steadydns.resolution.rules import Rules
    from steadydns.system.resolvconf import ResolvConf

RESOLV_CONF = """\
nameserver 127.0.0.1
search default.svc.cluster.local svc.cluster.local cluster.local
options ndots:5
"""


@pytest.fixture
def real() -> Iterator[LoopbackServer]:
    """A name server with the cluster's names."""
    with LoopbackServer(FakeServer(cluster_zone())) as server:
        yield server


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    """The pod's /etc, to be written to."""
    path = tmp_path / "etc"
    path.mkdir()
    (path / "resolv.conf").write_text(RESOLV_CONF)
    (path / "nsswitch.conf").write_text("hosts: files dns\n")
    (path / "hosts").write_text("127.0.0.1 localhost\n")
    return path


@pytest.fixture
def pod(etc: Path, real: LoopbackServer, monkeypatch: pytest.MonkeyPatch) -> Pod:
    """The pod whose name server is `real`; every Resolver made without a pod is in it."""

    def rules(config: Config, conf: ResolvConf) -> Rules:
        # resolv.conf has no ports, and 53 is not ours to bind.
        return make_rules(config, conf)._replace(servers=(real.server,), preferred=None)

    def made(*_: Any) -> Pod:
        return Pod(str(etc.parent), environ={}, hostname=lambda: "pod-1")

    monkeypatch.setattr("steadydns.resolver.make_rules", rules)
    monkeypatch.setattr("steadydns.resolver.Pod", made)
    return made()


@pytest.fixture
def resolver(pod: Pod) -> Iterator[Resolver]:
    """A resolver in the pod, with nothing patched."""
    one = Resolver(pod=pod)
    yield one
    one.close()


@pytest.fixture
def installed(pod: Pod) -> Iterator[Resolver]:
    """The resolver that install() put in place, taken back at the end."""
    activation.install()
    yield activation.resolver()
    activation.uninstall()
