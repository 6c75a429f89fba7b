"""resolv.conf against the real libc: every row of resolvconf_rows is also given to res_ninit."""

from __future__ import annotations

from typing import Any

import pytest

from steadydns.system.resolvconf import ResolvConf, parse
from tests.unit.system import namespace
from tests.unit.system.resolvconf_rows import ROWS

pytestmark = pytest.mark.lab

FLAGS = (
    "rotate",
    "use_vc",
    "edns0",
    "single_request",
    "single_request_reopen",
    "no_tld_query",
    "no_reload",
    "trust_ad",
    "no_aaaa",
)


@pytest.fixture(scope="module")
def of_glibc() -> dict[str, Any]:
    """What glibc makes of each row."""
    request = [
        {"text": None if text is None else text.decode("latin-1"), "environ": environ, "hostname": hostname}
        for text, environ, hostname in ROWS.values()
    ]
    answers = namespace.run("tests/unit/system/glibc_probe.py", request, "resolv_conf")
    return dict(zip(ROWS, answers, strict=True))


def _ours(row: str) -> ResolvConf:
    text, environ, hostname = ROWS[row]
    return parse(text or b"", environ, hostname)


@pytest.mark.parametrize("row", ROWS)
def test_same_configuration_as_glibc(row: str, of_glibc: dict[str, Any]) -> None:
    """A file, the environment and the host name configure us exactly as they configure glibc."""
    glibc, ours = of_glibc[row], _ours(row)
    assert glibc is not None, "glibc aborted"
    assert [list(server) for server in ours.nameservers] == glibc["nameservers"]
    assert {flag: getattr(ours, flag) for flag in FLAGS} == {flag: glibc[flag] for flag in FLAGS}
    assert ours.ndots == glibc["ndots"]
    # Below one second glibc waits one second; below one attempt it asks nobody.
    assert (ours.timeout, ours.attempts) == (max(1, glibc["timeout"]), max(0, glibc["attempts"]))
    assert ours.search == tuple(_as_appended(domain) for domain in glibc["search"])
    assert ours.sortlist or not glibc["sortlist"]


def _as_appended(domain: str) -> bytes:
    """Return what glibc's res_search puts behind the name: it skips one leading dot, DNS one trailing dot."""
    text = domain.removeprefix(".")
    if text.endswith(".") and text != "." and not text.endswith(".."):
        text = text.removesuffix(".")
    return text.encode("latin-1")
