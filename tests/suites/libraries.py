"""Which tests of which libraries are run, and what stands in for the network that some of them want."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

REQUIREMENTS: Final = Path(__file__).with_name("requirements")


@dataclass(frozen=True)
class Suite:
    """The tests of one library, in an environment of its own.

    `sources` are the members of its source distribution that are unpacked: what the library itself consists of is not
    among them, or the tests would take that instead of what is installed. `hooks` have to be in place at the end,
    besides those of the standard library. `excluded` are parts of tests' names, each with the reason.
    """

    name: str
    package: str
    sources: tuple[str, ...]
    tests: tuple[str, ...]
    arguments: tuple[str, ...] = ()
    hooks: tuple[str, ...] = ()
    environ: dict[str, str] = field(default_factory=dict)
    excluded: dict[str, str] = field(default_factory=dict)

    @property
    def requirements(self) -> Path:
        """The pins of what is installed: the .in file beside it, made by `uv pip compile --universal -p 3.10`."""
        return REQUIREMENTS / f"{self.name}.txt"

    @property
    def version(self) -> str:
        """The version that is pinned, of the library and of its source distribution."""
        found = re.search(rf"^{re.escape(self.package)}==(\S+)", self.requirements.read_text(), re.MULTILINE)
        if found is None:
            raise ValueError(f"{self.requirements} does not pin {self.package}")
        return found[1]


# What aiohttp's pytest.ini has, without coverage, doctests and the tests in parallel.
AIOHTTP_ARGUMENTS: Final = (
    *("-o", "addopts=", "--strict-markers"),
    *("-m", "not dev_mode and not autobahn and not internal"),
)
AIOHTTP_TESTS: Final = (
    "tests/test_resolver.py",
    "tests/test_connector.py",
    "tests/test_tcp_helpers.py",
    "tests/test_client_connection.py",
    "tests/test_client_exceptions.py",
    "tests/test_client_functional.py",
    "tests/test_client_proto.py",
    "tests/test_client_session.py",
    "tests/test_client_ws_functional.py",
    "tests/test_leaks.py",
    "tests/test_loop.py",
    "tests/test_proxy.py",
    "tests/test_proxy_functional.py",
    "tests/test_run_app.py",
    "tests/test_test_utils.py",
    "tests/test_tracing.py",
    "tests/test_web_functional.py",
    "tests/test_web_runner.py",
)

SUITES: Final = (
    Suite(
        "aiohttp",
        "aiohttp",
        ("tests", "pytest.ini"),
        AIOHTTP_TESTS,
        arguments=AIOHTTP_ARGUMENTS,
        hooks=("aiohttp", "asyncio", "uvloop"),
    ),
    # Beside aiodns aiohttp resolves by AsyncResolver, which is another hook's.
    Suite(
        "aiohttp-aiodns",
        "aiohttp",
        ("tests", "pytest.ini"),
        AIOHTTP_TESTS,
        arguments=AIOHTTP_ARGUMENTS,
        hooks=("aiodns", "aiohttp", "asyncio", "uvloop"),
    ),
    Suite(
        "urllib3",
        "urllib3",
        ("test", "dummyserver", "pyproject.toml"),
        (
            "test/test_connection.py",
            "test/test_connectionpool.py",
            "test/test_http2_connection.py",
            "test/test_poolmanager.py",
            "test/test_proxymanager.py",
            "test/test_ssl.py",
            "test/test_ssltransport.py",
            "test/test_util.py",
            "test/test_wait.py",
            "test/contrib",
            "test/with_dummyserver",
        ),
        arguments=("-p", "hypercorn_scope"),
        # Its timeouts are longer where it sees that it is tested on a machine that others use, too.
        environ={"CI": "true"},
    ),
    Suite("httpcore", "httpcore", ("tests", "pyproject.toml"), ("tests",)),
    Suite(
        "anyio",
        "anyio",
        ("tests", "pyproject.toml"),
        (
            "tests/test_sockets.py",
            "tests/test_eventloop.py",
            "tests/test_from_thread.py",
            "tests/test_to_thread.py",
            "tests/streams/test_tls.py",
        ),
        hooks=("asyncio", "uvloop"),
    ),
    Suite(
        "trio",
        "trio",
        # The tests are part of what is installed; how they are to be run is not.
        ("pyproject.toml",),
        (
            "trio._core._tests.test_guest_mode",
            "trio._core._tests.test_io",
            "trio._core._tests.test_thread_cache",
            "trio._tests.test_dtls",
            "trio._tests.test_fakenet",
            "trio._tests.test_highlevel_generic",
            "trio._tests.test_highlevel_open_tcp_listeners",
            "trio._tests.test_highlevel_open_tcp_stream",
            "trio._tests.test_highlevel_open_unix_stream",
            "trio._tests.test_highlevel_serve_listeners",
            "trio._tests.test_highlevel_socket",
            "trio._tests.test_highlevel_ssl_helpers",
            "trio._tests.test_socket",
            "trio._tests.test_ssl",
            "trio._tests.test_threads",
        ),
        arguments=("--pyargs",),
        hooks=("asyncio",),
    ),
)
