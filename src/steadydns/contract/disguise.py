"""A host name that the socket module takes for an address.

Its functions put the host *object* they are given into their audit events, and resolve what its `encode()` returns: the
codec "idna" asks a str for that (decision 0004). So one object can be the caller's name to whoever listens, and an
address to libc, which then has nothing to look up.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Disguise(str):
    """Equals the caller's host, and is encoded as the address that `stands_for` returns when it is asked.

    Where that returns None it is encoded as what it is, and libc looks it up.
    """

    __slots__ = ("stands_for",)
    stands_for: Callable[[], str | None]

    def __new__(cls, host: str | bytes, stands_for: Callable[[], str | None]) -> Disguise:  # noqa: PYI034
        """Make one."""
        self = super().__new__(cls, host if isinstance(host, str) else host.decode("ascii"))
        self.stands_for = stands_for
        return self

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:
        """Return the address, encoded."""
        address = self.stands_for()
        return super().encode(encoding, errors) if address is None else address.encode(encoding, errors)
