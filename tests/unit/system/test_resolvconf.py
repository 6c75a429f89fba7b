from __future__ import annotations

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadydns.system.resolvconf import LOOPBACK, Nameserver, ResolvConf, parse
from tests.unit.system.resolvconf_rows import EKS, ROWS


def test_a_pod_of_kubernetes() -> None:
    """The file kubelet writes is read completely and without a warning."""
    assert parse(EKS, {}, "pod") == ResolvConf(
        nameservers=(Nameserver(socket.AF_INET, "10.100.0.10"),),
        search=(
            b"default.svc.cluster.local",
            b"svc.cluster.local",
            b"cluster.local",
            b"eu-west-1.compute.internal",
        ),
        ndots=5,
    )


def test_no_file_is_libcs_default() -> None:
    """Without a file, 127.0.0.1 is asked and the host name's domain is searched."""
    conf = parse(b"", {}, "pod.corp.example")
    assert conf.nameservers == (LOOPBACK,)
    assert conf.search == (b"corp.example",)
    assert (conf.ndots, conf.timeout, conf.attempts) == (1, 5, 2)


def test_environment_comes_last() -> None:
    """LOCALDOMAIN replaces the search list, RES_OPTIONS overrides the options."""
    conf = parse(EKS, {"LOCALDOMAIN": "env.test", "RES_OPTIONS": "ndots:2 use-vc"}, "pod")
    assert (conf.search, conf.ndots, conf.use_vc) == ((b"env.test",), 2, True)


def test_root_in_the_search_list() -> None:
    """A single dot stands for the root and becomes the empty domain."""
    assert parse(b"search . one.test.\n", {}, "pod").search == (b"", b"one.test")


def test_no_limit_on_search_domains() -> None:
    """All domains are kept; glibc has had no limit of six since 2.26."""
    domains = [b"d%d.test" % number for number in range(32)]
    assert parse(b"search " + b" ".join(domains), {}, "pod").search == tuple(domains)


@pytest.mark.parametrize(
    ("text", "warning"),
    [
        (b"\nnameserver dns.test\n", "line 2: nameserver 'dns.test': not an IPv4 or IPv6 address; ignored"),
        (b"nameserver 10.0.0.1\n" * 4, "line 4: nameserver '10.0.0.1': libc uses the first 3 only"),
        (b"options ndots:x\n", "line 1: option 'ndots:' without a number; libc takes 0"),
        (b"options fast\n", "line 1: unknown option 'fast'; ignored"),
        (b"server 1\n", "line 1: 'server 1': not a resolv.conf keyword followed by a blank; ignored"),
        (b"\xff\xfe\n", "line 1: '\\\\xff\\\\xfe': not a resolv.conf keyword followed by a blank; ignored"),
    ],
)
def test_what_libc_skips_is_a_warning(text: bytes, warning: str) -> None:
    """What libc skips without a word is told with its line number."""
    assert parse(text, {}, "pod").warnings == (warning,)


def test_environment_is_named_in_warnings() -> None:
    """A bad option from the environment is told as such."""
    conf = parse(b"", {"RES_OPTIONS": "fast"}, "pod")
    assert conf.warnings == ("RES_OPTIONS: unknown option 'fast'; ignored",)
    assert conf.unknown_options == ("fast",)


@pytest.mark.parametrize("row", ["eks", "node_local", "all_flags", "missing", "only_comments", "six_domains"])
def test_good_files_give_no_warning(row: str) -> None:
    """A file without mistakes is read without a warning."""
    text, environ, hostname = ROWS[row]
    assert parse(text or b"", environ, hostname).warnings == ()


def test_sockaddr_is_what_a_socket_takes() -> None:
    """A nameserver turns into a socket address of its family, scope included."""
    assert Nameserver(socket.AF_INET, "10.0.0.1").sockaddr() == ("10.0.0.1", 53)
    assert Nameserver(socket.AF_INET6, "fe80::1", 3).sockaddr(5353) == ("fe80::1", 5353, 0, 3)


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=40),
            st.tuples(
                st.sampled_from([b"nameserver ", b"search ", b"domain\t", b"options ", b"sortlist "]),
                st.binary(max_size=40),
            ).map(b"".join),
        ),
        max_size=8,
    ).map(b"\n".join)
)
def test_no_text_raises(text: bytes) -> None:
    """Whatever the file says, there is a configuration with a server to ask and sane numbers."""
    conf = parse(text, {}, "pod")
    assert 1 <= len(conf.nameservers) <= 3
    assert 0 <= conf.ndots <= 15
    assert 1 <= conf.timeout <= 30
    assert 0 <= conf.attempts <= 5
