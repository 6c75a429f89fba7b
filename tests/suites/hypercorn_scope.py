"""A plugin of pytest that gives hypercorn what the test servers of urllib3 expect of a branch of it.

urllib3's tests are made for a branch of hypercorn that is in no package index. It tells an application what was
negotiated in TLS, and hands a proxy the connection of a CONNECT. Without that the tests that go through a proxy fail,
and they are about connecting. Loaded on both sides, into urllib3's environment alone.
"""

from __future__ import annotations

from typing import Any
from weakref import WeakValueDictionary

from hypercorn.app_wrappers import ASGIWrapper  # type: ignore[import-not-found] # urllib3's environment has it
from hypercorn.trio.tcp_server import TCPServer  # type: ignore[import-not-found] # as above

# The streams by the addresses of both ends, which is what an application is told of its connection.
_streams: WeakValueDictionary[Any, Any] = WeakValueDictionary()


def pytest_configure() -> None:
    """Replace two methods of hypercorn."""
    begin, call = TCPServer.__init__, ASGIWrapper.__call__

    def __init__(self: Any, app: Any, config: Any, context: Any, state: Any, stream: Any) -> None:  # noqa: N807
        begin(self, app, config, context, state, stream)
        transport = getattr(stream, "transport_stream", stream)
        ends = transport.socket.getpeername()[:2], transport.socket.getsockname()[:2]
        _streams[ends] = stream

    async def __call__(self: Any, scope: Any, *others: Any) -> None:  # noqa: N807
        if scope["type"] == "http":
            stream = _streams[scope["client"], scope["server"]]
            if scope["scheme"] == "https":
                scope["extensions"]["tls"] = negotiated(stream)
            if scope["method"] == "CONNECT":
                # hypercorn itself reads no further until the application has ended.
                scope["extensions"]["_transport"] = stream
        await call(self, scope, *others)

    TCPServer.__init__ = __init__
    ASGIWrapper.__call__ = __call__


def negotiated(stream: Any) -> dict[str, str | None]:
    """Return the protocol that was agreed on, and whom the client's certificate names."""
    subject = (stream.getpeercert() or {}).get("subject", ())
    name = ", ".join(f"{key}={value}" for part in subject for key, value in part)
    return {"alpn_protocol": stream.selected_alpn_protocol(), "client_cert_name": name or None}
