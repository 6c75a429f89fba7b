"""Many questions on one TCP stream (RFC 7766 section 6.2.1.1), without the stream: bytes in, answers out.

Answers may come in any order; they are matched by id and question. No sockets here, so that every driver shares it.
"""

from __future__ import annotations

from os import urandom
from typing import Final

from steadydns.transport.exchange import Question
from steadydns.wire.framing import Deframer
from steadydns.wire.message import Answer, WireError, framed_query, parse
from steadydns.wire.names import encode_name

RECENT: Final = 16
"""Questions, the latest ones of a connection, that may be answered twice."""


class Pipeline:
    """The questions in flight on one connection."""

    __slots__ = ("_deframer", "next_id", "waiting")

    def __init__(self) -> None:
        self._deframer = Deframer()
        # The stream is what an off-path attacker cannot forge; ids have only to be distinct (RFC 7766 section 6.2.1).
        self.next_id = int.from_bytes(urandom(2), "big")
        self.waiting: dict[int, tuple[Question, bytes]] = {}

    def ask(self, questions: tuple[Question, ...]) -> bytes:
        """Register the questions and return the bytes to send, all in one piece.

        Raises:
            WireError: a name cannot be encoded.
        """
        parts = []
        ident, previous, wire = self.next_id, None, b""
        for question in questions:
            name, type_ = question
            if name is not previous:
                previous, wire = name, encode_name(name)
            ident = (ident + 1) & 0xFFFF
            self.waiting[ident] = (question, wire)
            parts.append(framed_query(ident, wire, type_))
        self.next_id = ident
        return b"".join(parts)

    def feed(self, data: bytes) -> list[tuple[Question, Answer]]:
        """Take what was received; return the questions it answers.

        Raises:
            WireError: the stream holds something that answers nothing asked here; the connection is of no more use.
        """
        answered = []
        for message in self._deframer.feed(data):
            ident = message[0] << 8 | message[1] if len(message) > 1 else -1
            asked = self.waiting.get(ident)
            if asked is None:
                if ident >= 0 and (self.next_id - ident) & 0xFFFF < RECENT:
                    # A second answer, which libc reads past too: CoreDNS sends one where its template plugin refuses.
                    continue
                raise WireError("an answer to no question in flight")
            question, name = asked
            answered.append((question, parse(message, ident, name, question.type)))
            del self.waiting[ident]
        return answered

    def resume(
        self,
        received: bytes,
        first: int,
        wire: bytes,
        name: bytes,
        types: tuple[int, ...],
        answers: list[Answer | None],
    ) -> None:
        """Go on with questions that were asked without this object: what was received of their answers so far.

        Their ids count up from `first`, in the order of `types`; those without an answer are still in flight.
        """
        self._deframer.feed(received)
        for number, (type_, answer) in enumerate(zip(types, answers, strict=True)):
            if answer is None:
                self.waiting[(first + number) & 0xFFFF] = (Question(name, type_), wire)

    def unanswered(self) -> tuple[Question, ...]:
        """The questions in flight, in the order they were asked."""
        return tuple(question for question, _ in self.waiting.values())
