"""musl's getaddrinfo, where it is not glibc's: canonical names, IPv4-mapped addresses, errors, the order of addresses.

Pure: the facts come in as arguments. Source: musl 1.2.5 (src/network), against which the tests hold it.
"""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING, Final

from steadydns.contract.profile import DGRAM, IPV4_OCTETS, MAPPED_PREFIX, STREAM, Profile, kinds, mapped
from steadydns.contract.request import AF_INET
from steadydns.resolution.walk import EMPTY, HOST_NOT_FOUND, NO_DATA, NO_RECOVERY, TRY_AGAIN
from steadydns.runtime.named import NamedTuple
from steadydns.wire.message import AAAA, A

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steadydns.contract.request import Request
    from steadydns.resolution.walk import Found, NotFound

MAX_ADDRESSES: Final = 48
"""Addresses that musl has room for, both families together."""

NO_ADDRESS: Final = (int(socket.EAI_NODATA), "Name has no usable address")
"""What musl reports for a name without addresses since 1.2.4; before, it was the same as for no such name."""

_CANONICAL: Final = re.compile(rb"[0-9A-Za-z-][0-9A-Za-z.-]*")
"""An alias' target that musl takes for a host name; another one leaves the name before it in place."""

_UNCLEAR: Final = re.compile(rb"\\(?:\.|1[3-9]|12[89]|2)")
"""What it may take for one: a dot inside of a label, or octets beyond ASCII, of which the locale says what they are."""


class Musl(Profile):
    """musl's ways; *no_data* is the number and text that the running version has for a name without addresses."""

    names_every_row = True
    kinds = kinds(STREAM, DGRAM)

    def __init__(self, no_data: tuple[int, str] = NO_ADDRESS) -> None:
        self.failures = {
            HOST_NOT_FOUND: (int(socket.EAI_NONAME), "Name does not resolve"),
            NO_DATA: no_data,
            TRY_AGAIN: (int(socket.EAI_AGAIN), "Try again"),
            NO_RECOVERY: (int(socket.EAI_AGAIN), "Try again"),
        }

    def asked(self, request: Request) -> Request:
        """Ask for both families at once where IPv4-mapped addresses are welcome."""
        return request._replace(types=(A, AAAA)) if request.mapped else request

    def addresses(self, request: Request, found: Found) -> tuple[bytes, ...]:
        """Return the addresses that fit, IPv6 first; with AI_V4MAPPED, IPv4 ones where there are no others."""
        packed = [address for answer in reversed(found.answers) for address in answer.addresses][
            :MAX_ADDRESSES
        ]
        if request.mapped:
            if not request.both:
                packed = [address for address in packed if len(address) != IPV4_OCTETS] or packed
            packed = list(map(mapped, packed))
        return tuple(packed)

    def reported(self, found: NotFound, request: Request, *, hosts_missing: bool) -> str:
        """Return the reason as the walk found it; aliases that lead to no address are no address to musl."""
        del request, hosts_missing
        return NO_DATA if found.reason == EMPTY else found.reason

    def canonical(self, request: Request, found: Found, dotted: tuple[bytes, ...]) -> str | None:
        """Return it whether it was asked for or not; a trailing dot of the search domain's is part of it."""
        for answer in found.answers:
            for target in (answer.canonical, *reversed(answer.aliases[1:])) if answer.aliased else ():
                if _CANONICAL.fullmatch(target):
                    return target.decode("ascii")
                if _UNCLEAR.search(target):
                    return None
        with_dot = any(request.name + b"." + domain == found.candidate for domain in dotted)
        return found.candidate.decode("ascii") + "." * with_dot


class _Policy(NamedTuple):
    """One line of RFC 6724's table in section 2.1."""

    prefix: bytes
    bits: int
    precedence: int
    label: int


_POLICIES: Final = (
    _Policy(bytes(15) + b"\x01", 128, 50, 0),
    _Policy(MAPPED_PREFIX, 96, 35, 4),
    _Policy(b"\x20\x02", 16, 30, 2),
    _Policy(b"\x20\x01\0\0", 32, 5, 5),
    _Policy(b"\xfc", 7, 3, 13),
    _Policy(b"", 0, 40, 1),
)
"""Those that musl has: it leaves out the deprecated ones, and cannot be told others (there is no gai.conf)."""


def rank(addresses: Sequence[tuple[int, bytes]], sources: Sequence[bytes | None]) -> list[list[bytes]]:
    """Return the packed addresses best first, in groups that no rule tells apart.

    Args:
        addresses: With their families, in the order of the answer.
        sources: For each the packed address that the kernel would use to reach it; None: there is no way.
    """
    if all(family == AF_INET for family, _ in addresses):
        return [[packed for _, packed in addresses]]
    groups: dict[tuple[int, ...], list[bytes]] = {}
    for (_, packed), source in zip(addresses, sources, strict=True):
        groups.setdefault(_key(mapped(packed), source), []).append(packed)
    return [groups[key] for key in sorted(groups, reverse=True)]


def _key(address: bytes, source: bytes | None) -> tuple[int, ...]:
    """RFC 6724's rules 1, 2, 5, 6, 8 and 9, greater is better. musl counts common bits beyond the subnet's prefix."""
    policy, scope = _policy(address), _scope(address)
    if source is None:
        return (0, 0, 0, policy.precedence, -scope, 0)
    source = mapped(source)
    same_scope, same_label = scope == _scope(source), policy.label == _policy(source).label
    return (1, same_scope, same_label, policy.precedence, -scope, _common_bits(address, source))


def _policy(address: bytes) -> _Policy:
    return next(one for one in _POLICIES if _common_bits(address, one.prefix.ljust(16, b"\0")) >= one.bits)


def _common_bits(one: bytes, other: bytes) -> int:
    return 128 - (int.from_bytes(one, "big") ^ int.from_bytes(other, "big")).bit_length()


def _scope(address: bytes) -> int:
    """Return the scope of an address, RFC 4007's numbers; IPv4's are global."""
    if address[0] == 0xFF:
        return address[1] & 0x0F
    if address == _POLICIES[0].prefix or (address[0] == 0xFE and address[1] & 0xC0 == 0x80):
        return 2
    return 5 if address[0] == 0xFE and address[1] & 0xC0 == 0xC0 else 14
