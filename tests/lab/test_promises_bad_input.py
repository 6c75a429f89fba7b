"""What steadydns promises when the pod's files or environment are wrong: stock's answers, a warning, no exception."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.lab import builds
from tests.lab.client import Client, failed, slowest
from tests.lab.namespaces import ETC_NETNS
from tests.lab.pod import SEARCH
from tests.lab.servers import HERE, Server
from tests.lab.topology import SERVICE_ADDRESS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.lab.client import Lookup
    from tests.lab.pod import Pod

pytestmark = pytest.mark.lab

OURS = "steadydns.auto"
NAMES = ("redis", "redis.prod", "www.example.com", "nosuch", "pod", "localhost", "dual", "v4only.example.com")


def side_by_side(
    pod: Pod, prefix: Sequence[str] = (), env: dict[str, str] | None = None
) -> tuple[list[Lookup], str]:
    """Our lookups of NAMES, all as stock's, and what steadydns wrote to standard error."""
    with Client(pod, OURS, env, prefix) as ours, Client(pod, None, env, prefix) as stock:
        lookups, peers = ours.look_up(*NAMES), stock.look_up(*NAMES)
        errors = ours.errors
        assert ours.stats()["fallbacks"].get("error", 0) == 0
    assert [lookup.outcome for lookup in lookups] == [peer.outcome for peer in peers]
    return lookups, errors


RESOLV_CONFS = {
    "options": f"nameserver {SERVICE_ADDRESS}\nsearch {SEARCH}\noptions ndots:abc timeout: bogus:7 :\n",
    "attempts": f"nameserver {SERVICE_ADDRESS}\nsearch {SEARCH}\noptions ndots:5 attempts:-1\n",
    "nameservers": f"nameserver no-address\nnameserver\nnameserver {SERVICE_ADDRESS}\nsearch {SEARCH}\n",
    "words": f"nameserver {SERVICE_ADDRESS} trailing words\n  search indented.example\nsearch {SEARCH}\nfrobnicate\n",
    "bytes": f"\x01\x02 \xff\xfe\nnameserver {SERVICE_ADDRESS}\n;comment\nsearch {SEARCH}\n#comment\noptions \xe9\n",
    "long": f"nameserver {SERVICE_ADDRESS}\nsearch {SEARCH} "
    + "domain.example " * 30
    + "\noptions ndots:5\n",
    "huge": f"nameserver {SERVICE_ADDRESS}\nsearch {SEARCH}\noptions ndots:99999999999999999999",
    "empty": f"\x00nameserver 192.0.2.1\nnameserver {SERVICE_ADDRESS}\nsearch\noptions\n",
}


@pytest.mark.parametrize("lines", RESOLV_CONFS.values(), ids=RESOLV_CONFS)
def test_malformed_resolv_conf(pod: Pod, lines: str) -> None:
    """Lines that resolv.conf(5) does not allow are read as glibc reads them, and raise nothing."""
    pod.write("resolv.conf", lines)
    _, errors = side_by_side(pod)
    assert "Traceback" not in errors


@pytest.mark.parametrize("option", ["ndots:x", "timeout", "ndots:5 nosuchoption", "attempts:0", "\xe9"])
def test_malformed_res_options(pod: Pod, option: str) -> None:
    """What RES_OPTIONS should not hold is read as glibc reads it, and raises nothing."""
    _, errors = side_by_side(pod, env={"RES_OPTIONS": option})
    assert "Traceback" not in errors


def test_unreadable_hosts_file(pod: Pod) -> None:
    """A hosts file that may not be read is as one that is not there, for us as for glibc: the servers answer."""
    hosts = ETC_NETNS / pod.namespace / "hosts"
    hosts.chmod(0)
    try:
        # Root reads every file but for these two capabilities.
        lookups, errors = side_by_side(pod, ["setpriv", "--bounding-set", "-dac_override,-dac_read_search"])
    finally:
        hosts.chmod(0o644)
    assert "Traceback" not in errors
    by_name = {lookup.name: lookup for lookup in lookups}
    assert failed([by_name["redis"], by_name["www.example.com"]]) == []
    assert by_name["pod"].error  # stands in the hosts file only


def test_malformed_hosts_file(pod: Pod) -> None:
    """Lines of the hosts file that mean nothing are passed over, and what stands between them counts."""
    pod.write(
        "hosts",
        "not-an-address redis\n192.0.2.300 pod\n\x00\x01\xff\n127.0.0.1\n192.0.2.77 pod # x\n" + "y" * 9000,
    )
    lookups, errors = side_by_side(pod)
    assert "Traceback" not in errors
    assert {lookup.name: lookup.addresses for lookup in lookups}["pod"] == ["192.0.2.77"]


def without_resolv_conf(folder: Path) -> list[str]:
    """A command prefix: /etc is the pod's, without resolv.conf and the machine's own other files."""
    keep = "hosts nsswitch.conf gai.conf host.conf services protocols passwd ld.so.cache localtime"
    script = (
        f'for f in {keep}; do [ -e /etc/$f ] && cp -L /etc/$f "$0"/; done; mount --bind "$0" /etc; exec "$@"'
    )
    return ["unshare", "--mount", "sh", "-c", script, str(folder)]


def test_missing_resolv_conf_is_refused_at_once(pod: Pod, tmp_path: Path) -> None:
    """Without resolv.conf 127.0.0.1 is asked, as libc does; where nothing listens there, the error is libc's too."""
    lookups, errors = side_by_side(pod, without_resolv_conf(tmp_path))
    assert "Traceback" not in errors
    assert slowest(lookups) < 5
    assert {lookup.name for lookup in lookups if not lookup.error} == {"localhost", "pod"}


def test_missing_resolv_conf_asks_the_loopback(pod: Pod, tmp_path: Path) -> None:
    """Without resolv.conf a server on 127.0.0.1 is the one that answers."""
    etc = tmp_path / "etc"
    etc.mkdir()
    corefile = f".:53 {{\n ready :8181\n file {HERE}/zones/example.com.zone example.com\n}}\n"
    server = Server("loopback", pod.namespace, "127.0.0.1", corefile, tmp_path)
    try:
        server.start(builds.coredns())
        server.wait_until_ready()
        lookups, errors = side_by_side(pod, without_resolv_conf(etc))
    finally:
        server.stop()
    assert "Traceback" not in errors
    assert {lookup.name for lookup in lookups if not lookup.error} >= {
        "www.example.com",
        "v4only.example.com",
    }


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("STEADYDNS_DEADLINE", "5m"),
        ("STEADYDNS_FIRST_RETRY", "-1"),
        ("STEADYDNS_TRANSPORT", "pigeon"),
        ("STEADYDNS_NODE_LOCAL", "169.254.20.10:53"),
        ("STEADYDNS_CACHE_MAX_ENTRIES", "many"),
        ("STEADYDNS_EXTERNAL_SUFFIXES", "exa mple..com"),
        ("STEADYDNS_HOOKS", "no-such-hook"),
        ("STEADYDNS_NO_SUCH_KNOB", "1"),
    ],
)
def test_impossible_environment_value(pod: Pod, variable: str, value: str) -> None:
    """A value that a knob cannot have gives one warning that names the variable, and everything works."""
    _, errors = side_by_side(pod, env={variable: value})
    assert errors.count(variable) == 1
    assert repr(value) in errors
    assert "Traceback" not in errors
