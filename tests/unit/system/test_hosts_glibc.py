"""/etc/hosts against the real libc, which has nothing but this file to ask."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from steadydns.system.hosts import parse
from tests.unit.system import namespace
from tests.unit.system.hosts_rows import HOSTS, NAMES

pytestmark = pytest.mark.lab

FAMILIES = (socket.AF_UNSPEC, socket.AF_INET, socket.AF_INET6)
# Without "multi on" glibc stops at the first line; with it, it reads on.
HOST_CONFS = ("multi on\n", "multi off\n", None)


@pytest.fixture(scope="module")
def of_glibc() -> dict[tuple[str | None, bytes, int], Any]:
    """Whether glibc found each name, by (host.conf, name, family)."""
    queries = [(name, family) for name in NAMES for family in FAMILIES]
    asked = [(name.decode("latin-1"), int(family)) for name, family in queries]
    request = [{"text": HOSTS.decode("latin-1"), "host_conf": conf, "queries": asked} for conf in HOST_CONFS]
    answers = namespace.run("tests/unit/system/glibc_probe.py", request, "hosts")
    return {
        (conf, *query): answer
        for conf, row in zip(HOST_CONFS, answers, strict=True)
        for query, answer in zip(queries, row, strict=True)
    }


@pytest.mark.parametrize("conf", HOST_CONFS)
@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("name", NAMES, ids=lambda name: repr(name[:24]))
def test_answers_what_glibc_answers(
    name: bytes, family: int, conf: str | None, of_glibc: dict[tuple[str | None, bytes, int], Any]
) -> None:
    """The file answers a name for a family exactly when glibc finds it there."""
    assert parse(HOSTS).answers(name, family) == (of_glibc[conf, name, family] is not None)


def test_glibc_maps_addresses_as_documented(of_glibc: dict[tuple[str | None, bytes, int], Any]) -> None:
    """The reason for the IPv4 answers of ::1 and mapped addresses still holds: glibc turns them into IPv4."""
    assert of_glibc["multi on\n", b"loopback6.test", socket.AF_INET] == ["127.0.0.1"]
    assert of_glibc["multi on\n", b"mapped.test", socket.AF_INET] == ["10.0.0.22"]
    assert of_glibc["multi on\n", b"v4.test", socket.AF_INET6] is None
