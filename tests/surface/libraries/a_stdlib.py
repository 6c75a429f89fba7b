"""The standard library."""

from __future__ import annotations

from tests.surface.paths import CallPath, Library

TITLE = "Standard library"

IMPORTS = """
import ftplib, http.client, http.server, imaplib, logging, logging.handlers, poplib, smtplib, socketserver, ssl
import urllib.request, xmlrpc.client, multiprocessing.connection
record = logging.makeLogRecord({"msg": "text"})
udp = lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
"""

SOCKETS = (
    CallPath("socket.create_connection", "socket.create_connection((NAME, PORT), 3)"),
    CallPath("socket.connect", "socket.socket().connect((NAME, PORT))", hook="sockets"),
    CallPath("socket.connect_ex", "socket.socket().connect_ex((NAME, PORT))", hook="sockets"),
    CallPath("socket.sendto", "udp().sendto(b'x', (NAME, PORT))", hook="sockets"),
    CallPath("socket.sendmsg", "udp().sendmsg([b'x'], [], 0, (NAME, PORT))", hook="sockets"),
    CallPath("socket.bind", "socket.socket().bind((NAME, 0))", connects=False, hook="sockets"),
    CallPath("socket.create_server", "socket.create_server((NAME, 0))", connects=False, hook="sockets"),
    CallPath(
        "SSLSocket.connect",
        "ssl.create_default_context().wrap_socket(socket.socket(), server_hostname=NAME).connect((NAME, PORT))",
        hook="sockets",
    ),
    CallPath("socket.gethostbyname", "socket.gethostbyname(NAME)", connects=False, hook="hostby"),
    CallPath("socket.gethostbyname_ex", "socket.gethostbyname_ex(NAME)", connects=False, hook="hostby"),
    CallPath("socket.gethostbyaddr", "socket.gethostbyaddr(NAME)", connects=False, hook="hostby"),
    CallPath("socket.getfqdn", "socket.getfqdn(NAME)", connects=False, hook="hostby"),
)

CLIENTS = (
    CallPath("http.client.HTTPConnection", "http.client.HTTPConnection(NAME, PORT).request('GET', '/')"),
    CallPath("http.client.HTTPSConnection", "http.client.HTTPSConnection(NAME, PORT).request('GET', '/')"),
    CallPath("urllib http:", "urllib.request.urlopen(f'http://{NAME}:{PORT}/')"),
    CallPath("urllib ftp:", "urllib.request.urlopen(f'ftp://{NAME}:{PORT}/x')", hook="hostby"),
    CallPath("smtplib.SMTP", "smtplib.SMTP(NAME, PORT, local_hostname='here')"),
    CallPath("ftplib.FTP", "ftplib.FTP().connect(NAME, PORT)"),
    CallPath("imaplib.IMAP4", "imaplib.IMAP4(NAME, PORT)"),
    CallPath("poplib.POP3", "poplib.POP3(NAME, PORT)"),
    CallPath("xmlrpc.client.ServerProxy", "xmlrpc.client.ServerProxy(f'http://{NAME}:{PORT}/').x()"),
    CallPath("multiprocessing Client", "multiprocessing.connection.Client((NAME, PORT))", hook="sockets"),
    CallPath("logging SocketHandler", "logging.handlers.SocketHandler(NAME, PORT).emit(record)"),
    CallPath("logging HTTPHandler", "logging.handlers.HTTPHandler(f'{NAME}:{PORT}', '/').emit(record)"),
    CallPath(
        "logging DatagramHandler", "logging.handlers.DatagramHandler(NAME, PORT).emit(record)", hook="sockets"
    ),
    CallPath(
        "logging SysLogHandler", "logging.handlers.SysLogHandler((NAME, PORT)).emit(record)", hook="sockets"
    ),
)

SERVERS = (
    CallPath(
        "socketserver.TCPServer",
        "socketserver.TCPServer((NAME, 0), socketserver.BaseRequestHandler)",
        connects=False,
        hook="sockets",
    ),
    CallPath(
        "http.server.HTTPServer",
        "http.server.HTTPServer((NAME, 0), http.server.BaseHTTPRequestHandler)",
        connects=False,
        hook="sockets",
    ),
    CallPath(
        "multiprocessing Listener",
        "multiprocessing.connection.Listener((NAME, 0), 'AF_INET')",
        connects=False,
        hook="sockets",
    ),
)

LOOP = """
async def main():
    loop = asyncio.get_running_loop()
    {}
run(main())
"""

ASYNCIO = (
    CallPath("asyncio.open_connection", LOOP.format("await asyncio.open_connection(NAME, PORT)")),
    CallPath(
        "asyncio.start_server",
        LOOP.format("await asyncio.start_server(lambda r, w: None, NAME, 0)"),
        connects=False,
    ),
    CallPath("loop.getaddrinfo", LOOP.format("await loop.getaddrinfo(NAME, PORT)"), connects=False),
    CallPath(
        "loop.getaddrinfo, debug mode",
        LOOP.format("loop.set_debug(True); await loop.getaddrinfo(NAME, PORT)"),
        connects=False,
    ),
    CallPath(
        "loop.sock_connect",
        LOOP.format("s = socket.socket(); s.setblocking(False); await loop.sock_connect(s, (NAME, PORT))"),
    ),
    CallPath(
        "loop.create_datagram_endpoint",
        LOOP.format(
            "t, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=(NAME, PORT));"
            " t.sendto(b'x')"
        ),
    ),
    CallPath(
        "DatagramTransport.sendto",
        LOOP.format(
            "t, _ = await loop.create_datagram_endpoint(asyncio.DatagramProtocol, ('0.0.0.0', 0));"
            " t.sendto(b'x', (NAME, PORT))"
        ),
        hook="sockets",
    ),
    CallPath(
        "loop.sock_sendto",
        LOOP.format("s = udp(); s.setblocking(False); await loop.sock_sendto(s, b'x', (NAME, PORT))"),
        hook="sockets",
    ),
)

LIBRARIES = (Library("Standard library", (*SOCKETS, *CLIENTS, *SERVERS, *ASYNCIO), imports=IMPORTS),)
