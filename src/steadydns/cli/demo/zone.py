"""What the demonstration's name server answers: a cluster's zone as CoreDNS has it, and some of the world outside.

Pure: one message in, one message out. Imports dnspython.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdatatype
import dns.rrset

if TYPE_CHECKING:
    from collections.abc import Iterable

SEARCH: Final = ("default.svc.cluster.local", "svc.cluster.local", "cluster.local")
NDOTS: Final = 5
"""As the kubelet writes them for a pod in namespace `default` (Kubernetes documentation, "Pod's DNS Config")."""

_CLUSTER: Final = dns.name.from_text("cluster.local")
_TTL: Final = {True: 5, False: 30}
"""Seconds: in the cluster CoreDNS' default; outside the longest that NodeLocal DNSCache keeps an answer."""

EXTERNAL: Final = tuple(
    f"{host}.example.{top}"
    for host, top in (
        ("api", "com"),
        ("auth", "com"),
        ("cdn", "com"),
        ("mail", "com"),
        ("payments", "com"),
        ("status", "com"),
        ("files", "org"),
        ("metrics", "org"),
    )
)
"""Names outside the cluster (RFC 2606), on addresses for documentation (RFC 5737, RFC 3849)."""

SERVICES: Final = ("redis", "orders", "search", "users")
CLUSTER: Final = SERVICES + tuple(f"{service}.prod" for service in SERVICES)
"""Names of the cluster, as a pod in namespace `default` calls them."""


def _addresses() -> dict[tuple[dns.name.Name, str], str]:
    found = {}
    for number, text in enumerate(EXTERNAL, 10):
        name = dns.name.from_text(text)
        found[name, "A"] = f"203.0.113.{number}"
        found[name, "AAAA"] = f"2001:db8::{number:x}"
    services = (f"{name}.{namespace}" for namespace in ("default", "prod") for name in SERVICES)
    for number, text in enumerate(services, 101):
        found[dns.name.from_text(f"{text}.svc.cluster.local"), "A"] = f"10.96.0.{number}"
    return found


def _with_parents(names: Iterable[dns.name.Name]) -> frozenset[dns.name.Name]:
    """Return the names and all above them, which exist, too (RFC 8020)."""
    found = set()
    for name in names:
        above = name
        while above != dns.name.root:
            found.add(above)
            above = above.parent()
    return frozenset(found)


_ADDRESSES: Final = _addresses()
_EXISTING: Final = _with_parents(name for name, _ in _ADDRESSES)


def answer(query: bytes) -> bytes | None:
    """Return the response to a query; None where there is none to give, because it is no query."""
    try:
        asked = dns.message.from_wire(query)
    except dns.exception.DNSException:
        return None
    if asked.flags & dns.flags.QR or len(asked.question) != 1:
        return None
    response = dns.message.make_response(asked, recursion_available=True)
    name, type_ = asked.question[0].name, asked.question[0].rdtype
    in_cluster = name.is_subdomain(_CLUSTER)
    address = _ADDRESSES.get((name, dns.rdatatype.to_text(type_)))
    if address is not None:
        response.answer.append(dns.rrset.from_text(name, _TTL[in_cluster], "IN", type_, address))
        return response.to_wire()
    if name not in _EXISTING:
        response.set_rcode(dns.rcode.NXDOMAIN)
    zone = _CLUSTER if in_cluster else dns.name.root
    response.authority.append(
        dns.rrset.from_text(
            zone, _TTL[in_cluster], "IN", "SOA", "ns.dns.invalid. root.invalid. 1 7200 1800 86400 5"
        )
    )
    return response.to_wire()
