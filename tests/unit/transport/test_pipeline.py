"""Questions and answers on one TCP stream, without the stream."""

from __future__ import annotations

import dns.message
import pytest

from steadydns.resolution.model import Question
from steadydns.transport.pipeline import Pipeline
from steadydns.wire.framing import Deframer, frame
from steadydns.wire.message import AAAA, A, WireError
from tests.fuzz.codec_oracle import fed
from tests.unit.loopback import asked, encode
from tests.unit.network import cluster_zone

A_QUESTION = Question(b"api.example.com", A)
AAAA_QUESTION = Question(b"api.example.com", AAAA)


def answers(sent: bytes) -> list[bytes]:
    """The framed answers to what was sent, in its order."""
    zone = cluster_zone()
    queries = [dns.message.from_wire(wire) for wire in fed(Deframer(), sent)]
    return [frame(encode(query, asked(query), zone.ask(asked(query)))) for query in queries]


def answered(pipeline: Pipeline, data: bytes) -> list[Question]:
    """The questions that what was received answers."""
    return [Question(name, type_) for (name, type_, _, _, _), _ in pipeline.feed(data)]


def test_questions_leave_in_one_piece_with_ids_of_their_own() -> None:
    """Both questions are in the bytes to send, under distinct ids, and wait in their order."""
    pipeline = Pipeline()
    sent = pipeline.ask((A_QUESTION, AAAA_QUESTION))
    queries = [dns.message.from_wire(wire) for wire in fed(Deframer(), sent)]
    assert [asked(query) for query in queries] == [A_QUESTION, AAAA_QUESTION]
    assert queries[0].id != queries[1].id
    assert pipeline.unanswered() == (A_QUESTION, AAAA_QUESTION)


def test_answers_may_come_in_any_order() -> None:
    """They are matched by id and question (RFC 7766 section 6.2.1.1)."""
    pipeline = Pipeline()
    first, second = answers(pipeline.ask((A_QUESTION, AAAA_QUESTION)))
    assert answered(pipeline, second) == [AAAA_QUESTION]
    assert pipeline.unanswered() == (A_QUESTION,)
    assert answered(pipeline, first) == [A_QUESTION]
    assert pipeline.unanswered() == ()


def test_answers_may_come_in_any_pieces() -> None:
    """Byte by byte, or all at once."""
    pipeline = Pipeline()
    stream = b"".join(answers(pipeline.ask((A_QUESTION, AAAA_QUESTION))))
    found = [question for at in range(len(stream)) for question in answered(pipeline, stream[at : at + 1])]
    assert found == [A_QUESTION, AAAA_QUESTION]
    pipeline = Pipeline()
    assert len(pipeline.feed(b"".join(answers(pipeline.ask((A_QUESTION, AAAA_QUESTION)))))) == 2


def test_many_questions_have_distinct_ids() -> None:
    """Ids do not repeat while their questions are in flight, also where they wrap around."""
    pipeline = Pipeline()
    pipeline.last_id = 0xFFF0
    pipeline.ask(tuple(Question(b"x%d.test" % number, A) for number in range(100)))
    assert len(pipeline.waiting) == 100


@pytest.mark.parametrize(
    "garbage",
    [frame(b""), frame(b"\0"), frame(b"HTTP/1.1 400 Bad Request\r\n"), frame(bytes(12)), frame(b"\xff" * 40)],
)
def test_what_answers_nothing_ends_the_connection(garbage: bytes) -> None:
    """Anything that is no answer to a question in flight is a WireError."""
    pipeline = Pipeline()
    pipeline.ask((A_QUESTION,))
    pipeline.last_id = 0x1234
    with pytest.raises(WireError):
        pipeline.feed(garbage)


def test_a_second_answer_changes_nothing() -> None:
    """A question that is answered twice has its first answer, and the others on the connection still get theirs."""
    pipeline = Pipeline()
    first, second = answers(pipeline.ask((A_QUESTION, AAAA_QUESTION)))
    assert answered(pipeline, first + first + second) == [
        A_QUESTION,
        AAAA_QUESTION,
    ]
    assert pipeline.feed(second) == []


def test_an_answer_to_another_question_ends_the_connection() -> None:
    """The right id with the wrong question is no answer."""
    pipeline = Pipeline()
    sent = pipeline.ask((A_QUESTION,))
    query = dns.message.from_wire(sent[2:])
    other = dns.message.make_query("evil.test.", "A", id=query.id)
    with pytest.raises(WireError):
        pipeline.feed(frame(encode(other, asked(other), cluster_zone().ask(asked(other)))))


def test_an_answer_is_taken_once() -> None:
    """The same answer again is passed over (CoreDNS sends refusals twice), and takes no later question's place."""
    pipeline = Pipeline()
    (answer,) = answers(pipeline.ask((A_QUESTION,)))
    assert len(pipeline.feed(answer)) == 1
    assert pipeline.feed(answer) == []
    (later,) = answers(pipeline.ask((A_QUESTION,)))
    assert pipeline.feed(answer) == []
    assert len(pipeline.feed(later)) == 1


def test_a_name_that_cannot_be_sent_is_refused() -> None:
    """An impossible name raises before anything is sent."""
    with pytest.raises(WireError):
        Pipeline().ask((Question(b"a..b", A),))
