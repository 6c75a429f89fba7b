"""What configures a pod's resolver, in every corner case: files, environment, addresses and routes, beside libc."""

from __future__ import annotations

import itertools
import socket
from typing import TYPE_CHECKING

import pytest

from tests.contract.call import Call, World, lookup
from tests.contract.cases import settings
from tests.contract.cases.reverse import REVERSE_ZONE
from tests.contract.cases.zone import HOSTS, ZONE
from tests.contract.names import Records, Zone
from tests.contract.pods import LINKS, alone
from tests.contract.session import Session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.contract.session import ServerProcess
    from tests.lab.pod import Pod

pytestmark = pytest.mark.lab

INET, INET6 = int(socket.AF_INET), int(socket.AF_INET6)
ADDRCONFIG, V4MAPPED, ALL = int(socket.AI_ADDRCONFIG), int(socket.AI_V4MAPPED), int(socket.AI_ALL)


@pytest.fixture(scope="module")
def pod(request: pytest.FixtureRequest) -> Iterator[Pod]:
    """A pod whose only other address is the link-local one of its loopback."""
    request.getfixturevalue("lab_node")  # the lab's requirements, demanded or skipped in one place
    with alone(REVERSE_ZONE, ["addr add fe80::53/64 dev lo", *LINKS, "addr add 10.1.0.2/24 dev up0"]) as one:
        yield one


@pytest.fixture
def begin(pod: Pod) -> Iterator[Callable[..., Session]]:
    """Begin sessions in that pod: `begin(world)`."""
    begun: list[Session] = []

    def one(files: dict[str, str | None], environ: dict[str, str] | None = None) -> Session:
        defaults = {"resolv.conf": settings.CLUSTER, "nsswitch.conf": "hosts: files dns\n", "hosts": HOSTS}
        begun.append(Session(pod, World({**defaults, **files}, environ or {})))
        return begun[-1]

    yield one
    for session in begun:
        session.close()


def check_each(session: Session, name: str, texts: dict[str, str | None], calls: list[Call]) -> None:
    """Compare the calls with each text of a file; fail with the first difference of each."""
    found = []
    for label, text in texts.items():
        session.rewrite(**{name: text})
        differs = session.differences(calls)
        if differs:
            found.append(f"[{label}] {len(differs)} differences, the first is {differs[0]}")
    assert not found, "\n".join(found)


def test_texts_of_resolv_conf(begin: Callable[..., Session]) -> None:
    """Search lines, name servers and malformed texts of every kind are taken as libc takes them."""
    check_each(begin({}), "resolv_conf", dict(settings.RESOLV_CONF), settings.calls(settings.NAMES))


def test_options_of_resolv_conf(begin: Callable[..., Session]) -> None:
    """Every option, known, malformed or unknown, is taken as libc takes it."""
    base = settings.SERVER + settings.SEARCH + "options timeout:1 attempts:1\n"
    texts = {
        f"options {option}": f"{base}options {option}\n"
        for option in settings.OPTIONS
        if option not in settings.FINAL
    }
    check_each(begin({}), "resolv_conf", dict(texts), settings.calls(settings.NAMES))


@pytest.mark.parametrize(
    "search", ["search .\n", "search default.svc.cluster.local svc.cluster.local\nsearch .\n"]
)
def test_the_root_as_search_domain(search: str, begin: Callable[..., Session]) -> None:
    """With every number of dots, `search .` asks what libc asks."""
    texts = {
        f"ndots:{n}": f"{settings.SERVER}{search}options ndots:{n} attempts:1 timeout:1\n" for n in range(5)
    }
    check_each(begin({}), "resolv_conf", dict(texts), settings.calls(settings.NAMES))


@pytest.mark.parametrize("options", settings.OPTIONS)
def test_res_options(options: str, begin: Callable[..., Session]) -> None:
    """RES_OPTIONS adds to, and overrides, what resolv.conf says, in a process that has it from the start."""
    conf = settings.CLUSTER if "attempts" in options else settings.CLUSTER.replace(" attempts:1", "")
    begin({"resolv.conf": conf}, {"RES_OPTIONS": options}).check(settings.calls(settings.FEW))


@pytest.mark.parametrize("domain", settings.LOCALDOMAINS)
def test_localdomain(domain: str, begin: Callable[..., Session]) -> None:
    """LOCALDOMAIN takes the place of every search line, in a process that has it from the start."""
    begin({}, {"LOCALDOMAIN": domain}).check(settings.calls(settings.FEW))


