"""A zone in which addresses have names, and calls for names of addresses and addresses of names."""

from __future__ import annotations

import ipaddress
import socket
from typing import Any

from tests.contract.call import Call
from tests.contract.cases.zone import FORMERR, NOTIMP, REFUSED, SERVFAIL, ZONE
from tests.contract.names import Records, Zone


def pointer(address: str) -> str:
    """The name that stands for the address."""
    return ipaddress.ip_address(address).reverse_pointer


POINTERS = {
    "192.0.2.1": Records(ptr=("Example.COM.",)),
    "192.0.2.4": Records(ptr=("v4.test.",)),
    "192.0.2.10": Records(ptr=("www.example.com.", "other.example.com.")),
    "10.96.0.20": Records(ptr=("redis.default.svc.cluster.local.",)),
    "10.96.0.22": Records(ptr=("dual.default.svc.cluster.local.",)),
    "192.0.2.60": Records(alias="60.classless.2.0.192.in-addr.arpa"),
    "192.0.2.61": Records(),
    "192.0.2.62": Records(rcode=SERVFAIL),
    "192.0.2.63": Records(rcode=REFUSED),
    "192.0.2.64": Records(rcode=NOTIMP),
    "192.0.2.65": Records(rcode=FORMERR),
    "192.0.2.66": Records(ptr=("under_score.test.",)),
    "192.0.2.67": Records(ptr=("single.",)),
    "192.0.2.68": Records(ptr=(".",)),
    "192.0.2.69": Records(ptr=("xn--caf-dma.test.",)),
    "0.0.0.0": Records(ptr=("zero.test.",)),
    "127.0.0.9": Records(ptr=("nine.test.",)),
    "224.0.0.1": Records(ptr=("all-systems.mcast.net.",)),
    "2001:db8::1": Records(ptr=("six.example.com.",)),
    "2001:db8::6": Records(ptr=("v6.test.",)),
    "2001:db8::62": Records(rcode=SERVFAIL),
    "fe80::1": Records(ptr=("link.test.",)),
    "::1": Records(ptr=("one.test.",)),
}

UNFIT = ("192.0.2.70", "192.0.2.71", "192.0.2.72", "192.0.2.73", "192.0.2.74", "::")
_UNFIT_NAMES = (r"bad\032name.test.", "-dash.test.", "a/b.test.", "*.test.")

REVERSE_ZONE = Zone(
    {
        **ZONE.nodes,
        **{pointer(address): records for address, records in POINTERS.items()},
        **{
            pointer(address): Records(ptr=(name,)) for address, name in zip(UNFIT, _UNFIT_NAMES, strict=False)
        },
        pointer(UNFIT[4]): Records(alias="nowhere.test"),
        "60.classless.2.0.192.in-addr.arpa": Records(ptr=("sixty.test.",)),
    }
)

ADDRESSES = (
    *POINTERS,
    "192.0.2.99", "2001:db8::99", "192.0.2.201", "192.0.2.202", "2001:db8::201", "127.0.0.1", "127.0.0.2",
    "255.255.255.255", "2001:DB8:0::1", "::ffff:192.0.2.201",
)  # fmt: skip

NAMES = (
    "redis", "REDIS", "redis.default", "redis.prod", "redis.prod.svc.cluster.local.", "dual", "external", "nosuch",
    "www.example.com", "WWW.Example.COM", "example.com.", "v4.test", "v6.test", "under_score.test", "alias.test",
    "alias.test.", "alias2.test", "dangling.test", "x.wild.test", "1.2.3.400", "nosuch.test.", "servfail.test",
    "servfail.test.", "refused.test", "refused.test.", "notimp.test.", "formerr.test", "formerr.test.",
    "a-servfail.test", "aaaa-servfail.test", "nodata-servfail.test", "broken", "sick", "caf\u00e9.test", "caf\u00e9",
    "localhost", "own", "hosts-only.test", "hosts-alias", "six-only.test", "mixed.case.test", "both.test", "redis.",
    "1.2.3.4", "127.1", "0x7f.1", "::1", "fe80::1%lo", "<broadcast>", "255.255.255.255", "", ".", "a..b", "-x", "a b",
    "x" * 64, "x." * 127, "a\0b", "\udc80",
)  # fmt: skip

