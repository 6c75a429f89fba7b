"""Reading what is in no order as musl reads it: each address of the type asked for counts, whoever's it is.

Imports the codec's own parts. Source: what musl 1.2.5 was seen to make of such answers (tests/contract/test_musl.py).
"""

from __future__ import annotations

import re

from .answer import Answer, Disorderly
from .codes import CNAME, NOERROR
from .errors import WireError
from .general import ADDRESS_SIZES, RCODE, TRUNCATED
from .names import present_name
from .sections import read_name, read_records

_HOST_NAME = re.compile(rb"[0-9A-Za-z.-]+")
"""What musl takes for a canonical name, octets beyond ASCII aside."""


def read_loosely(answer: Disorderly) -> Answer:
    """Read the answer anew: the rcode's lower bits, the addresses in their order, the last alias' target.

    An address of a wrong length ends the reading. A target that is no host name is passed over.

    Raises:
        WireError: a name has octets of which the locale says whether they are letters.
    """
    message, offset, count, flags, qtype = answer.wire
    rcode = flags & RCODE
    addresses: list[bytes] = []
    ttls: list[int] = []
    canonical = b""
    known: dict[int, bytes] = {}
    for _owner, rtype, _class, ttl, start, end in read_records(message, offset, count, known):
        if rcode != NOERROR:
            break
        if rtype == CNAME:
            name = read_name(message, start, known)[0]
            if any(octet > 127 for octet in name):
                raise WireError(f"CNAME at {start} has octets beyond ASCII")
            target = b".".join(_labels(name))
            if _HOST_NAME.fullmatch(target):
                canonical = present_name(name)
                ttls.append(ttl)
        elif rtype == qtype:
            if end - start != ADDRESS_SIZES.get(qtype):
                break
            addresses.append(message[start:end])
            ttls.append(ttl)
    return Answer(
        rcode,
        flags & TRUNCATED != 0,
        answer.authoritative,
        tuple(addresses),
        min(ttls) if addresses else 0,
        canonical,
        bool(canonical),
        answer.negative_ttl,
    )


def _labels(name: bytes) -> list[bytes]:
    labels, at = [], 0
    while length := name[at]:
        labels.append(name[at + 1 : at + 1 + length])
        at += 1 + length
    return labels
