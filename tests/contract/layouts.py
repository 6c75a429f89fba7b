"""Namespaces with interfaces and routes of many kinds, and names with addresses whose order depends on them.

Imports no more than a bare interpreter has: whatever runs the probes in the namespaces imports it too.
"""

from __future__ import annotations

import fcntl
import os
import struct
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tests.unit.system import namespace

if TYPE_CHECKING:
    import random

SEED = 20260511
NAMES_PER_TABLE = 60

ETH0 = ("link add eth0 type veth peer name far0", "link set far0 up", "link set eth0 up")
ETH1 = ("link add eth1 type veth peer name far1", "link set far1 up", "link set eth1 up")
V4 = ("addr add 10.1.2.3/24 dev eth0", "route add default via 10.1.2.1 dev eth0")
V4_SECOND = ("addr add 192.168.7.7/20 dev eth1", "route add 172.16.0.0/12 via 192.168.7.1 dev eth1")
V6 = (
    "addr add 2001:db8:1::3/64 dev eth0 nodad",
    "-6 route add default via 2001:db8:1::1 dev eth0",
)
ULA = ("addr add fd00:1::3/64 dev eth0 nodad",)

# What ip(8) is told, line by line; lo is up in all of them.
LAYOUTS: dict[str, tuple[str, ...]] = {
    "loopback_only": (),
    # glibc takes any IPv4 source in 127/8 for 127.0.0.1, unless it asked on an IPv6 socket.
    "loopback_second_address": (
        "addr add 127.0.0.53/32 dev lo",
        "route add local 127.5.0.0/16 dev lo src 127.0.0.53 table local",
        *ETH0,
        *V4,
        *V6,
    ),
    "nothing_but_ipv4": ("v6off", *ETH0, *V4),
    "ipv4_and_link_local": (*ETH0, *V4),
    "link_local_only": ETH0,
    "ipv4_without_default": (*ETH0, "addr add 10.1.2.3/24 dev eth0"),
    "ipv4_host_prefix": ("v6off", *ETH0, "addr add 10.1.2.3/32 dev eth0", "route add default dev eth0"),
    "dual_default_routes": (*ETH0, *V4, *V6),
    "dual_no_ipv6_route": (*ETH0, *V4, "addr add 2001:db8:1::3/64 dev eth0 nodad"),
    "dual_unreachable_ipv6": (*ETH0, *V4, "addr add 2001:db8:1::3/128 dev eth0 nodad", "-6 route add unreachable default"),
    "ipv6_only": (*ETH0, *V6),
    "ula_only": (*ETH0, *ULA, "-6 route add default via fd00:1::1 dev eth0"),
    "ula_and_ipv4": (*ETH0, *V4, *ULA, "-6 route add default via fd00:1::1 dev eth0"),
    "ula_and_global": (*ETH0, *V4, *V6, *ULA),
    "two_ipv4_subnets": (*ETH0, *ETH1, *V4, *V4_SECOND),
    "two_ipv4_subnets_no_ipv6": ("v6off", *ETH0, *ETH1, *V4, *V4_SECOND),
    "two_subnets_one_link": (*ETH0, *V4, *V6, "addr add 10.1.4.3/22 dev eth0", "addr add 10.1.2.77/25 dev eth0"),
    "two_interfaces_dual": (*ETH0, *ETH1, *V4, *V4_SECOND, *V6, "addr add 2001:db8:7::7/48 dev eth1 nodad"),
    "same_address_twice": (*ETH0, *ETH1, *V4, *V6, "addr add 10.1.2.3/32 dev eth1", "addr add 10.1.2.3/16 dev lo"),
    "deprecated_source": (
        *ETH0,
        *V4,
        "addr add 2001:db8:1::3/64 dev eth0 nodad preferred_lft 0",
        "-6 route add default via 2001:db8:1::1 dev eth0",
        *ULA,
    ),
    "home_address": (*ETH0, *V4, "addr add 2001:db8:1::3/64 dev eth0 nodad home", *ULA, "-6 route add default via fd00:1::1 dev eth0"),
    "point_to_point": (*ETH0, *V6, "addr add 10.1.2.3 peer 10.9.9.9/32 dev eth0", "route add default dev eth0"),
    "tunnel": (
        *ETH0,
        *V4,
        *V6,
        "tunnel tun0",
        "link set tun0 up",
        "addr add 2002:a01:203::1/16 dev tun0 nodad",
        "-6 route add 2001:db8:8000::/33 dev tun0",
    ),
}  # fmt: skip

