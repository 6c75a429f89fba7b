"""The suites of other libraries: what is run, how it is recorded, and what counts. `make suites` runs them."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import tarfile
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from unittest import mock

import dns.message
import dns.rcode
import pytest

from steadydns.patching.registry import EVERY
from tests.suites import __main__ as command
from tests.suites import environment, names, table
from tests.suites.harness import (
    REPEATS,
    WITH,
    WITHOUT,
    WORLDS,
    Comparison,
    Outcome,
    Run,
    compare,
    file_of,
    judge,
    read_events,
    record,
)
from tests.suites.libraries import SUITES, Suite

if TYPE_CHECKING:
    from pathlib import Path

SAMPLE = """
import _socket, socket, sys, pytest

def test_lookup():
    assert socket.getaddrinfo("127.0.0.1", 80)

@pytest.mark.parametrize("word", ["one", "two"])
def test_parameters(word): pass

def test_fails(): assert "left" == "right"

@pytest.fixture
def broken(): raise RuntimeError("set-up")

def test_error(broken): pass

@pytest.fixture
def leaking():
    yield
    raise RuntimeError("tear-down")

def test_tear_down(leaking): pass

def test_skipped(): pytest.skip("no reason")

@pytest.mark.xfail
def test_expected(): assert False

@pytest.mark.xfail
def test_unexpected(): pass

def test_wants_the_internet(): assert False

def test_of_the_shim():
    assert "steadydns" in sys.modules
"""
ENDED = {
    "test_lookup": "passed",
    "test_parameters[one]": "passed",
    "test_parameters[two]": "passed",
    "test_fails": "failed",
    "test_error": "error",
    "test_tear_down": "error",
    "test_skipped": "skipped",
    "test_expected": "xfailed",
    "test_unexpected": "xpassed",
    "test_of_the_shim": "failed",
}
SUITE = Suite("sample", "sample", (), ("test_sample.py",), excluded={"wants_the_internet": "there is none"})
ACTIVE: dict[str, Any] = {
    "patched": True,
    "installed": True,
    "hooks": ["stdlib", "hostby", "sockets"],
    "lookups": 1,
    "queries": 1,
    "fallbacks": {},
}
AWAY: dict[str, Any] = {**ACTIVE, "patched": False, "installed": False, "hooks": [], "lookups": 0}
ONE = [{"id": "test_sample.py::test_a", "outcome": "passed", "detail": ""}]


def recorded(folder: Path, side: str, suite: Suite = SUITE, text: str = SAMPLE, limit: float = 60) -> Run:
    """Run the sample with this interpreter and no network namespace."""
    (folder / "work").mkdir()
    (folder / "work" / "pytest.ini").write_text("[pytest]\n")
    (folder / "work" / "test_sample.py").write_text(text)
    return record([sys.executable], suite, side, folder, files=suite.tests, limit=limit)


def words(run: Run) -> dict[str, str]:
    """Return how each test of the sample ended."""
    return {name.partition("::")[2]: outcome.word for name, outcome in run.outcomes.items()}


def test_every_outcome_is_recorded(tmp_path: Path) -> None:
    """Each test is recorded under its own name as pytest's summary has it, tear-down included, with the reason."""
    run = recorded(tmp_path, WITHOUT)
    assert run.trouble == ""
    assert words(run) == ENDED
    assert "'left' == 'right'" in run.outcomes["test_sample.py::test_fails"].detail
    assert run.left_out == ("test_sample.py::test_wants_the_internet",)
    assert str(run) == "5 / 4 / 1"


def test_steadydns_is_there_on_its_side_alone(tmp_path: Path) -> None:
    """The side with steadydns has it before the first test, and says at the end what it did."""
    run = recorded(tmp_path, WITH)
    assert run.trouble == ""
    assert words(run) == {**ENDED, "test_of_the_shim": "passed"}
    assert {"stdlib", "hostby", "sockets"} <= set(run.shim["hooks"])
    assert run.shim["fallbacks"] == {"numeric": 1}


