"""Where implementations of getaddrinfo go wrong, one entry for each trap; 35 to 42 are in test_runtime.py.

The numbers are those of the project's list of traps, so that none gets lost. What is right is not written here: libc
says it.
"""

# ruff: noqa: RUF001, RUF005 - letters that look like others are what is tried; a sum of tuples reads as a list of groups

from __future__ import annotations

import socket
from itertools import product
from typing import Any, NamedTuple

from tests.contract.call import Call, World, gai, lookup
from tests.contract.cases.zone import HOSTS
from tests.contract.session import SEARCH, resolv_conf

INET, INET6, UNSPEC = int(socket.AF_INET), int(socket.AF_INET6), int(socket.AF_UNSPEC)
FAMILIES = (UNSPEC, INET, INET6)
STREAM, DGRAM, RAW, SEQPACKET = 1, 2, 3, 5
PASSIVE, CANON, NUMHOST, MAPPED, ALL, ADDRCONFIG, NUMSERV = 0x1, 0x2, 0x4, 0x8, 0x10, 0x20, 0x400


class Trap(NamedTuple):
    """Calls, and where they are made."""

    calls: tuple[Call, ...]
    world: World = World({"hosts": HOSTS})
    silent: bool = False
    """No query leaves the process, neither libc's nor ours."""


def all_families(*hosts: Any, flags: int = 0) -> tuple[Call, ...]:
    """Each host in every family."""
    return tuple(lookup(host, family, flags) for host, family in product(hosts, FAMILIES))


def called(function: str, *args: Any) -> Call:
    """A call of another function of socket."""
    return Call(args, f"socket.{function}")


def options(text: str, search: str = SEARCH) -> World:
    """A world with these options of resolv.conf."""
    return World({"hosts": HOSTS, "resolv.conf": resolv_conf(f"{text} timeout:1", search)})


SPAN = ".".join(["l" * 61] * 3 + ["l" * 62, "tt"])  # 251 octets
SERVERS = "nameserver {}\nsearch default.svc.cluster.local\noptions ndots:2 timeout:1 attempts:2\n"

WRONG_TYPES: tuple[Any, ...] = (bytearray(b"v4.test"), 25, 1.5, ("v4.test",), ["v4.test"], {}, True)

