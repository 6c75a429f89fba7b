"""getaddrinfo where C libraries differ: glibc's ways. musl.py has the other profile."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from steadydns.contract.errors import GLIBC

if TYPE_CHECKING:
    from collections.abc import Mapping

    from steadydns.contract.request import Request
    from steadydns.resolution.lookup import Found

MAPPED_PREFIX: Final = bytes(10) + b"\xff\xff"
IPV4_OCTETS: Final = 4


def mapped(packed: bytes) -> bytes:
    """Return the address as an IPv6 one (RFC 4291 section 2.5.5.2)."""
    return MAPPED_PREFIX + packed if len(packed) == IPV4_OCTETS else packed


class Profile:
    """What one libc makes of a request and of what was found. glibc's; the base of the others."""

    names_every_row: ClassVar[bool] = False
    """The canonical name is in each row, not just in the first."""

    failures: Mapping[str, tuple[int, str]] = GLIBC
    """Number and text of the gaierror for each reason."""

    def asked(self, request: Request) -> Request:
        """Return the request as libc looks it up."""
        return request

    def addresses(self, request: Request, found: Found) -> tuple[bytes, ...]:
        """Return the addresses, packed, in the order libc's answer would have them, IPv4-mapped if asked for."""
        addresses: tuple[bytes, ...] = ()
        for entry in found.entries:
            addresses += entry.addresses
        return tuple(map(mapped, addresses)) if request.mapped else addresses

    def canonical(self, name: bytes, request: Request, found: Found, dotted: tuple[bytes, ...]) -> str | None:
        """Return the canonical name, '' where there is none; None: just libc knows.

        Args:
            name: What was looked up, as it was typed.
            request: What is wanted of it.
            found: What it was found as. The canonical name is that at the end of the CNAME chain, or else this.
            dotted: The search domains that libc appends with a trailing dot.
        """
        del name, dotted
        if not request.canonical:
            return ""
        entry = found.entries[0]
        return (entry.canonical if entry.aliased else found.candidate).decode("utf-8", "replace")