def test_a_file_that_cannot_be_imported_is_an_error(tmp_path: Path) -> None:
    """What cannot be collected is an outcome, so that both sides have to have it."""
    run = recorded(tmp_path, WITHOUT, text="import no_such_module")
    assert [outcome.word for outcome in run.outcomes.values()] == ["error"]
    assert "no_such_module" in next(iter(run.outcomes.values())).detail


def test_a_process_that_dies_is_no_evidence(tmp_path: Path) -> None:
    """It is said in which test the process died."""
    run = recorded(tmp_path, WITHOUT, text="import os\ndef test_a(): pass\ndef test_b(): os._exit(3)")
    assert "did not end (status 3), last test started: test_sample.py::test_b" in run.trouble


def test_a_process_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the limit the process is killed, and it is said which test was under way."""

    class Hanging(subprocess.Popen[bytes]):
        def wait(self, timeout: float | None = None) -> int:
            if timeout == 12345.0:  # the limit, which passes as soon as the test has begun
                while "start" not in (tmp_path / "events.jsonl").read_text() and self.poll() is None:
                    time.sleep(0.02)
                raise subprocess.TimeoutExpired("pytest", timeout)
            return super().wait(timeout)

    monkeypatch.setattr("tests.suites.harness.subprocess.Popen", Hanging)
    (tmp_path / "events.jsonl").touch()
    text = "import threading\ndef test_a(): threading.Event().wait()"
    run = recorded(tmp_path, WITHOUT, text=text, limit=12345.0)
    assert "did not end (status None), last test started: test_sample.py::test_a" in run.trouble


def test_a_hook_that_is_missing_is_reported(tmp_path: Path) -> None:
    """A suite that needs a hook proves nothing without it."""
    run = recorded(tmp_path, WITH, replace(SUITE, hooks=("gevent",)))
    assert run.trouble == "hooks that were not in place at the end: gevent"


@pytest.mark.parametrize(
    ("side", "begin", "end", "trouble"),
    [
        (WITHOUT, AWAY, AWAY, ""),
        (WITHOUT, AWAY, ACTIVE, "had to be away"),
        (WITHOUT, {**AWAY, "patched": True}, AWAY, "had to be away"),
        (WITH, ACTIVE, ACTIVE, ""),
        (WITH, AWAY, ACTIVE, "not active at the begin"),
        (WITH, ACTIVE, AWAY, "not active at the end"),
        (WITH, ACTIVE, {**ACTIVE, "patched": False}, "not active at the end"),
        (WITH, ACTIVE, {**ACTIVE, "hooks": ["stdlib"]}, "hostby, sockets"),
        (WITH, ACTIVE, {**ACTIVE, "lookups": 0}, "saw no lookup"),
        (WITH, ACTIVE, {**ACTIVE, "lookups": 0, "fallbacks": {"hosts": 1}}, ""),
    ],
)
def test_a_side_with_the_wrong_resolver_is_no_evidence(
    side: str, begin: dict[str, Any], end: dict[str, Any], trouble: str
) -> None:
    """It is active from begin to end on its side, has seen lookups, and was never on the other."""
    found = read_events([{"begin": begin}, *ONE, {"end": end}], SUITE, side, 0, "").trouble
    assert trouble in found
    assert bool(trouble) is bool(found)


@pytest.mark.parametrize(
    ("events", "trouble"),
    [
        ([], "did not start"),
        ([{"begin": AWAY}], "did not end"),
        ([{"begin": AWAY}, {"end": AWAY}], "no test ran"),
    ],
)
def test_a_run_that_shows_nothing_is_no_evidence(events: list[dict[str, Any]], trouble: str) -> None:
    """A process that did not start, did not end or ran no test is a difference, never a success."""
    assert read_events(events, SUITE, WITHOUT, 1, "said").trouble.startswith(trouble)


def run_of(**ended: str) -> Run:
    """Return a run whose tests ended like this."""
    return Run(
        {f"test_sample.py::{name}": Outcome(word, f"why {word}") for name, word in ended.items()}, shim=ACTIVE
    )


@pytest.mark.parametrize(
    ("stock", "ours", "lasts"),
    [
        ("ppp", "fff", True),
        ("ppp", "fpf", True),  # unsteady with us alone
        ("ppp", "fpp", False),  # not seen again
        ("fff", "pff", False),  # neither was this
        ("fff", "ppp", True),  # a failure that goes away is a difference as well
        ("pfp", "fpf", False),  # unsteady on both sides
        ("fpp", "fff", True),  # failed here once, and always with us
        ("pfp", "fsp", True),  # never skipped without us
        ("p", "f", True),  # not run again
    ],
)
def test_what_counts_as_a_difference(stock: str, ours: str, lasts: bool) -> None:
    """A difference is one that comes again, unless the test is unsteady without steadydns in the same way."""
    pairs = [(run_of(test=before), run_of(test=after)) for before, after in zip(stock, ours, strict=True)]
    text, found = judge("test_sample.py::test", pairs)
    assert found is lasts
    assert text.startswith(f"test_sample.py::test: {', '.join(stock)} without; {', '.join(ours)} with")
    assert ("why" in text) is lasts


def test_a_difference_is_run_again_with_its_file() -> None:
    """What came out differently is run again on both sides, the whole file, and everything else is not."""
    asked: list[tuple[str, tuple[str, ...]]] = []

    def run(suite: Suite, world: str, side: str, files: tuple[str, ...]) -> Run:
        asked.append((side, files))
        return run_of(a="passed", b="failed" if side == WITH else "passed", c="skipped")

    found = compare(SUITE, "hosts", run)
    assert [text.partition(":")[0] for text in found.differences] == ["test_sample.py"]
    assert found.unsteady == ()
    again = (WITHOUT, ("test_sample.py",)), (WITH, ("test_sample.py",))
    assert sorted(asked) == sorted([(WITHOUT, ()), (WITH, ()), *again * REPEATS])


def test_the_same_on_both_sides_is_run_once() -> None:
    """A failure on both sides is no difference, and nothing is run again."""
    asked: list[str] = []

    def run(suite: Suite, world: str, side: str, files: tuple[str, ...]) -> Run:
        asked.append(side)
        return run_of(a="passed", b="failed")

    found = compare(SUITE, "hosts", run)
    assert (found.differences, found.unsteady) == ((), ())
    assert sorted(asked) == [WITH, WITHOUT]


def test_a_side_that_is_no_evidence_is_a_difference() -> None:
    """Trouble is reported, and nothing is run again for it."""
    asked: list[str] = []

    def run(suite: Suite, world: str, side: str, files: tuple[str, ...]) -> Run:
        asked.append(side)
        return replace(run_of(a="passed"), trouble="steadydns saw no lookup" if side == WITH else "")

    assert compare(SUITE, "hosts", run).differences == ("with: steadydns saw no lookup",)
    assert len(asked) == 2


def test_a_test_that_one_side_lacks_is_a_difference() -> None:
    """A test that is not there has not passed."""

    def run(suite: Suite, world: str, side: str, files: tuple[str, ...]) -> Run:
        return run_of(a="passed", **({} if side == WITH else {"b": "passed"}))

    (text,) = compare(SUITE, "hosts", run).differences
    assert text.startswith("test_sample.py::b: passed")
    assert "missing" in text


def test_the_file_of_a_test_is_what_pytest_is_given() -> None:
    """A path, or the name of a module where the tests are part of what is installed."""
    assert file_of("tests/test_a.py::Test::test[x::y]", SUITE) == "tests/test_a.py"
    installed = replace(SUITE, arguments=("--pyargs",))
    assert file_of("trio/_tests/test_socket.py::test_a", installed) == "trio._tests.test_socket"


@pytest.mark.parametrize("suite", SUITES, ids=lambda suite: suite.name)
def test_a_suite_is_pinned_and_says_what_it_needs(suite: Suite) -> None:
    """Each suite's environment is pinned, with pytest and what steadydns needs; its hooks are hooks."""
    pinned = {line.partition("==")[0] for line in suite.requirements.read_text().splitlines() if "==" in line}
    assert {suite.package, "pytest", "dnspython", "wrapt", "tenacity", "opentelemetry-api"} <= pinned
    assert suite.version[0].isdigit()
    assert suite.requirements.with_suffix(".in").exists()
    assert set(suite.hooks) <= set(EVERY)
    assert all(suite.excluded.values())
    if "--pyargs" not in suite.arguments:
        assert {test.partition("/")[0] for test in suite.tests} <= set(suite.sources)


