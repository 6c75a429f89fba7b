"""Many questions on one TCP stream (RFC 7766 section 6.2.1.1), without the stream: bytes in, answers out.

Answers may come in any order; they are matched by id and question. No sockets here, so that every driver shares it.
"""

from __future__ import annotations

from os import urandom
from typing import TYPE_CHECKING

from steadydns.wire.framing import Deframer
from steadydns.wire.message import Answer, Mismatch, WireError, framed_query, parse
from steadydns.wire.names import encode_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steadydns.transport.exchange import Question


class Pipeline:
    """The questions in flight on one connection."""

    __slots__ = ("_deframer", "_next_id", "waiting")

    def __init__(self) -> None:
        self._deframer = Deframer()
        # The stream is what an off-path attacker cannot forge; ids have only to be distinct (RFC 7766 section 6.2.1).
        self._next_id = int.from_bytes(urandom(2), "big")
        self.waiting: dict[int, tuple[Question, bytes]] = {}

    def ask(self, questions: Sequence[Question]) -> bytes:
        """Register the questions and return the bytes to send, all in one piece.

        Raises:
            WireError: a name cannot be encoded.
        """
        parts = []
        ident, previous, wire = self._next_id, None, b""
        for question in questions:
            name, type_ = question
            if name is not previous:
                previous, wire = name, encode_name(name)
            ident = (ident + 1) & 0xFFFF
            self.waiting[ident] = (question, wire)
            parts.append(framed_query(ident, wire, type_))
        self._next_id = ident
        return b"".join(parts)

    def feed(self, data: bytes, garbled: list[Question] | None = None) -> list[tuple[Question, Answer]]:
        """Take what was received; return the questions it answers.

        Args:
            data: What came.
            garbled: Where questions go whose answers make no sense; the rest of the stream is as good as before.

        Raises:
            WireError: the stream holds something that answers nothing asked here; the connection is of no more use.
                Without `garbled` also for an answer that makes no sense.
        """
        answered = []
        for message in self._deframer.feed(data):
            ident = message[0] << 8 | message[1] if len(message) > 1 else -1
            asked = self.waiting.get(ident)
            if asked is None:
                raise WireError("an answer to no question in flight")
            question, name = asked
            try:
                answered.append((question, parse(message, ident, name, question.type)))
            except Mismatch:
                raise
            except WireError:
                if garbled is None:
                    raise
                garbled.append(question)
            del self.waiting[ident]
        return answered

    def unanswered(self) -> tuple[Question, ...]:
        """The questions in flight, in the order they were asked."""
        return tuple(question for question, _ in self.waiting.values())
