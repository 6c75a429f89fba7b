"""The mini node: pods, kube-proxy's rules, two CoreDNS backends and, if wanted, the node-local cache.

May import every module of the lab but the faults and fixtures; never touches what it did not make.
"""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from . import builds, cluster, firewall, namespaces
from .capture import Capture
from .kubernetes_api import KubernetesApi
from .pod import REPOSITORY, Pod
from .servers import API_PORT, Query, Server, backend_corefile, node_local_corefile, write_zones
from .topology import (
    BACKEND_COUNT,
    GATEWAY_ADDRESS,
    GATEWAY_ADDRESS_V6,
    NODE_LOCAL_ADDRESS,
    SERVICE_RANGE,
    Topology,
    backend_address,
    pod_address,
    pod_address_v6,
    pod_link,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

LOG_SETTLE_S = 0.02  # CoreDNS writes the line of a query just after the answer left
Marker = dict[str, int]
_counter = itertools.count()


class Node:
    """A running mini node; use it as a context manager.

    ``node_local`` adds NodeLocal DNSCache on 169.254.20.10, ``dual_stack`` gives pods an IPv6 address,
    and without ``query_log`` the servers save the few microseconds that a line of log costs. ``zones`` are the texts
    of zone files by their origin, which the backends serve beside those of the lab.
    """

    def __init__(
        self,
        *,
        node_local: bool = False,
        dual_stack: bool = False,
        query_log: bool = True,
        zones: Mapping[str, str] | None = None,
    ) -> None:
        self.topology = Topology(f"{os.getpid()}-{next(_counter)}")
        self.api = KubernetesApi()
        self.pods: dict[str, Pod] = {}
        self.servers: list[Server] = []
        self._started: Marker = {}
        self._node_local = node_local
        self._dual_stack = dual_stack
        self._query_log = query_log
        self._reaper: subprocess.Popen[bytes] | None = None
        self._folder = Path(tempfile.mkdtemp(prefix="steadydns-lab-"))
        self._zones = write_zones(self._folder, zones or {})

    def __enter__(self) -> Node:  # noqa: PYI034 -- typing.Self needs Python 3.11
        binary = builds.coredns()
        namespaces.sweep()
        self._reaper = self._start_reaper()
        try:
            self._start(binary)
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    @property
    def pod(self) -> Pod:
        """The pod that every node starts with."""
        return self.pods["pod"]

    def add_pod(self, name: str) -> Pod:
        """Make another pod; ``name`` is its host name and at most a few letters long."""
        number = len(self.pods)
        namespace = self.topology.pod(name)
        namespaces.create(namespace)
        self._attach(namespace, pod_link(number), pod_address(number))
        addresses = [pod_address(number)]
        if self._dual_stack:
            addresses.append(pod_address_v6(number))
            self._attach_v6(namespace, pod_link(number), addresses[1])
        self.pods[name] = Pod(name, namespace, addresses, pod_link(number))
        return self.pods[name]

    def marker(self) -> Marker:
        """The present position in every query log, for ``queries(since=...)``."""
        self._settle()
        return {server.label: server.log_size() for server in self.servers}

    def queries(self, since: Marker | None = None) -> list[Query]:
        """The queries that the servers logged, those of each server in order; since a marker if given.

        Without those of the node-local cache's loop plugin, which asks itself for HINFO after its start.
        """
        self._settle()
        offsets = self._started if since is None else since
        found = (query for server in self.servers for query in server.queries(offsets.get(server.label, 0)))
        return [query for query in found if query.type != "HINFO"]

    def capture(self, pod: Pod | None = None) -> Capture:
        """Capture the DNS messages of a pod while the context lasts."""
        return Capture(self.topology.node, (pod or self.pod).link)

    def close(self) -> None:
        """End all processes and remove all namespaces and files; a second call does nothing."""
        self.api.close()
        for server in self.servers:
            server.stop()
        self.servers.clear()
        namespaces.remove_all(self.topology.prefix)
        shutil.rmtree(self._folder, ignore_errors=True)
        if self._reaper is not None:
            self._reaper.communicate()
            self._reaper = None

    def _start_reaper(self) -> subprocess.Popen[bytes]:
        """The process that does the same as ``close`` should this one be killed."""
        command = [sys.executable, "-m", f"{__package__}.reaper", self.topology.prefix, str(self._folder)]
        return subprocess.Popen(command, stdin=subprocess.PIPE, cwd=REPOSITORY, start_new_session=True)

    def _start(self, binary: Path) -> None:
        self._make_node()
        self.add_pod("pod")
        cluster.populate(self.api)
        for index in range(BACKEND_COUNT):
            self._add_backend(index)
        self._start_servers(binary)
        if self._node_local:
            self._add_node_local()
            self._start_servers(binary)
        self._started = self.marker()

    def _start_servers(self, binary: Path) -> None:
        waiting = [server for server in self.servers if not server.is_running]
        for server in waiting:
            server.start(binary)
        for server in waiting:
            server.wait_until_ready()

    def _make_node(self) -> None:
        node = self.topology.node
        namespaces.create(node)
        namespaces.ip_batch(
            node,
            [
                # The kernel may lack dummy interfaces; a bridge without ports serves as one.
                "link add node0 type bridge",
                f"addr add {GATEWAY_ADDRESS}/32 dev node0",
                f"addr add {GATEWAY_ADDRESS_V6}/128 dev node0 nodad",
                "link set node0 up",
                f"route add {SERVICE_RANGE} dev node0 src {GATEWAY_ADDRESS}",
                # Without a node-local cache its address leads into a fabric that drops it silently.
                "route add blackhole 169.254.0.0/16",
            ],
        )
        settings = {
            "net/ipv4/ip_forward": "1",
            "net/ipv6/conf/all/forwarding": "1",
            "net/ipv4/conf/all/rp_filter": "0",
            "net/ipv4/conf/default/rp_filter": "0",
        }
        namespaces.inside(node, lambda: [Path("/proc/sys", key).write_text(v) for key, v in settings.items()])
        firewall.restore(node, firewall.kube_proxy_rules())

    def _attach(self, namespace: str, link: str, address: str) -> None:
        """Join a namespace to the node by a routed veth pair, as point-to-point CNI plugins do."""
        node = self.topology.node
        namespaces.ip_batch(
            node,
            [
                f"link add {link} type veth peer name eth0 netns {namespace}",
                f"link set {link} up",
            ],
        )
        namespaces.ip_batch(
            namespace,
            [
                f"addr add {address}/32 dev eth0",
                "link set eth0 up",
                f"route add {GATEWAY_ADDRESS} dev eth0 scope link",
                f"route add default via {GATEWAY_ADDRESS}",
            ],
        )
        namespaces.ip_batch(node, [f"route add {address} dev {link}"])

    def _attach_v6(self, namespace: str, link: str, address: str) -> None:
        namespaces.ip_batch(
            namespace,
            [
                f"addr add {address}/128 dev eth0 nodad",
                f"route add {GATEWAY_ADDRESS_V6} dev eth0",
                f"route add default via {GATEWAY_ADDRESS_V6} dev eth0",
            ],
        )
        namespaces.ip_batch(self.topology.node, [f"route add {address} dev {link}"])

    def _add_backend(self, index: int) -> None:
        namespace, address = self.topology.backend(index), backend_address(index)
        namespaces.create(namespace)
        self._attach(namespace, f"dns{index}", address)
        # On the backend's own loopback, so that no fault between the pods can cut it off.
        self.api.serve(namespaces.listening_socket(namespace, API_PORT))
        corefile = backend_corefile(self._query_log, self._zones)
        self.servers.append(Server(f"dns{index}", namespace, "127.0.0.1", corefile, self._folder))

    def _add_node_local(self) -> None:
        node = self.topology.node
        lines = [
            "link add nodelocaldns type bridge",
            f"addr add {NODE_LOCAL_ADDRESS}/32 dev nodelocaldns",
            "link set nodelocaldns up",
        ]
        namespaces.ip_batch(node, lines)
        firewall.restore(node, firewall.node_local_rules())
        corefile = node_local_corefile(self._query_log)
        self.servers.append(Server("node-local", node, NODE_LOCAL_ADDRESS, corefile, self._folder))

    def _settle(self) -> None:
        """Wait until no server has written to its log for a moment."""
        before = None
        while (now := [server.log_size() for server in self.servers]) != before:
            before = now
            time.sleep(LOG_SETTLE_S)
