"""What one lookup works with: the pod's configuration at this moment, the shared memory, the clock, the record."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from steadydns.resolution.libc import GLIBC, Libc
from steadydns.runtime.named import NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    from steadydns.resolution.cache import Cache
    from steadydns.resolution.model import Question, Server
    from steadydns.resolution.record import Record
    from steadydns.resolution.servers import Servers


class Network(Protocol):
    """What a resolution may ask of its driver besides running its steps. Nothing here waits."""

    def has_idle(self, server: Server, now: float) -> bool:
        """Whether a TCP connection to the server stands ready."""

    def probe(self, server: Server, question: Question, now: float) -> None:
        """Begin to ask the server over TCP in the background."""

    def probed(self, server: Server, now: float) -> bool | None:
        """Return what the probe found, once; None while there is nothing to tell."""

    def retire(self, server: Server, unproven_since: float) -> None:
        """Close the idle connections that have answered nothing since then."""


class Rules(NamedTuple):
    """The knobs and resolv.conf options in force, fixed for one version of both."""

    servers: tuple[Server, ...]
    preferred: Server | None
    """The node-local cache, asked first while it answers."""
    search: tuple[bytes, ...]
    ndots: int
    transport: str
    """'auto', 'tcp' or 'udp'."""
    serial: bool
    """One UDP question at a time (`single-request`, `single-request-reopen`)."""
    edns: bool
    rotate: bool
    exact: bool
    """Walk the search list without cuts."""
    external: tuple[bytes, ...]
    internal: tuple[bytes, ...]
    first_retry: float
    connect_race: float
    deadline: float
    """Seconds one call may take."""
    attempts: int
    """Rounds of all servers after which answers that are failures are final (`attempts:n`)."""
    stale: float
    stale_cluster: float
    cluster: tuple[bytes, ...]
    """Zones whose names are the cluster's own."""
    prefetch: bool
    use_vc: bool = False
    """resolv.conf has `options use-vc`: libc asks over TCP, and merges failures otherwise."""
    libc: Libc = GLIBC
    """The library whose answers are given."""


class Environment(NamedTuple):
    """One lookup's surroundings."""

    rules: Rules
    cache: Cache
    servers: Servers
    network: Network
    clock: Callable[[], float]
    record: Record
    started: float
    deadline: float
    """Monotonic seconds: nothing of this call goes on after it."""
    refresh: Callable[[Question], None]
    """Asks for an answer to be fetched anew in the background."""