def test_both_of_aiohttps_ways_to_resolve_are_run() -> None:
    """One suite of aiohttp has aiodns installed, the other has not, and all else is alike."""
    without, ours = (
        {line for line in suite.requirements.read_text().splitlines() if "==" in line}
        for suite in SUITES
        if suite.package == "aiohttp"
    )
    assert {line.partition("==")[0] for line in without ^ ours} == {
        "aiodns",
        "pycares",
        "cffi",
        "pycparser",
    } - {line.partition("==")[0] for line in without & ours}


def test_what_is_unpacked_of_a_source(tmp_path: Path) -> None:
    """Named folders and files, and nothing outside; one that is not there is an error."""
    packed = tmp_path / "thing-1.0.tar.gz"
    with tarfile.open(packed, "w:gz") as tar:
        for name in (
            "thing-1.0/tests/a/test_b.py",
            "thing-1.0/pytest.ini",
            "thing-1.0/thing/x.py",
            "thing-1.0/tests/../../y",
        ):
            member = tarfile.TarInfo(name)
            member.size = 3
            tar.addfile(member, io.BytesIO(b"abc"))
    folder = tmp_path / "deep" / "out"
    folder.mkdir(parents=True)
    environment.unpack(packed, ("tests", "pytest.ini"), folder)
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()) == [
        "deep/out/pytest.ini",
        "deep/out/tests/a/test_b.py",
        "thing-1.0.tar.gz",
    ]
    with pytest.raises(ValueError, match="has no docs"):
        environment.unpack(packed, ("docs",), folder)


