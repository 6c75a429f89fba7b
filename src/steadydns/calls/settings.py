"""Config and resolv.conf, brought together into the rules that one lookup follows."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Final

from steadydns.resolution.libc import GLIBC, MUSL
from steadydns.resolution.model import TCP, Server
from steadydns.resolution.rules import Rules

if TYPE_CHECKING:
    from steadydns.config import Config
    from steadydns.system.resolvconf import ResolvConf

NODE_LOCAL: Final = "169.254.20.10"
"""Where NodeLocal DNSCache listens (Kubernetes documentation, "Using NodeLocal DNSCache in Kubernetes Clusters")."""


MAX_LABEL: Final = 63

LIBCS: Final = {"glibc": GLIBC, "musl": MUSL}


def rules(config: Config, conf: ResolvConf) -> Rules:
    """Return the rules in force for this configuration and this resolv.conf."""
    servers = tuple(Server(server.family, server.address, server.scope_id) for server in conf.nameservers)
    zones = _cluster(config, conf)
    libc = LIBCS[conf.libc]
    return Rules(
        servers=servers,
        preferred=_preferred(config, servers, in_cluster=bool(zones)),
        search=tuple(filter(_is_possible, conf.search)) if libc.skips_impossible else conf.search,
        ndots=conf.ndots,
        transport=TCP if conf.use_vc and config.transport == "auto" else config.transport,
        serial=conf.single_request or conf.single_request_reopen,
        edns=libc.edns,
        rotate=conf.rotate,
        exact=config.search == "exact",
        external=_encoded(config.external_suffixes),
        internal=_encoded(config.internal_suffixes),
        first_retry=config.first_retry,
        connect_race=config.tcp_connect_race,
        deadline=config.deadline or float(conf.patience),
        attempts=max(conf.attempts, 1),
        stale=config.serve_stale,
        stale_cluster=config.serve_stale_cluster,
        cluster=zones,
        prefetch=config.prefetch,
        use_vc=conf.use_vc,
        libc=libc,
    )


def _is_possible(domain: bytes) -> bool:
    """Whether names below the domain exist: its labels have 1 to 63 octets (RFC 1035 section 2.3.4)."""
    return all(1 <= len(label) <= MAX_LABEL for label in domain.split(b"."))


def _encoded(names: tuple[str, ...]) -> tuple[bytes, ...]:
    return tuple(name.strip(".").lower().encode("idna") for name in names)


def _cluster(config: Config, conf: ResolvConf) -> tuple[bytes, ...]:
    """The cluster's zone: the search domain that also stands in the list with `svc.` before it."""
    if config.cluster_domain != "auto":
        return _encoded((config.cluster_domain,))
    lowered = [domain.lower() for domain in conf.search]
    return tuple(domain for domain in lowered if domain and b"svc." + domain in lowered)


def _preferred(config: Config, servers: tuple[Server, ...], *, in_cluster: bool) -> Server | None:
    """The node-local cache, unless it is the only server anyway or there is no node that could have one."""
    if config.node_local == "off" or (config.node_local == "auto" and not in_cluster):
        return None
    text = NODE_LOCAL if config.node_local == "auto" else config.node_local
    family = socket.AF_INET6 if ":" in text else socket.AF_INET
    server = Server(int(family), text)
    return None if server in servers else server
