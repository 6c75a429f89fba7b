from __future__ import annotations

import os
import pty
import re
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.demo.runs import IMPOSSIBLE, LIMIT, NO_NAMESPACES, Outcome, Run, refuse

if TYPE_CHECKING:
    from pathlib import Path

WITHOUT_NAMESPACES = ("unshare", "--user", "--map-root-user", "sh", "-c", NO_NAMESPACES, "sh")


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Outcome]:
    """What each way to build the node came to; side by side, because libc waits ten seconds in each."""
    runs = {mode: Run(tmp_path_factory.mktemp(mode), "--mode", mode) for mode in ("user", "root")}
    return {mode: Outcome(run) for mode, run in runs.items()}


@pytest.fixture(params=["user", "root"])
def outcome(request: pytest.FixtureRequest, outcomes: dict[str, Outcome]) -> Outcome:
    """One of them; where the machine does not allow it, the reason and the remedy."""
    found = outcomes[request.param]
    if found.status == IMPOSSIBLE:
        remedy = {
            "user": "allow user namespaces: sysctl user.max_user_namespaces=10000",
            "root": "run it as root",
        }
        refuse(f"{found.stderr.strip()}; {remedy[request.param]}")
    return found


@pytest.mark.slow
def test_it_shows_the_stall_and_that_it_is_gone(outcome: Outcome) -> None:
    """Under the race libc's slowest lookup takes 5 s or more, ours a small part of that, both without errors."""
    assert outcome.status == 0, outcome.stdout + outcome.stderr
    stock, ours = (float(cell.strip(" s")) for cell in outcome.cells("slowest lookup"))
    assert stock >= 5
    assert ours < stock / 5
    assert [cell.strip() for cell in outcome.cells("errors")] == ["0", "0"]
    # libc may have given an address up: it loses the second datagram of each of its attempts.
    assert "Both gave the same addresses in the same order" in outcome.stdout


@pytest.mark.slow
def test_it_shows_what_the_search_list_costs(outcome: Outcome) -> None:
    """Stock sends 8 queries for each external name, every time; steadydns less than 3, and none when asked again."""
    first, again = (
        [int(number) for number in re.findall(r"(\d+) queries", " ".join(outcome.cells(title)))]
        for title in ("8 external names", "the same again")
    )
    assert first[0] == again[0] == 64
    assert first[1] < 24
    assert again[1] == 0


@pytest.mark.slow
def test_it_ends_in_time_and_leaves_nothing(outcome: Outcome) -> None:
    """It takes less than 40 s, and no process, namespace, mount or file of it remains."""
    assert outcome.seconds < LIMIT
    assert outcome.leftovers == []


@pytest.mark.slow
def test_without_a_terminal_there_is_progress_and_no_control_character(outcome: Outcome) -> None:
    """Output into a file or a log is plain lines, some of them while libc waits."""
    assert not set(outcome.stdout) & set(map(chr, range(32))) - {"\n"}
    assert outcome.stdout.count("stock getaddrinfo: 0 of 8 answered") >= 2


def test_without_namespaces_it_runs_on_loopback(tmp_path: Path) -> None:
    """Where no namespace is allowed, steadydns alone is shown, and a line says what was left out and why."""
    probe = [*WITHOUT_NAMESPACES, "true"]
    if subprocess.run(probe, check=False, capture_output=True).returncode:
        refuse("taking namespaces away needs one user namespace: run it as root, or allow them")
    found = Outcome(Run(tmp_path, before=WITHOUT_NAMESPACES))
    assert found.status == 0, found.stdout + found.stderr
    assert "left out      stock getaddrinfo" in found.stdout
    assert "user namespaces: unshare: No space left on device" in found.stdout
    assert "root's namespaces: unshare: No space left on device" in found.stdout
    assert found.cells("errors")[0].strip() == "0"
    assert found.cells("the same again")[0].strip().startswith("0 queries")
    assert found.leftovers == []


def test_a_terminal_sees_one_changing_line(tmp_path: Path) -> None:
    """On a terminal progress is written over itself, and the table over the progress."""
    ours, its = pty.openpty()
    run = Run(tmp_path, "--mode", "loopback", stdout=its)
    os.close(its)
    seen = b""
    try:
        while data := os.read(ours, 65536):
            seen += data
    except OSError:  # how a pseudo-terminal ends
        pass
    os.close(ours)
    assert run.process.wait(5) == 0
    run.process.communicate()
    assert re.search(rb"\r\x1b\[K   steadydns: \d of 8 answered, \d\.\d s", seen)
    assert re.search(rb"\r\x1b\[K +steadydns\r\n", seen)


@pytest.mark.parametrize(
    ("number", "status"),
    [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM), (signal.SIGKILL, -signal.SIGKILL)],
    ids=["Ctrl-C", "SIGTERM", "SIGKILL"],
)
def test_however_it_ends_nothing_is_left(tmp_path: Path, number: signal.Signals, status: int) -> None:
    """Interrupted, terminated or killed while libc waits, it takes all its processes and namespaces with it."""
    run = Run(tmp_path)
    programs = ("demo.server", "demo.lookups")
    at_work = run.wait_for(lambda found: all(any(name in command for command in found) for name in programs))
    if not at_work:
        run.process.kill()
        run.process.communicate()
        refuse("no namespaces here: run it as root, or allow user namespaces")
    run.process.send_signal(number)
    output, errors = run.process.communicate(timeout=5)
    assert run.process.returncode == status
    assert errors == ""
    assert ("interrupted; nothing is left behind" in output) == (number == signal.SIGINT)
    assert run.leftovers() == []
