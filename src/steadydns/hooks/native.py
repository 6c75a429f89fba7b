"""RES_OPTIONS for the native code that calls libc behind Python's back: librdkafka, libcurl, libpq, libzmq and others.

glibc reads the variable once, at the first lookup of the process, and no call makes it read it again (measured with
2.36: not res_init(3) either). So it is set when the hook is installed, and a warning says when that is too late. It is
set in the process's C environment only: our own lookups follow resolv.conf as before, and what os.environ says stays.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable

    from steadydns.resolver import Resolver


VARIABLE: Final = "RES_OPTIONS"

_OPTIONS_AT: Final = 8  # <resolv.h>: struct __res_state begins with two ints, and goes on with the flags
_RES_INIT: Final = 0x1  # <resolv.h>: this thread has read the configuration

_log = logging.getLogger("steadydns")


def install(resolver: Resolver) -> Callable[[], None]:
    """Set RES_OPTIONS; return the call that takes it back."""
    given = os.environ.get(VARIABLE, "")
    if resolver.pod.libc != "glibc":
        _log.warning("the hook 'native' has no effect: only glibc reads %s", VARIABLE)
        return lambda: None
    if already_read():
        _log.warning(
            "the hook 'native' comes too late: libc has looked a name up before, and reads %s only once. Import"
            " steadydns.auto earlier, or set %s=%r for the container",
            VARIABLE,
            VARIABLE,
            resolver.config.native_options,
        )
    # What the container was given comes last, and so has the last word.
    os.putenv(VARIABLE, f"{resolver.config.native_options} {given}".strip())

    def uninstall() -> None:
        now = os.environ.get(VARIABLE, "")
        if now:
            os.putenv(VARIABLE, now)
        else:
            os.unsetenv(VARIABLE)

    return uninstall


def already_read() -> bool:
    """Whether libc has read resolv.conf for this thread, which a lookup of any name makes it do."""
    import ctypes  # noqa: PLC0415 - 5 ms that only this hook pays

    try:
        state = ctypes.CDLL(None)["__res_state"]
    except (OSError, AttributeError):  # no glibc
        return False
    state.restype = ctypes.c_void_p
    address = state()
    if not address:
        return False
    return bool(ctypes.c_ulong.from_address(address + _OPTIONS_AT).value & _RES_INIT)
