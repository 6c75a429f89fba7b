"""A Resolver that asks a name server on loopback, at any port: for where there can be no namespaces.

Nothing of the machine's own configuration is used, so no question of the demonstration leaves the machine.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from steadydns.cli.demo.zone import NDOTS, SEARCH
from steadydns.config import Config
from steadydns.resolution.model import Server
from steadydns.resolver import Resolver
from steadydns.system.pod import Pod
from steadydns.system.resolvconf import AF_INET, Nameserver, ResolvConf

if TYPE_CHECKING:
    from steadydns.resolution.rules import Rules

ADDRESS = "127.0.0.1"
NO_FILES = "/proc/self/no-such-folder"
"""A root without /etc: an empty hosts file, and the sources that libc takes without an nsswitch.conf."""


class _Pod(Pod):
    """A pod whose resolv.conf is the demonstration's."""

    def __init__(self) -> None:
        super().__init__(NO_FILES, environ={})
        self._conf = ResolvConf(
            nameservers=(Nameserver(AF_INET, ADDRESS),),
            search=tuple(domain.encode() for domain in SEARCH),
            ndots=NDOTS,
        )

    def resolv_conf(self) -> ResolvConf:
        return self._conf


class _Resolver(Resolver):
    """A resolver that puts its questions to another port than 53, which resolv.conf cannot say."""

    def __init__(self, port: int) -> None:
        # The cache on the node is looked for on the real network; there is none to be found here.
        super().__init__(Config(node_local="off"), pod=_Pod())
        self._server = Server(AF_INET, ADDRESS, port=port)

    def rules_for(self, conf: ResolvConf) -> Rules:
        return super().rules_for(conf)._replace(servers=(self._server,))


def resolver(port: int) -> Resolver:
    """Return a resolver whose only name server is 127.0.0.1 at this port."""
    return _Resolver(port)
