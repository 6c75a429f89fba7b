"""The steady state: which one name settles a lookup, known before anything is asked.

A name that libc asks as it is, before any search domain, is certain. So is an external name while the proofs that rule
out every search domain for it are fresh; and one that was found behind a search domain, while the denials before it are.
Most names of a running service are one or the other, and need no walk.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from steadydns.resolution.rules import Rules

MAX_PROVEN: Final = 1024
"""Last labels remembered, and names: there are not many top-level domains a service talks to, nor services."""


class Proven:
    """Last labels that no search domain has, names that were found, and until when that is proven."""

    def __init__(self) -> None:
        self._until: dict[tuple[int, bytes], float] = {}
        self._walked: dict[tuple[int, bytes, tuple[int, ...]], tuple[float, bytes]] = {}
        self.epoch = object()
        """Another one after each `clear`: what was found out before that proves nothing any more."""

    def note(self, rules: Rules, name: bytes, until: float) -> None:
        """Remember that every search domain is ruled out for names that end as this one does."""
        key = id(rules), _last(name)
        if len(self._until) >= MAX_PROVEN and key not in self._until:
            self._until.clear()
        self._until[key] = until

    def walked(self, rules: Rules, name: bytes, types: tuple[int, ...], target: bytes, until: float) -> None:
        """Remember what a name was found as, and that these types of every name before it are denied so long."""
        key = id(rules), name, types
        if len(self._walked) >= MAX_PROVEN and key not in self._walked:
            self._walked.clear()
        self._walked[key] = until, target

    def target(self, name: bytes, types: tuple[int, ...], rules: Rules, now: float) -> bytes | None:
        """Return the absolute name that is certain to be asked first, and to decide if it has addresses."""
        if name.endswith(b"."):
            return name[:-1]
        if not rules.search or name.count(b".") >= rules.ndots:
            return name
        until = self._until.get((id(rules), _last(name)))
        if until is not None and now < until and b"." in name:
            return name
        walked = self._walked.get((id(rules), name, types))
        return walked[1] if walked is not None and now < walked[0] else None

    def clear(self) -> None:
        """Forget all."""
        self.epoch = object()
        self._until.clear()
        self._walked.clear()


def _last(name: bytes) -> bytes:
    return name[name.rfind(b".") + 1 :].lower()
