"""A finished lookup: the one value that spans, metrics and logs are made from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steadydns.runtime.named import NamedTuple

if TYPE_CHECKING:
    from steadydns.resolution.record import Record


class Lookup(NamedTuple):
    """What a getaddrinfo call that was not a hit came to."""

    name: str
    """As the caller gave it."""
    record: Record
    started: float
    """Monotonic seconds."""
    ended: float
    error: OSError | None
    """The gaierror the caller gets."""
    reason: str
    """Why it failed: 'host_not_found', 'no_data', 'try_again', 'no_recovery'; '' on success."""
    answers: tuple[str, ...]
    """The addresses, as text."""
    matched: str
    """The name that had them."""

    @property
    def duration(self) -> float:
        """Seconds."""
        return self.ended - self.started
