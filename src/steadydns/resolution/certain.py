"""The steady state: which one name settles a lookup, known before anything is asked.

A name that libc asks as it is, before any search domain, is certain; so is an external name while the proofs that
rule out every search domain for it are fresh. Most names of a running service are one or the other, and need no walk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from steadydns.resolution.environment import Rules

MAX_PROVEN: Final = 1024
"""Last labels remembered: there are not many top-level domains a service talks to."""


class Proven:
    """Last labels that no search domain has, and until when that is proven."""

    def __init__(self) -> None:
        self._until: dict[tuple[int, bytes], float] = {}

    def note(self, rules: Rules, name: bytes, until: float) -> None:
        """Remember that every search domain is ruled out for names that end as this one does."""
        if len(self._until) >= MAX_PROVEN:
            self._until.clear()
        self._until[id(rules), _last(name)] = until

    def target(self, name: bytes, rules: Rules, now: float) -> bytes | None:
        """Return the absolute name that is certain to be asked first, and to decide if it has addresses."""
        if name.endswith(b"."):
            return name[:-1]
        if not rules.search or name.count(b".") >= rules.ndots:
            return name
        until = self._until.get((id(rules), _last(name)))
        return name if until is not None and now < until and b"." in name else None

    def clear(self) -> None:
        """Forget all."""
        self._until.clear()


def _last(name: bytes) -> bytes:
    return name[name.rfind(b".") + 1 :].lower()
