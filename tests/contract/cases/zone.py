"""What the server of the contract's pods knows: a cluster, a bit of the world, and every odd answer."""

from __future__ import annotations

from tests.contract.names import QUIRKS, Records, Zone

SERVFAIL, NOTIMP, REFUSED, FORMERR, NXDOMAIN = 2, 4, 5, 1, 3

MANY = tuple(f"192.0.2.{number}" for number in range(100, 160))

ZONE = Zone(
    {
        # the cluster
        "redis.default.svc.cluster.local": Records(("10.96.0.20",)),
        "redis.prod.svc.cluster.local": Records(("10.96.0.21",)),
        "dual.default.svc.cluster.local": Records(("10.96.0.22",), ("fd00:10:96::22",)),
        "web.default.svc.cluster.local": Records(("10.244.3.13", "10.244.3.10", "10.244.3.12")),
        "web-0.web.default.svc.cluster.local": Records(("10.244.3.10",)),
        "external.default.svc.cluster.local": Records(alias="www.example.com"),
        "ns.dns.cluster.local": Records(("10.96.0.10",)),
        "xn--caf-dma.default.svc.cluster.local": Records(("10.96.0.23",)),
        # the world
        "example.com": Records(("192.0.2.1",), ("2001:db8::1",)),
        "www.example.com": Records(("192.0.2.10",), ("2001:db8::10",)),
        "api.example.com": Records(
            ("192.0.2.11", "192.0.2.9", "198.51.100.3"), ("2001:db8::11", "2001:db8::9")
        ),
        "v4.test": Records(("192.0.2.4",)),
        "v6.test": Records((), ("2001:db8::6",)),
        "many.test": Records(MANY),
        "under_score.test": Records(("192.0.2.5",)),
        "_sip._tcp.test": Records(("192.0.2.6",)),
        "xn--caf-dma.test": Records(("192.0.2.7",)),
        "1.2.3.4": Records(("192.0.2.8",)),
        "1.2.3.400": Records(("192.0.2.12",)),
        "*.wild.test": Records(("192.0.2.13",), ("2001:db8::13",)),
        "empty.below.test": Records(("192.0.2.14",)),
        "local.localhost": Records(("192.0.2.15",)),
        f"{'l' * 63}.test": Records(("192.0.2.16",)),
        ".".join(["l" * 61] * 3 + ["l" * 62, "tt"]): Records(("192.0.2.17",)),
        "alias.test": Records(alias="alias2.test"),
        "alias2.test": Records(alias="Target.Example.com"),
        "target.example.com": Records(("192.0.2.18",), ("2001:db8::18",)),
        "dangling.test": Records(alias="nowhere.test"),
        "hosts-too.test": Records(("192.0.2.99",), ("2001:db8::99",)),
        # failures: one family, the other, both; before and behind a search domain
        "servfail.test": Records(rcode=SERVFAIL),
        "refused.test": Records(rcode=REFUSED),
        "notimp.test": Records(rcode=NOTIMP),
        "formerr.test": Records(rcode=FORMERR),
        "a-servfail.test": Records((), ("2001:db8::21",), rcode=SERVFAIL, rcode_aaaa=0),
        "aaaa-servfail.test": Records(("192.0.2.22",), rcode_aaaa=SERVFAIL),
        "aaaa-refused.test": Records(("192.0.2.23",), rcode_aaaa=REFUSED),
        "aaaa-formerr.test": Records(("192.0.2.24",), rcode_aaaa=FORMERR),
        "aaaa-nxdomain.test": Records(("192.0.2.25",), rcode_aaaa=NXDOMAIN),
        "nodata-servfail.test": Records(rcode_aaaa=SERVFAIL),
        "a-nxdomain.test": Records((), ("2001:db8::26",), rcode=NXDOMAIN, rcode_aaaa=0),
        "broken.default.svc.cluster.local": Records(rcode=SERVFAIL),
        "broken.svc.cluster.local": Records(("10.96.0.30",)),
        "sick.default.svc.cluster.local": Records(rcode=SERVFAIL),
        # the octets themselves
        **{
            f"{quirk}.quirk.test": Records(
                ("192.0.2.41", "192.0.2.40"), ("2001:db8::41", "2001:db8::40"), quirk=quirk
            )
            for quirk in QUIRKS
        },
    }
)

HOSTS = """\
127.0.0.1 localhost
::1 localhost ip6-localhost ip6-loopback
10.244.1.10 own
192.0.2.201 hosts-only.test hosts-alias
192.0.2.202 hosts-only.test
192.0.2.203 hosts-too.test
2001:db8::201 six-only.test
192.0.2.204 Mixed.Case.Test
192.0.2.205 dotted.test.
192.0.2.206 both.test
2001:db8::206 both.test
192.0.2.207 redis
"""
