"""The objects that every mini node's cluster starts with.

May import kubernetes_api and topology; never talks to a server.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .topology import SERVICE_ADDRESS

if TYPE_CHECKING:
    from .kubernetes_api import KubernetesApi

WEB_ENDPOINTS = {f"web-{index}": f"10.244.3.{index + 10}" for index in range(4)}


def populate(api: KubernetesApi) -> None:
    """Fill the API with namespaces default, prod, kube-system and a service of every type."""
    for namespace in ("default", "kube-system", "prod"):
        api.add_namespace(namespace)
    api.add_service("default", "kubernetes", "10.96.0.1", port=443)
    api.add_service("kube-system", "kube-dns", SERVICE_ADDRESS, port=53)
    api.add_service("default", "redis", "10.96.0.20", port=6379)
    api.add_service("prod", "redis", "10.96.0.21", port=6379)
    api.add_service("default", "dual", "10.96.0.22", "fd00:10:96::22")
    api.add_headless_service("default", "web", WEB_ENDPOINTS)
    api.add_external_name("default", "external", "www.example.com")
