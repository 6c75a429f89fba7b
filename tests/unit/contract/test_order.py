from __future__ import annotations

import socket
from collections import Counter
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadydns.contract.order import DEFAULT, Destination, destinations, policy, sort


def _packed(text: str) -> bytes:
    return socket.inet_pton(socket.AF_INET6 if ":" in text else socket.AF_INET, text)


def _to(address: str, source: str | None = None, **known: int) -> Destination:
    packed = _packed(address)
    family = socket.AF_INET6 if len(packed) == 16 else socket.AF_INET
    return Destination(int(family), packed, None if source is None else _packed(source), **known)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Address:
    """An address of the pod, as the netlink reader gives it."""

    text: str
    prefixlen: int
    ifindex: int = 2
    deprecated: bool = False
    home: bool = False

    @property
    def address(self) -> bytes:
        return _packed(self.text)

    @property
    def family(self) -> int:
        return int(socket.AF_INET6 if ":" in self.text else socket.AF_INET)


GLOBAL = "2001:db8:1::3"
RULES = {
    "1 usable": (_to("10.0.0.1", "10.0.0.9"), _to("2001:db8::1")),
    "1 usable before any other rule": (_to("10.0.0.1", "2.2.2.2", deprecated=True), _to("::1")),
    "2 scope": (_to("2001:db8::1", GLOBAL), _to("ff02::1", GLOBAL)),
    "3 deprecated": (_to("2001:db8::1", GLOBAL), _to("2001:db8::2", GLOBAL, deprecated=True)),
    "4 home": (_to("2001:db8::1", GLOBAL, home=True), _to("2001:db8::2", GLOBAL)),
    "5 label": (_to("2001:db8::1", GLOBAL), _to("2002::1", GLOBAL)),
    "5 unique local": (_to("10.0.0.1", "10.0.0.9"), _to("2600::1", "fd00::1")),
    "6 precedence": (_to("2001:db8::1", GLOBAL), _to("10.0.0.1", "10.0.0.9")),
    "6 precedence without routes": (_to("::1"), _to("10.0.0.1")),
    "7 native": (_to("2600::1", GLOBAL, ifindex=2), _to("2601::1", GLOBAL, ifindex=7)),
    "7 unknown interface": (_to("2600::1", GLOBAL, ifindex=2), _to("2601::1", GLOBAL)),
    "8 smaller scope": (_to("ff02::1", "fe80::9"), _to("ff0e::1", GLOBAL)),
    "8 smaller IPv4 scope": (_to("127.0.0.1"), _to("10.0.0.1")),
    "9 longer IPv6 prefix": (_to("2001:db8:1::4", GLOBAL), _to("2001:db8:2::1", GLOBAL)),
    "9 same IPv4 subnet": (
        _to("10.0.0.2", "10.0.0.3", prefixlen=24),
        _to("10.0.1.2", "10.0.0.3", prefixlen=24),
    ),
    "9 itself": (_to("10.0.0.3", "10.0.0.3"), _to("10.0.0.2", "10.0.0.3")),
}


@pytest.mark.parametrize("rule", RULES)
def test_rule(rule: str) -> None:
    """The first of two addresses comes first, whatever the order they came in."""
    better, worse = RULES[rule]
    native = {2: True, 7: False}.__getitem__
    assert sort([better, worse], native=native) == [[better], [worse]]
    assert sort([worse, better], native=native) == [[better], [worse]]


def test_equal_addresses_keep_their_order_in_one_group() -> None:
    """Addresses that no rule tells apart form a group, in the order they came in."""
    pods = [_to(f"10.{number}.0.1", "10.0.0.9", prefixlen=24) for number in (5, 3, 4)]
    outside = _to("203.0.113.1")
    assert sort([pods[0], outside, pods[1], pods[2]]) == [pods, [outside]]


def test_ipv4_prefixes_do_not_count_outside_the_subnet() -> None:
    """However many bits an IPv4 address shares with its source, it must be in its subnet to gain by it."""
    near, far = _to("10.0.1.1", "10.0.0.9", prefixlen=24), _to("203.0.113.1", "10.0.0.9", prefixlen=24)
    assert sort([far, near]) == [[far, near]]


def test_nothing_and_one() -> None:
    """No address gives no group, one address one group."""
    assert sort([]) == []
    assert sort([_to("::1")]) == [[_to("::1")]]


def test_native_is_asked_only_when_it_matters() -> None:
    """Destinations behind one interface never cost a question about it."""
    asked: list[int] = []

    def native(ifindex: int) -> bool:
        asked.append(ifindex)
        return True

    one_link = [_to("2600::1", GLOBAL, ifindex=2), _to("2601::1", GLOBAL, ifindex=2), _to("10.0.0.1")]
    sort(one_link, native=native)
    assert asked == []
    sort([*one_link, _to("2602::1", GLOBAL, ifindex=3)], native=native)
    assert sorted(asked) == [2, 3]