@pytest.mark.parametrize(
    ("name", "kind", "code", "answers"),
    [
        ("localhost", "A", "NOERROR", ["127.0.0.1"]),
        ("LOCALHOST", "AAAA", "NOERROR", ["::1"]),
        ("localhost", "MX", "NOERROR", []),
        ("1.0.0.127.in-addr.arpa", "PTR", "NOERROR", ["localhost."]),
        (f"1.{'0.' * 31}ip6.arpa", "PTR", "NOERROR", ["localhost."]),
        ("in-addr.arpa", "PTR", "NOERROR", []),
        ("localhost.default.svc.cluster.local", "A", "NXDOMAIN", []),
        ("www.example.com", "A", "NXDOMAIN", []),
    ],
)
def test_the_name_server_knows_few_names(name: str, kind: str, code: str, answers: list[str]) -> None:
    """It answers for loopback, has no records for what is between, and denies the world."""
    response = dns.message.from_wire(names.reply(dns.message.make_query(name, kind).to_wire()))
    assert dns.rcode.to_text(response.rcode()) == code
    assert [record.to_text() for rrset in response.answer for record in rrset] == answers
    assert bool(response.authority) is not bool(answers)


def comparison(**changed: Any) -> Comparison:
    """Return what a suite showed."""
    without, ours = run_of(a="passed", b="failed", z="error"), run_of(a="passed", b="skipped", z="error")
    return replace(Comparison("sample", "hosts", without, ours, (), ()), **changed)