ODD: tuple[Any, ...] = (None, 5, 1.0, [], (), {}, object, b"redis", b"nosuch.test.", b"127.0.0.1", b"", b"a\0b", b"\xff", bytearray(b"redis"))  # fmt: skip

BY_NAME = ("gethostbyname", "gethostbyname_ex", "gethostbyaddr")


def forward() -> list[Call]:
    """Names of every kind to every function, of both modules."""
    return [
        Call((host,), f"{module}.{function}")
        for module in ("socket", "_socket")
        for function in BY_NAME
        for host in (*NAMES, *ODD)
    ]


def backward() -> list[Call]:
    """Every address to gethostbyaddr, of both modules, as str and as bytes."""
    return [
        *(Call((one,), f"{module}.gethostbyaddr") for module in ("socket", "_socket") for one in ADDRESSES),
        *(Call((one.encode(),), "socket.gethostbyaddr") for one in ADDRESSES[:8]),
    ]


def named() -> list[Call]:
    """Every address to getnameinfo, with and without NI_NAMEREQD, and each other flag with a few."""
    ports = (80, 514, 0)
    flags = [*(1 << bit for bit in range(10)), socket.NI_NAMEREQD | socket.NI_DGRAM, -1, 2**40]
    return [
        *(
            Call(((address, 80), flag), f"{module}.getnameinfo")
            for module in ("socket", "_socket")
            for address in (*ADDRESSES, *UNFIT)
            for flag in (0, int(socket.NI_NAMEREQD))
        ),
        *(
            Call(((address, port), int(flag)), "socket.getnameinfo")
            for address in ("192.0.2.10", "192.0.2.99", "2001:db8::6")
            for port in ports
            for flag in flags
        ),
        *(Call((sockaddr, 0), "socket.getnameinfo") for sockaddr in SOCKADDRS),
        *(Call(("192.0.2.10", flag), "socket.getnameinfo") for flag in (0, None, "0")),
        *(Call((("192.0.2.10", 80), flag), "socket.getnameinfo") for flag in (None, "0", 0.0, True)),
    ]


SOCKADDRS = (
    ("192.0.2.10", 80, 0), ("192.0.2.10",), (), ["192.0.2.10", 80], None, ("192.0.2.10", "80"), ("192.0.2.10", -1),
    ("192.0.2.10", 65536), ("192.0.2.10", 2**40), (b"192.0.2.10", 80), ("v4.test", 80), ("", 80), ("192.0.2.10\0", 80),
    ("010.0.2.10", 80), ("0xc0.0.2.10", 80), ("2001:db8::6", 80, 0, 0), ("2001:db8::6", 80, 2**20), ("fe80::1", 80, 0, 1),
    ("2001:db8::6", 80, 5, 1), ("fe80::1%lo", 80), ("fe80::1%lo", 80, 0, 1), ("2001:db8::6", 80, 0, 0, 0), (None, 80),
    ("\udc80", 80), ("\u0661", 80), (5, 80),
)  # fmt: skip

COUNTS = [
    Call(args, f"socket.{name}", options)
    for name in (*BY_NAME, "getnameinfo")
    for args, options in (
        ((), ()),
        (("redis", "redis"), ()),
        (("redis", 0, 0), ()),
        ((), (("host", "redis"),)),
        (("redis",), (("host", "redis"),)),
    )
]

FULL_NAMES = [
    Call((name,), "socket.getfqdn")
    for name in ("", "redis", "redis.prod", "v4.test", "www.example.com", "192.0.2.10", "192.0.2.99", "nosuch", "own",
                 " redis ", "0.0.0.0", "::", "hosts-only.test", "10.96.0.20", "2001:db8::6", "single", "192.0.2.67")
]  # fmt: skip
