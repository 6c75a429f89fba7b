"""Numbers in configuration files, read the way C's ``atoi`` and ``strtoul`` read them on a 64-bit machine.

libc's parsers inherit every quirk of these two functions, so ours have to. Imports nothing of steadydns; pure.
"""

from __future__ import annotations

import re

_NUMBER = re.compile(rb"[ \t\n\v\f\r]*([+-]?)([0-9]+)")
_LONG_MAX = 2**63 - 1
_ULONG_MAX = 2**64 - 1


def atoi(text: bytes) -> int:
    """Return the number that starts *text*, 0 if none does; beyond 64 bits saturated, beyond 32 bits wrapped.

    Source: C17 7.22.1.2, whose overflow glibc resolves as ``(int) strtol(...)``.
    """
    found = _NUMBER.match(text)
    if found is None:
        return 0
    # 20 digits are beyond 64 bits already; Python refuses to convert very long texts.
    magnitude = int(found[2].lstrip(b"0")[:20] or b"0")
    number = -min(magnitude, _LONG_MAX + 1) if found[1] == b"-" else min(magnitude, _LONG_MAX)
    return (number + 2**31) % 2**32 - 2**31


def strtoul(text: bytes) -> int | None:
    """Return the number *text* consists of, or None if something follows it or it does not fit 64 bits.

    An empty text is 0 and a minus sign counts down from 2**64, as C17 7.22.1.4 has it.
    """
    if not text:
        return 0
    found = _NUMBER.fullmatch(text)
    if found is None:
        return None
    magnitude = int(found[2].lstrip(b"0")[:21] or b"0")
    if magnitude > _ULONG_MAX:
        return None
    return -magnitude % 2**64 if found[1] == b"-" else magnitude
