"""getaddrinfo where C libraries differ: glibc's ways. musl.py has the other profile."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from steadydns.contract.errors import GLIBC
from steadydns.contract.request import AF_INET, AF_INET6

if TYPE_CHECKING:
    from collections.abc import Mapping

    from steadydns.contract.request import Request
    from steadydns.resolution.lookup import Found

MAPPED_PREFIX: Final = bytes(10) + b"\xff\xff"


class Profile:
    """What one libc makes of a request and of what was found. glibc's; the base of the others."""

    names_every_row: ClassVar[bool] = False
    """The canonical name is in each row, not just in the first."""

    failures: Mapping[str, tuple[int, str]] = GLIBC
    """Number and text of the gaierror for each reason."""

    def asked(self, request: Request) -> Request:
        """Return the request as libc looks it up."""
        return request

    def addresses(self, request: Request, found: Found) -> list[tuple[int, bytes]]:
        """Return the addresses in the order libc's answer would have them, IPv4-mapped where that was asked for."""
        addresses = []
        for entry in found.entries:
            for packed in entry.addresses:
                if len(packed) == 4:
                    addresses.append(
                        (AF_INET6, MAPPED_PREFIX + packed) if request.mapped else (AF_INET, packed)
                    )
                else:
                    addresses.append((AF_INET6, packed))
        return addresses

    def canonical(self, request: Request, found: Found, dotted: tuple[bytes, ...]) -> str | None:
        """Return the canonical name, '' where there is none; None: just libc knows.

        It is the name at the end of the CNAME chain; without one, the name that was asked for, as it was typed. *dotted*
        are the search domains that libc appends with a trailing dot.
        """
        del dotted
        if not request.canonical:
            return ""
        entry = found.entries[0]
        return (entry.canonical if entry.aliased else found.candidate).decode("utf-8", "replace")