def test_resolv_conf_changes_while_running(begin: Callable[..., Session]) -> None:
    """A process goes by the present text, also when the file goes away and comes back."""
    session = begin({})
    for text in (settings.CLUSTER, None, f"{settings.SERVER}search example.com\n", "", settings.CLUSTER):
        session.rewrite(resolv_conf=text)
        session.check(settings.calls(("redis", "www", "nosuch")))


def test_orders_of_nsswitch(begin: Callable[..., Session]) -> None:
    """Every order of sources, and every action, known or not, leads to libc's answer, names of addresses included."""
    calls = [
        *(lookup(name, family) for name in settings.NSS_NAMES for family in settings.FAMILIES),
        *(Call((name,), "socket.gethostbyname_ex") for name in settings.NSS_NAMES),
        *(Call(((address, 80), 0), "socket.getnameinfo") for address in settings.NSS_ADDRESSES),
    ]
    texts = {str(text): None if text is None else f"{text}\n" for text in settings.NSSWITCH}
    check_each(begin({}), "nsswitch_conf", texts, calls)


def test_a_source_behind_dns(begin: Callable[..., Session]) -> None:
    """What DNS does not know is libc's to answer, which raises a second audit event (docs/differences.md)."""
    calls = [
        *(lookup(name, family) for name in settings.NSS_NAMES for family in settings.FAMILIES),
        *(Call((name,), "socket.gethostbyname_ex") for name in settings.NSS_NAMES),
        *(Call(((address, 80), 0), "socket.getnameinfo") for address in settings.NSS_ADDRESSES),
    ]
    session = begin({"nsswitch.conf": "hosts: files dns myhostname\n"})
    stock, ours = session.stock(calls), session.ours(calls, "cold")["cold"]
    assert [one[:2] for one in ours] == [one[:2] for one in stock]


def test_texts_of_the_hosts_file(begin: Callable[..., Session]) -> None:
    """Line ends, blanks, comments, repeated, malformed and long lines are read as libc reads them, both ways."""
    calls = [
        *(lookup(name, family, flags) for name in settings.HOSTS_NAMES for family, flags in (
            (0, 0), (0, settings.CANONNAME), (INET, 0), (INET, settings.CANONNAME), (INET6, 0), (INET6, V4MAPPED),
            (INET6, V4MAPPED | ALL),
        )),
        *(Call((name,), f"socket.{function}") for name in settings.HOSTS_NAMES
          for function in ("gethostbyname", "gethostbyname_ex", "gethostbyaddr")),
        *(Call(((address, 80), 0), "socket.getnameinfo") for address in settings.HOSTS_ADDRESSES),
    ]  # fmt: skip
    check_each(begin({}), "hosts", dict(settings.HOSTS), calls)


