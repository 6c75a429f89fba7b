from __future__ import annotations

import io

import dns.flags
import dns.message
import dns.rcode
import pytest

from steadydns.cli import main
from steadydns.cli.demo.screen import Screen
from steadydns.cli.demo.story import given_up
from steadydns.cli.demo.table import table
from steadydns.cli.demo.zone import EXTERNAL, answer


def ask(name: str, type_: str = "A") -> tuple[str, list[str]]:
    """Ask the zone; return the response code and the addresses."""
    wire = answer(dns.message.make_query(name, type_).to_wire())
    assert wire is not None
    response = dns.message.from_wire(wire)
    return dns.rcode.to_text(response.rcode()), [str(item) for rrset in response.answer for item in rrset]


@pytest.mark.parametrize(
    ("name", "type_", "expected"),
    [
        ("redis.default.svc.cluster.local", "A", ("NOERROR", ["10.96.0.101"])),
        ("redis.default.svc.cluster.local", "AAAA", ("NOERROR", [])),
        ("prod.svc.cluster.local", "A", ("NOERROR", [])),
        ("svc.cluster.local", "A", ("NOERROR", [])),
        ("com.svc.cluster.local", "A", ("NXDOMAIN", [])),
        ("api.example.com.cluster.local", "A", ("NXDOMAIN", [])),
        ("api.example.com", "A", ("NOERROR", ["203.0.113.10"])),
        ("api.example.com", "AAAA", ("NOERROR", ["2001:db8::a"])),
        ("nowhere.example.com", "A", ("NXDOMAIN", [])),
    ],
)
def test_the_zone_answers_as_a_cluster_does(name: str, type_: str, expected: tuple[str, list[str]]) -> None:
    """Addresses, NODATA for names between, and NXDOMAIN for the rest, as CoreDNS' kubernetes plugin."""
    assert ask(name, type_) == expected


def test_every_denial_may_be_remembered() -> None:
    """A denial carries the SOA record without which it must not be cached (RFC 2308 section 5)."""
    wire = answer(dns.message.make_query("com.svc.cluster.local", "A").to_wire())
    assert wire is not None
    (soa,) = dns.message.from_wire(wire).authority
    assert str(soa.name) == "cluster.local."


@pytest.mark.parametrize("octets", [b"", b"\0" * 12, b"garbage that is no message"])
def test_what_is_no_query_is_not_answered(octets: bytes) -> None:
    """The name server says nothing to octets that are no query, and survives them."""
    assert answer(octets) is None


def test_a_response_is_not_answered() -> None:
    """Two name servers cannot be made to talk to each other for ever."""
    message = dns.message.make_query(EXTERNAL[0], "A")
    message.flags |= dns.flags.QR
    assert answer(message.to_wire()) is None


def test_columns_line_up() -> None:
    """Titles stand at the left, values at the right of their columns, with a rule below the heading."""
    assert table([("", "stock", "ours"), ("errors", "10", "0")]) == [
        "            stock   ours",
        "   ---------------------",
        "   errors      10      0",
    ]


class Terminal(io.StringIO):
    """A terminal that remembers what was written to it."""

    def isatty(self) -> bool:
        return True


def test_progress_without_a_terminal_is_a_line_now_and_then() -> None:
    """Somebody who reads a log is told that things go on every two seconds, no more often."""
    stream, now = io.StringIO(), [0.0]
    screen = Screen(stream, lambda: now[0])
    screen.begin()
    for tenth in range(50):
        now[0] = tenth / 10
        screen.progress(f"{now[0]:.0f} s")
    screen.end()
    screen.line("done")
    assert stream.getvalue() == "2 s\n4 s\n\ndone\n"


def test_a_quick_job_without_a_terminal_is_silent() -> None:
    """What takes less than two seconds is not worth a line, and no empty line stands for it."""
    stream = io.StringIO()
    screen = Screen(stream, lambda: 0.0)
    screen.begin()
    screen.progress("1 of 8")
    screen.end()
    assert stream.getvalue() == ""


def test_progress_on_a_terminal_is_written_over(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a terminal each progress replaces the one before, and the result replaces the last."""
    monkeypatch.setenv("TERM", "xterm")
    stream = Terminal()
    screen = Screen(stream, lambda: 0.0)
    screen.progress("1 of 8")
    screen.progress("2 of 8")
    screen.end()
    screen.line("done")
    assert stream.getvalue() == "\r\x1b[K1 of 8\r\x1b[K2 of 8\r\x1b[Kdone\n"


def test_a_dumb_terminal_gets_no_control_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    """TERM=dumb is taken at its word."""
    monkeypatch.setenv("TERM", "dumb")
    stream = Terminal()
    screen = Screen(stream, lambda: 0.0)
    screen.progress("1 of 8")
    screen.line("done")
    assert stream.getvalue() == "done\n"


def test_the_command_lists_its_commands(capsys: pytest.CaptureFixture[str]) -> None:
    """`steadydns --help` names the demonstration and succeeds; without a command it does the same and fails."""
    assert main(["--help"]) == 0
    assert "demo" in capsys.readouterr().out
    assert main([]) == 2
    assert "demo" in capsys.readouterr().err


FIRST, LATER = {"a": ["192.0.2.1", "2001:db8::1"], "b": ["192.0.2.2", "2001:db8::2"]}, {"a": ["192.0.2.1"]}


@pytest.mark.parametrize(
    ("stock", "lost"),
    [
        ([FIRST, LATER], 0),
        ([{**FIRST, "a": ["192.0.2.1"]}, LATER], 1),
        ([{"a": ["2001:db8::1"], "b": ["192.0.2.2"]}, LATER], 2),
        ([{**FIRST, "a": []}, LATER], None),
        ([{**FIRST, "a": ["2001:db8::1", "192.0.2.1"]}, LATER], None),
        ([{**FIRST, "a": ["192.0.2.9"]}, LATER], None),
        ([FIRST, {"a": ["192.0.2.2"]}], None),
        ([{"a": FIRST["a"]}, LATER], None),
    ],
)
def test_half_an_answer_of_libcs_is_told_from_another_one(
    stock: list[dict[str, list[str]]], lost: int | None
) -> None:
    """Under the race it may give what it has; in another order, of other names or without the race it may not."""
    assert given_up(stock, [FIRST, LATER]) == lost


def test_alone_there_is_nothing_to_compare() -> None:
    """Where stock was left out."""
    assert given_up([FIRST, LATER]) == 0
