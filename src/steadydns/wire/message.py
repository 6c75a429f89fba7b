"""The doors of the codec: build a query, read the response to it (RFC 1035 section 4.1).

Imports the codec's own parts and struct. Never chooses an id, a server or a time.
"""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING

from .answer import Answer, Disorderly
from .codes import (
    AAAA,
    CNAME,
    FORMERR,
    IN,
    NOERROR,
    NOTIMP,
    NS,
    NXDOMAIN,
    OPT,
    PTR,
    REFUSED,
    RETRIED,
    SERVFAIL,
    SOA,
    A,
)
from .direct import read_direct
from .errors import Mismatch, WireError
from .general import AUTHORITATIVE, KIND, PROVEN, RCODE, RESPONSE, TRUNCATED, ends_with_opt, read_response
from .names import present_name

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = [
    "AAAA",
    "CNAME",
    "FORMERR",
    "IN",
    "NOERROR",
    "NOTIMP",
    "NS",
    "NXDOMAIN",
    "OPT",
    "PTR",
    "REFUSED",
    "RETRIED",
    "SERVFAIL",
    "SOA",
    "TAIL_SIZE",
    "A",
    "Answer",
    "Disorderly",
    "Mismatch",
    "WireError",
    "framed_queries",
    "parse",
    "parse_any",
    "query",
]

_RECURSION_DESIRED = 0x0100
_AUTHENTIC_DATA = 0x0020

_HEADER = Struct("!6H")
_LENGTH_AND_ID = Struct("!HH").pack
_QUESTION_TAIL = Struct("!HH")
_OPT_RECORD = Struct("!xHHIH")  # the root as owner, type, UDP payload size, flags, length of options
TAIL_SIZE = _QUESTION_TAIL.size
_FRAMED_REST = _HEADER.size + TAIL_SIZE
_REST_OF_HEADER = _HEADER.pack(0, _RECURSION_DESIRED, 1, 0, 0, 0)[2:]
_TAILS = {qtype: _QUESTION_TAIL.pack(qtype, IN) for qtype in (A, AAAA)}

# Servers that could not read the question, or would not, may send back a bare header.
_MAY_OMIT_QUESTION = frozenset((FORMERR, SERVFAIL, NOTIMP, REFUSED))


def tail_of(qtype: int) -> bytes:
    """Give what follows the name in a question of that type: type and class."""
    return _TAILS.get(qtype) or _QUESTION_TAIL.pack(qtype, IN)


def query(ident: int, qname: bytes, qtype: int, edns_payload: int = 0, ad: bool = False) -> bytes:
    """Build a query of class IN with RD set.

    Args:
        ident: the message id, 0 to 65535.
        qname: the name in wire form, as `encode_name` gives it.
        qtype: the record type asked for.
        edns_payload: the UDP payload size to announce in octets (RFC 6891 section 6.2.3); 0 for no OPT record.
        ad: set the AD bit, to learn whether the answer was validated (RFC 6840 section 5.7).
    """
    flags = _RECURSION_DESIRED | _AUTHENTIC_DATA if ad else _RECURSION_DESIRED
    tail = tail_of(qtype)
    if edns_payload:
        opt = _OPT_RECORD.pack(OPT, edns_payload, 0, 0)
        return _HEADER.pack(ident, flags, 1, 0, 0, 1) + qname + tail + opt
    return _HEADER.pack(ident, flags, 1, 0, 0, 0) + qname + tail


def framed_queries(ident: int, qname: bytes, qtypes: Sequence[int]) -> tuple[list[bytes], bytes]:
    """Build queries without options for several types of one name, with ids that count up from `ident`.

    Gives the questions as they stand in the messages, and the messages in one piece, each with its length in front as TCP
    wants it (RFC 1035 section 4.2.2).
    """
    length = len(qname) + _FRAMED_REST
    if len(qtypes) == 2:  # in one go: what nearly every lookup asks
        one, other = qtypes
        first = qname + (_TAILS.get(one) or tail_of(one))
        second = qname + (_TAILS.get(other) or tail_of(other))
        begin, again = _LENGTH_AND_ID(length, ident), _LENGTH_AND_ID(length, ident + 1 & 0xFFFF)
        return [first, second], b"".join((begin, _REST_OF_HEADER, first, again, _REST_OF_HEADER, second))
    questions, data = [], b""
    for qtype in qtypes:
        question = qname + tail_of(qtype)
        questions.append(question)
        data += _LENGTH_AND_ID(length, ident) + _REST_OF_HEADER + question
        ident = (ident + 1) & 0xFFFF
    return questions, data


def parse(message: bytes, ident: int, qname: bytes, qtype: int, *, edns: bool = False) -> Answer:
    """Read the response to `query(ident, qname, qtype)`; `edns` says that the query had an OPT record.

    A response without answers or additional records from a server that neither is responsible nor recurses is a refusal,
    as in glibc: a referral, or a lame server. An OPT record that was asked for is none, for glibc asks for none. Octets after the counted records are ignored, as glibc does. When the TC bit is set and
    the records cannot be read to the end, the answer has no addresses.

    Raises:
        Mismatch: the message answers something else, or nothing.
        WireError: the message answers this query and is malformed.
    """
    answer = read_direct(message, 0, len(message), ident, qname + tail_of(qtype), qtype)
    return parse_any(message, ident, qname, qtype, edns=edns) if answer is None else answer


def parse_any(message: bytes, ident: int, qname: bytes, qtype: int, *, edns: bool = False) -> Answer:
    """Do what `parse` does, for a response that `read_direct` has not read."""
    if len(message) < _HEADER.size:
        raise Mismatch(f"message of {len(message)} octets has no header")
    message_ident, flags, questions, answers, authorities, additionals = _HEADER.unpack_from(message)
    if message_ident != ident or flags & KIND != RESPONSE:
        raise Mismatch(f"id {message_ident}, flags {flags:#06x}: not a response to query {ident}")
    name = qname
    if questions == 1:
        question = qname + tail_of(qtype)
        offset = 12 + len(question)
        echo = message[12:offset]
        # Length octets are below the letters, so lower() leaves them alone.
        if echo != question and echo[:-4].lower() + echo[-4:] != qname.lower() + question[-4:]:
            raise Mismatch("the question is not the one that was asked")
        name = echo[:-4]
    elif questions == 0 and flags & RCODE in _MAY_OMIT_QUESTION:
        offset = 12
    else:
        raise Mismatch(f"{questions} questions in the response")
    if (
        not answers
        and not flags & PROVEN
        and (not additionals or (edns and additionals == 1 and ends_with_opt(message, offset, authorities)))
    ):
        # Not to musl, to which it is a denial.
        refusal = Disorderly(REFUSED, False, False, (), 0, b"", False, None)
        refusal.wire = (message, offset, 0, flags, qtype)
        return refusal
    try:
        answer = read_response(
            message, offset, name, qtype, flags, answers, authorities, additionals, edns=edns
        )
    except WireError:
        if not flags & TRUNCATED:
            raise
        return Answer(flags & RCODE, True, bool(flags & AUTHORITATIVE), (), 0, b"", False, None)
    return answer if name == qname or answer.aliased else answer._replace(canonical=present_name(name))
