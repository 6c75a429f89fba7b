"""gethostbyname and its family with a Resolver's answers: one name to its addresses, one address to its name.

Like the resolver for getaddrinfo: is the call ours, look up, build what the original would have returned or raised.
Each call raises the audit event of the original once, before anything is asked, with the caller's own arguments.
"""

from __future__ import annotations

import socket
import sys
from time import monotonic
from typing import TYPE_CHECKING, Any

from steadydns.calls.hit_cache import MAX_ROWS, ROWS_KEPT
from steadydns.contract import originals as stock
from steadydns.contract.disguise import Disguise
from steadydns.contract.errors import LookupFailed, gaierror, herror
from steadydns.contract.request import AF_INET, AF_INET6, AF_UNSPEC, Request, Theirs
from steadydns.contract.reverse import (
    NI_NAMEREQD,
    NI_NUMERICHOST,
    host_name,
    named_address,
    packed_address,
)
from steadydns.contract.rows import MAX_ROTATIONS, rotation
from steadydns.resolution.record import Record
from steadydns.resolution.walk import HOST_NOT_FOUND, Found, NotFound
from steadydns.resolver import first_turn

if TYPE_CHECKING:
    from collections.abc import Callable

    from steadydns.contract.originals import HostEntry
    from steadydns.resolver import Resolver

    Host = str | bytes


class HostCalls:
    """The calls, answered by one resolver; whatever is not ours, or goes wrong, the original answers."""

    def __init__(self, resolver: Resolver) -> None:
        self.resolver = resolver

    def gethostbyname(self, host: Any) -> str:
        """Return what `socket.gethostbyname` does, for a call that is no hit.

        Raises:
            socket.gaierror: As the original, with what was tried as its `__cause__`.
        """
        request = self.resolver.decide(host, AF_INET)
        if isinstance(request, Theirs):
            self._count(request)
            address = stock.gethostbyname(host)
            if request.reason in ("hosts", "numeric"):  # neither can differ within the second
                return self._keep(host, AF_INET, [address], monotonic() + ROWS_KEPT)
            return address
        sys.audit("socket.gethostbyname", host)
        found = self.address(request, host)
        return stock.gethostbyname(host) if found is None else found

    def gethostbyname_ex(self, host: Any) -> HostEntry:
        """Return what `socket.gethostbyname_ex` does. Raises as that."""
        request = self.resolver.decide(host, AF_INET)
        if isinstance(request, Theirs):
            self._count(request)
            return stock.gethostbyname_ex(host)
        sys.audit("socket.gethostbyname", host)
        found = self._find(request, host, self._gaierror)
        entry = None if found is None else _entry(found)
        return stock.gethostbyname_ex(host) if entry is None else entry

    def gethostbyaddr(self, host: Any) -> HostEntry:
        """Return what `socket.gethostbyaddr` does: the name of an address, or of a name's first address.

        Raises:
            socket.gaierror: The name has no address.
            socket.herror: The address has no name.
        """
        packed = packed_address(host)
        resolver = self.resolver
        request = resolver.decide(host, AF_UNSPEC) if packed is None else resolver.decide_reverse(packed)
        if isinstance(request, Theirs):
            self._count(request)
            return stock.gethostbyaddr(host)
        sys.audit("socket.gethostbyaddr", host)
        asked = host
        if packed is None:
            address = self.address(request, host)
            if address is None:
                return stock.gethostbyaddr(host)
            packed = socket.inet_pton(AF_INET6 if ":" in address else AF_INET, address)
            request = resolver.decide_reverse(packed)
            asked = Disguise(host, lambda: address)
            if isinstance(request, Theirs):
                self._count(request)
                return stock.gethostbyaddr(asked)
        found = self._find(request, host, herror)
        name = None if found is None else host_name(found.answers[0].addresses)
        if name is None:
            return stock.gethostbyaddr(asked)
        return name, [], [socket.inet_ntop(AF_INET if len(packed) == 4 else AF_INET6, packed)]

    def getnameinfo(self, sockaddr: Any, flags: Any) -> tuple[str, str]:
        """Return what `socket.getnameinfo` does: the name of an address, and of a port. Raises as that."""
        packed = named_address(sockaddr, flags)
        request = Theirs("numeric") if packed is None else self.resolver.decide_reverse(packed)
        if isinstance(request, Theirs):
            if packed is not None:
                self._count(request)
            return stock.getnameinfo(sockaddr, flags)
        # Every other argument is checked by the original, which raises the audit event as well.
        numeric, service = stock.getnameinfo(sockaddr, flags & ~NI_NAMEREQD | NI_NUMERICHOST)
        cause: BaseException | None = None
        try:
            found = self._find(request, sockaddr[0], self._gaierror)
            if found is None:
                return stock.getnameinfo(sockaddr, flags)
            name = host_name(found.answers[0].addresses)
            if name is not None:
                return name, service
        except socket.gaierror as failure:
            if failure.errno == socket.EAI_AGAIN:
                raise
            cause = failure.__cause__
        if flags & NI_NAMEREQD:
            raise self._gaierror(HOST_NOT_FOUND) from cause
        return numeric, service

    def address(self, request: Request, host: Host) -> str | None:
        """Return the first address of a name, as calls use it that take one; None where libc is to be asked.

        Raises:
            socket.gaierror: The name has no address.
        """
        found = self._find(request, host, self._gaierror)
        if found is None:
            return None
        groups = self.resolver.rank(request, found)
        texts = [address.text for address in groups[0][:MAX_ROTATIONS]]
        until = min(found.expires, monotonic() + ROWS_KEPT) if found.complete else 0.0
        return self._keep(host, request.family, texts, until, first_turn(found))

    def _keep(self, host: Host, family: int, texts: list[str], until: float, first: int = 0) -> str:
        """Remember the addresses that take turns in being the first; return the one whose turn it is."""
        turn = rotation(texts, first)
        known = self.resolver.first_addresses
        if len(known) >= MAX_ROWS:
            known.clear()
        try:
            known[host.__class__, host, family] = (until, turn)
        except TypeError:  # a str that cannot be hashed: not to remember it is always right
            pass
        return turn()

    def _find(self, request: Request, host: Host, failure: Callable[[str], OSError]) -> Found | None:
        """Look up and tell; None where libc is to be asked after all. Raises the failure of the lookup."""
        resolver = self.resolver
        record = Record(monotonic())
        result = resolver.find(request, record)
        if isinstance(result, Theirs):
            self._count(result)
            return None
        if isinstance(result, NotFound):
            from steadydns.telemetry.explanation import failure_text  # noqa: PLC0415 - only a failure needs it

            error = failure(result.reason)
            resolver.observe(host, record, result, error, [], monotonic())
            raise error from LookupFailed(failure_text(record))
        resolver.observe(host, record, result, None, [], monotonic())
        return result

    def _gaierror(self, reason: str) -> OSError:
        return gaierror(reason, self.resolver.profile.failures)

    def _count(self, theirs: Theirs) -> None:
        self.resolver.statistics.fallback(theirs.reason)


def _entry(found: Found) -> HostEntry | None:
    """Return what gethostbyname(3) makes of an answer; None where a name in it is no host name."""
    (answer,) = found.answers
    names = (answer.canonical if answer.aliased else found.candidate, *answer.aliases)
    if any(b"\\" in name for name in names):
        return None
    name, *aliases = [name.decode("ascii") for name in names]
    return name, aliases, [socket.inet_ntop(AF_INET, packed) for packed in answer.addresses]
