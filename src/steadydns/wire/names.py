"""Domain names: presentation form to wire form and back (RFC 1035 sections 3.1, 4.1.4 and 5.1).

Imports only the codec's errors and functools. Never compares names, never knows what a record is.
"""

from __future__ import annotations

from functools import lru_cache

from .errors import WireError

MAX_LABEL = 63  # octets, RFC 1035 section 2.3.4
MAX_NAME = 255  # octets on the wire with the root's own, RFC 1035 section 2.3.4
# A name has at most 127 labels, and a pointer is only of use in front of a label. Without a limit a message
# made of nothing but pointers would cost the square of its length.
MAX_POINTERS = 127

_ROOT = b"\0"
_POINTER = 0xC0
_LENGTH_OCTET = {length: bytes((length,)) for length in range(1, MAX_LABEL + 1)}
# A service's names have few parents: wire forms by presentation form.
_wire_of_parents: dict[bytes, bytes] = {}
_MAX_PARENTS = 256
_PLAIN = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"
_ESCAPED = tuple(
    bytes((octet,)) if octet in _PLAIN else b"\\" + bytes((octet,)) if octet in b".\\" else b"\\%03d" % octet
    for octet in range(256)
)


def encode_name(name: bytes) -> bytes:
    """Give the wire form of a name in presentation form, its case kept (RFC 1035 section 3.1).

    A trailing dot may be there or not; `.` is the root. Escapes are not part of this form.

    Raises:
        WireError: an empty label, a label over 63 octets, a name over 255 octets on the wire, a backslash.
    """
    label, _, parent = name.partition(b".")
    known = _wire_of_parents.get(parent)
    octet = _LENGTH_OCTET.get(len(label))
    if known is not None and octet is not None and len(known) + len(label) < MAX_NAME and b"\\" not in label:
        return octet + label + known
    wire = _encode_name(name)
    if octet is not None:
        if len(_wire_of_parents) >= _MAX_PARENTS:
            _wire_of_parents.clear()
        _wire_of_parents[parent] = wire[len(label) + 1 :]
    return wire


def _encode_name(name: bytes) -> bytes:
    if name == b".":
        return _ROOT
    if b"\\" in name:
        raise WireError(f"name {name!r} has an escape; encode_name takes none")
    labels = name.removesuffix(b".").split(b".")
    try:
        wire = b"".join([_LENGTH_OCTET[len(label)] + label for label in labels]) + _ROOT
    except KeyError as error:
        raise WireError(
            f"name {name!r} has a label of {error} octets; 1 to {MAX_LABEL} are possible"
        ) from None
    if len(wire) > MAX_NAME:
        raise WireError(
            f"name {name!r} takes {len(wire)} octets on the wire; at most {MAX_NAME} are possible"
        )
    return wire


def decode_name(message: bytes, offset: int) -> tuple[bytes, int]:
    """Read the name at `offset`; give its presentation form without trailing dot, and the offset after it.

    The root is `.`; octets that no host name has are escaped as RFC 1035 section 5.1 says.

    Raises:
        WireError: as `expand_name`.
    """
    wire, after = expand_name(message, offset)
    return present_name(wire), after


def expand_name(message: bytes, offset: int) -> tuple[bytes, int]:
    """Read the name at `offset`; give its wire form without compression, and the offset after it.

    Raises:
        WireError: the name leaves the message, is longer than 255 octets, has a label of unknown type
            (RFC 6891 section 5), or a pointer that does not lead strictly backwards (RFC 1035 section 4.1.4:
            to a *prior* occurrence), which is also what rules loops out.
    """
    if not 0 <= offset < len(message):
        raise WireError(f"name at {offset} lies outside the message of {len(message)} octets")
    runs: list[bytes] = []
    start = at = offset
    length = 0
    after = -1
    try:
        while octet := message[at]:
            if octet <= MAX_LABEL:
                at += octet + 1
                length += octet + 1
                if length >= MAX_NAME:
                    raise WireError(f"name at {offset} is longer than {MAX_NAME} octets")
                continue
            if octet < _POINTER:
                raise WireError(f"name at {offset} has a label of unknown type {octet:#x}")
            target = (octet ^ _POINTER) << 8 | message[at + 1]
            if target >= start or len(runs) >= MAX_POINTERS:
                raise WireError(f"name at {offset} has a pointer to {target} that does not lead backwards")
            runs.append(message[start:at])
            if after < 0:
                after = at + 2
            start = at = target
    except IndexError:
        raise WireError(f"name at {offset} runs past the end of the message") from None
    last = message[start : at + 1]
    if after < 0:
        return last, at + 1
    runs.append(last)
    return b"".join(runs), after


# The A and the AAAA answer give the same name, and so do the next ones when these have expired.
@lru_cache(maxsize=256)
def present_name(wire: bytes) -> bytes:
    """Give the presentation form of an uncompressed, well-formed name in wire form."""
    labels = []
    at = 0
    while length := wire[at]:
        start = at + 1
        at = start + length
        labels.append(wire[start:at])
    name = b".".join(labels)
    # What is left without the plain octets are the dots just put in, unless some octet needs an escape.
    if len(name.translate(None, _PLAIN)) >= len(labels):
        name = b".".join([b"".join([_ESCAPED[octet] for octet in label]) for label in labels])
    return name or b"."
