"""What the lab needs of the machine, what of it is missing, and what to do about that.

May import the standard library and builds, and pytest when a test asks; never installs anything.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import NamedTuple, NoReturn

from . import builds

GO_VERSION = (1, 26)  # what CoreDNS 1.15 asks for in its go.mod


class Missing(NamedTuple):
    """A component that is not there."""

    component: str
    reason: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.component}: {self.reason}; {self.remedy}"


FOR_NAMESPACES = {
    "ip": "apt-get install iproute2",
    "unshare": "apt-get install util-linux",
}
COMMANDS = {
    "nft": "apt-get install nftables",
    "iptables-restore": "apt-get install iptables",
    "gcc": "apt-get install gcc libc6-dev",
    "musl-gcc": "apt-get install musl-tools",
}


def missing() -> list[Missing]:
    """All that the lab lacks on this machine."""
    found = [*missing_for_namespaces(), *_missing_commands(COMMANDS)]
    if not Path("/dev/net/tun").exists():
        found.append(Missing("tun", "no /dev/net/tun, which the delay fault needs", "modprobe tun"))
    if not builds.coredns_path().exists() and (lacking := _go_lacking()):
        found.append(lacking)
    return found


def missing_for_namespaces() -> list[Missing]:
    """What a network namespace with programs in it lacks here: less than the whole lab needs."""
    found = _missing_commands(FOR_NAMESPACES)
    if os.geteuid() != 0:
        found.insert(0, Missing("root", "network namespaces with /etc files need root", "run it with sudo"))
    elif not _may_make_namespaces():
        found.insert(
            0, Missing("namespaces", "unshare(2) is not permitted here", "use a privileged container")
        )
    return found


def _missing_commands(commands: dict[str, str]) -> list[Missing]:
    return [
        Missing(command, "no such command", remedy)
        for command, remedy in commands.items()
        if shutil.which(command) is None
    ]


def demand() -> None:
    """Fail in CI, skip elsewhere, when anything is missing; the text names the reason and the remedy."""
    lacking = missing()
    if lacking:
        refuse("the lab cannot run here: " + " | ".join(map(str, lacking)))


def refuse(text: str) -> NoReturn:
    """Fail when the environment says ``CI=true``, else skip."""
    import pytest  # the lab's commands do without it

    if os.environ.get("CI", "").lower() in ("true", "1"):
        pytest.fail(text, pytrace=False)
    pytest.skip(text)


def _may_make_namespaces() -> bool:
    """Whether the kernel lets us; without the command to try it, that is what is missing."""
    command = ["unshare", "--net", "--mount", "true"]
    if shutil.which(command[0]) is None:
        return True
    return not subprocess.run(command, check=False, capture_output=True).returncode


def _go_lacking() -> Missing | None:
    remedy = f"install Go {'.'.join(map(str, GO_VERSION))} or newer from https://go.dev/dl/"
    if shutil.which("go") is None:
        return Missing("go", "no such command, and CoreDNS is not built yet", remedy)
    text = subprocess.run(["go", "version"], check=False, capture_output=True, text=True).stdout
    version = re.search(r"go(\d+)\.(\d+)", text)
    if version is None or (int(version[1]), int(version[2])) < GO_VERSION:
        return Missing("go", f"too old for CoreDNS ({text.strip()})", remedy)
    return None
