"""A TCP connection to a name server: non-blocking, kept open between lookups, read by whoever has taken it."""

from __future__ import annotations

import _socket
import errno
import select
import socket
from struct import Struct
from typing import TYPE_CHECKING, Final

from steadydns.runtime.native import poll
from steadydns.transport.pipeline import Pipeline
from steadydns.wire.direct import read_direct
from steadydns.wire.message import TAIL_SIZE, WireError, framed_queries, parse_any
from steadydns.wire.names import encode_name

if TYPE_CHECKING:
    from typing import TypeAlias

    from steadydns.resolution.model import Question, Server
    from steadydns.transport.pipeline import Answered, Asked
    from steadydns.wire.message import Answer

    Prompted: TypeAlias = tuple[int, list[bytes]]
    """The id of the first question, and the questions as they stand in the messages."""

RECEIVE_SIZE: Final = 65536
_PROMPT_SIZE: Final = 4096  # what a few answers fit in; more is read in pieces

# Linux only, and read as a number because not every Python build exports it.
TCP_QUICKACK: Final = 12

# The raw type: gevent and eventlet replace socket.socket, and a cooperative socket has no business in a worker thread.
_Socket = _socket.socket

_EXHAUSTED: Final = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

# No call on the socket itself waits: `collect` and the drivers do, with poll(2).
_DONT_WAIT: Final = _socket.MSG_DONTWAIT

_LENGTH_AND_ID: Final = Struct("!HH").unpack_from

_STREAM: Final = _socket.SOCK_STREAM | _socket.SOCK_NONBLOCK | _socket.SOCK_CLOEXEC


