"""For programs in an interpreter of their own: puts them into the test's pod, with the test's name server.

usage: from tests.unit.hooks import pods; pods.enter(FOLDER_OF_ETC, PORT), before steadydns is installed
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import steadydns.resolver as module
from steadydns.calls.settings import rules as make
from steadydns.resolution.model import Server
from steadydns.system.pod import Pod

if TYPE_CHECKING:
    from steadydns.resolution.rules import Rules


def enter(root: str, port: str) -> None:
    """Let every Resolver made from now on have these files, and ask 127.0.0.1 at this port."""

    def rules(*arguments: Any) -> Rules:
        server = Server(2, "127.0.0.1", 0, int(port))
        return make(*arguments)._replace(servers=(server,), preferred=None)

    vars(module).update(make_rules=rules, Pod=lambda *_: Pod(root, environ={}, hostname=lambda: "pod-1"))
