from __future__ import annotations

import importlib.util
import json
import os
import re
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab import namespaces
from tests.lab.requirements import COMMANDS, refuse
from tests.lab.topology import PREFIX

if TYPE_CHECKING:
    from collections.abc import Iterator

REPOSITORY = Path(__file__).resolve().parents[2]
EXAMPLES = REPOSITORY / "examples"
SERVER = "10.96.0.10"
PACKAGES = ("requests", "fastapi", "uvicorn", "httpx", "opentelemetry.sdk")


def require() -> None:
    """Skip, or fail in CI, where an example or its network cannot run."""
    if os.geteuid() != 0:
        refuse("the examples' network is a namespace with files in /etc/netns: run it as root")
    if not any(Path(folder, "ip").exists() for folder in os.get_exec_path()):
        refuse(f"no ip command: {COMMANDS['ip']}")
    lacking = [name for name in PACKAGES if not _installed(name)]
    if lacking:
        refuse(f"{', '.join(lacking)} not installed: pip install --group examples")


def _installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:  # the package above it
        return False


def inside(name: str, *command: str, **settings: str) -> subprocess.Popen[str]:
    """Start a Python program in the namespace, with its /etc."""
    return subprocess.Popen(
        ["ip", "netns", "exec", name, sys.executable, *command],
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY / "src"), **settings},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture(scope="module")
def network() -> Iterator[str]:
    """A namespace with a name server that loses the first reply to each question, and a web server."""
    require()
    # Named as the lab's are, so that its sweep removes what a killed test run left.
    name = f"{PREFIX}-{os.getpid()}-examples"
    namespaces.create(name)
    try:
        namespaces.ip_batch(name, [f"address add {SERVER}/32 dev lo"])
        etc = namespaces.ETC_NETNS / name
        (etc / "resolv.conf").write_text(f"nameserver {SERVER}\n")
        (etc / "nsswitch.conf").write_text("hosts: files dns\n")
        with inside(name, str(Path(__file__).with_name("world.py")), SERVER) as world:
            assert world.stdout is not None
            assert world.stdout.readline() == "ready\n"
            yield name
            world.communicate(timeout=10)
    finally:
        namespaces.remove(name)


def spans(output: str) -> list[dict[str, Any]]:
    """The spans that the console exporter printed: JSON objects, each begun on a line of its own."""
    decoder = json.JSONDecoder()
    return [
        decoder.raw_decode(output, start.start())[0] for start in re.finditer(r"^\{", output, re.MULTILINE)
    ]


def lookups(printed: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of them that are about a DNS lookup."""
    return [span for span in printed if span["name"].startswith("DNS lookup")]


def named(printed: list[dict[str, Any]], name: str) -> dict[str, Any]:
    """The one span of this name."""
    (span,) = (span for span in printed if span["name"] == name)
    return span


def ancestors(printed: list[dict[str, Any]], span: dict[str, Any]) -> list[str]:
    """The names of the spans above a span, the nearest first."""
    by_id = {one["context"]["span_id"]: one for one in printed}
    found = []
    while parent := by_id.get(span["parent_id"]):
        found.append(parent["name"])
        span = parent
    return found


def test_the_script_shows_why_its_lookup_was_slow(network: str) -> None:
    """Of a lookup whose first reply is lost, requests_script.py prints one span below its own, with the reason."""
    with inside(network, str(EXAMPLES / "requests_script.py"), "http://api.example.com/") as script:
        output, errors = script.communicate(timeout=30)
    assert script.returncode == 0, errors
    printed = spans(output)
    (lookup,) = lookups(printed)
    assert lookup["name"] == "DNS lookup api.example.com"
    assert lookup["parent_id"] == named(printed, "fetch")["context"]["span_id"]
    attributes = lookup["attributes"]
    assert attributes["steadydns.slow.reason"] == "timeout_retry"
    assert attributes["dns.answers"] == [SERVER]
    assert attributes["steadydns.query.retry_count"] == 1
    assert errors == "http://api.example.com/: 200, 5 bytes\n"


def test_a_fast_lookup_is_no_span(network: str) -> None:
    """requests_script.py prints its own span only, where no reply is lost."""
    outputs = []
    for _ in range(2):  # the first time, replies are lost
        with inside(network, str(EXAMPLES / "requests_script.py"), "http://www.example.com/") as script:
            output, errors = script.communicate(timeout=30)
        assert script.returncode == 0, errors
        outputs.append([span["name"] for span in spans(output)])
    assert outputs == [["DNS lookup www.example.com", "fetch"], ["fetch"]]


def test_the_service_shows_the_lookup_below_the_request(network: str) -> None:
    """The span of fastapi_service.py's slow lookup is below its request's; the next request needs no lookup."""
    settings = {"UPSTREAM": "http://payments.example.com/", "PORT": "8000"}
    with inside(network, str(EXAMPLES / "fastapi_service.py"), **settings) as service:
        assert service.stderr is not None
        assert any("Uvicorn running" in line for line in iter(service.stderr.readline, ""))
        answers = [get(network, path) for path in ("orders/7", "orders/8", "dns")]
        service.terminate()
        output, errors = service.communicate(timeout=30)
    assert answers[0] == {"order": 7, "upstream": 200}
    assert answers[1] == {"order": 8, "upstream": 200}
    assert answers[2]["retries"] == 1
    printed = spans(output)
    (lookup,) = lookups(printed)
    assert lookup["name"] == "DNS lookup payments.example.com"
    # Newer releases of FastAPI make the request's span themselves, named by the route, and others in between.
    assert ancestors(printed, lookup)[-1] in ("GET /orders/7", "GET /orders/{number}")
    assert lookup["attributes"]["steadydns.slow.reason"] == "timeout_retry", errors


def get(network: str, path: str) -> Any:
    """Fetch a page of the service, as its neighbour in the namespace."""

    def fetch() -> Any:
        with urllib.request.urlopen(f"http://127.0.0.1:8000/{path}", timeout=30) as response:
            return json.load(response)

    return namespaces.inside(network, fetch)