class Connection:
    """One connection and the questions in flight on it. Used by one lookup at a time; the pool hands it on.

    Every method that does I/O may raise OSError (the peer is gone), and those that read also WireError (the peer talks
    nonsense); after either, or any other exception in the middle of them, the connection must be closed.
    """

    __slots__ = ("_outbox", "_poller", "answered_at", "connected", "fd", "pipeline", "server", "sock")

    def __init__(self, server: Server) -> None:
        self.server = server
        self.pipeline = Pipeline()
        self.answered_at = 0.0
        """Monotonic seconds of the last answer; 0: none yet. The proof that the way to the server and back works."""
        self._outbox = b""
        self._poller: select.poll | None = None
        self.sock = _Socket(server.family, _STREAM, 0)
        self.fd = self.sock.fileno()
        self.sock.setsockopt(_socket.IPPROTO_TCP, _socket.TCP_NODELAY, 1)
        try:
            code = self.sock.connect_ex(server.sockaddr)
        except BaseException:
            self.sock.close()
            raise
        if code not in (0, errno.EINPROGRESS):
            self.sock.close()
            raise OSError(code, f"connect to {server}")
        self.connected = code == 0

    def ask(self, questions: tuple[Question, ...]) -> None:
        """Put the questions on their way; before the handshake is over, they wait for it."""
        self.send(self.pipeline.ask(questions))

    def send(self, data: bytes) -> None:
        """Put what the pipeline made of questions on its way."""
        self._outbox += data
        if self.connected:
            self._flush()

    def _flush(self) -> None:
        try:
            sent = self.sock.send(self._outbox, _DONT_WAIT)
        except BlockingIOError:
            return
        self._outbox = self._outbox[sent:]

    @property
    def events(self) -> int:
        """What to poll for."""
        if not self.connected or self._outbox:
            return select.POLLIN | select.POLLOUT
        return select.POLLIN

    def proceed(self, events: int, now: float) -> list[Answered]:
        """Do what the polled events allow: finish the handshake, send, receive."""
        if not self.connected:
            code = self.sock.getsockopt(_socket.SOL_SOCKET, _socket.SO_ERROR)
            if code:
                raise OSError(code, f"connect to {self.server}")
            if not events & select.POLLOUT:
                return []
            self.connected = True
            if self._outbox:
                self._flush()
            return []
        if events & select.POLLOUT and self._outbox:
            self._flush()
        if not events & (select.POLLIN | select.POLLHUP | select.POLLERR):
            return []
        return self.receive(now)

    def receive(self, now: float, garbled: list[Asked] | None = None) -> list[Answered]:
        """Read what has come; `garbled`, and what is returned, as for Pipeline.feed."""
        try:
            data = self.sock.recv(RECEIVE_SIZE, _DONT_WAIT)
        except BlockingIOError:
            return []
        if not data:
            raise ConnectionResetError(errno.ECONNRESET, f"{self.server} closed the connection")
        answers = self.pipeline.feed(data, garbled)
        if answers:
            self.answered_at = now
        if self.pipeline.waiting:
            self._acknowledge()
        return answers

    def _acknowledge(self) -> None:
        """Have what was received acknowledged at once, because more is to come.

        Otherwise a server that has Nagle's algorithm on holds the second answer until our delayed ACK of the first: 44 ms
        with NSD and unbound. The kernel forgets the option (tcp(7)), and setting it sends an ACK that is due.
        """
        self.sock.setsockopt(_socket.IPPROTO_TCP, TCP_QUICKACK, 1)

    def prompt(self, name: bytes, types: tuple[int, ...]) -> Prompted:
        """Ask for some types of one name, in the calling thread; `collect` waits for the answers.

        For an idle connection: the shortest way there is, three system calls.

        Raises:
            OSError: the peer is gone.
            WireError: the name cannot be encoded.
        """
        first = self.pipeline.begin(len(types))
        expected, data = framed_queries(first, encode_name(name), types)
        if self.sock.send(data, _DONT_WAIT) != len(data):
            raise ConnectionResetError(errno.ECONNRESET, f"{self.server} takes no more")
        return first, expected

    def collect(
        self,
        prompted: Prompted,
        name: bytes,
        types: tuple[int, ...],
        answers: list[Answer | None],
        patience: float,
    ) -> bool:
        """Wait for the answers to what `prompt` has asked, for so many seconds of silence; whether all came.

        They are put into the list in the place of None, as they come. If some are missing, `proceed` can go on waiting
        for them.

        Raises:
            OSError: the peer is gone.
            WireError: the peer talks nonsense.
        """
        first, expected = prompted
        poller = self._poller
        if poller is None:
            poller = self._poller = poll()
            poller.register(self.fd, select.POLLIN)
        missing = count = len(types)
        # A second answer to an earlier question may have come in part by the time its first one was read.
        received, at = self.pipeline.hand_over(), 0
        receive = self.sock.recv
        while missing:
            # Not a recv that blocks for so long (socket(7), SO_RCVTIMEO): Python begins that anew after each signal, with
            # all of the time, so that a timer of the service's would keep it waiting for ever.
            if not poller.poll(patience * 1000):
                self.pipeline.resume(received[at:], first, expected, name, types, answers)
                return False
            more = receive(_PROMPT_SIZE, _DONT_WAIT)
            if not more:
                raise ConnectionResetError(errno.ECONNRESET, f"{self.server} closed the connection")
            received = received + more if received else more
            size = len(received)
            while size - at > 3:
                length, ident = _LENGTH_AND_ID(received, at)
                start = at + 2
                end = start + length
                if end > size:
                    break
                index = (ident - first) & 0xFFFF
                at = end
                if index >= count or answers[index] is not None:
                    if self.pipeline.is_recent(ident):
                        continue
                    raise WireError("an answer to no question in flight")
                question, type_ = expected[index], types[index]
                answers[index] = read_direct(received, start, end, ident, question, type_) or parse_any(
                    received[start:end], ident, question[:-TAIL_SIZE], type_
                )
                missing -= 1
            if missing:
                self._acknowledge()
        if at != len(received):
            self.pipeline.feed(received[at:])
        return True

    def close(self) -> None:
        """Close the socket; questions in flight are abandoned."""
        self.sock.close()

    def __repr__(self) -> str:
        """State in one line."""
        state = "connected" if self.connected else "connecting"
        return f"<Connection {self.server} {state}, {len(self.pipeline.waiting)} in flight>"


def failure_of(error: Exception) -> str:
    """The word for what an exchange failed with: 'refused', 'reset', 'unreachable' or 'malformed'.

    Raises:
        OSError: The error itself, where this process has run out of something: that is no failure of the network's,
            and libc is to say so in its own words.
    """
    if not isinstance(error, OSError):
        return "malformed"
    if error.errno in _EXHAUSTED:
        raise error
    if isinstance(error, ConnectionRefusedError):
        return "refused"
    if isinstance(error, (ConnectionError, socket.timeout)):
        return "reset"
    return "unreachable"
