"""The values that pass between the resolution's generators and the drivers that do their I/O.

A generator yields a `Step`; the driver opens its flows, waits, and sends back a list of `Reply`: as soon as there
is any, or an empty list when `until` has come.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Final

from steadydns.runtime.named import NamedTuple

if TYPE_CHECKING:
    from steadydns.wire.message import Answer

TCP: Final = "tcp"
UDP: Final = "udp"

AF_INET6: Final = int(socket.AF_INET6)
PORT: Final = 53


class Question(NamedTuple):
    """What is asked of a name server (RFC 1035 section 4.1.2, class IN)."""

    name: bytes
    """Absolute name in presentation form, as the caller typed it, without the trailing dot."""
    type: int
    """The RR type, as a number."""


class Server(NamedTuple):
    """A name server's address."""

    family: int
    address: str
    scope_id: int = 0
    port: int = PORT

    @property
    def sockaddr(self) -> tuple[str, int] | tuple[str, int, int, int]:
        """The address as the socket module wants it."""
        if self.family == AF_INET6:
            return (self.address, self.port, 0, self.scope_id)
        return (self.address, self.port)

    def __str__(self) -> str:
        """The address, with the port where it is not 53."""
        if self.port == PORT:
            return self.address
        return f"[{self.address}]:{self.port}" if self.family == AF_INET6 else f"{self.address}:{self.port}"


class Flow:
    """One conversation with one server: a new UDP port with one question, or a TCP connection with some."""

    __slots__ = ("answered", "connected", "edns", "failed", "opened", "questions", "server", "transport")

    def __init__(
        self,
        server: Server,
        transport: str,
        questions: tuple[Question, ...],
        opened: float,
        *,
        edns: bool = True,
    ) -> None:
        self.server = server
        self.transport = transport
        self.questions = questions
        self.opened = opened
        self.edns = edns
        self.connected = False
        """Set by the driver: the transport's handshake is over (UDP has none)."""
        self.answered: tuple[Question, ...] = ()
        self.failed = False

    def awaits(self, question: Question) -> bool:
        """Whether an answer to the question may still come of it."""
        return not self.failed and question in self.questions and question not in self.answered

    def __repr__(self) -> str:
        """What a log line needs."""
        state = "connected" if self.connected else "connecting"
        return f"<Flow {self.transport} {self.server} {len(self.questions)} questions, {state}>"


class Reply(NamedTuple):
    """What came of a question, or of a whole flow (`question` is None: nothing more will come of it)."""

    flow: Flow
    question: Question | None
    answer: Answer | None
    failure: str
    """'' with an answer; else 'refused', 'reset', 'unreachable' or 'malformed'."""


class Step(NamedTuple):
    """Open these flows, then wait for a reply on any flow of this lookup, at most until then."""

    flows: tuple[Flow, ...]
    until: float
    """Monotonic seconds."""
