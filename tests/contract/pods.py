"""Pods that are alone in the world: a namespace with the addresses and routes of a case, and a name server in it."""

from __future__ import annotations

import itertools
import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.contract.session import ServerProcess
from tests.lab import namespaces
from tests.lab.pod import Pod
from tests.lab.topology import Topology

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.contract.names import Zone

_numbers = itertools.count()

LINKS = ("link add up0 type veth peer name up1", "link set up1 up", "link set up0 up")
"""An interface that is up, and its other end, where nobody is."""


@contextmanager
def alone(zone: Zone, commands: Sequence[str]) -> Iterator[Pod]:
    """Make a pod with loopback, configured by these ip(8) commands, and serve the zone there."""
    namespace = Topology(f"{os.getpid()}-alone{next(_numbers)}").pod("pod")
    namespaces.create(namespace)
    try:
        # IPv6 addresses are usable at once, and there are none but those of the case.
        for setting in ("default.accept_dad=0", "default.addr_gen_mode=1", "all.accept_ra=0"):
            namespaces.checked(
                ["ip", "netns", "exec", namespace, "sysctl", "-qw", f"net.ipv6.conf.{setting}"]
            )
        namespaces.ip_batch(namespace, commands)
        pod = Pod("alone", namespace, [], "")
        server = ServerProcess(pod)
        try:
            server.serve(zone)
            yield pod
        finally:
            server.close()
    finally:
        namespaces.remove(namespace)