V4_POOL = [
    "10.1.2.3",
    "10.1.2.4",
    "10.1.2.77",
    "10.1.2.200",
    "10.1.3.1",
    "10.1.6.1",
    "10.200.0.1",
    "10.9.9.9",
    "127.0.0.1",
    "127.0.0.53",
    "127.1.2.3",
    "127.5.0.1",
    "127.128.0.1",
    "169.254.20.10",
    "172.16.5.5",
    "172.31.0.1",
    "192.168.7.7",
    "192.168.7.8",
    "192.168.15.1",
    "192.168.200.1",
    "203.0.113.1",
    "198.51.100.9",
    "8.8.8.8",
    "224.0.0.251",
    "255.255.255.255",
    "0.0.0.0",
    "240.0.0.1",
]
V6_POOL = [
    "::1",
    "2001:db8:1::3",
    "2001:db8:1::4",
    "2001:db8:1:0:8000::1",
    "2001:db8:2::1",
    "2001:db8:7::8",
    "2001:db8:9::1",
    "2001:db8:8000::1",
    "2600::1",
    "2a00:1450::1",
    "fd00:1::3",
    "fd00:1::4",
    "fd00:2::1",
    "fdff::1",
    "fe80::1",
    "fe80::2",
    "fec0::1",
    "2002:cb00:7101::1",
    "2001::1",
    "2001:0:5ef5::1",
    "::203.0.113.1",
    "ff02::1",
    "ff05::2",
    "ff0e::3",
    "64:ff9b::8.8.8.8",
]


def names_of(rng: random.Random) -> dict[str, list[str]]:
    """Return names with their addresses: random small sets, then each whole pool."""
    names = {}
    for number in range(NAMES_PER_TABLE):
        pool = rng.choice((V4_POOL, V6_POOL, V4_POOL + V6_POOL))
        names[f"n{number}.test"] = rng.sample(pool, rng.randint(2, 8))
    for label, pool in (("v4", V4_POOL), ("v6", V6_POOL), ("all", V4_POOL + V6_POOL)):
        names[f"{label}.test"] = rng.sample(pool, len(pool))
    return names


def set_up(commands: list[str]) -> None:
    """Make the namespace what these lines say: ip(8) is told each, but for `v6off` and `tunnel NAME`."""
    namespace.private_etc()
    namespace.write_etc("nsswitch.conf", "hosts: files\n")
    namespace.write_etc("host.conf", "multi on\n")
    # Link-local addresses would be tentative for a second otherwise.
    Path("/proc/sys/net/ipv6/conf/default/accept_dad").write_text("0")
    for command in commands:
        if command == "v6off":
            Path("/proc/sys/net/ipv6/conf/all/disable_ipv6").write_text("1")
        elif command.startswith("tunnel "):
            _add_tunnel(command.split()[1])
        else:
            subprocess.run(["ip", *command.split()], check=True)


def _add_tunnel(name: str) -> None:
    """Add an interface that says it is an IPv6-in-IPv4 tunnel; it lasts as long as this process."""
    tun = os.open("/dev/net/tun", os.O_RDWR)
    fcntl.ioctl(
        tun, 0x400454CA, struct.pack("16sH22x", name.encode(), 0x1001)
    )  # TUNSETIFF, TUN without header
    fcntl.ioctl(tun, 0x400454CD, 776)  # TUNSETLINK, ARPHRD_SIT
