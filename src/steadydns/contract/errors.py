"""The one place that makes a gaierror: number and text are libc's to the letter."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Final

from steadydns.resolution.lookup import HOST_NOT_FOUND, NO_DATA, NO_RECOVERY, TRY_AGAIN

if TYPE_CHECKING:
    from collections.abc import Mapping

# glibc's gai_strerror (posix/gai_strerror.c), which Python has no call for.
GLIBC: Final = {
    HOST_NOT_FOUND: (socket.EAI_NONAME, "Name or service not known"),
    NO_DATA: (socket.EAI_NODATA, "No address associated with hostname"),
    TRY_AGAIN: (socket.EAI_AGAIN, "Temporary failure in name resolution"),
    # FORMERR: gai_strerror has a text for it, EAI_FAIL's, that getaddrinfo never uses here.
    NO_RECOVERY: (socket.EAI_NONAME, "Name or service not known"),
}


class LookupFailed(Exception):  # noqa: N818 - a cause, read by people; never raised by itself
    """What was asked of whom, and what came back. Rides on a gaierror's `__cause__`."""


def gaierror(reason: str, failures: Mapping[str, tuple[int, str]] = GLIBC) -> socket.gaierror:
    """Return a new exception for the failure, as getaddrinfo(3) of the libc with these failures would report it.

    Always a new one: an exception raised twice grows its traceback.
    """
    return socket.gaierror(*failures[reason])


def reason_of(error: OSError) -> str:
    """Return the reason that libc's own gaierror stands for; NO_RECOVERY where it is none of ours."""
    return next((reason for reason, (number, _) in GLIBC.items() if number == error.errno), NO_RECOVERY)
