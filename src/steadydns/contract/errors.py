"""The one place that makes a gaierror or a herror: number and text are libc's to the letter."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Final

from steadydns.contract.request import AF_INET
from steadydns.resolution.walk import (
    EMPTY,
    HOST_NOT_FOUND,
    MALFORMED,
    NO_DATA,
    NO_RECOVERY,
    TRY_AGAIN,
)
from steadydns.wire.message import PTR

if TYPE_CHECKING:
    from collections.abc import Mapping

    from steadydns.contract.request import Request
    from steadydns.resolution.walk import NotFound

# glibc's gai_strerror (posix/gai_strerror.c), which Python has no call for.
GLIBC: Final = {
    HOST_NOT_FOUND: (socket.EAI_NONAME, "Name or service not known"),
    NO_DATA: (socket.EAI_NODATA, "No address associated with hostname"),
    TRY_AGAIN: (socket.EAI_AGAIN, "Temporary failure in name resolution"),
    # FORMERR: gai_strerror has a text for it, EAI_FAIL's, that getaddrinfo never uses here.
    NO_RECOVERY: (socket.EAI_NONAME, "Name or service not known"),
}

# hstrerror(3) (resolv/herror.c): what gethostbyaddr reports.
_HERROR: Final = {
    HOST_NOT_FOUND: (1, "Unknown host"),
    TRY_AGAIN: (2, "Host name lookup failure"),
    NO_RECOVERY: (3, "Unknown server error"),
    NO_DATA: (4, "No address associated with name"),
}


def reported(found: NotFound, request: Request, *, hosts_missing: bool = False) -> str:
    """Return the reason that glibc's getaddrinfo reports for what the walk of resolver(5) came to.

    It asks for IPv4 alone, without a canonical name, through the older gethostbyname2_r, where the last name's failure
    outweighs what was found before (sysdeps/posix/getaddrinfo.c; each case is compared with the real one).
    """
    older = request.family == AF_INET and not request.canonical
    if found.reason == EMPTY and PTR in request.types:
        return MALFORMED  # gethostbyaddr's number is then that of the lookup before, and libc's to know
    if found.reason == EMPTY:
        return NO_DATA if older else HOST_NOT_FOUND
    if not older or found.reason == MALFORMED:
        return found.reason
    if found.failed and (hosts_missing or found.reason == TRY_AGAIN):
        # What nss_files could not open leaves an errno behind, which glibc takes for that of the failure.
        return TRY_AGAIN if found.reason == TRY_AGAIN else NO_DATA
    return NO_DATA if found.reason == NO_DATA else HOST_NOT_FOUND


class LookupFailed(Exception):  # noqa: N818 - a cause, read by people; never raised by itself
    """What was asked of whom, and what came back. Rides on a gaierror's `__cause__`."""


def gaierror(reason: str, failures: Mapping[str, tuple[int, str]] = GLIBC) -> socket.gaierror:
    """Return a new exception for the failure, as getaddrinfo(3) of the libc with these failures would report it.

    Always a new one: an exception raised twice grows its traceback.
    """
    return socket.gaierror(*failures[reason])


def herror(reason: str) -> socket.herror:
    """Return a new exception for the failure, as gethostbyaddr(3) would report it."""
    return socket.herror(*_HERROR[reason])


def reason_of(error: OSError) -> str:
    """Return the reason that libc's own gaierror stands for; NO_RECOVERY where it is none of ours."""
    return next((reason for reason, (number, _) in GLIBC.items() if number == error.errno), NO_RECOVERY)
