"""RES_OPTIONS for native code: set in the process's C environment before libc's first lookup, or warned about."""

from __future__ import annotations

from tests.unit.program import run

EARLY = """
import ctypes, logging, os, sys
logging.basicConfig(stream=sys.stdout, format="%(message)s")
getenv = ctypes.CDLL(None).getenv
getenv.restype = ctypes.c_char_p
{before}
import steadydns
steadydns.install(hooks="+native"{options})
print(getenv(b"RES_OPTIONS"), os.environ.get("RES_OPTIONS"))
steadydns.uninstall()
print(getenv(b"RES_OPTIONS"), os.environ.get("RES_OPTIONS"))
"""


def program(before: str = "", options: str = "") -> str:
    """The program with something done before."""
    return EARLY.format(before=before, options=options)


def test_it_is_set_and_taken_back() -> None:
    """The environment of libc has the options while steadydns is installed; os.environ never does."""
    assert run(program()).splitlines() == ["b'single-request-reopen' None", "None None"]


def test_the_options_are_a_setting() -> None:
    """STEADYDNS_NATIVE_OPTIONS says what is set."""
    output = run(program(options=", native_options='ndots:1 use-vc'"))
    assert output.splitlines()[0] == "b'ndots:1 use-vc' None"


def test_the_containers_own_options_have_the_last_word() -> None:
    """What RES_OPTIONS said before comes after ours, and is restored."""
    assert run(program(), RES_OPTIONS="timeout:3").splitlines() == [
        "b'single-request-reopen timeout:3' timeout:3",
        "b'timeout:3' timeout:3",
    ]


def test_our_own_lookups_follow_resolv_conf_as_before() -> None:
    """The resolver reads no option that was meant for native code."""
    before = "import steadydns.system.resolvconf"
    output = run(
        program(before, ", native_options='ndots:1'")
        + "print(steadydns.Resolver().pod._environ.get('RES_OPTIONS'))"
    )
    assert output.splitlines()[-1] == "None"


def test_too_late_is_said() -> None:
    """After a lookup, of localhost even, libc reads nothing any more: a warning tells what to do."""
    output = run(program("import socket; socket.gethostbyname('localhost')"))
    assert "comes too late" in output
    assert "steadydns.auto earlier" in output


def test_in_time_nothing_is_said() -> None:
    """Numeric addresses and the host's own name make libc read nothing."""
    before = "import socket; socket.getaddrinfo('127.0.0.1', 80); socket.gethostname()"
    assert "too late" not in run(program(before))
