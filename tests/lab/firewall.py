"""The node's packet rules: kube-proxy's DNAT in iptables, and nftables tables that faults add and remove.

May import the standard library, namespaces and topology; never starts a process that stays.
"""

from __future__ import annotations

import itertools
import os
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

from .namespaces import checked
from .topology import BACKEND_COUNT, NODE_LOCAL_ADDRESS, SERVICE_ADDRESS, backend_address

if TYPE_CHECKING:
    from collections.abc import Iterator

# Chain names as kube-proxy forms them; the hashes are made up.
SERVICE_CHAINS = {"udp": "KUBE-SVC-TCOU7JCQXEZGVUNU", "tcp": "KUBE-SVC-ERIFXISQEP7F7OF4"}
_table_numbers = itertools.count()


def kube_proxy_rules() -> str:
    """Input for iptables-restore: the service address to the backends, each new flow to a random one."""
    chains, rules = [":KUBE-SERVICES - [0:0]"], []
    rules += ["-A PREROUTING -j KUBE-SERVICES", "-A OUTPUT -j KUBE-SERVICES"]
    for protocol, chain in SERVICE_CHAINS.items():
        chains.append(f":{chain} - [0:0]")
        rules.append(f"-A KUBE-SERVICES -d {SERVICE_ADDRESS}/32 -p {protocol} --dport 53 -j {chain}")
        for index in range(BACKEND_COUNT):
            endpoint = f"KUBE-SEP-{protocol.upper()}{index}"
            chains.append(f":{endpoint} - [0:0]")
            left = BACKEND_COUNT - index
            share = f"-m statistic --mode random --probability {1 / left:.8f} " if left > 1 else ""
            rules.append(f"-A {chain} {share}-j {endpoint}")
            rules.append(f"-A {endpoint} -p {protocol} -j DNAT --to-destination {backend_address(index)}:53")
    return "\n".join(["*nat", *chains, *rules, "COMMIT", ""])


def node_local_rules() -> str:
    """Input for iptables-restore: NodeLocal DNSCache's own rules, which keep its flows out of conntrack."""
    rules = []
    for protocol in ("udp", "tcp"):
        rules.append(f"-A PREROUTING -d {NODE_LOCAL_ADDRESS}/32 -p {protocol} --dport 53 -j NOTRACK")
        rules.append(f"-A OUTPUT -s {NODE_LOCAL_ADDRESS}/32 -p {protocol} --sport 53 -j NOTRACK")
    return "\n".join(["*raw", *rules, "COMMIT", ""])


def restore(namespace: str, rules: str) -> None:
    """Load rules with iptables-restore inside the namespace."""
    checked(["ip", "netns", "exec", namespace, "iptables-restore", "-w", "--noflush"], stdin=rules)


@contextmanager
def table(namespace: str, name: str, body: str) -> Iterator[str]:
    """Keep an nftables table of the inet family in the namespace; gives its full name.

    The rules come and go in one transaction each, and tables of several faults stand beside each other.
    """
    full_name = f"inet {name}_{os.getpid()}_{next(_table_numbers)}"
    nft(namespace, f"table {full_name} {{\n{body}\n}}\n")
    try:
        yield full_name
    finally:
        nft(namespace, f"delete table {full_name}\n")


def counter(namespace: str, table_name: str, name: str) -> int:
    """How many packets a named counter of a table has counted."""
    listing = checked(["ip", "netns", "exec", namespace, "nft", "list", "counter", *table_name.split(), name])
    found = re.search(r"packets (\d+)", listing)
    if found is None:
        raise RuntimeError(f"counter {name} of {table_name}: {listing!r}")
    return int(found.group(1))


def nft(namespace: str, rules: str) -> None:
    """Apply nftables rules inside the namespace, all or none."""
    checked(["ip", "netns", "exec", namespace, "nft", "-f", "-"], stdin=rules)
