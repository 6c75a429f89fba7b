"""Which names may be seen in telemetry: the first so many, and none that the configuration leaves out. Pure."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from steadydns.config import Config

OTHER: Final = "_OTHER"
"""What a name beyond the cap is called; OpenTelemetry's word for values that are not listed."""


class Names:
    """The names shown so far, at most `name_cap`: whoever can choose what is looked up must not choose the series."""

    def __init__(self, config: Config) -> None:
        self._cap = config.name_cap
        self._ignored = config.ignored_hostnames
        self._shown: dict[str, None] = {}
        # Without a lock two threads may use up two numbers for one name; they never exceed the cap.
        self._number = count().__next__

    def shows(self, name: str) -> bool:
        """Whether the name is one of the first; it takes a place if there is one."""
        if name in self._shown:
            return True
        if len(self._shown) >= self._cap or self._number() >= self._cap:
            return False
        self._shown[name] = None
        return True

    def ignores(self, name: str) -> bool:
        """Whether the name matches one of `ignored_hostnames`, whatever its case and final dot."""
        if not self._ignored:
            return False
        from fnmatch import fnmatchcase  # noqa: PLC0415 - only who sets patterns pays for them

        if not name.isascii():
            name = name.encode("idna").decode("ascii")
        name = name.rstrip(".").lower()
        return any(fnmatchcase(name, pattern) for pattern in self._ignored)
