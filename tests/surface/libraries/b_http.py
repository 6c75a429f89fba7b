"""HTTP clients."""

from __future__ import annotations

from tests.surface.paths import CallPath, Library

TITLE = "HTTP"

LIBCURL = "libcurl calls libc's getaddrinfo in threads of its own"
GET = "'http://%s:%d/' % (NAME, PORT)"

AIOHTTP = """
async def main():
    async with aiohttp.ClientSession({}) as session:
        await session.get('http://%s:%d/' % (NAME, PORT))
run(main())
"""

HTTPX = """
async def main():
    async with httpx.AsyncClient() as client:
        await client.get('http://%s:%d/' % (NAME, PORT))
{}(main{})
"""

LIBRARIES = (
    Library(
        "requests",
        (
            CallPath("requests.get", f"requests.get({GET})"),
            CallPath("Session.get", f"requests.Session().get({GET})"),
        ),
        ("requests", "urllib3"),
        "import requests",
    ),
    Library(
        "urllib3",
        (
            CallPath("PoolManager.request", f"urllib3.PoolManager().request('GET', {GET}, retries=False)"),
            CallPath(
                "HTTPSConnectionPool.request",
                "urllib3.HTTPSConnectionPool(NAME, PORT).request('GET', '/', retries=False)",
            ),
        ),
        ("urllib3",),
        "import urllib3",
    ),
    Library(
        "niquests",
        (
            CallPath("niquests.get", f"niquests.get({GET})"),
            CallPath(
                "AsyncSession.get",
                f"async def main():\n    async with niquests.AsyncSession() as s: await s.get({GET})\nrun(main())",
            ),
        ),
        ("niquests",),
        "import niquests",
    ),
    Library(
        "httpx",
        (
            CallPath("httpx.get", f"httpx.get({GET})"),
            CallPath("AsyncClient on asyncio", HTTPX.format("run", "()")),
            CallPath("AsyncClient on trio", HTTPX.format("trio.run", "")),
        ),
        ("httpx", "httpcore", "anyio", "trio"),
        "import httpx, trio",
    ),
    Library(
        "httpx on uvloop",
        (CallPath("AsyncClient", HTTPX.format("uvloop.run", "()")),),
        ("httpx", "uvloop"),
        "import httpx, uvloop",
        hook="uvloop",
    ),
    Library(
        "httpcore",
        (CallPath("ConnectionPool.request", f"httpcore.ConnectionPool().request('GET', {GET})"),),
        ("httpcore",),
        "import httpcore",
    ),
    Library(
        "aiohttp with aiodns",
        (
            CallPath("ClientSession.get", AIOHTTP.format("")),
            CallPath(
                "AsyncResolver, explicit",
                AIOHTTP.format("connector=aiohttp.TCPConnector(resolver=aiohttp.AsyncResolver())"),
            ),
            CallPath(
                "ThreadedResolver, explicit",
                AIOHTTP.format("connector=aiohttp.TCPConnector(resolver=aiohttp.ThreadedResolver())"),
            ),
            CallPath(
                "ws_connect",
                AIOHTTP.replace("session.get", "session.ws_connect").format(""),
            ),
        ),
        ("aiohttp", "aiodns", "pycares"),
        "import aiohttp",
        hook="aiohttp",
    ),
    Library(
        "aiohttp without aiodns",
        (CallPath("ClientSession.get", AIOHTTP.format("")),),
        ("aiohttp",),
        "import sys; sys.modules['aiodns'] = None; import aiohttp",
    ),
    Library(
        "aiohttp on uvloop",
        (CallPath("ClientSession.get", AIOHTTP.format("").replace("run(", "uvloop.run(")),),
        ("aiohttp", "aiodns", "uvloop"),
        "import aiohttp, uvloop",
        hook="uvloop",
    ),
    Library(
        "geventhttpclient",
        (CallPath("HTTPClient.get", "geventhttpclient.HTTPClient(NAME, PORT).get('/')"),),
        ("geventhttpclient", "gevent"),
        "import geventhttpclient",
    ),
    Library(
        "httplib2",
        (CallPath("Http.request", f"httplib2.Http().request({GET})"),),
        ("httplib2",),
        "import httplib2",
        hook="sockets",
    ),
    Library(
        "pycurl",
        (
            CallPath("Curl.perform", f"c = pycurl.Curl(); c.setopt(pycurl.URL, {GET}); c.perform()"),
            CallPath(
                "CurlMulti.perform",
                f"c = pycurl.Curl(); c.setopt(pycurl.URL, {GET}); m = pycurl.CurlMulti(); m.add_handle(c)\n"
                "while m.perform()[1]: m.select(0.1)",
            ),
        ),
        ("pycurl",),
        "import pycurl",
        reason=LIBCURL,
        remedy="`pycurl.RESOLVE` for each handle, or the `native` hook",
    ),
    Library(
        "curl_cffi",
        (CallPath("requests.get", f"requests.get({GET})"),),
        ("curl_cffi",),
        "from curl_cffi import requests",
        reason=LIBCURL,
        remedy="the `native` hook",
    ),
    Library(
        "websockets",
        (
            CallPath(
                "asyncio connect",
                "async def main(): await websockets.asyncio.client.connect('ws://%s:%d/' % (NAME, PORT))\nrun(main())",
            ),
            CallPath("sync connect", "websockets.sync.client.connect('ws://%s:%d/' % (NAME, PORT))"),
        ),
        ("websockets",),
        "import websockets.asyncio.client, websockets.sync.client",
    ),
    Library(
        "websocket-client",
        (
            CallPath(
                "create_connection", "websocket.create_connection('ws://%s:%d/' % (NAME, PORT), timeout=3)"
            ),
        ),
        ("websocket-client",),
        "import websocket",
    ),
    Library(
        "PySocks",
        (
            CallPath(
                "socksocket, proxy by name",
                "s = socks.socksocket(); s.set_proxy(socks.SOCKS5, NAME, PORT); s.connect(('192.0.2.1', 80))",
            ),
        ),
        ("PySocks",),
        "import socks",
        hook="sockets",
    ),
    Library(
        "python-socks",
        (
            CallPath(
                "sync Proxy.connect",
                "sync.Proxy.from_url('socks5://%s:%d' % (NAME, PORT)).connect('192.0.2.1', 80)",
            ),
            CallPath(
                "asyncio Proxy.connect",
                "async def main():\n"
                "    await aio.Proxy.from_url('socks5://%s:%d' % (NAME, PORT)).connect('192.0.2.1', 80)\n"
                "run(main())",
            ),
        ),
        ("python-socks",),
        "import python_socks.sync as sync, python_socks.async_.asyncio as aio",
    ),
)
