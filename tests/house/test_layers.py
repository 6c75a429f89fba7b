from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.house.layers import layer_problems, purity_problems
from tests.house.samples import package
from tests.house.sources import PACKAGE

if TYPE_CHECKING:
    from pathlib import Path


def test_every_import_goes_down() -> None:
    """No layer of the package imports a higher one, and every part has its place."""
    assert layer_problems(PACKAGE) == []


def test_pure_layers_do_no_io() -> None:
    """The codec, the algorithm and the contract use no clock, file, socket, thread or log."""
    assert purity_problems(PACKAGE) == []


@pytest.mark.parametrize(
    ("modules", "expected"),
    [
        pytest.param(
            {"wire__message": "from steadydns.transport import udp", "transport__udp": ""},
            "wire may not import steadydns.transport.udp",
            id="upwards",
        ),
        pytest.param(
            {"resolution__lookup": "from ..transport.udp import Datagram", "transport__udp": ""},
            "resolution may not import steadydns.transport.udp",
            id="upwards-relative",
        ),
        pytest.param(
            {"contract__rows": "if TYPE_CHECKING:\n    import steadydns.hooks.stdlib", "hooks__stdlib": ""},
            "contract may not import steadydns.hooks.stdlib",
            id="upwards-for-types",
        ),
        pytest.param(
            {"transport__udp": "def send():\n    from steadydns import config", "config": ""},
            "transport may not import steadydns.config",
            id="upwards-in-a-function",
        ),
        pytest.param(
            {"contract__rows": "import steadydns.telemetry", "telemetry__lookup": ""},
            "contract may not import steadydns.telemetry",
            id="telemetry-is-for-calls-and-hooks",
        ),
        pytest.param({"system__pod": "import steadydns"}, "system may not import steadydns", id="the-face"),
        pytest.param({"helpers": ""}, "'helpers' has no place", id="unknown-part"),
    ],
)
def test_an_upward_import_is_found(tmp_path: Path, modules: dict[str, str], expected: str) -> None:
    """The layer rule names the importer and the imported module of every violation."""
    (problem,) = layer_problems(package(tmp_path, **modules))
    assert expected in problem


def test_downward_imports_are_allowed(tmp_path: Path) -> None:
    """The layer rule is silent about imports of lower layers, of the own layer and of other packages."""
    sample = package(
        tmp_path,
        resolution__lookup="import dns.name\nfrom steadydns.resolution.model import Ask\nfrom . import cache",
        resolution__cache="from steadydns.wire import message",
        transport__exchange="",
        wire__message="",
    )
    assert layer_problems(sample) == []


@pytest.mark.parametrize(
    ("modules", "expected"),
    [
        pytest.param({"wire__names": "import time"}, "may not import time", id="clock"),
        pytest.param({"resolution__lookup": "from os import path"}, "may not import os", id="file-system"),
        pytest.param(
            {"resolution__lookup": "import threading"}, "may not import threading", id="lock-elsewhere"
        ),
        pytest.param(
            {"resolution__cache": "from steadydns.runtime.native import start_new_thread", "native": ""},
            "use steadydns.runtime.native.start_new_thread",
            id="thread",
        ),
        pytest.param({"contract__rows": "import socket\nsocket.socket()"}, "use socket.socket", id="socket"),
        pytest.param(
            {"contract__rows": "from socket import getaddrinfo"}, "use socket.getaddrinfo", id="lookup"
        ),
        pytest.param({"wire__names": "open('/etc/hosts')"}, "may not call open()", id="open"),
    ],
)
def test_io_in_a_pure_layer_is_found(tmp_path: Path, modules: dict[str, str], expected: str) -> None:
    """The purity rule finds each kind of I/O, also through a module that is allowed for its constants."""
    (problem,) = purity_problems(package(tmp_path, **modules))
    assert expected in problem


def test_constants_and_locks_are_allowed(tmp_path: Path) -> None:
    """The purity rule lets pass what its table of exceptions lists, and imports for a type checker."""
    sample = package(
        tmp_path,
        contract__errors="import socket\nraise socket.gaierror(socket.EAI_AGAIN, '')",
        resolution__cache="from steadydns.runtime.native import RLock",
        native="",
        wire__names="from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import socket",
        transport__udp="import socket, time",
    )
    assert purity_problems(sample) == []