def test_facts_are_joined_by_source() -> None:
    """Each destination gets the facts of the interface that has its source."""
    found = destinations(
        [
            (socket.AF_INET, _packed("10.1.2.9")),
            (socket.AF_INET6, _packed("2600::1")),
            (socket.AF_INET, b"\1\1\1\1"),
        ],
        [_packed("10.1.2.3"), _packed(GLOBAL), None],
        [
            Address("127.0.0.1", 8, 1),
            Address("10.1.2.3", 24),
            Address(GLOBAL, 64, 3, deprecated=True, home=True),
        ],
    )
    assert found == [
        _to("10.1.2.9", "10.1.2.3", prefixlen=24, ifindex=2),
        _to("2600::1", GLOBAL, prefixlen=64, deprecated=True, home=True, ifindex=3),
        _to("1.1.1.1"),
    ]


@pytest.mark.parametrize("interfaces", [None, [], [Address("10.1.2.3", 24), Address("::1", 128, 1)]])
def test_without_ipv6_nothing_is_known_of_sources(interfaces: list[Address] | None) -> None:
    """Glibc forgets its list of addresses when no IPv6 address but ::1 is on it."""
    found = destinations([(socket.AF_INET, _packed("10.1.2.9"))], [_packed("10.1.2.3")], interfaces)
    assert found == [_to("10.1.2.9", "10.1.2.3")]


def test_lengths_must_agree() -> None:
    """A list of sources that does not fit the addresses is a mistake of the caller."""
    with pytest.raises(ValueError, match="shorter"):
        destinations([(socket.AF_INET, b"\1\1\1\1")], [], None)


def test_own_tables_replace_the_defaults_one_by_one() -> None:
    """A table from gai.conf replaces libc's, gets the catch-all row if it has none, and leaves the others."""
    prefer_ipv4 = policy(precedences=[(_packed("::ffff:0:0"), 96, 100)])
    assert prefer_ipv4._replace(precedences=DEFAULT.precedences) == DEFAULT
    four, six = _to("10.0.0.1", "10.0.0.9"), _to("2001:db8::1", GLOBAL)
    assert sort([six, four], prefer_ipv4) == [[four], [six]]
    scopes = policy(scopes=[(_packed("10.0.0.0"), 8, 5)])
    near, far = _to("10.0.0.1"), _to("192.168.0.1")
    assert sort([far, near], scopes) == [[near], [far]]
    assert sort([far, near]) == [[far, near]]


DESTINATIONS = st.builds(
    lambda four, six, is_four, source, prefixlen, deprecated, ifindex: Destination(
        int(socket.AF_INET if is_four else socket.AF_INET6),
        four if is_four else six,
        (four[:2] + b"\0\1" if is_four else six[:9] + bytes(7)) if source else None,
        prefixlen,
        deprecated,
        ifindex=ifindex,
    ),
    st.binary(min_size=4, max_size=4),
    st.sampled_from([b"\xfe\x80", b"\xfd\0", b"\x20\1", b"\xff\2", b"\0\0"]).flatmap(
        lambda head: st.binary(min_size=14, max_size=14).map(lambda tail: head + tail)
    ),
    st.booleans(),
    st.booleans(),
    st.sampled_from([0, 8, 24, 32]),
    st.booleans(),
    st.sampled_from([-1, 2, 3]),
)
ALIKE = policy(labels=[(bytes(16), 0, 1)], precedences=[(bytes(16), 0, 40)], scopes=[(bytes(4), 0, 14)])


@given(st.lists(DESTINATIONS, max_size=12), st.sampled_from([DEFAULT, ALIKE]))
def test_sorting_neither_loses_nor_adds(addresses: list[Destination], tables: object) -> None:
    """Every address comes back exactly once, and no group is empty."""
    groups = sort(addresses, tables, native=lambda ifindex: ifindex == 2)  # type: ignore[arg-type]
    assert all(groups)
    assert Counter(one for group in groups for one in group) == Counter(addresses)


@given(st.lists(DESTINATIONS, max_size=8, unique=True), st.randoms(use_true_random=False))
def test_groups_do_not_depend_on_the_order_received(addresses: list[Destination], rng: object) -> None:
    """With libc's own tables, the order received decides within groups only."""
    shuffled = addresses.copy()
    rng.shuffle(shuffled)  # type: ignore[attr-defined]
    assert [set(group) for group in sort(addresses)] == [set(group) for group in sort(shuffled)]