TRAPS: dict[str, Trap] = {
    "01 str and bytes are equal, other types are refused": Trap(
        all_families("v4.test", b"v4.test", "redis", b"redis", "v6.test.", b"v6.test.")
        + tuple(map(lookup, WRONG_TYPES))
    ),
    "02 None and the empty name": Trap(
        tuple(gai(nobody, port, 0, 0, 0, flags) for nobody in (None, "", b"") for port in (None, 80, "http", "") for flags in (0, PASSIVE, CANON, NUMHOST)),
        silent=True,
    ),
    "03 labels and names that are too long or empty": Trap(
        all_families(
            "l" * 63 + ".test", "l" * 64, "l" * 64 + ".test", b"l" * 64, SPAN, SPAN + ".", "x." + SPAN, "xx." + SPAN,
            "xxx." + SPAN, "x" * 253, "x" * 254, "x." * 126 + "x", "x." * 127, "x." * 127 + "x", "a..b", b"a..b", ".x",
            b".x", ".", b".", "..", b"..", "a..", b"a..", "\udc80", "v4.test\udcff", "a b", b"a b", " v4.test", "v4.test ",
            "v4.test\n", "v4.test\t", b"\xff\xfe", "v4\\.test", "v4\\046test", "a%b", "v4.test%lo", "*.wild.test", "-v4.test",
            "v4-.test", "a,b", "a;b", "a/b", "a:b", "a@b", '"v4.test"',
        )
    ),
    "04 IDN is encoded as IDNA 2003 has it": Trap(
        all_families("café.test", "CAFÉ.test", "café", "xn--caf-dma.test", "faß.test", "fass.test", "☃.test", "a。b", "v4。test", "ｖ4.test", "\u00ad", "v\u00ad4.test", "café" * 20, "caf\u0301e.test", "test.café", b"caf\xc3\xa9.test", "١٢٧.0.0.1", "xn--", "xn--a.test")
        + tuple(lookup("café.test", 0, CANON | flag) for flag in (0, 0x40, 0x80, 0x100, 0x200))
    ),
    "05 NUL ends a name": Trap(all_families("v4.test\0x", b"v4.test\0x", "\0", b"\0", "v4.test\0", b"redis\0.prod", "1.2.3.4\0", "::1\0x")),
    "06 the case is the caller's": Trap(all_families("V4.Test", "REDIS", "Redis.Prod", b"V4.TEST.", "ALIAS.test", "EXTERNAL", flags=CANON)),
    "07 underscores are part of names": Trap(all_families("under_score.test", "_sip._tcp.test", "_", "_.test", b"a_b")),
    "08 brackets and almost numeric names": Trap(
        all_families("[::1]", "[v4.test]", "1.2.3.4.", "1.2.3.400", "1.2.3.400.", "1.2.3", "1.2.3.", "1.2.3.4.5", "256.256.256.256", "1.2.3.a", "0x", "0x.test", "1e3", "1_0", "::1.", "1::2::3", ":", "::ffff:1.2.3.400", "1.2.3.4/8")
    ),
    "09 numeric forms that inet_aton knows": Trap(
        all_families("127.1", "0x7f.1", "2130706433", "010.0.0.1", "0", "0.0.0.0", "255.255.255.255", "4294967295", "4294967296", "1.65535", "1.65536", "1.2.65535", "0X7F000001", "017700000001", "08.0.0.1", "0x7f.0x0.0x0.0x1", "+1.2.3.4", "1.2.3.-4", " 1.2.3.4", "1.2.3.4 ", "1.2.3.4 x", "::1", "::", "::ffff:1.2.3.4", "fe80::1", "2001:DB8::1", "0:0:0:0:0:0:0:1", "::1%", "1.2.3.4%lo", b"127.1", "１.2.3.4", "1．2.3.4")
    ),
    "10 a numeric address of the other family": Trap(
        tuple(lookup(host, family, flags) for host in ("1.2.3.4", "::1", "127.1", "::ffff:1.2.3.4") for family in FAMILIES for flags in (0, MAPPED, MAPPED | ALL, CANON, CANON | MAPPED, ADDRCONFIG)),
        silent=True,
    ),
    "11 scope ids": Trap(
        all_families("fe80::1%lo", "fe80::1%1", "fe80::1%999999", "fe80::1%nosuch", "fe80::1%", "ff02::1%lo", "2001:db8::1%lo", "2001:db8::1%1", b"fe80::1%lo", "fe80::1%eth0", "::1%1", "1.2.3.4%1", "fe80::1%0", "fe80::1%-1", "fe80::1%1x", "fe80::1%4294967296"),
        silent=True,
    ),
    "12 AI_NUMERICHOST takes no name": Trap(all_families("v4.test", "redis", "localhost", "1.2.3.4", "127.1", "::1", "hosts-only.test", "", flags=NUMHOST), silent=True),
    "13 ports": Trap(
        tuple(gai(host, port, 0, type_) for host in ("v4.test", "1.2.3.4") for port in (None, 0, 80, "80", b"80", "http", b"http", "HTTP", 70000, "70000", 65535, 65536, -1, "-1", 80.0, 80.5, (80,), [80], bytearray(b"80"), True, False, 2**31 - 1, 2**31, 2**63 - 1, 2**63, 2**64, -(2**31), -(2**63), -(2**64), "", b"", " 80", "80 ", "0x50", "080", "+80", "8 0", "http ", "htt\0p", "80\0", "4294967376", "http\udc80", "caf\xe9", "99999999999999999999") for type_ in (0, STREAM))
    ),
    "14 a bad service is refused before any query": Trap(
        tuple(gai(host, port, 0, type_, 0, flags) for host in ("v4.test", "nosuch.test", "redis") for port, type_, flags in (("nosuchservice", 0, 0), ("nosuchservice", STREAM, 0), ("tftp", STREAM, 0), ("http", 0, NUMSERV), ("x", STREAM, NUMSERV), (b"nosuch", DGRAM, 0), (80, RAW, 0), ("http", RAW, 0), (80, 99, 0), (80, STREAM, 0x800000)))
        + (gai("v4.test", 80, 255), gai("v4.test", 80, 1), gai("v4.test", 80, -1), gai(None, 80, 0, 0, 0, CANON)),
        silent=True,
    ),
    "15 types and protocols make rows, addresses outside": Trap(
        tuple(gai(host, port, family, type_, proto) for host in ("api.example.com.", "many.test", "1.2.3.4") for family in FAMILIES for port in (80, None, "domain") for type_, proto in ((0, 0), (0, 6), (0, 17), (STREAM, 0), (DGRAM, 0), (STREAM, 6), (DGRAM, 17)))
    ),
    "16 combinations that are refused": Trap(
        tuple(gai("v4.test", port, family, type_, proto, flags) for port in (80, None, "domain") for family, type_, proto, flags in (
            (0, STREAM, 17, 0), (0, DGRAM, 6, 0), (0, 99, 0, 0), (0, -1, 0, 0), (255, 0, 0, 0), (-1, 0, 0, 0), (16, 0, 0, 0), (1, 0, 0, 0),
            (0, 0, 0, 0x800), (0, 0, 0, 0x80000000), (0, 0, 0, -1), (0, 0, 0, 0x2000), (0, RAW, 0, 0), (0, RAW, 1, 0), (0, RAW, 58, 0),
            (0, SEQPACKET, 0, 0), (0, SEQPACKET, 132, 0), (0, 6, 0, 0), (0, 6, 33, 0), (0, 0, 33, 0), (0, 0, 132, 0), (0, 0, 136, 0), (0, DGRAM, 136, 0),
            (0, STREAM, 132, 0), (0, 0, 1, 0), (0, 0, 99, 0), (0, 0, -1, 0), (0, 4, 0, 0), (0, STREAM | 0x800, 0, 0), (INET6, 0, 0, ALL), (0, 0, 0, ALL), (0, 0, 0, MAPPED | ALL),
            (2**31, 0, 0, 0), (2**64, 0, 0, 0), (0, 2**31, 0, 0), (0, 0, 2**31, 0), (0, 0, 0, 2**31), (0, 0, 0, 2**64),
            ("2", 0, 0, 0), (None, 0, 0, 0), (0, None, 0, 0), (0, 0, "tcp", 0), (0, 0, 0, 1.0), (2.0, 0, 0, 0), (True, True, 0, 0), (0, 0, 0, True))),
    ),
    "17 rows are lists of tuples with enums": Trap(
        tuple(Call((host, port, *rest), function) for function in ("socket.getaddrinfo", "_socket.getaddrinfo") for host in ("api.example.com", "dual", "localhost", "::1", "nosuch.test") for port in (80, "http") for rest in ((), (0, 0), (socket.AF_INET, socket.SOCK_STREAM), (socket.AF_INET6, socket.SOCK_DGRAM, 17), (0, 0, 0, socket.AI_CANONNAME)))
        + tuple(Call(("api.example.com", 80), "socket.getaddrinfo", tuple(named.items())) for named in ({"family": 2}, {"type": 1}, {"proto": 6}, {"flags": 2}, {"family": 0, "type": 1, "proto": 6, "flags": 2}, {"nosuch": 1}, {"host": "x"}))
        + (Call((), options=(("host", "dual"), ("port", 80))), Call(("dual",)), Call(()), Call(("dual", 80, 0, 0, 0, 0, 0)), Call((), "_socket.getaddrinfo", (("host", "dual"), ("port", 80)))),
    ),
    "18 the canonical name stands in the first row": Trap(all_families("alias.test", "external", "api.example.com", "redis", "alias.test.", "redis.prod", "dangling.test", "hosts-only.test", "hosts-alias", "localhost", "1.2.3.4", "::1", flags=CANON)),
    "19 AI_V4MAPPED and AI_ALL": Trap(
        tuple(lookup(host, family, flags) for host in ("v4.test", "v6.test", "api.example.com", "alias.test", "redis", "dual", "nosuch.test", "text.test", "hosts-only.test", "six-only.test", "both.test", "a-servfail.test", "aaaa-servfail.test", "aaaa-nxdomain.test", "a-nxdomain.test", "servfail.test", "nodata-servfail.test", "no-addresses.quirk.test", "alias-one-family.quirk.test", "many.test") for family in FAMILIES for flags in (MAPPED, MAPPED | ALL, MAPPED | CANON, MAPPED | ALL | CANON, ALL))
    ),
    "20 AI_ADDRCONFIG looks at the pod's addresses": Trap(
        tuple(lookup(host, family, ADDRCONFIG | flags) for host in ("v4.test", "v6.test", "dual", "redis", "nosuch.test", "::1", "127.0.0.1", "localhost", "hosts-only.test", "six-only.test") for family in FAMILIES for flags in (0, CANON, MAPPED, MAPPED | ALL))
    ),
    "21 RFC 6724 orders, the wire orders what is equal": Trap(all_families("api.example.com", "api.example.com.", "dual", "many.test", "web", "both.test", "www.example.com")),
    "22 errors": Trap(all_families("nosuch.test", "nosuch", "below.test", "v6.test", "v4.test", "servfail.test", "refused.test", "notimp.test", "formerr.test", "servfail.test.", "refused.test.", "notimp.test.", "formerr.test.", "odd-rcode.quirk.test")),
    "23 one family fails": Trap(
        all_families("a-servfail.test", "aaaa-servfail.test", "aaaa-refused.test", "aaaa-formerr.test", "aaaa-nxdomain.test", "nodata-servfail.test", "a-nxdomain.test", "a-servfail.test.", "aaaa-servfail.test.", "nodata-servfail.test.")
    ),
    "24 truncated answers are asked for over TCP": Trap(all_families("many.test", "many.test.", "truncated.quirk.test", "truncated-always.quirk.test")),
    "25 the older functions": Trap(
        tuple(called(function, host) for function in ("gethostbyname", "gethostbyname_ex", "gethostbyaddr", "getfqdn") for host in ("v6.test", "", "<broadcast>", "alias.test", "v4.test", b"v4.test", "nosuch.test", "1.2.3.4", "127.1", "localhost", "hosts-alias", "redis", "::1", "servfail.test", "a..b", "café.test"))
        + (called("gethostbyname", "api.example.com")._replace(rotates=True), called("gethostbyname_ex", "api.example.com"), called("gethostbyname", 1), called("gethostbyname"), called("gethostbyaddr", "192.0.2.201"), called("gethostbyaddr", "203.0.113.9"), called("getnameinfo", ("127.0.0.1", 80), 0), called("getnameinfo", ("192.0.2.201", 22), 0), called("getnameinfo", ("203.0.113.9", 80), 8), called("getnameinfo", ("::1", 80, 0, 0), 3), called("getnameinfo", ("nosuch.test", 80), 0), called("getnameinfo", ("v4.test", 80), 0), called("getnameinfo", ("127.0.0.1", -1), 0), called("getnameinfo", ("127.0.0.1", None), 0)),
    ),
    "26 the search list with ndots:5": Trap(all_families("redis", "redis.prod", "v4.test", "web-0.web", "x.ns.svc.cluster.local", "redis.default.svc.cluster.local", "redis.default.svc.cluster.local.", "redis.", "redis.prod.svc", "ns.dns", "dns", "cluster.local", "svc", "prod", "default.svc", "a.b.a.svc", "1.2.3.4.5.6")),
    "27 failures in the search list": Trap(all_families("broken", "sick", "broken.", "broken.default", "nosuch.sick", "x.broken", "broken.default.svc", "sick.default.svc.cluster.local")),
    "27 names with enough dots are asked first": Trap(all_families("v4.test", "redis", "redis.prod", "broken", "sick", "servfail.test", "redis.default.svc.cluster.local", "default.svc.cluster.local"), options("ndots:1")),
    "27 ndots:0": Trap(all_families("v4.test", "redis", "redis.prod", "servfail.test", "sick", "test"), options("ndots:0")),
    "27 ndots:15": Trap(all_families("v4.test", "redis", "redis.default.svc.cluster.local", "servfail.test", "x.x.x.x.x.x.x"), options("ndots:15")),
    "28 the last search line counts": Trap(all_families("redis", "redis.prod", "v4", "v4.test"), World({"resolv.conf": "nameserver 127.0.0.1\nsearch test\nsearch default.svc.cluster.local\noptions ndots:2\n"})),
    "28 eight search domains": Trap(all_families("redis", "v4", "redis.default", "redis.default.svc", "nosuch"), options("ndots:3", "a.invalid b.invalid c.invalid d.invalid e.invalid f.invalid svc.cluster.local default.svc.cluster.local test")),
    "28 search with a dot": Trap(all_families("redis", "v4.test", "test", "servfail.test", "nosuch"), options("ndots:5", ".")),
    "28 a dot among the search domains": Trap(all_families("redis", "v4.test", "v4", "example.com", "nosuch", "servfail.test"), options("ndots:5", ". test default.svc.cluster.local")),
    "28 domain instead of search": Trap(all_families("v4", "redis", "v4.test"), World({"resolv.conf": "nameserver 127.0.0.1\ndomain test\n"})),
    "28 no search list": Trap(all_families("v4", "redis", "v4.test", "nosuch"), World({"resolv.conf": "nameserver 127.0.0.1\n"})),
    "28 unknown options": Trap(all_families("v4.test", "redis"), options("ndots:2 nosuch nosuch:3 debug inet6 ip6-bytestring")),
    "28 comments and odd blanks": Trap(all_families("v4", "redis"), World({"resolv.conf": "# x\n; y\nnameserver\t127.0.0.1   # z\n\n  search test\nsearch  \ttest\t default.svc.cluster.local \r\noptions\tndots:2\ttimeout:1\n"})),
    "28 a fourth name server is never asked": Trap(all_families("v4.test", "redis"), World({"resolv.conf": "nameserver 127.0.0.7\nnameserver 127.0.0.9\nnameserver 127.0.0.11\nnameserver 127.0.0.1\noptions timeout:1 attempts:1\n"})),
    "28 an empty file means 127.0.0.1": Trap(all_families("v4.test", "redis"), World({"resolv.conf": ""})),
    "28 no file means 127.0.0.1": Trap(all_families("v4.test", "redis"), World({"resolv.conf": None})),
    "29 RES_OPTIONS is added": Trap(all_families("v4.test", "redis", "redis.prod", "dual"), World({"hosts": HOSTS}, {"RES_OPTIONS": "ndots:1 attempts:1"})),
    "29 LOCALDOMAIN replaces the search list": Trap(all_families("v4", "redis", "v4.test", "redis.prod"), World({"hosts": HOSTS}, {"LOCALDOMAIN": "test example.com"})),
    "29 an empty LOCALDOMAIN": Trap(all_families("v4", "redis", "v4.test"), World({"hosts": HOSTS}, {"LOCALDOMAIN": ""})),
    "29 both, and HOSTALIASES": Trap(all_families("v4", "redis", "short"), World({"hosts": HOSTS, "aliases": "short v4.test\n"}, {"LOCALDOMAIN": "test", "RES_OPTIONS": "ndots:3", "HOSTALIASES": "/etc/aliases"})),
    "30 the first server refuses": Trap(all_families("v4.test", "redis", "nosuch"), World({"resolv.conf": SERVERS.format("127.0.0.9\nnameserver 127.0.0.1")})),
    "30 the first server is silent": Trap((lookup("v4.test."), lookup("nosuch.", INET)), World({"resolv.conf": SERVERS.format("127.0.0.8\nnameserver 127.0.0.1")})),
    "31 single-request": Trap(all_families("api.example.com", "redis", "nosuch", "aaaa-servfail.test"), options("ndots:5 single-request")),
    "31 single-request-reopen": Trap(all_families("api.example.com", "redis", "nosuch", "aaaa-servfail.test"), options("ndots:5 single-request-reopen")),
    "31 use-vc": Trap(all_families("api.example.com", "redis", "nosuch", "many.test"), options("ndots:5 use-vc")),
    "31 no-aaaa": Trap(all_families("api.example.com", "redis", "dual", "v6.test", "nosuch", "six-only.test", "both.test", "alias.test", "::1", flags=CANON), options("ndots:5 no-aaaa")),
    "31 edns0, trust-ad, rotate, no-check-names": Trap(all_families("api.example.com", "redis", "nosuch", "many.test"), options("ndots:5 edns0 trust-ad rotate no-check-names")),
    "31 no-tld-query": Trap(all_families("test", "redis", "v4.test", "nosuch"), options("ndots:0 no-tld-query")),
    "31 sortlist": Trap(all_families("api.example.com", "redis", "many.test"), World({"resolv.conf": resolv_conf() + "sortlist 198.51.100.0/24\n"})),
    "32 the hosts file comes first": Trap(all_families("hosts-only.test", "hosts-alias", "HOSTS-ALIAS", "hosts-too.test", "six-only.test", "both.test", "mixed.case.test", "Mixed.Case.Test", "redis", "own", "localhost", "ip6-localhost", "hosts-only", "hosts-alias.test")),
    "32 hosts file, multi off": Trap(all_families("hosts-only.test", "both.test", "v4.test"), World({"hosts": HOSTS, "host.conf": "multi off\n"})),
    "33 a trailing dot is part of a hosts name": Trap(all_families("hosts-only.test.", "dotted.test.", "dotted.test", "hosts-alias.", "localhost.")),
    "34 localhost is a name like any other": Trap(all_families("foo.localhost", "local.localhost", "localhost", "localhost.localdomain", "LOCALHOST"), World({"hosts": HOSTS})),
    "34 localhost without a hosts file": Trap(all_families("localhost", "v4.test", "redis"), World({"hosts": None})),
}  # fmt: skip
