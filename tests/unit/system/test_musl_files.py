"""The musl profile against a program linked with the real musl, and what of it needs no musl to be told."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
from pathlib import Path
from typing import Any

import pytest

from steadydns.system import musl_files as musl
from steadydns.system.pod import libc
from tests.unit.system import namespace
from tests.unit.system.hosts_rows import HOSTS, NAMES
from tests.unit.system.resolvconf_rows import ROWS

FAMILIES = (socket.AF_UNSPEC, socket.AF_INET, socket.AF_INET6)
FROM_DNS = ("192.0.2.53", "2001:db8::53")
# Names that DNS can carry, so that the server's answer tells when the file gave none.
QUERIES = [(name, family) for name in NAMES if re.fullmatch(rb"[\w.-]{1,60}", name) for family in FAMILIES]
MORE_ROWS = {
    "keyword_anywhere": b"options xndots:3 timeout:.5 timeout:7 attempts:x attempts:4\n",
    "musl_caps": b"options ndots:99 timeout:99 attempts:99\n",
    "blank_kinds": b"nameserver\v10.0.0.1\r\nsearch\tone.test\ftwo.test\noptions\rndots:2\n",
    "longest_line": b"nameserver 10.0.0.1".ljust(254) + b"\nnameserver 10.0.0.2".ljust(256) + b"\n",
    "search_cleared": b"search one.test\nsearch \n",
    "number_then_text": b"options ndots:4x timeout:3s\n",
}


@pytest.fixture(scope="module")
def of_musl(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What musl makes of each file and name."""
    compiler = shutil.which("musl-gcc")
    if compiler is None:
        reason = "compares with the real musl: install musl-tools"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    program = tmp_path_factory.mktemp("musl") / "probe"
    source = Path(__file__).with_name("musl_probe.c")
    subprocess.run([compiler, "-static", "-o", str(program), str(source)], check=True)
    texts = {row: text for row, (text, _, _) in ROWS.items()} | MORE_ROWS
    request = {
        "program": str(program),
        "resolv_confs": [None if text is None else text.decode("latin-1") for text in texts.values()],
        "hosts": HOSTS.decode("latin-1"),
        "queries": [(name.decode("latin-1"), int(family)) for name, family in QUERIES],
    }
    answers = namespace.run("tests/unit/system/musl_probe.py", request)
    return {
        "resolv_conf": dict(zip(texts, answers["resolv_conf"], strict=True)),
        "hosts": dict(zip(QUERIES, answers["hosts"], strict=True)),
    }


@pytest.mark.lab
@pytest.mark.parametrize("row", [*ROWS, *MORE_ROWS])
def test_same_configuration_as_musl(row: str, of_musl: dict[str, Any]) -> None:
    """A file configures us exactly as it configures musl."""
    text = MORE_ROWS[row] if row in MORE_ROWS else ROWS[row][0]
    theirs = of_musl["resolv_conf"][row]
    ours = musl.parse_resolv_conf(
        text or b"", {"LOCALDOMAIN": "x.test", "RES_OPTIONS": "ndots:9"}, "pod.x.test"
    )
    ndots, timeout, attempts = theirs["numbers"]
    assert (ours.ndots, ours.timeout) == (ndots, max(1, timeout))
    assert ours.attempts == (max(1, attempts) if timeout else 0)
    assert [list(server) for server in ours.nameservers] == theirs["nameservers"]
    domains = theirs["search"].encode("latin-1").split()
    assert ours.search == tuple(domain.removesuffix(b".") for domain in domains if domain != b".")


@pytest.mark.lab
@pytest.mark.parametrize(("name", "family"), QUERIES)
def test_answers_what_musl_answers(name: bytes, family: int, of_musl: dict[str, Any]) -> None:
    """The file answers a name, or ends its lookup, exactly when musl does not go on to DNS."""
    from_file = of_musl["hosts"][name, family] not in FROM_DNS
    assert musl.parse_hosts(HOSTS).answers(name, family) == from_file


def test_names_are_case_sensitive() -> None:
    """Musl compares names byte by byte, unlike glibc."""
    hosts = musl.parse_hosts(b"10.0.0.1 Name.test\n")
    assert hosts.answers(b"Name.test", socket.AF_INET6)
    assert hosts.families(b"Name.test") == 3
    assert not hosts.answers(b"name.test", socket.AF_INET)
    assert hosts.families(b"name.test") == 0
    assert b"name.test" in hosts.names


def test_another_libc_has_no_error_of_musls() -> None:
    """Where the literal of the other family is refused in another way, nothing is learnt."""
    assert musl.no_data() is None or libc() == "musl"
