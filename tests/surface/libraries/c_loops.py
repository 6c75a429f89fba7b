"""Event loops and green threads."""

from __future__ import annotations

from tests.surface.paths import CallPath, Library

TITLE = "Event loops and green threads"

CONNECT = "socket.create_connection((NAME, PORT), 3)"
LOOP = "async def main():\n    loop = asyncio.get_running_loop()\n    {}\n{}(main{})"


def asyncio_on(call: str) -> str:
    """A program for asyncio."""
    return LOOP.format(call, "run", "()")


def uvloop_on(call: str) -> str:
    """A program for uvloop."""
    return LOOP.format(call, "uvloop.run", "()")


def trio_on(call: str) -> str:
    """A program for trio."""
    return f"async def main():\n    {call}\ntrio.run(main)"


GREEN = (
    CallPath("socket.create_connection", CONNECT),
    CallPath("socket.getaddrinfo", "socket.getaddrinfo(NAME, PORT)", connects=False),
    CallPath("socket.connect", "socket.socket().connect((NAME, PORT))"),
    CallPath("socket.gethostbyname", "socket.gethostbyname(NAME)", connects=False, hook="hostby"),
    CallPath("requests.get", "import requests; requests.get('http://%s:%d/' % (NAME, PORT))"),
)
GEVENT = "from gevent import monkey; monkey.patch_all(); import gevent.socket"
EVENTLET = "import eventlet; eventlet.monkey_patch(); import eventlet.green.socket"

TWISTED = """
from twisted.internet import asyncioreactor, protocol, reactor, endpoints, task
from twisted.web.client import Agent
def go(start):
    reactor.callWhenRunning(start)
    reactor.callLater(3, reactor.stop)
    reactor.run()
"""

