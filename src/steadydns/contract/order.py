"""The order of a name's addresses: RFC 3484's rules with glibc 2.36's additions and peculiarities.

Pure: facts about routes, interfaces and gai.conf come in as arguments. Imports nothing of steadydns; never asks
the kernel, a file or a clock. ``destinations`` joins the facts, ``sort`` ranks them.

Where glibc departs from the RFC, so does this: IPv4 addresses are compared by common prefix only inside the
subnet of their source address; what is known of source addresses is forgotten when the pod has no IPv6 address
but ::1; ties keep the order the addresses came in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Protocol

from steadydns.runtime.named import NamedTuple

AF_INET = 2  # Linux, all architectures
AF_INET6 = 10

UNKNOWN_IFINDEX = -1

_V4MAPPED = bytes(10) + b"\xff\xff"
_V4_LOOPBACK = b"\x7f\x00\x00\x01"
_V6_LOOPBACK = bytes(15) + b"\x01"


class Destination(NamedTuple):
    """An address to rank, and what is known of the source address the kernel would use for it.

    Addresses are packed. ``source`` is None when there is no route. The rest describes the source: the length
    of its subnet's prefix in bits, its state (RFC 6724 rules 3 and 4), its interface's index.
    """

    family: int
    address: bytes
    source: bytes | None = None
    prefixlen: int = 0
    deprecated: bool = False
    home: bool = False
    ifindex: int = UNKNOWN_IFINDEX


class Interface(Protocol):
    """What ``destinations`` wants to know of each address of the pod."""

    @property
    def family(self) -> int:
        """AF_INET or AF_INET6."""
        ...

    @property
    def address(self) -> bytes:
        """Packed."""
        ...

    @property
    def prefixlen(self) -> int:
        """The subnet's prefix length in bits."""
        ...

    @property
    def deprecated(self) -> bool:
        """RFC 6724 rule 3."""
        ...

    @property
    def home(self) -> bool:
        """RFC 6724 rule 4."""
        ...

    @property
    def ifindex(self) -> int:
        """The interface's index."""
        ...


Rows = Iterable[tuple[bytes, int, int]]  # packed prefix, its length in bits, value
_Table = tuple[tuple[int, int, int], ...]  # shift, shifted prefix, value


class Policy(NamedTuple):
    """The tables behind rules 2, 5, 6 and 8, most specific prefix first. Build one with ``policy``."""

    labels: _Table
    precedences: _Table
    scopes: _Table


def destinations(
    addresses: Sequence[tuple[int, bytes]],
    sources: Sequence[bytes | None],
    interfaces: Sequence[Interface] | None,
) -> list[Destination]:
    """Join *addresses* (family, packed) with their *sources* and what *interfaces* says about those.

    The order of *addresses* matters: it is the order libc would have received them in. *interfaces* is None
    when the kernel does not tell.
    """
    table = _known_sources(interfaces or ())
    result = []
    ipv4_socket = True
    for (family, address), source in zip(addresses, sources, strict=True):
        # From the first IPv6 address on, glibc asks for the sources of IPv4 addresses on its IPv6 socket.
        ipv4_socket = ipv4_socket and family == AF_INET
        found = _find(table, source, ipv4_socket=ipv4_socket)
        if found is None:
            result.append(Destination(family, address, source))
        else:
            known = (found.prefixlen, found.deprecated, found.home, found.ifindex)
            result.append(Destination(family, address, source, *known))
    return result


def _known_sources(interfaces: Sequence[Interface]) -> list[tuple[bytes, Interface]]:
    if not any(one.family == AF_INET6 and one.address != _V6_LOOPBACK for one in interfaces):
        return []  # glibc keeps its list only if it may hold deprecated or temporary addresses: IPv6 ones
    return sorted(((_mapped(one.address), one) for one in interfaces), key=lambda pair: pair[0])


def _find(
    table: list[tuple[bytes, Interface]], source: bytes | None, *, ipv4_socket: bool
) -> Interface | None:
    """Return the interface of *source*; of several with the same address the one C's bsearch meets first."""
    if source is None:
        return None
    if ipv4_socket and source[0] == 127:
        source = _V4_LOOPBACK
    wanted = _mapped(source)
    low, high = 0, len(table)
    while low < high:
        middle = (low + high) // 2
        if table[middle][0] == wanted:
            return table[middle][1]
        if wanted < table[middle][0]:
            high = middle
        else:
            low = middle + 1
    return None


def sort(
    addresses: Sequence[Destination],
    tables: Policy | None = None,
    native: Callable[[int], bool] = lambda _: True,
) -> list[list[Destination]]:
    """Return *addresses* best first, in groups that no rule tells apart; in a group they keep their order.

    *native* tells whether the interface with an index is no tunnel (rule 7); it is asked only where the
    destinations leave through different interfaces.
    """
    tables = tables or DEFAULT
    several = len({one.ifindex for one in addresses if one.source is not None}) > 1
    known = {UNKNOWN_IFINDEX: False} if several else dict.fromkeys((one.ifindex for one in addresses), True)
    ranked = []
    for one in addresses:
        if one.source is not None and one.ifindex not in known:
            known[one.ifindex] = native(one.ifindex)
        ranked.append(_rank(one, tables, native=known.get(one.ifindex, False)))
    groups: list[list[Destination]] = []
    last: _Rank | None = None
    for position in _sorted(ranked):
        if ranked[position] != last:
            groups.append([])
        last = ranked[position]
        groups[-1].append(addresses[position])
    return groups


class _Rank(NamedTuple):
    """Rules 1 to 8 as one tuple, smaller is better; family and common bits for rule 9."""

    key: tuple[bool, bool, bool, bool, bool, int, bool, int]
    family: int
    bits: int


