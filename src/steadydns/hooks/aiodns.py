"""aiodns' DNSResolver: addresses come from the event loop's getaddrinfo, in the values that aiodns gives.

A resolver is ours to answer while the servers that it asks are those of resolv.conf. One that was given others, or a
search list, ports or files of its own, keeps asking as it was told to. Records that are no addresses stay c-ares', but
go to the cache on the node first while that answers.
"""

from __future__ import annotations

import functools
import socket
import warnings
import weakref
from math import ceil
from time import monotonic
from typing import TYPE_CHECKING, Any, Final

from steadydns.patching.patches import replace

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Iterable

    from steadydns.resolver import Resolver


_HARMLESS: Final = frozenset(("nameservers", "loop", "timeout", "tries", "sock_state_cb", "event_thread"))
"""Options that change nothing about which answer is the right one."""

_NUMERIC_HOST: Final = 1 << 1  # ares_getaddrinfo(3): ARES_AI_NUMERICHOST
_FAMILIES: Final = {"A": socket.AF_INET, "AAAA": socket.AF_INET6}
_TYPES: Final = {socket.AF_INET: 1, socket.AF_INET6: 28}
_CNAME: Final = 5
_IN: Final = 1


def install(resolver: Resolver) -> Callable[[], None]:
    """Replace the methods of DNSResolver; return the call that undoes it."""
    from aiodns import DNSResolver  # noqa: PLC0415 - the hook runs once aiodns is there

    hook = _Hook(resolver)
    undo = [
        replace(DNSResolver, name, make(getattr(DNSResolver, name)))
        for name, make in (
            ("__init__", hook.made),
            ("getaddrinfo", hook.getaddrinfo),
            ("gethostbyname", hook.gethostbyname),
            ("query", hook.query),
            ("query_dns", hook.query_dns),
        )
        if hasattr(DNSResolver, name)
    ]

    def uninstall() -> None:
        hook.active = False
        hook.withdraw()
        for step in reversed(undo):
            step()

    return uninstall


