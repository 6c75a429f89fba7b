from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steadydns.system.nsswitch import DEFAULT, Plan, Source, parse, plan

OURS = Plan(files_first=True, dns=True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (b"", OURS),
        (b"hosts: files dns\n", OURS),
        (b"hosts: dns\n", Plan(dns=True)),
        (b"hosts: files dns myhostname\n", Plan(True, True, myhostname=True, after_dns=True)),
        (b"hosts: files myhostname dns\n", Plan(True, True, myhostname=True)),
        (b"hosts: files mdns4_minimal [NOTFOUND=return] dns\n", "nsswitch: mdns4_minimal [NOTFOUND=return]"),
        (b"hosts: files resolve dns\n", "nsswitch: resolve"),
        (b"hosts: dns files\n", "nsswitch: dns before files"),
        (b"hosts: files\n", "nsswitch: no dns"),
        (b"hosts:\n", "nsswitch: no dns"),
        (b"hosts: files [NOTFOUND=return] dns\n", "nsswitch: files [NOTFOUND=return]"),
        (b"hosts: files files dns\n", "nsswitch: a source named twice"),
        (b"hosts: files [oops] dns\n", "nsswitch: syntax error"),
        (b"hosts: files dns # comment\n", "nsswitch: #"),
    ],
)
def test_plan_of_a_file(text: bytes, expected: Plan | str) -> None:
    """A file gives a plan, or the reason why libc has to answer."""
    assert plan(parse(text)) == (Plan(theirs=expected) if isinstance(expected, str) else expected)


def test_sources_and_their_actions() -> None:
    """Sources keep their order, and of their actions what differs from the default."""
    assert parse(b"hosts: a [!SUCCESS=return success=return] b\n") == (
        Source("a", (("notfound", "return"), ("unavail", "return"), ("tryagain", "return"))),
        Source("b"),
    )
    assert parse(b"passwd: files\n") == DEFAULT


@given(st.binary(max_size=60))
def test_no_text_raises(text: bytes) -> None:
    """Whatever the line says, there is a plan: ours, or a reason."""
    made = plan(parse(b"hosts: " + text + b"\n"))
    assert made.dns != bool(made.theirs)
