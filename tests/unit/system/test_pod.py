from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from steadydns.system import pod as pod_module
from steadydns.system.nsswitch import Plan
from steadydns.system.pod import Pod, libc

if TYPE_CHECKING:
    from steadydns.system.resolvconf import Libc


@pytest.fixture
def etc(tmp_path: Path) -> Path:
    """An empty etc folder."""
    folder = tmp_path / "etc"
    folder.mkdir()
    return folder


def _pod(etc: Path, profile: Libc = "glibc", **environ: str) -> Pod:
    return Pod(str(etc.parent), environ=environ, hostname=lambda: "pod.corp.example", profile=profile)


def _write(path: Path, text: str) -> None:
    aside = path.with_suffix(".new")
    aside.write_text(text)
    aside.replace(path)


def test_empty_pod_has_libcs_defaults(etc: Path) -> None:
    """Without any file the pod is what libc makes of none."""
    pod = _pod(etc)
    assert pod.resolv_conf().search == (b"corp.example",)
    assert not pod.hosts().answers(b"localhost", socket.AF_UNSPEC)
    assert pod.nsswitch_plan() == Plan(files_first=True, dns=True)
    assert pod.gai_conf().labels == ()
    assert pod.errors() == ()


def test_every_file_is_live(etc: Path) -> None:
    """An edit of any file is seen by the next call."""
    pod = _pod(etc)
    pod.resolv_conf(), pod.hosts(), pod.nsswitch_plan()
    _write(etc / "resolv.conf", "options ndots:5\n")
    _write(etc / "hosts", "10.0.0.1 web.test\n")
    _write(etc / "nsswitch.conf", "hosts: dns\n")
    assert pod.resolv_conf().ndots == 5
    assert pod.hosts().answers(b"web.test", socket.AF_INET)
    assert pod.nsswitch_plan() == Plan(dns=True)


def test_environment_is_read_with_the_file(etc: Path) -> None:
    """LOCALDOMAIN and RES_OPTIONS come from the environment given."""
    conf = _pod(etc, LOCALDOMAIN="env.test", RES_OPTIONS="no-aaaa").resolv_conf()
    assert (conf.search, conf.no_aaaa) == ((b"env.test",), True)


def test_no_reload_is_for_good(etc: Path) -> None:
    """After a resolv.conf with no-reload, later edits change nothing."""
    pod = _pod(etc)
    _write(etc / "resolv.conf", "options no-reload ndots:3\n")
    assert pod.resolv_conf().ndots == 3
    _write(etc / "resolv.conf", "options ndots:4\n")
    assert pod.resolv_conf().ndots == 3


def test_gai_conf_is_read_once(etc: Path) -> None:
    """gai.conf is read once, as libc does."""
    pod = _pod(etc)
    assert pod.gai_conf().labels == ()
    _write(etc / "gai.conf", "label ::/0 1\n")
    assert pod.gai_conf().labels == ()


def test_gai_conf_reloads_when_it_says_so(etc: Path) -> None:
    """After "reload yes" edits count, also after the file was gone for a while."""
    pod = _pod(etc)
    _write(etc / "gai.conf", "reload yes\n")
    assert pod.gai_conf().labels == ()
    (etc / "gai.conf").unlink()
    assert pod.gai_conf().reload is False
    _write(etc / "gai.conf", "reload yes\nlabel ::/0 1\n")
    assert len(pod.gai_conf().labels) == 1
    _write(etc / "gai.conf", "label ::/0 2\n")
    assert pod.gai_conf().labels[0].value == 2
    _write(etc / "gai.conf", "reload yes\n")
    assert pod.gai_conf().labels[0].value == 2


def test_musl_profile(etc: Path) -> None:
    """The musl profile reads the files by musl's rules and has no nsswitch.conf."""
    _write(etc / "resolv.conf", "options ndots:3 use-vc timeout:45\nsearch one.test\n")
    _write(etc / "hosts", "127.1 Web.test\n")
    _write(etc / "nsswitch.conf", "hosts: mdns\n")
    pod = _pod(etc, "musl", LOCALDOMAIN="env.test")
    conf = pod.resolv_conf()
    assert (conf.search, conf.ndots, conf.use_vc, conf.timeout) == ((b"one.test",), 3, False, 45)
    assert pod.hosts().answers(b"Web.test", socket.AF_INET6)
    assert pod.nsswitch_plan() == Plan(files_first=True, dns=True, aliases=False)


def test_unreadable_file_is_told(etc: Path) -> None:
    """What could not be read is there for a report."""
    pod = _pod(etc)
    (etc / "hosts").mkdir()
    assert len(pod.hosts()) == 0
    (error,) = pod.errors()
    assert error.startswith(str(etc / "hosts"))


def test_libc_of_this_interpreter() -> None:
    """The libc found is the one the interpreter is linked with."""
    loader = Path("/proc/self/maps").read_text()
    assert libc() == ("musl" if "ld-musl" in loader else "glibc")
    assert Pod().libc == libc()


@pytest.mark.parametrize(
    "error", [ValueError("unrecognized configuration name"), OSError(22, "Invalid argument")]
)
def test_libc_without_a_gnu_version_is_musl(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    """A libc that does not know the GNU version, as musl does not, is treated as musl."""

    def confstr(name: str) -> str:
        raise error

    monkeypatch.setattr(os, "confstr", confstr)
    assert libc() == "musl"


def test_importing_reads_nothing() -> None:
    """Importing the layer opens no file but modules and makes no socket."""
    import subprocess

    script = (
        "import sys\n"
        "import dataclasses, functools, re, struct, typing, fcntl, _socket\n"
        "seen = []\n"
        "sys.addaudithook(lambda event, args: seen.append((event, args)))\n"
        "import steadydns.system.pod, steadydns.system.interfaces\n"
        "bad = [e for e in seen if e[0].startswith('socket.')\n"
        "       or e[0] == 'open' and not str(e[1][0]).endswith(('.py', '.pyc'))]\n"
        "assert not bad, bad\n"
    )
    root = Path(pod_module.__file__).parents[2]
    subprocess.run([sys.executable, "-B", "-c", script], check=True, env={"PYTHONPATH": str(root)})
