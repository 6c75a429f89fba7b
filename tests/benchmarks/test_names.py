from __future__ import annotations

import dns.zone
import pytest

from benchmarks.names import ADDRESSES, ORIGIN, Names, addresses, name


def test_every_name_of_the_zone_has_two_addresses_that_no_other_name_has() -> None:
    """The zone file holds one A and one AAAA record for each name, and no address twice."""
    names = Names(300)
    zone = dns.zone.from_text(names.zone, ORIGIN, relativize=False)
    seen: set[str] = set()
    for each in names.take(300, "."):
        own = {zone.find_rdataset(each, rtype)[0].to_text() for rtype in ("A", "AAAA")}
        assert len(own) == 2
        assert not own & seen
        seen |= own
    assert len(seen) == 600


def test_a_name_is_handed_out_once() -> None:
    """Names come in order, none twice, and running out of them is an error, not a repetition."""
    names = Names(5)
    assert names.take(2, ".") == [name(0) + ".", name(1) + "."]
    assert names.take(3) == [name(2), name(3), name(4)]
    with pytest.raises(RuntimeError, match="all are used"):
        names.take(1)


def test_the_addresses_are_those_reserved_for_benchmarks() -> None:
    """The last address of the IPv4 block is followed by the first again."""
    assert addresses(0) == ("198.18.0.0", "2001:2::")
    assert addresses(ADDRESSES - 1) == ("198.19.255.255", "2001:2::1:ffff")
    assert addresses(ADDRESSES) == addresses(0)
