"""getaddrinfo where C libraries differ: glibc's ways. musl.py has the other profile."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, ClassVar, Final

from steadydns.contract.errors import GLIBC, reported
from steadydns.contract.request import is_host_name

if TYPE_CHECKING:
    from collections.abc import Mapping

    from steadydns.contract.request import Request
    from steadydns.resolution.walk import Found, NotFound

MAPPED_PREFIX: Final = bytes(10) + b"\xff\xff"
IPV4_OCTETS: Final = 4


STREAM: Final = (int(socket.SOCK_STREAM), int(socket.IPPROTO_TCP))
DGRAM: Final = (int(socket.SOCK_DGRAM), int(socket.IPPROTO_UDP))
RAW: Final = (int(socket.SOCK_RAW), 0)


def kinds(*everything: tuple[int, int]) -> dict[tuple[int, int], tuple[tuple[int, int], ...]]:
    """Return the types and protocols of the rows for those that a call asks for, the usual ones; (0, 0) for everything."""
    asked = {wanted: (one,) for one in (STREAM, DGRAM) for wanted in (one, (one[0], 0), (0, one[1]))}
    return {**asked, (0, 0): everything}


def mapped(packed: bytes) -> bytes:
    """Return the address as an IPv6 one (RFC 4291 section 2.5.5.2)."""
    return MAPPED_PREFIX + packed if len(packed) == IPV4_OCTETS else packed


class Profile:
    """What one libc makes of a request and of what was found. glibc's; the base of the others."""

    names_every_row: ClassVar[bool] = False
    """The canonical name is in each row, not just in the first."""

    failures: Mapping[str, tuple[int, str]] = GLIBC
    """Number and text of the gaierror for each reason."""

    kinds: Mapping[tuple[int, int], tuple[tuple[int, int], ...]] = kinds(STREAM, DGRAM, RAW)
    """What libc makes of a port that is a number, by type and protocol of the call: what else there is, is asked of it."""

    def asked(self, request: Request) -> Request:
        """Return the request as libc looks it up."""
        return request

    def addresses(self, request: Request, found: Found) -> tuple[bytes, ...]:
        """Return the addresses, packed, in the order libc's answer would have them, IPv4-mapped if asked for."""
        addresses: tuple[bytes, ...] = ()
        for answer in found.answers:
            addresses += answer.addresses
        if not request.mapped:
            return addresses
        first = found.answers[0].addresses
        if not request.both and len(first[0]) != IPV4_OCTETS:
            # Mapped addresses that AAAA records give are left out beside others, as if A records had given them.
            native = tuple([packed for packed in first if not packed.startswith(MAPPED_PREFIX)])
            if native:
                return native
        return tuple(map(mapped, addresses))

    def canonical(self, request: Request, found: Found, dotted: tuple[bytes, ...]) -> str | None:
        """Return the canonical name, '' where there is none; None: just libc knows.

        Args:
            request: What was looked up, as it was typed, and what is wanted of it.
            found: What it was found as. The canonical name is that at the end of the CNAME chain, or else this, also
                where no host is called so.
            dotted: The search domains that libc appends with a trailing dot.
        """
        del dotted
        if not request.canonical:
            return ""
        name = found.answers[0].canonical
        return (name if is_host_name(name) else found.candidate).decode("utf-8", "replace")

    def reported(self, found: NotFound, request: Request, *, hosts_missing: bool) -> str:
        """Return the reason that libc's getaddrinfo reports for what the walk of resolver(5) came to."""
        return reported(found, request, hosts_missing=hosts_missing)
