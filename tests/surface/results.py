"""What the run of one program shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.surface.paths import CallPath, Library

ORDERS: Final = ("before", "after")
"""steadydns is imported before the library, or after it."""

COVERED, PARTLY, BYPASSED, NOTHING = "yes", "partly", "no", "nothing"


@dataclass(frozen=True)
class Result:
    """One program, in one order."""

    library: str
    call: str
    order: str
    verdict: str
    evidence: str
    said: str

    @property
    def shown(self) -> bool:
        """Whether the program did what it is there for: have its name looked up, and come where that leads."""
        return self.verdict != NOTHING

    @property
    def covered(self) -> bool:
        """Whether steadydns, and nobody else, asked for the name."""
        return self.verdict == COVERED


def judge(library: Library, path: CallPath, order: str, seen: Mapping[str, Any]) -> Result:
    """Say what the world's account means: over TCP it was steadydns that asked, over UDP somebody else."""
    ours, others, reached = seen.get("tcp", 0), seen.get("udp", 0), seen.get("reached", False)
    if not ours + others or (path.connects and not reached):
        verdict = NOTHING
    elif not others:
        verdict = COVERED
    else:
        verdict = PARTLY if ours else BYPASSED
    evidence = f"{ours} questions of ours, {others} of others, listener {'' if reached else 'not '}reached"
    return Result(library.name, path.call, order, verdict, evidence, str(seen.get("said", "")))
