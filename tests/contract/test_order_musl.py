"""The order of addresses against the real musl, in the same namespaces as glibc.

Run as a script, this file is the probe inside the namespace; the interpreter that runs it is the one on musl.
"""

from __future__ import annotations

import json
import random
import socket
import sys
from typing import TYPE_CHECKING, Any

import pytest

from steadydns.contract.profile_musl import rank
from steadydns.system import interfaces
from tests.contract.layouts import LAYOUTS, NAMES_PER_TABLE, SEED, names_of, set_up
from tests.lab import musl_python
from tests.unit.system import namespace

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.lab, pytest.mark.slow]

# musl looks at routes alone, so layouts that differ in more than that are one to it.
ROUTED = (
    "loopback_only",
    "nothing_but_ipv4",
    "dual_default_routes",
    "dual_no_ipv6_route",
    "ula_and_ipv4",
    "two_interfaces_dual",
    "deprecated_source",
    "tunnel",
)
MAX_ADDRESSES = 48  # musl looks no further in the file


def _ours(addresses: list[str]) -> list[str]:
    """Return *addresses* as we order them."""
    families = [socket.AF_INET6 if ":" in text else socket.AF_INET for text in addresses]
    packed = [(int(f), socket.inet_pton(f, text)) for f, text in zip(families, addresses, strict=True)]
    sources = [interfaces.source_address(*address) for address in packed]
    ordered = [one for group in rank(packed, sources) for one in group]
    return [socket.inet_ntop(socket.AF_INET if len(one) == 4 else socket.AF_INET6, one) for one in ordered]


def compare() -> dict[str, Any]:
    """Return how many orders were compared, and the first that differ."""
    names = names_of(random.Random(SEED))
    lines = [f"{address} {name}\n" for name, addresses in names.items() for address in addresses]
    namespace.write_etc("hosts", "".join(lines))
    compared, different = 0, []
    for name, addresses in names.items():
        for family in (socket.AF_UNSPEC, socket.AF_INET, socket.AF_INET6):
            asked = [
                one for one in addresses if family in (0, socket.AF_INET6 if ":" in one else socket.AF_INET)
            ]
            if asked:
                compared += 1
                found = socket.getaddrinfo(name, 80, family, socket.SOCK_STREAM)
                musl, ours = [str(row[4][0]) for row in found], _ours(asked[:MAX_ADDRESSES])
                if musl != ours:
                    different.append({"asked": asked, "musl": musl, "ours": ours})
    families = dict(zip("46", interfaces.loopbacks(), strict=True))
    return {
        "compared": compared,
        "different": different[:3],
        "families": families,
        "addrconfig": _addrconfig(),
    }


def _addrconfig() -> dict[str, bool]:
    """Return which families musl takes to be configured."""
    namespace.write_etc("hosts", "192.0.2.1 both.test\n2001:db8::1 both.test\n")
    rows = socket.getaddrinfo("both.test", 80, 0, socket.SOCK_STREAM, 0, socket.AI_ADDRCONFIG)
    found = {row[0] for row in rows}
    return {"4": socket.AF_INET in found, "6": socket.AF_INET6 in found}


@pytest.mark.parametrize("layout", ROUTED)
def test_same_order_as_musl(layout: str, on_musl: Path) -> None:
    """Whatever the interfaces and the routes, addresses come in musl's order, and AI_ADDRCONFIG means the same."""
    packages = musl_python.site_packages()
    answer = namespace.run(__file__, LAYOUTS[layout], python=on_musl, packages=packages)
    assert answer["different"] == []
    assert answer["compared"] > NAMES_PER_TABLE
    assert answer["families"] == answer["addrconfig"]


if __name__ == "__main__":
    set_up(json.load(sys.stdin))
    json.dump(compare(), sys.stdout)
