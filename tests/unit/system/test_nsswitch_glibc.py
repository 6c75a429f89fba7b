"""nsswitch.conf against the real libc: who answers a name that both sources, one, or none of them know."""

from __future__ import annotations

from typing import Any

import pytest

from steadydns.system.nsswitch import parse, plan
from tests.unit.system import namespace
from tests.unit.system.nsswitch_rows import ROWS

pytestmark = pytest.mark.lab

NOT_FOUND = "gaierror -2"
# Here the other sources are not installed; and the second look of "files files" could find a file just changed.
COULD_DIFFER_ELSEWHERE = ("twice_the_same", "missing_module_first", "mdns", "fedora")


@pytest.fixture(scope="module")
def of_glibc() -> dict[str, Any]:
    """Who answered: [the name both know, the name DNS knows, the name nobody knows]."""
    request = [{"text": None if text is None else text.decode("latin-1")} for text in ROWS.values()]
    answers = namespace.run("tests/unit/system/glibc_probe.py", request, "nsswitch")
    return dict(zip(ROWS, answers, strict=True))


@pytest.mark.parametrize("row", ROWS)
def test_a_plan_of_ours_is_what_glibc_does(row: str, of_glibc: dict[str, Any]) -> None:
    """Where we resolve ourselves, glibc asks the same sources in the same order."""
    ours = plan(parse(ROWS[row] or b""))
    if ours.theirs:
        # Not vacuous: test_what_behaves_like_the_default_is_not_refused bounds these rows from the other side.
        assert not ours.dns
        return
    both, only_dns, nobody = of_glibc[row]
    assert both == ("files" if ours.files_first else "dns")
    assert only_dns == "dns"
    assert nobody == NOT_FOUND or ours.after_dns


@pytest.mark.parametrize("row", ROWS)
def test_what_behaves_like_the_default_is_not_refused(row: str, of_glibc: dict[str, Any]) -> None:
    """A file that leaves glibc with files before dns, and nothing else, is ours to resolve."""
    if of_glibc[row] == ["files", "dns", NOT_FOUND] and row not in COULD_DIFFER_ELSEWHERE:
        assert plan(parse(ROWS[row] or b"")).theirs == ""


def test_a_source_behind_dns_may_change_the_error(of_glibc: dict[str, Any]) -> None:
    """Why ``after_dns`` exists: a source that is named but not installed turns not-found into another error."""
    assert of_glibc["missing_myhostname"][2] != NOT_FOUND
