"""The order of addresses against the real libc, in network namespaces with real interfaces and routes.

Each layout is a namespace of its own. /etc/hosts gives random sets of addresses to names; getaddrinfo sorts them,
and so do we, out of what the kernel tells us. Run as a script, this file is the probe inside the namespace.
"""

from __future__ import annotations

import json
import random
import socket
import sys
from typing import Any

import pytest

from steadydns.contract.order import destinations, policy, sort
from steadydns.system import gaiconf, interfaces
from tests.contract.layouts import LAYOUTS, NAMES_PER_TABLE, SEED, names_of, set_up
from tests.unit.system import namespace
from tests.unit.system.glibc_probe import forked

pytestmark = pytest.mark.lab

GAI_CONFS: dict[str, str | None] = {
    "none": None,
    "prefer_ipv4": "precedence ::ffff:0:0/96  100\n",
    "families_alike": "precedence ::ffff:0:0/96 40\nlabel ::/0 1\n",
    "own_labels": "label ::1/128 0\nlabel ::/0 1\nlabel 2001:db8::/32 9\nlabel fd00::/8 9\nprecedence 2001:db8:9::/48 3\n",
    "own_scopes": "scopev4 ::ffff:10.0.0.0/104 5\nscopev4 192.168.0.0/16 5\nscopev4 ::ffff:0.0.0.0/96 14\n",
    "odd": "  label\t::1/128   0 # x\nlabel ::/129 3\nlabel nonsense 3\nlabel 2002::/16 -1\nprecedence ::/0\nprecedence ::/ 7\nreload yes\nprecedence ::ffff:8.8.8.8 100\nlabel 2600::1 4\n",
}  # fmt: skip


def _ours(addresses: list[str], conf: gaiconf.GaiConf) -> list[str]:
    """Return *addresses* as we order them."""
    packed = [(_family(text), socket.inet_pton(_family(text), text)) for text in addresses]
    sources = [interfaces.source_address(*address) for address in packed]
    tables = policy(conf.labels, conf.precedences, conf.scopes)
    groups = sort(destinations(packed, sources, interfaces.addresses()), tables, interfaces.is_native)
    return [socket.inet_ntop(one.family, one.address) for group in groups for one in group]


def _glibc(name: str, family: int) -> list[str]:
    return [str(row[4][0]) for row in socket.getaddrinfo(name, 80, family, socket.SOCK_STREAM)]


def _family(text: str) -> int:
    return socket.AF_INET6 if ":" in text else socket.AF_INET


def compare(request: dict[str, Any]) -> dict[str, Any]:
    """Return how many orders were compared, and the first that differ."""
    text = request["gai_conf"]
    namespace.write_etc("gai.conf", text)
    conf = gaiconf.parse((text or "").encode())
    names = names_of(random.Random(SEED))
    lines = [f"{address} {name}\n" for name, addresses in names.items() for address in addresses]
    namespace.write_etc("hosts", "".join(lines))
    compared, different = 0, []
    for name, addresses in names.items():
        for family in (socket.AF_UNSPEC, socket.AF_INET, socket.AF_INET6):
            asked = [one for one in addresses if family in (socket.AF_UNSPEC, _family(one))]
            if family == socket.AF_INET and "::1" in addresses:
                continue  # the hosts file turns it into 127.0.0.1; test_hosts_glibc has that
            if asked:
                compared += 1
                glibc, ours = _glibc(name, family), _ours(asked, conf)
                if glibc != ours:
                    different.append({"asked": asked, "glibc": glibc, "ours": ours})
    return {"compared": compared, "different": different[:3]}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_same_order_as_glibc(layout: str) -> None:
    """Whatever the interfaces, the routes and gai.conf, addresses come in glibc's order."""
    request = {"commands": LAYOUTS[layout], "gai_confs": GAI_CONFS}
    answers = namespace.run(__file__, request)
    assert list(answers) == list(GAI_CONFS)
    for answer in answers.values():
        assert answer["different"] == []
        assert answer["compared"] > NAMES_PER_TABLE


if __name__ == "__main__":
    asked_for = json.load(sys.stdin)
    set_up(asked_for["commands"])
    json.dump(
        {name: forked(compare, {"gai_conf": text}) for name, text in asked_for["gai_confs"].items()},
        sys.stdout,
    )
