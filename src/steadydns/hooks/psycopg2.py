"""psycopg2: the addresses of a connection's hosts are handed to libpq, which else asks libc itself.

libpq (34.1.2, Parameter Key Words) connects to `hostaddr` and keeps `host` for certificates, passwords and messages. A
host of several addresses becomes several hosts, as libpq would try its addresses in turn.
"""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING, Any, Final

from steadydns.patching.patches import replace

if TYPE_CHECKING:
    from collections.abc import Callable

    from steadydns.resolver import Resolver


_PORT: Final = "5432"


def install(resolver: Resolver) -> Callable[[], None]:
    """Replace psycopg2._connect, which psycopg2.connect calls; return the call that undoes it."""
    import psycopg2  # noqa: PLC0415 - the hook runs once psycopg2 is there
    from psycopg2 import extensions  # noqa: PLC0415 - as above

    module: Any = psycopg2
    stock = module._connect  # noqa: SLF001 - connect() calls it by this name, whoever has imported connect()
    active = True

    def connect(dsn: str, *arguments: Any, **options: Any) -> Any:
        if active:
            try:
                found = addresses(extensions.parse_dsn(dsn))
                if found:
                    dsn = extensions.make_dsn(dsn, **found)
            except Exception as error:  # libpq says what is wrong with it
                resolver.observer.report(error)
        return stock(dsn, *arguments, **options)

    restore = replace(module, "_connect", connect)

    def uninstall() -> None:
        nonlocal active
        active = False
        restore()

    return uninstall


def addresses(parameters: dict[str, str]) -> dict[str, str]:
    """Return `host`, `hostaddr` and `port` with the addresses of the hosts; nothing where libpq is to look itself."""
    spread = parameters.get("load_balance_hosts") or os.environ.get("PGLOADBALANCEHOSTS") or "disable"
    named = parameters.get("host") or ("" if "service" in parameters else os.environ.get("PGHOST", ""))
    if not named or spread != "disable" or "hostaddr" in parameters or os.environ.get("PGHOSTADDR"):
        return {}
    hosts = named.split(",")
    ports = (parameters.get("port") or os.environ.get("PGPORT") or _PORT).split(",")
    if len(ports) == 1:
        ports *= len(hosts)
    found = [
        (host, address, port)
        for host, port in zip(hosts, ports, strict=True)
        for address in _addresses(host, port or _PORT)
    ]
    if not any(address for _, address, _ in found):
        return {}
    # An entry without an address is looked up by libpq, which then reports what it finds.
    columns = (",".join(column) for column in zip(*found, strict=True))
    return dict(zip(("host", "hostaddr", "port"), columns, strict=True))


def _addresses(host: str, port: str) -> list[str]:
    """The addresses of a host; one that is empty for a path of a socket, or a name that does not resolve."""
    if not host or host.startswith(("/", "@")):
        return [""]
    try:
        rows = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError:
        return [""]
    return list(dict.fromkeys(str(row[4][0]) for row in rows))
