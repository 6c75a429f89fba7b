"""Which profile of the C library applies: made once for each resolver, from what the pod says its libc is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steadydns.calls.ranking import Surroundings
from steadydns.contract.profile import Profile

if TYPE_CHECKING:
    from collections.abc import Callable

    from steadydns.system.pod import Pod


def profile(pod: Pod) -> Profile:
    """Return what the pod's libc makes of requests and answers."""
    if pod.libc != "musl":
        return Profile()
    from steadydns.contract.profile_musl import NO_ADDRESS, Musl  # noqa: PLC0415 - glibc's images do without it
    from steadydns.system.musl_files import no_data  # noqa: PLC0415

    return Musl(no_data() or NO_ADDRESS)


def surroundings(pod: Pod, clock: Callable[[], float]) -> Surroundings:
    """Return the pod's place in the network as its libc would see it."""
    if pod.libc != "musl":
        return Surroundings(pod, clock)
    from steadydns.calls.ranking_musl import MuslSurroundings  # noqa: PLC0415 - glibc's images do without it

    return MuslSurroundings(pod, clock)