def test_addresses_of_the_hosts_file(begin: Callable[..., Session]) -> None:
    """What an address is called comes from the hosts file where that has it, and from DNS where not."""
    session = begin({})
    found = []
    for label, text in settings.HOSTS.items():
        session.rewrite(hosts=text)
        # An address without a name leaves a number that depends on the thread's past: only names are compared.
        asked = [Call((one,), "socket.gethostbyaddr") for one in settings.HOSTS_ADDRESSES]
        known = [
            call for call, stock in zip(asked, session.stock(asked), strict=True) if stock.kind == "returned"
        ]
        found += [f"[{label}] {one}" for one in session.differences(known)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("text", settings.GAI_CONF)
def test_texts_of_gai_conf(text: str | None, request: pytest.FixtureRequest) -> None:
    """Labels, precedences and scopes sort addresses as libc sorts them, in a process that has them from the start."""
    request.getfixturevalue("lab_node")
    dual: Pod = request.getfixturevalue("dual")
    with Session(dual, World({**FILES, "gai.conf": text})) as session:
        session.check([lookup(name, family) for name in ORDERED for family in settings.FAMILIES])


def test_a_server_that_fails_before_one_that_answers(
    sessions: Callable[[World], Session], own_server: ServerProcess
) -> None:
    """Over UDP glibc asks the next server after a failure; over TCP it takes it for final, and asks nobody else."""
    own_server.serve(Zone({f"{rcode}.test": Records(("192.0.2.1",), sick=rcode) for rcode in (1, 2, 4, 5)}))
    calls = [
        lookup(f"{rcode}.test{dot}", family, flags)
        for rcode in (1, 2, 4, 5)
        for dot in ("", ".")
        for family in settings.FAMILIES
        for flags in (0, settings.CANONNAME)
    ]
    for options in ("", "use-vc", "use-vc single-request", "use-vc attempts:3"):
        conf = f"nameserver 127.0.0.1\nnameserver ::1\nsearch test\noptions timeout:1 {options}\n"
        session = sessions(World({"resolv.conf": conf}))
        if "rotate" not in options:
            session.check(calls)
        for call in calls[::3] if "use-vc" in options else ():
            own_server.count()
            session.stock([call])
            theirs = own_server.log()
            session.ours([call], "cold")
            assert own_server.count() <= len(theirs), (str(call), theirs, options)
    own_server.serve(ZONE)


def test_a_failure_is_asked_again_no_more_often(
    sessions: Callable[[World], Session], own_server: ServerProcess
) -> None:
    """A server that answers with a failure is asked as often as glibc asks it, attempts and servers counted."""
    found = []
    for servers in ("nameserver 127.0.0.1\n", "nameserver 127.0.0.1\nnameserver ::1\n"):
        for options in ("", "attempts:1", "attempts:3", "single-request", "edns0", "use-vc"):
            conf = f"{servers}options ndots:1 timeout:1 {options}\n"
            for transport in ("auto", "udp"):
                session = sessions(World({"resolv.conf": conf}, {}, {"transport": transport}))
                for name, family in itertools.product(FAILING, settings.FAMILIES):
                    if transport == "udp" and name == "formerr.test.":
                        continue  # once more without EDNS, by which a server is asked plainly from then on
                    call = lookup(name, family)
                    own_server.count()
                    session.stock([call])
                    theirs = own_server.log()
                    session.ours([call], "cold")
                    mine = own_server.log()
                    # Over TCP both questions leave at once, and just the first one is asked again.
                    if len(mine) > len(theirs) + (options == "single-request" and transport == "auto"):
                        found.append(f"{call} {options!r} {transport}: glibc {len(theirs)}, steadydns {mine}")
    assert not found, "\n".join(found)


FAILING = ("servfail.test.", "notimp.test.", "refused.test.", "formerr.test.", "a-servfail.test.",
           "aaaa-servfail.test.", "nodata-servfail.test.")  # fmt: skip

FILES = {"resolv.conf": settings.CLUSTER, "nsswitch.conf": "hosts: files dns\n", "hosts": HOSTS}

# Destinations of every kind, in orders that sorting changes, or must not.
ORDERED = {
    "mixed.test": Records(("192.0.2.1", "198.51.100.1", "10.1.0.9"), ("2001:db8:1::1", "2001:db8:2::1", "fd00:1::9")),
    "near.test": Records(("10.1.0.9", "10.2.0.9", "10.1.0.1"), ("2001:db8:1::9", "2001:db8:1:0:8000::1")),
    "far.test": Records(("203.0.113.1", "192.0.2.1"), ("2001:db8:ffff::1", "2a00::1")),
    "scopes.test": Records(("169.254.1.1", "127.0.0.1", "192.0.2.1"), ("fe80::9", "fec0::9", "fd00:1::9", "::1")),
    "tunnels.test": Records(("192.0.2.1",), ("2002:c000:201::1", "2001::1", "::192.0.2.1", "2001:db8:1::1")),
    "multicast.test": Records(("224.0.0.1", "192.0.2.1"), ("ff02::1", "ff0e::1", "2001:db8:1::1")),
    "unreachable.test": Records(("240.0.0.1", "192.0.2.1"), ("2001:db8:dead::1", "2001:db8:1::1")),
    "mapped.test": Records(("192.0.2.1",), ("::ffff:192.0.2.2", "::ffff:10.1.0.9", "2001:db8:1::1")),
    "four.test": Records(("192.0.2.3", "192.0.2.1", "192.0.2.2", "198.51.100.9")),
    "six.test": Records((), ("2001:db8:2::3", "2001:db8:1::1", "2001:db8:2::2")),
}  # fmt: skip

V4 = ("addr add 10.1.0.2/24 dev up0",)
V4_ROUTE = ("route add default via 10.1.0.1 dev up0",)
V6 = ("addr add 2001:db8:1::2/64 dev up0 nodad",)
V6_ROUTE = ("route add default via 2001:db8:1::ffff dev up0",)
LINK_LOCAL = ("addr add fe80::2/64 dev up0 nodad",)

PODS = {
    "nothing but loopback": (),
    "no address": LINKS,
    "IPv4": (*LINKS, *V4, *V4_ROUTE),
    "IPv4 without a default route": (*LINKS, *V4),
    "IPv4 with a link-local IPv6 address": (*LINKS, *V4, *V4_ROUTE, *LINK_LOCAL),
    "link-local IPv6 alone": (*LINKS, *LINK_LOCAL),
    "IPv6": (*LINKS, *V6, *V6_ROUTE),
    "IPv6 without a default route": (*LINKS, *V6),
    "dual stack": (*LINKS, *V4, *V4_ROUTE, *V6, *V6_ROUTE),
    "dual stack, no IPv6 route": (*LINKS, *V4, *V4_ROUTE, *V6),
    "dual stack, no IPv4 route": (*LINKS, *V4, *V6, *V6_ROUTE),
    "dual stack, unique local IPv6": (*LINKS, *V4, *V4_ROUTE, "addr add fd00:1::2/64 dev up0 nodad",
                                      "route add default via fd00:1::ffff dev up0"),
    "dual stack, deprecated IPv6": (*LINKS, *V4, *V4_ROUTE,
                                    "addr add 2001:db8:1::2/64 dev up0 nodad preferred_lft 0", *V6_ROUTE),
    "two prefixes of each": (*LINKS, *V4, "addr add 10.2.0.2/16 dev up0", *V4_ROUTE, *V6,
                             "addr add 2001:db8:2::2/48 dev up0 nodad", *V6_ROUTE),
    "prohibited routes": (*LINKS, *V4, *V4_ROUTE, *V6, *V6_ROUTE, "route add prohibit 198.51.100.0/24",
                          "route add blackhole 203.0.113.0/24", "route add unreachable 2001:db8:dead::/48"),
    "IPv4 public, IPv6 6to4": (*LINKS, "addr add 192.0.2.77/24 dev up0", "addr add 2002:c000:24d::2/64 dev up0 nodad",
                               "route add default via 192.0.2.254 dev up0",
                               "route add default via 2002:c000:24d::ffff dev up0"),
    "link-local IPv4": (*LINKS, "addr add 169.254.7.7/16 dev up0 scope link", *V6, *V6_ROUTE),
    "an address on loopback": (*LINKS, "addr add 10.9.9.9/32 dev lo", "addr add 2001:db8:9::9/128 dev lo nodad"),
    "links down": (*LINKS, *V4, *V4_ROUTE, *V6, *V6_ROUTE, "link set up0 down"),
}  # fmt: skip


@pytest.fixture(scope="module")
def dual(request: pytest.FixtureRequest) -> Iterator[Pod]:
    """The pod of the tests of gai.conf."""
    request.getfixturevalue("lab_node")
    with alone(Zone({**ZONE.nodes, **ORDERED}), PODS["two prefixes of each"]) as one:
        yield one


@pytest.mark.parametrize("kind", PODS)
def test_pods(kind: str, lab_node: object) -> None:
    """In pods with addresses and routes of every kind, AI_ADDRCONFIG and the order of addresses are libc's."""
    flags = (0, ADDRCONFIG, ADDRCONFIG | V4MAPPED, V4MAPPED | ALL, ADDRCONFIG | settings.CANONNAME)
    names = (
        *ORDERED,
        "redis",
        "dual",
        "v4.test",
        "v6.test",
        "localhost",
        "both.test",
        "six-only.test",
        "nosuch",
    )
    calls = [
        *(lookup(name, family, flag) for name in names for family in settings.FAMILIES for flag in flags),
        *(Call((one,), "socket.gethostbyname") for one in ("redis", "v6.test", "localhost")),
        *(
            lookup(one, family, ADDRCONFIG)
            for one in ("127.0.0.1", "::1", "192.0.2.1")
            for family in settings.FAMILIES
        ),
    ]
    with alone(Zone({**ZONE.nodes, **ORDERED}), PODS[kind]) as pod, Session(pod, World(FILES)) as session:
        session.check(calls)


def test_addresses_come_and_go(lab_node: object) -> None:
    """A pod that gets IPv6, or loses it, is looked at anew by calls with AI_ADDRCONFIG, and so are its routes."""
    from tests.lab import namespaces

    calls = [lookup(name, family, flag) for name in ("mixed.test", "dual") for family in settings.FAMILIES
             for flag in (0, ADDRCONFIG)]  # fmt: skip
    zone = Zone({**ZONE.nodes, **ORDERED})
    with alone(zone, PODS["IPv4"]) as pod, Session(pod, World(FILES)) as session:
        session.check(calls)
        namespaces.ip_batch(pod.namespace, [*V6, *V6_ROUTE])
        session.check(calls)
        namespaces.ip_batch(pod.namespace, ["addr del 10.1.0.2/24 dev up0"])
        session.check(calls)
        namespaces.ip_batch(pod.namespace, ["link set up0 down"])
        session.check(calls)