def _rank(one: Destination, tables: Policy, *, native: bool) -> _Rank:
    scope = _scope(one.family, one.address, tables.scopes)
    precedence = _match(tables.precedences, _mapped(one.address))
    if one.source is None:
        return _Rank((True, False, False, False, False, -precedence, False, scope), one.family, 0)
    key = (
        False,  # rule 1: usable
        scope != _scope(one.family, one.source, tables.scopes),  # rule 2
        one.deprecated,  # rule 3
        not one.home,  # rule 4
        _match(tables.labels, _mapped(one.address)) != _match(tables.labels, _mapped(one.source)),  # rule 5
        -precedence,  # rule 6
        not native,  # rule 7
        scope,  # rule 8
    )
    return _Rank(key, one.family, _common_bits(one))


def _sorted(ranked: Sequence[_Rank]) -> list[int]:
    """Return the positions in their order."""
    families: dict[object, int] = {}
    if all(families.setdefault(rank.key, rank.family) == rank.family for rank in ranked):
        return sorted(range(len(ranked)), key=lambda at: (ranked[at].key, -ranked[at].bits))
    # Rule 9 compares within a family only. With a gai.conf that ranks both families alike the relation is no
    # longer transitive, and the result depends on who is compared with whom: glibc sorts by merging halves.
    return _merge_sort(list(range(len(ranked))), partial(_before, ranked))


def _before(ranked: Sequence[_Rank], first: int, second: int) -> bool:
    one, other = ranked[first], ranked[second]
    if one.key != other.key:
        return one.key < other.key
    if one.family == other.family and one.bits != other.bits:
        return one.bits > other.bits
    return first < second


def _merge_sort(items: list[int], before: Callable[[int, int], bool]) -> list[int]:
    if len(items) <= 1:
        return items
    half = len(items) // 2
    left, right = _merge_sort(items[:half], before), _merge_sort(items[half:], before)
    merged = []
    while left and right:
        merged.append((left if before(left[0], right[0]) else right).pop(0))
    return merged + left + right


def _common_bits(one: Destination) -> int:
    """Return how many leading bits destination and source share, as rule 9 counts them."""
    assert one.source is not None
    size = 8 * len(one.address)
    differing = int.from_bytes(one.address, "big") ^ int.from_bytes(one.source, "big")
    common = size - differing.bit_length()
    if one.family == AF_INET and common < (one.prefixlen or 32):
        return (
            0  # an unknown prefix length is a host's own: glibc shifts by 32 bits, which leaves all of them
        )
    return common


def _scope(family: int, address: bytes, scopes: _Table) -> int:
    """Return the scope of an address, RFC 4007's numbers; IPv4's come from the table."""
    if family == AF_INET:
        return _match(scopes, address)
    if address[0] == 0xFF:
        return address[1] & 0x0F
    if address == _V6_LOOPBACK or (address[0] == 0xFE and address[1] & 0xC0 == 0x80):
        return 2
    return 5 if address[0] == 0xFE and address[1] & 0xC0 == 0xC0 else 14


def _mapped(address: bytes) -> bytes:
    return _V4MAPPED + address if len(address) == 4 else address


def _match(table: _Table, address: bytes) -> int:
    number = int.from_bytes(address, "big")
    for shift, prefix, value in table:
        if number >> shift == prefix:
            return value
    return 0  # not reached: every table ends with the empty prefix


def policy(labels: Rows = (), precedences: Rows = (), scopes: Rows = ()) -> Policy:
    """Return the tables for these rows (gai.conf's, in its order); an empty one is replaced by glibc's default.

    IPv6 prefixes have 16 bytes, those of *scopes* are IPv4's and have 4.
    """
    return Policy(
        _table(tuple(labels) or _LABELS, 16, otherwise=1),
        _table(tuple(precedences) or _PRECEDENCES, 16, otherwise=40),
        _table(tuple(scopes) or _SCOPES, 4, otherwise=14),
    )


def _table(rows: Sequence[tuple[bytes, int, int]], size: int, *, otherwise: int) -> _Table:
    if all(bits for _, bits, _ in rows):
        rows = (*rows, (bytes(size), 0, otherwise))
    most_specific_first = sorted(rows, key=lambda row: -row[1])
    shifts = (
        (8 * size - bits, int.from_bytes(prefix, "big"), value) for prefix, bits, value in most_specific_first
    )
    return tuple((shift, prefix >> shift, value) for shift, prefix, value in shifts)


def _prefix(start: str) -> bytes:
    return bytes.fromhex(start).ljust(16, b"\0")


# RFC 3484 section 2.1 with three labels of glibc's own: site-local, unique local and Teredo addresses are never
# behind NAT as private IPv4 addresses are, so they must not be preferred where they only seem to match.
_LABELS = (
    (_V6_LOOPBACK, 128, 0),
    (_prefix("2002"), 16, 2),
    (bytes(16), 96, 3),
    (_V4MAPPED.ljust(16, b"\0"), 96, 4),
    (_prefix("fec0"), 10, 5),
    (_prefix("fc00"), 7, 6),
    (_prefix("20010000"), 32, 7),
    (bytes(16), 0, 1),
)
_PRECEDENCES = (
    (_V6_LOOPBACK, 128, 50),
    (_prefix("2002"), 16, 30),
    (bytes(16), 96, 20),
    (_V4MAPPED.ljust(16, b"\0"), 96, 10),
    (bytes(16), 0, 40),
)
# RFC 3484 section 3.2, but private IPv4 addresses are global: glibc expects them behind NAT.
_SCOPES = ((b"\xa9\xfe\0\0", 16, 2), (b"\x7f\0\0\0", 8, 2), (bytes(4), 0, 14))
DEFAULT = policy()