class _Hook:
    """What the replacements share."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver
        self.active = True
        self._special: weakref.WeakSet[Any] = weakref.WeakSet()
        """Resolvers made with options that change what is asked."""
        self._led: weakref.WeakKeyDictionary[Any, list[str]] = weakref.WeakKeyDictionary()
        """Resolvers that were sent to the node-local cache, and the servers they had."""

    def made(self, stock: Callable[..., None]) -> Callable[..., None]:
        def init(one: Any, *arguments: Any, **options: Any) -> None:
            stock(one, *arguments, **options)
            if not _HARMLESS.issuperset(options):
                self._special.add(one)

        return functools.update_wrapper(init, stock)

    def getaddrinfo(self, stock: Callable[..., Any]) -> Callable[..., Any]:
        def getaddrinfo(
            one: Any,
            host: Any,
            family: Any = socket.AF_UNSPEC,
            port: Any = None,
            proto: int = 0,
            type: int = 0,  # noqa: A002 - aiodns' own name
            flags: int = 0,
        ) -> Any:
            def theirs() -> Any:
                return stock(one, host, family, port, proto, type, flags)

            if flags & _NUMERIC_HOST or not self._is_ours(one, host):
                return theirs()
            return self._start(one, self._addrinfo(one, host, family, port, proto, type), theirs)

        return functools.update_wrapper(getaddrinfo, stock)

    def gethostbyname(self, stock: Callable[..., Any]) -> Callable[..., Any]:
        def gethostbyname(one: Any, host: Any, family: Any) -> Any:
            if not self._is_ours(one, host):
                return stock(one, host, family)
            return self._start(one, self._host(one, host, family), lambda: stock(one, host, family))

        return functools.update_wrapper(gethostbyname, stock)

    def query(self, stock: Callable[..., Any]) -> Callable[..., Any]:
        def query(one: Any, host: Any, qtype: str, qclass: str | None = None) -> Any:
            if qtype not in _FAMILIES or qclass not in (None, "IN") or not self._is_ours(one, host):
                self._lead(one)
                return stock(one, host, qtype, qclass)
            if hasattr(one, "query_dns"):
                warnings.warn(
                    "query() is deprecated, use query_dns() instead", DeprecationWarning, stacklevel=2
                )
            return self._start(one, self._records(one, host, qtype), lambda: stock(one, host, qtype, qclass))

        return functools.update_wrapper(query, stock)

    def query_dns(self, stock: Callable[..., Any]) -> Callable[..., Any]:
        def query_dns(one: Any, host: Any, qtype: str, qclass: str | None = None) -> Any:
            if qtype not in _FAMILIES or qclass not in (None, "IN") or not self._is_ours(one, host):
                self._lead(one)
                return stock(one, host, qtype, qclass)
            return self._start(one, self._result(one, host, qtype), lambda: stock(one, host, qtype, qclass))

        return functools.update_wrapper(query_dns, stock)

    def _is_ours(self, one: Any, host: object) -> bool:
        return self.active and isinstance(host, str) and host != "" and self._is_plain(one)

    def _is_plain(self, one: Any) -> bool:
        """Whether the resolver asks the pod's own servers, and nothing else is special about it."""
        if one in self._special:
            return False
        try:
            # pycares 5 says the ports, too, and `nameservers` leaves them out.
            if any(_port(str(server)) != "53" for server in one._channel.servers):  # noqa: SLF001
                return False
            asked = self._led.get(one) or list(one.nameservers)
            return bool(asked) and {name.strip("[]") for name in asked} == set(self.resolver.nameservers())
        except Exception:  # a resolver that is closed, or an error of ours: c-ares deals with it
            return False

    def _lead(self, one: Any) -> None:
        """Put the cache on the node in front of the servers that c-ares asks, while it answers."""
        try:
            if not self.active or not self._is_plain(one):
                return
            first, before = self.resolver.node_local(), self._led.get(one)
            if first and before is None:
                before = list(one.nameservers)
                one.nameservers = [first, *before]
                self._led[one] = before
            elif before is not None and not first:
                one.nameservers = self._led.pop(one)
        except Exception as error:  # c-ares asks the servers that it has
            self.resolver.observer.report(error)

    def withdraw(self) -> None:
        """Give every resolver its own servers back."""
        for one, before in list(self._led.items()):
            try:
                one.nameservers = before
            except Exception as error:  # noqa: PERF203 - closed in the meantime
                self.resolver.observer.report(error)
        self._led.clear()

    def _start(self, one: Any, ours: Any, theirs: Callable[[], Any]) -> asyncio.Future[Any]:
        """Return a future, as aiodns' methods do; where we cannot answer, c-ares does."""
        import asyncio  # noqa: PLC0415 - what imports this module may do without asyncio for ever

        from aiodns.error import DNSError  # noqa: PLC0415 - aiodns is there

        async def answer() -> Any:
            try:
                return await ours
            except (DNSError, asyncio.CancelledError):
                raise
            except Exception:  # a name that only c-ares takes, or an error of ours
                return await theirs()

        return asyncio.ensure_future(answer(), loop=one.loop)

    async def _rows(self, one: Any, host: str, port: Any, family: int, type_: int) -> list[Any]:
        """Look up; raise what c-ares would report.

        Raises:
            aiodns.error.DNSError: There is no such name, no such address, or no answer.
        """
        from aiodns import error  # noqa: PLC0415 - aiodns is there
        from pycares import errno  # noqa: PLC0415 - as above

        try:
            rows: list[Any] = await one.loop.getaddrinfo(
                host, port, family=family, type=type_ or socket.SOCK_STREAM, flags=socket.AI_CANONNAME
            )
        except socket.gaierror as failure:
            number = {
                socket.EAI_NONAME: error.ARES_ENOTFOUND,
                socket.EAI_NODATA: error.ARES_ENODATA,
                socket.EAI_AGAIN: error.ARES_ETIMEOUT,
            }.get(failure.args[0])
            if number is None:  # a port, a family or a type that c-ares may see differently
                raise
            raise error.DNSError(number, errno.strerror(number)) from failure
        return rows

    def _answer(self, host: str, family: int) -> tuple[int, str]:
        """Return the TTL left of the answer, whole seconds, and the name its aliases lead to, '' without any."""
        entry = self.resolver.known(host.encode("idna"), _TYPES[socket.AddressFamily(family)])
        if entry is None:
            return 0, ""
        canonical = entry.canonical.decode("ascii") if entry.aliased else ""
        return max(ceil(entry.expires - monotonic()), 0), canonical

    async def _addrinfo(self, one: Any, host: str, family: int, port: Any, proto: int, type_: int) -> Any:
        rows = await self._rows(one, host, port, family, type_)
        answers = {row[0]: self._answer(host, row[0]) for row in rows}
        nodes = [
            _make(
                _class("AddrInfoNode", "ares_addrinfo_node_result"),
                ttl=answers[found][0],
                flags=0,
                family=found,
                socktype=type_,
                protocol=proto,
                addr=(address[0].encode("ascii"), *address[1:]),
            )
            for found, _, _, _, address in rows
        ]
        cnames = [
            _make(
                _class("AddrInfoCname", "ares_addrinfo_cname_result"),
                ttl=ttl,
                alias=host,
                name=canonical,
            )
            for ttl, canonical in list(answers.values())[:1]
            if canonical
        ]
        return _make(_class("AddrInfoResult", "ares_addrinfo_result"), cnames=cnames, nodes=nodes)

    async def _host(self, one: Any, host: str, family: int) -> Any:
        rows = await self._rows(one, host, None, family, socket.SOCK_STREAM)
        canonical = self._answer(host, rows[0][0])[1]
        kind = _class("AresHostResult", "ares_host_result")
        # pycares 4 lists the name that was asked for among the aliases, pycares 5 none.
        aliases = [host] if canonical and kind.__module__.startswith("pycares") else []
        return _make(kind, name=canonical or host, aliases=aliases, addresses=_texts(rows))

    async def _absolute(self, one: Any, host: str, qtype: str) -> tuple[list[str], int, str]:
        """Ask for the name as it stands, without a search list and the hosts file, as a query does."""
        name = host if host.endswith(".") else f"{host}."
        rows = await self._rows(one, name, None, _FAMILIES[qtype], socket.SOCK_STREAM)
        return _texts(rows), *self._answer(name, _FAMILIES[qtype])

    async def _records(self, one: Any, host: str, qtype: str) -> Any:
        addresses, ttl, _ = await self._absolute(one, host, qtype)
        kind = _class(f"AresQuery{qtype}Result", f"ares_query_{qtype.lower()}_result")
        return [_make(kind, host=address, ttl=ttl) for address in addresses]

    async def _result(self, one: Any, host: str, qtype: str) -> Any:
        import pycares  # noqa: PLC0415 - aiodns is there

        addresses, ttl, canonical = await self._absolute(one, host, qtype)
        owner = host.rstrip(".").lower()
        answer = []
        if canonical:
            data = pycares.CNAMERecordData(cname=canonical)
            answer.append(pycares.DNSRecord(name=owner, type=_CNAME, record_class=_IN, ttl=ttl, data=data))
        for address in addresses:
            data = getattr(pycares, f"{qtype}RecordData")(addr=address)
            type_ = _TYPES[_FAMILIES[qtype]]
            answer.append(
                pycares.DNSRecord(name=canonical or owner, type=type_, record_class=_IN, ttl=ttl, data=data)
            )
        return pycares.DNSResult(answer=answer, authority=[], additional=[])


def _port(server: str) -> str:
    """The port of `192.0.2.1:53` or `[2001:db8::1]:53`; 53 where none is said."""
    return server.rpartition(":")[2] if server.startswith("[") or server.count(":") == 1 else "53"


def _texts(rows: Iterable[Any]) -> list[str]:
    return list(dict.fromkeys(row[4][0] for row in rows))


def _class(name: str, before: str) -> Any:
    """A result's class, by its name in aiodns 4 and pycares 5, or the one it had before."""
    import aiodns  # noqa: PLC0415 - it is there
    import pycares  # noqa: PLC0415 - as above

    return getattr(pycares, name, None) or getattr(aiodns, name, None) or getattr(pycares, before)


def _make(kind: Any, **values: Any) -> Any:
    """Make a result; pycares 4 makes its own from C structures only."""
    one = kind.__new__(kind)
    for name, value in values.items():
        object.__setattr__(one, name, value)
    return one