LIBRARIES = (
    Library(
        "uvloop",
        (
            CallPath("loop.getaddrinfo", uvloop_on("await loop.getaddrinfo(NAME, PORT)"), connects=False),
            CallPath("asyncio.open_connection", uvloop_on("await asyncio.open_connection(NAME, PORT)")),
            CallPath(
                "loop.create_server",
                uvloop_on("await loop.create_server(asyncio.Protocol, NAME, 0)"),
                connects=False,
            ),
            CallPath(
                "loop.create_datagram_endpoint",
                uvloop_on(
                    "t, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol,"
                    " remote_addr=(NAME, PORT)); t.sendto(b'x')"
                ),
            ),
            CallPath(
                "loop.sock_connect",
                uvloop_on(
                    "s = socket.socket(); s.setblocking(False); await loop.sock_connect(s, (NAME, PORT))"
                ),
            ),
        ),
        ("uvloop",),
        "import uvloop",
        hook="uvloop",
    ),
    Library(
        "anyio",
        (
            CallPath("connect_tcp on asyncio", asyncio_on("await anyio.connect_tcp(NAME, PORT)")),
            CallPath("connect_tcp on trio", trio_on("await anyio.connect_tcp(NAME, PORT)")),
            CallPath("getaddrinfo", asyncio_on("await anyio.getaddrinfo(NAME, PORT)"), connects=False),
            CallPath(
                "create_connected_udp_socket",
                asyncio_on("u = await anyio.create_connected_udp_socket(NAME, PORT); await u.send(b'x')"),
            ),
            CallPath(
                "UDPSocket.sendto",
                asyncio_on("u = await anyio.create_udp_socket(2); await u.sendto(b'x', NAME, PORT)"),
                hook="sockets",
            ),
        ),
        ("anyio", "trio"),
        "import anyio, trio",
    ),
    Library(
        "trio",
        (
            CallPath("open_tcp_stream", trio_on("await trio.open_tcp_stream(NAME, PORT)")),
            CallPath(
                "socket.getaddrinfo", trio_on("await trio.socket.getaddrinfo(NAME, PORT)"), connects=False
            ),
            CallPath("socket.connect", trio_on("await trio.socket.socket().connect((NAME, PORT))")),
        ),
        ("trio",),
        "import trio",
    ),
    Library(
        "tornado",
        (
            CallPath("TCPClient.connect", asyncio_on("await tcpclient.TCPClient().connect(NAME, PORT)")),
            CallPath(
                "AsyncHTTPClient.fetch",
                asyncio_on("await httpclient.AsyncHTTPClient().fetch('http://%s:%d/' % (NAME, PORT))"),
            ),
            CallPath(
                "ThreadedResolver.resolve",
                asyncio_on("await netutil.ThreadedResolver().resolve(NAME, PORT)"),
                connects=False,
            ),
            CallPath(
                "BlockingResolver.resolve",
                asyncio_on("await netutil.BlockingResolver().resolve(NAME, PORT)"),
                connects=False,
            ),
        ),
        ("tornado",),
        "from tornado import httpclient, netutil, tcpclient",
    ),
    Library(
        "twisted",
        (
            CallPath(
                "reactor.connectTCP",
                "go(lambda: reactor.connectTCP(NAME, PORT, protocol.ClientFactory()))",
            ),
            CallPath("reactor.resolve", "go(lambda: reactor.resolve(NAME))", connects=False, hook="hostby"),
            CallPath(
                "HostnameEndpoint.connect",
                "go(lambda: endpoints.HostnameEndpoint(reactor, NAME, PORT).connect(protocol.Factory()))",
            ),
            CallPath(
                "web Agent.request",
                "go(lambda: Agent(reactor).request(b'GET', b'http://%s:%d/' % (NAME.encode(), PORT)))",
            ),
        ),
        ("twisted",),
        TWISTED,
    ),
    Library(
        "twisted on asyncio",
        (
            CallPath(
                "reactor.connectTCP",
                "go(lambda: reactor.connectTCP(NAME, PORT, protocol.ClientFactory()))",
            ),
        ),
        ("twisted",),
        "from twisted.internet import asyncioreactor as chosen; chosen.install()\n" + TWISTED,
    ),
    Library("gevent, thread resolver", GREEN, ("gevent",), GEVENT),
    Library("gevent, ares resolver", GREEN, ("gevent",), GEVENT, {"GEVENT_RESOLVER": "ares"}, "gevent"),
    Library(
        "gevent, dnspython resolver",
        GREEN,
        ("gevent", "dnspython"),
        GEVENT,
        {"GEVENT_RESOLVER": "dnspython"},
        "gevent",
    ),
    Library("gevent, blocking resolver", GREEN, ("gevent",), GEVENT, {"GEVENT_RESOLVER": "block"}),
    Library(
        "gevent without patching",
        (CallPath("gevent.socket.create_connection", "gevent.socket.create_connection((NAME, PORT), 3)"),),
        ("gevent",),
        "import gevent.socket",
    ),
    Library("eventlet", GREEN, ("eventlet",), EVENTLET, hook="eventlet"),
    Library(
        "eventlet without greendns",
        GREEN,
        ("eventlet",),
        EVENTLET,
        {"EVENTLET_NO_GREENDNS": "yes"},
        "eventlet",
    ),
    Library(
        "aiodns",
        (
            CallPath(
                "DNSResolver.getaddrinfo",
                asyncio_on("await aiodns.DNSResolver(loop=loop).getaddrinfo(NAME)"),
                connects=False,
            ),
            CallPath(
                "DNSResolver.gethostbyname",
                asyncio_on("await aiodns.DNSResolver(loop=loop).gethostbyname(NAME, 2)"),
                connects=False,
            ),
            CallPath(
                "DNSResolver.query_dns",
                asyncio_on("await aiodns.DNSResolver(loop=loop).query_dns(NAME, 'A')"),
                connects=False,
            ),
        ),
        ("aiodns", "pycares"),
        "import aiodns",
        hook="aiodns",
    ),
    Library(
        "dnspython",
        (
            CallPath("dns.resolver.resolve", "dns.resolver.resolve(NAME, 'A')", connects=False),
            CallPath(
                "dns.asyncresolver.resolve",
                asyncio_on("await dns.asyncresolver.resolve(NAME, 'SRV')"),
                connects=False,
            ),
        ),
        ("dnspython",),
        "import dns.resolver, dns.asyncresolver",
        hook="dnspython",
    ),
)
