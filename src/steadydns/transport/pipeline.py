"""Many questions on one TCP stream (RFC 7766 section 6.2.1.1), without the stream: bytes in, answers out.

Answers may come in any order; they are matched by id and question. No sockets here, so that every driver shares it.
"""

from __future__ import annotations

from os import urandom
from typing import TYPE_CHECKING, Any, Final

from steadydns.resolution.model import Question
from steadydns.wire.direct import read_direct
from steadydns.wire.framing import NO_ID, Deframer
from steadydns.wire.message import TAIL_SIZE, Answer, Mismatch, WireError, framed_queries, parse_any
from steadydns.wire.names import encode_name

RECENT: Final = 1024
"""Questions, the latest ones of a connection, that may be answered twice."""

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    Asked: TypeAlias = tuple[bytes, int, bytes, Any, int]
    """Name and type, the same as it stands in the message, who asked it, and which of theirs it is."""

    Answered: TypeAlias = tuple[Asked, Answer]


class Pipeline:
    """The questions in flight on one connection."""

    __slots__ = ("_asked", "_deframer", "last_id", "waiting")

    def __init__(self) -> None:
        self._deframer = Deframer()
        # The stream is what an off-path attacker cannot forge; ids have only to be distinct (RFC 7766 section 6.2.1).
        self.last_id = int.from_bytes(urandom(2), "big")
        self._asked = 0
        self.waiting: dict[int, Asked] = {}

    def ask(self, questions: Sequence[Question], asker: Any = None) -> bytes:
        """Register the questions and return the bytes to send, all in one piece; `asker` comes with the answers.

        Raises:
            WireError: a name cannot be encoded.
        """
        data = b""
        ident, previous, wire = self.last_id, None, b""
        for place, (name, type_) in enumerate(questions):
            if name is not previous:
                previous, wire = name, encode_name(name)
            ident = (ident + 1) & 0xFFFF
            (expected,), part = framed_queries(ident, wire, (type_,))
            self.waiting[ident] = (name, type_, expected, asker, place)
            data += part
        self.last_id = ident
        self._asked += len(questions)
        return data

    def feed(self, data: bytes, garbled: list[Asked] | None = None) -> list[Answered]:
        """Take what was received; return the questions it answers, and who asked them.

        Args:
            data: What came.
            garbled: Where questions go whose answers make no sense; the rest of the stream is as good as before.

        Raises:
            WireError: the stream holds something that answers nothing asked here; the connection is of no more use.
                Without `garbled` also for an answer that makes no sense. A second answer to the same question is
                nothing of that kind: CoreDNS sends two where a plugin has refused.
        """
        waiting = self.waiting
        answered: list[Answered] = []
        data, spans = self._deframer.cut(data)
        try:
            for start, end, ident in spans:
                asked = waiting.get(ident)
                if asked is None:
                    if self.is_recent(ident):
                        continue
                    raise WireError("an answer to no question in flight")  # noqa: TRY301 - seldom
                _, type_, expected, _, _ = asked
                answer = read_direct(data, start, end, ident, expected, type_)
                if answer is None:
                    try:
                        answer = parse_any(data[start:end], ident, expected[:-TAIL_SIZE], type_)
                    except Mismatch:
                        raise
                    except WireError:
                        if garbled is None:
                            raise
                        garbled.append(asked)
                        del waiting[ident]
                        continue
                del waiting[ident]
                answered.append((asked, answer))
        except WireError:
            # Nobody has been told of what was answered before: whoever tells that the connection is lost is to find them.
            for untold in [asked for asked, _ in answered] + (garbled or []):
                waiting[NO_ID - len(waiting)] = untold
            raise
        return answered

    def is_recent(self, ident: int) -> bool:
        """Whether one of the latest questions had this id: an answer to it that nobody waits for is its second one."""
        return ident != NO_ID and (self.last_id - ident) & 0xFFFF < min(self._asked, RECENT)

    def begin(self, count: int) -> int:
        """Take so many ids for questions asked without this object; return the first, the others count up from it."""
        first = (self.last_id + 1) & 0xFFFF
        self.last_id = (self.last_id + count) & 0xFFFF
        self._asked += count
        return first

    def resume(
        self,
        received: bytes,
        first: int,
        expected: Sequence[bytes],
        name: bytes,
        types: tuple[int, ...],
        answers: list[Answer | None],
    ) -> None:
        """Go on with questions that were asked without this object: what was received of their answers so far.

        Their ids count up from `first`, in the order of `types`; those without an answer are still in flight.
        """
        self._deframer.cut(received)
        for number, (type_, answer) in enumerate(zip(types, answers, strict=True)):
            if answer is None:
                asked = (name, type_, expected[number], None, number)
                self.waiting[(first + number) & 0xFFFF] = asked

    def hand_over(self) -> bytes:
        """Give the begun message, if there is one, to whoever reads the stream without this object."""
        return self._deframer.take()

    def unanswered(self) -> tuple[Question, ...]:
        """The questions in flight, in the order they were asked."""
        return tuple(Question(name, type_) for name, type_, _, _, _ in self.waiting.values())
