"""The few system calls that Python 3.10 has no function for.

May import the standard library. Each raises OSError with the call's name, as the functions of `os` do.
"""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import socket
import struct
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

# <linux/sched.h>
NEW_MOUNTS: Final = 0x00020000
NEW_USERS: Final = 0x10000000
NEW_NETWORK: Final = 0x40000000

_MS_BIND, _MS_REC, _MS_PRIVATE = 0x1000, 0x4000, 0x40000  # <linux/mount.h>
_PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
_SIOCSIFFLAGS, _SIOCSIFADDR, _SIOCSIFNETMASK = 0x8914, 0x8916, 0x891C  # <linux/sockios.h>
_IFF_UP_AND_RUNNING = 0x41  # <linux/if.h>

_libc = ctypes.CDLL(None, use_errno=True)


def _checked(call: str, *arguments: object) -> None:
    if getattr(_libc, call)(*arguments):
        number = ctypes.get_errno()
        raise OSError(number, f"{call}: {os.strerror(number)}")


def unshare(flags: int) -> None:
    """Leave the namespaces that *flags* name for new ones (unshare(2)); of this thread, so have only one."""
    _checked("unshare", flags)


def become_root_of_new_users() -> None:
    """Enter a user namespace whose root is this user (user_namespaces(7))."""
    user, group = os.geteuid(), os.getegid()
    unshare(NEW_USERS)
    # Without it an unprivileged user may not map groups: one could lose a group that denies access.
    me = Path("/proc/self")
    (me / "setgroups").write_text("deny", encoding="ascii")
    (me / "uid_map").write_text(f"0 {user} 1", encoding="ascii")
    (me / "gid_map").write_text(f"0 {group} 1", encoding="ascii")


def keep_mounts_private() -> None:
    """Let no mount made from now on be seen outside this mount namespace."""
    _checked("mount", b"none", b"/", None, _MS_REC | _MS_PRIVATE, None)


def bind(source: Path, target: Path) -> None:
    """Show *source* where *target* is; both are files or both are folders."""
    _checked("mount", os.fsencode(source), os.fsencode(target), None, _MS_BIND, None)


def set_up(interface: str) -> None:
    """Bring a network interface up."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(
            any_socket, _SIOCSIFFLAGS, struct.pack("16sH22x", interface.encode(), _IFF_UP_AND_RUNNING)
        )


def add_loopback_address(address: str) -> None:
    """Give the loopback interface one more IPv4 address."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        for request, value in ((_SIOCSIFADDR, address), (_SIOCSIFNETMASK, "255.255.255.255")):
            name = struct.pack("16sHxx4s16x", b"lo:1", socket.AF_INET, socket.inet_aton(value))
            fcntl.ioctl(any_socket, request, name)


def open_network() -> int:
    """Return a file descriptor of the network namespace we are in."""
    return os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)


def enter(network: int) -> None:
    """Enter another network namespace; so do the processes started from now on."""
    _checked("setns", network, NEW_NETWORK)


@contextmanager
def inside(network: int) -> Iterator[None]:
    """Be in another network namespace for a while."""
    home = open_network()
    try:
        enter(network)
        try:
            yield
        finally:
            enter(home)
    finally:
        os.close(home)


def die_with_parent(parent: int) -> None:
    """Be killed when the process that started us, *parent*, ends, however it ends.

    To be called after any change of user: the kernel then forgets it (prctl(2), PR_SET_PDEATHSIG).
    """
    _checked("prctl", _PR_SET_PDEATHSIG, signal.SIGKILL.value, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit(1)