def test_the_table_has_a_row_for_each_suite_and_world() -> None:
    """Counts of both sides, and what became of the lookups."""
    found = [(SUITES[0], comparison(differences=("b: x",))), (SUITES[0], comparison(world="dns"))]
    version = SUITES[0].version
    assert table.rows(found).splitlines()[2:] == [
        f"| aiohttp {version} | hosts file | 3 | 1 / 2 / 0 | 1 / 1 / 1 | 1 | 1 | 0 |",
        f"| aiohttp {version} | name server | 3 | 1 / 2 / 0 | 1 / 1 / 1 | 0 | 1 | 0 |",
    ]


def test_what_is_no_plain_success_is_listed() -> None:
    """Nothing that came out differently is left out of the page, whether it counts or not, nor what always fails."""
    text = table.section([(SUITES[0], comparison(differences=("b: x\ntrace",), unsteady=("c: y",)))])
    assert "- aiohttp, hosts file: b: x\n" in text
    assert "- aiohttp, hosts file: c: y\n" in text
    assert text.endswith("- aiohttp, hosts file: test_sample.py::z: why error")
    assert "trace" not in text


def test_the_page_keeps_what_it_says_of_other_pythons() -> None:
    """A run replaces the part about its own minor version, and only that; they stand in order."""
    text = f"head\n{table.BEGIN}\n{table.END}\ntail\n"
    for version in ("3.9.1", "3.11.7", "3.10.2", "3.11.8"):
        text = table.document(text, f"### Python {version}\n\ntable of {version}")
    assert text == (
        f"head\n{table.BEGIN}\n\n### Python 3.9.1\n\ntable of 3.9.1\n\n### Python 3.10.2\n\ntable of 3.10.2\n\n"
        f"### Python 3.11.8\n\ntable of 3.11.8\n\n{table.END}\ntail\n"
    )


@pytest.mark.parametrize(
    ("arguments", "changed", "status", "last"),
    [
        (["--only", "trio"], {}, 0, "no differences"),
        (["--only", "trio"], {"unsteady": ("c: y",)}, 0, "no differences"),
        (["--only", "trio", "--world", "dns"], {"differences": ("b: x",)}, 1, "1 differences"),
        (["--only", "no such suite"], {}, 1, "0 differences"),
    ],
)
def test_the_command_fails_on_a_difference(
    arguments: list[str],
    changed: dict[str, Any],
    status: int,
    last: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It ends with 1 for a difference, and for having run nothing."""
    monkeypatch.setattr(sys, "argv", ["suites", *arguments])
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr("tests.lab.namespaces.sweep", lambda: None)
    monkeypatch.setattr(command, "environment", mock.Mock())
    monkeypatch.setattr(command, "compare", lambda suite, world, run: comparison(world=world, **changed))
    assert command.main() == status
    printed = capsys.readouterr().out
    assert printed.splitlines()[-1] == last
    assert all(text in printed for texts in changed.values() for text in texts)


def test_the_command_says_that_it_needs_root(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without root it runs nothing, and does not succeed."""
    monkeypatch.setattr(sys, "argv", ["suites"])
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert command.main() == 2
    assert "run it as root" in capsys.readouterr().err


def test_the_page_lists_what_is_run() -> None:
    """docs/suites.md has a row for each suite at its version, in each world, for every Python it speaks of."""
    text = table.DOCUMENT.read_text(encoding="utf-8")
    parts = text.partition(table.BEGIN)[2].partition(table.END)[0].split(table.HEADING)[1:]
    assert parts
    for part in parts:
        found = [line.split(" | ")[:2] for line in part.splitlines() if line.startswith("| ")][2:]
        assert found == [
            [f"| {suite.name} {suite.version}", table.WORLD[world]] for suite in SUITES for world in WORLDS
        ]
