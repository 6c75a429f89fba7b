"""A network namespace with an NSD inside: the smallest place where steadydns makes real lookups.

Without a node, NAT and CoreDNS around it the server takes little of the time, so what differs between two versions of the
client stands out. May import the lab.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.lab import namespaces
from tests.lab.nsd import Nsd
from tests.lab.pod import SEARCH, Pod
from tests.lab.topology import Topology, pod_address, pod_address_v6

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

LINK = "up0"


@contextmanager
def single_pod(zones: Mapping[str, str]) -> Iterator[Pod]:
    """Make the pod, with these zones served at its own address, and remove it.

    It has an address and a default route of either family, so that ranking addresses has sources to compare.
    """
    namespaces.sweep()
    namespace = Topology(f"{os.getpid()}-single").pod("pod")
    addresses = [pod_address(0), pod_address_v6(0)]
    namespaces.create(namespace)
    try:
        namespaces.ip_batch(
            namespace,
            [
                # The kernel may lack dummy interfaces; a bridge without ports serves as one.
                f"link add {LINK} type bridge",
                f"addr add {addresses[0]}/32 dev {LINK}",
                f"addr add {addresses[1]}/128 dev {LINK} nodad",
                f"link set {LINK} up",
                f"route add default dev {LINK}",
                f"route add ::/0 dev {LINK}",
            ],
        )
        pod = Pod("pod", namespace, addresses, LINK)
        pod.write("resolv.conf", f"nameserver {addresses[0]}\nsearch {SEARCH}\noptions ndots:5\n")
        with Nsd(pod, zones=zones):
            yield pod
    finally:
        namespaces.remove(namespace)
