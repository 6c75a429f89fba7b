"""A Kubernetes API of three collections, just enough for CoreDNS's kubernetes plugin to list and watch.

May import the standard library only; never opens a socket itself: it serves on the ones it is given.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable, Iterator, Mapping

Object = dict[str, Any]

# path of the collection -> (kind, apiVersion)
COLLECTIONS = {
    "/api/v1/namespaces": ("Namespace", "v1"),
    "/api/v1/services": ("Service", "v1"),
    "/apis/discovery.k8s.io/v1/endpointslices": ("EndpointSlice", "discovery.k8s.io/v1"),
}
_API_VERSIONS = dict(COLLECTIONS.values())


class KubernetesApi:
    """The cluster's objects, changeable while servers watch them.

    Every change is a watch event, so a changed Service is in the zone a few milliseconds later.
    """

    def __init__(self) -> None:
        # Guards the three fields below and wakes the watchers; never held while writing to a socket.
        self._changed = threading.Condition()
        self._objects: dict[tuple[str, str, str], Object] = {}
        self._events: list[tuple[str, Object]] = []
        self._closed = False
        self._servers: list[_Server] = []

    def add_namespace(self, name: str) -> None:
        """Make a namespace, which is an empty non-terminal of the zone even before it has services."""
        self._apply("Namespace", "", name, {})

    def remove_namespace(self, name: str) -> None:
        """Remove a namespace; its services are the caller's to remove first, as in a cluster."""
        self._delete("Namespace", "", name)

    def add_service(self, namespace: str, name: str, *addresses: str, port: int = 80) -> None:
        """Make or change a Service with these cluster addresses (two make it dual-stack)."""
        ports = [{"name": "http", "port": port, "protocol": "TCP"}]
        spec = {"type": "ClusterIP", "clusterIP": addresses[0], "clusterIPs": list(addresses), "ports": ports}
        self._apply("Service", namespace, name, {"spec": spec})

    def add_headless_service(self, namespace: str, name: str, endpoints: Mapping[str, str]) -> None:
        """Make or change a headless Service; ``endpoints`` maps host names to addresses."""
        ports = [{"name": "http", "port": 80, "protocol": "TCP"}]
        spec = {"type": "ClusterIP", "clusterIP": "None", "clusterIPs": ["None"], "ports": ports}
        self._apply("Service", namespace, name, {"spec": spec})
        self.set_endpoints(namespace, name, endpoints)

    def add_external_name(self, namespace: str, name: str, target: str) -> None:
        """Make or change a Service that is an alias for an external name."""
        spec = {"type": "ExternalName", "externalName": target}
        self._apply("Service", namespace, name, {"spec": spec})

    def set_endpoints(self, namespace: str, service: str, endpoints: Mapping[str, str]) -> None:
        """Set a Service's endpoints, all of one address family, as a rollout or a change of scale does."""
        entries = [
            {"addresses": [address], "hostname": hostname, "conditions": {"ready": True}}
            for hostname, address in endpoints.items()
        ]
        family = "IPv6" if any(":" in address for address in endpoints.values()) else "IPv4"
        self._apply(
            "EndpointSlice",
            namespace,
            f"{service}-slice",
            {
                "addressType": family,
                "endpoints": entries,
                "ports": [{"name": "http", "port": 80, "protocol": "TCP"}],
            },
            labels={"kubernetes.io/service-name": service},
        )

    def remove_service(self, namespace: str, name: str) -> None:
        """Remove a Service and its endpoints."""
        self._delete("EndpointSlice", namespace, f"{name}-slice")
        self._delete("Service", namespace, name)

    def serve(self, listener: socket.socket) -> None:
        """Answer on this listening socket, from a daemon thread, until ``close``."""
        server = _Server(("", 0), _handler(self), bind_and_activate=False)
        server.socket.close()
        server.socket = listener
        self._servers.append(server)
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        """End all watches and close the listening sockets."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for server in self._servers:
            server.shutdown()
            server.socket.close()

    def listing(self, kind: str) -> Object:
        """The ``...List`` object that a request without ``watch`` gets."""
        with self._changed:
            items = [item for (of_kind, _, _), item in self._objects.items() if of_kind == kind]
            version = str(len(self._events))
        metadata = {"resourceVersion": version}
        return {
            "kind": f"{kind}List",
            "apiVersion": _API_VERSIONS[kind],
            "metadata": metadata,
            "items": items,
        }

    def watch(self, kind: str, since: int | None, timeout_s: float) -> Iterator[Object]:
        """Events of one kind after version ``since``; without it, all objects and a bookmark come first."""
        if since is None:
            listing = self.listing(kind)
            version = listing["metadata"]["resourceVersion"]
            since = int(version)
            yield from ({"type": "ADDED", "object": item} for item in listing["items"])
            yield {"type": "BOOKMARK", "object": _bookmark(kind, version)}
        deadline = time.monotonic() + timeout_s
        while (events := self._events_after(since, deadline)) is not None:
            since += len(events)
            yield from ({"type": t, "object": item} for t, item in events if item["kind"] == kind)

    def _events_after(self, version: int, deadline: float) -> list[tuple[str, Object]] | None:
        """Wait for events; None at the deadline or when the API is closed."""
        with self._changed:
            self._changed.wait_for(
                lambda: self._closed or len(self._events) > version, deadline - time.monotonic()
            )
            if self._closed or len(self._events) <= version:
                return None
            return self._events[version:]

    def _apply(
        self, kind: str, namespace: str, name: str, body: Object, labels: Mapping[str, str] | None = None
    ) -> None:
        key = (kind, namespace, name)
        with self._changed:
            metadata = {
                "name": name,
                "namespace": namespace,
                "uid": f"{kind}/{namespace}/{name}",
                "labels": dict(labels or {}),
                "resourceVersion": str(len(self._events) + 1),
            }
            item = {"kind": kind, "apiVersion": _API_VERSIONS[kind], "metadata": metadata, **body}
            self._events.append(("MODIFIED" if key in self._objects else "ADDED", item))
            self._objects[key] = item
            self._changed.notify_all()

    def _delete(self, kind: str, namespace: str, name: str) -> None:
        with self._changed:
            item = self._objects.pop((kind, namespace, name), None)
            if item is None:
                return
            version = str(len(self._events) + 1)
            gone = {**item, "metadata": {**item["metadata"], "resourceVersion": version}}
            self._events.append(("DELETED", gone))
            self._changed.notify_all()


class _Server(ThreadingHTTPServer):
    """Serves on a socket that it is given."""

    daemon_threads = True

    def handle_error(self, request: object, client_address: object) -> None:
        """Report errors of ours; a server that was stopped has just closed its connections."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)  # type: ignore[arg-type]


