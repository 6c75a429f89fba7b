"""Names and addresses of one mini node: everything that is known before anything is started.

May import the standard library only; never touches the system.
"""

from __future__ import annotations

from dataclasses import dataclass

SERVICE_ADDRESS = "10.96.0.10"  # kubeadm's default for the kube-dns Service
SERVICE_RANGE = "10.96.0.0/16"
NODE_LOCAL_ADDRESS = "169.254.20.10"  # NodeLocal DNSCache's documented default
GATEWAY_ADDRESS = "10.244.0.1"
GATEWAY_ADDRESS_V6 = "fd00:10:244::1"
BACKEND_COUNT = 2
PREFIX = "sdlab"


@dataclass(frozen=True)
class Topology:
    """The derived names of one node; ``key`` is ``pid-counter`` of the process that made it."""

    key: str

    @property
    def prefix(self) -> str:
        """What the names of all namespaces of this node begin with."""
        return f"{PREFIX}-{self.key}-"

    @property
    def node(self) -> str:
        """Name of the node's network namespace, where kube-proxy's rules and the faults live."""
        return f"{self.prefix}node"

    def pod(self, name: str) -> str:
        """Name of the network namespace of the pod called ``name``."""
        return f"{self.prefix}{name}"

    def backend(self, index: int) -> str:
        """Name of the network namespace of CoreDNS backend ``index``."""
        return f"{self.prefix}dns{index}"

    @property
    def backends(self) -> list[str]:
        """The namespaces of all CoreDNS backends, by index."""
        return [self.backend(index) for index in range(BACKEND_COUNT)]


def backend_address(index: int) -> str:
    """IPv4 address of CoreDNS backend ``index``."""
    return f"10.244.2.{index + 2}"


def pod_address(number: int) -> str:
    """IPv4 address of the pod with this ordinal number."""
    return f"10.244.1.{number + 10}"


def pod_address_v6(number: int) -> str:
    """IPv6 address that the pod with this ordinal number has on a dual-stack node."""
    return f"fd00:10:244:1::{number + 10:x}"


def pod_link(number: int) -> str:
    """Name of the node's end of that pod's veth pair."""
    return f"pod{number}"
