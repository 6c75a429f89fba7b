"""Does one thing so many times, for callgrind to count the instructions; runs in the pod, under valgrind.

May import the standard library and steadydns, of which it uses the public names only, and the codec's.

usage: counted.py hit|second|first|codec COUNT PREPARED ORIGIN

It prepares what it needs for PREPARED calls and makes COUNT of them: two runs that differ in COUNT alone differ by the
instructions of these calls. Its clock advances by a microsecond at each look, so that nothing expires earlier or later where
valgrind, or the machine, is slower. Ends with 3 where these sources have no codec of this shape.
"""

from __future__ import annotations

import gc
import itertools
import os
import socket
import sys
import time
from typing import TYPE_CHECKING

# Before anything of steadydns is imported. A C function, as the real one is.
time.monotonic = itertools.count(1000.0, 1e-6).__next__

import steadydns  # noqa: E402 -- as above

if TYPE_CHECKING:
    from collections.abc import Callable

STREAM = int(socket.SOCK_STREAM)
WARM = 5
NO_CODEC = 3

IDENT = 4711
QUESTION = b"\3api\7example\3com\0"
RESPONSES = {
    1: b"\0\1\0\1\xc0\x0c\0\1\0\1\0\0\0\x1e\0\4\xc0\0\2\1",
    28: b"\0\x1c\0\1\xc0\x0c\0\x1c\0\1\0\0\0\x1e\0\x10\x20\1\x0d\xb8" + bytes(11) + b"\1",
}
"""What follows the question's name in a response, by type: the rest of the question, and one record."""


def call(name: str) -> None:
    """Look a name up as a service does."""
    if len(socket.getaddrinfo(name, 443, 0, STREAM)) != 2:
        raise RuntimeError(f"{name} does not have two addresses")


def spellings(name: str, count: int) -> list[str]:
    """The same name in upper and lower case letters: one cached answer, and for each spelling rows of its own."""
    letters = [at for at, character in enumerate(name) if character.isalpha()]
    found = []
    for number in range(count):
        spelled = list(name)
        for bit, at in enumerate(letters):
            if number >> bit & 1:
                spelled[at] = spelled[at].upper()
        found.append("".join(spelled))
    return found


def queries() -> int:
    """How many queries have been sent so far."""
    return sum(sum(one.values()) for one in steadydns.stats()["queries"].values())


def look_up(case: str, count: int, prepared: int, origin: str) -> None:
    """Make the lookups of a case, and check that they were of that kind."""
    steadydns.install()
    names = [f"n{number:07}.{origin}." for number in range(prepared + WARM)]
    for name in names[:WARM]:
        call(name)
    again = spellings(names[0], prepared + 1)[1:]
    wanted = {"hit": [names[0]] * prepared, "second": again, "first": names[WARM:]}[case][:count]
    call(names[0])  # the second call keeps the rows
    before, hits = queries(), steadydns.stats()["hits"]
    for name in wanted:
        call(name)
    sent = queries() - before
    if sent != (2 * count if case == "first" else 0):
        raise RuntimeError(f"{count} lookups sent {sent} queries")
    if case == "hit" and steadydns.stats()["hits"] - hits != count:
        raise RuntimeError("these calls were not cache hits")


def codec_call() -> Callable[[], object] | None:
    """Return what builds both queries for a name and reads both responses; None where the codec has another shape."""
    try:
        from steadydns.wire.message import parse, query
        from steadydns.wire.names import encode_name
    except ImportError:
        return None
    header = IDENT.to_bytes(2, "big") + b"\x81\x80\0\1\0\1\0\0\0\0"
    messages = [(type_, header + QUESTION + rest) for type_, rest in RESPONSES.items()]

    def both() -> None:
        wire = encode_name(b"api.example.com")
        for type_, message in messages:
            query(IDENT, wire, type_)
            if not parse(message, IDENT, wire, type_).addresses:
                raise RuntimeError("no address was read")

    try:
        both()
    except TypeError:
        return None
    return both


def main() -> None:
    """Do it, and end at once: freeing what was made would count, too."""
    case, count, prepared, origin = sys.argv[1:]
    gc.disable()
    if case == "codec":
        both = codec_call()
        if both is None:
            sys.exit(NO_CODEC)
        for _ in itertools.repeat(None, int(count)):
            both()
    else:
        look_up(case, int(count), int(prepared), origin)
    os._exit(0)


if __name__ == "__main__":
    main()