def _bookmark(kind: str, version: str) -> Object:
    annotations = {"k8s.io/initial-events-end": "true"}
    metadata = {"resourceVersion": version, "annotations": annotations}
    return {"kind": kind, "apiVersion": _API_VERSIONS[kind], "metadata": metadata}


def _handler(api: KubernetesApi) -> Callable[..., BaseHTTPRequestHandler]:
    """The request handler class of one API."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            url = urlsplit(self.path)
            query = {key: values[-1] for key, values in parse_qs(url.query).items()}
            if url.path not in COLLECTIONS:
                self._send_json(404, {"kind": "Status", "apiVersion": "v1", "status": "Failure", "code": 404})
                return
            kind, _ = COLLECTIONS[url.path]
            if query.get("watch") not in ("true", "1"):
                self._send_json(200, api.listing(kind))
                return
            since = None if query.get("sendInitialEvents") == "true" else int(query["resourceVersion"])
            self._send_events(api.watch(kind, since, float(query.get("timeoutSeconds", 3600))))

        def _send_json(self, status: int, body: Object) -> None:
            payload = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(payload)))
            self.end_headers()
            self.wfile.write(payload)

        def _send_events(self, events: Iterator[Object]) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            try:
                for event in events:
                    line = json.dumps(event).encode() + b"\n"
                    self.wfile.write(b"%x\r\n%s\r\n" % (len(line), line))
                self.wfile.write(b"0\r\n\r\n")
            except (BrokenPipeError, ConnectionResetError):
                self.close_connection = True  # the server at the other end was stopped

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- its name in the base class
            """Requests are of no interest; what CoreDNS made of the answers is."""

    return Handler
