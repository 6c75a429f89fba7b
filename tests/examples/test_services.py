"""The example services in a pod where conntrack's race is lost every time: no request waits for libc's 5 seconds."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab import faults

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.node import Node
    from tests.lab.pod import Pod

pytestmark = pytest.mark.lab

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
BIN = Path(sys.executable).parent

CLIENT = """
import concurrent.futures, json, sys, time, urllib.request
def get(name):
    with urllib.request.urlopen(f"http://127.0.0.1:8000/lookup/{name}", timeout=60) as response:
        return json.load(response)
def ready():
    for _ in range(600):
        try:
            return get("127.0.0.1")
        except OSError:
            time.sleep(0.1)
    raise SystemExit("the service does not answer")
ready()
with concurrent.futures.ThreadPoolExecutor(8) as pool:
    print(json.dumps(list(pool.map(get, sys.argv[1:]))))
"""

TASKS = """
import json, sys
import celery_tasks
results = [celery_tasks.lookup.delay(name) for name in sys.argv[1:]]
print(json.dumps([result.get(timeout=100) for result in results]))
"""


@contextlib.contextmanager
def service(pod: Pod, *command: str | Path, **environment: str) -> Iterator[subprocess.Popen[str]]:
    """Start a service in the pod; it must end well when it is told to."""
    process = pod.start(
        command, env=environment, cwd=EXAMPLES, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=60)
        # uvicorn shuts down, and then lets the signal do its work.
        assert process.returncode in (0, -signal.SIGTERM), output
    finally:
        if process.poll() is None:
            process.kill()
            print(process.communicate()[0])


def names(prefix: str) -> list[str]:
    """Forty names that nobody has asked for."""
    return [f"{prefix}{number}.many.example.com" for number in range(40)]


def assert_steady(found: list[dict[str, Any]], race: faults.Drops) -> None:
    """Every name has its address, none took libc's time-out, and no packet gave the race a chance."""
    assert len(found) == 40
    assert all(one["addresses"] for one in found)
    assert max(one["seconds"] for one in found) < 4.9
    assert race.drops == 0


def test_fastapi_on_uvicorn_with_uvloop(lab_node: Node, pod: Pod) -> None:
    """A FastAPI service on uvloop, which resolves in C, looks names up through steadydns."""
    with faults.race(lab_node) as race:
        with service(pod, sys.executable, EXAMPLES / "uvloop_service.py"):
            found = pod.json(CLIENT, *names("uvloop"))
        assert_steady(found, race)


@pytest.mark.parametrize(
    "options",
    [("--workers", "2", "--preload"), ("--worker-class", "gevent"), ("--workers", "2")],
    ids=["pre-forked", "gevent", "pre-forked, each imports"],
)
def test_gunicorn(options: tuple[str, ...], lab_node: Node, pod: Pod) -> None:
    """Workers forked after the activation or before it, and gevent's, look names up through steadydns."""
    command: tuple[str | Path, ...] = (
        BIN / "gunicorn",
        "--bind",
        "127.0.0.1:8000",
        *options,
        "gunicorn_app:app",
    )
    with faults.race(lab_node) as race:
        with service(pod, *command):
            found = pod.json(CLIENT, *names("-".join(options).strip("-")))
        assert_steady(found, race)


def test_celery(lab_node: Node, pod: Pod, tmp_path: Path) -> None:
    """Celery's pre-forked workers look names up through steadydns."""
    worker: tuple[str, ...] = ("--app", "celery_tasks", "worker", "--pool", "prefork", "--concurrency", "2")
    settings = {
        "FOLDER": str(tmp_path),
        "PYTHONPATH": f"{EXAMPLES}:{EXAMPLES.parent / 'src'}",
        "C_FORCE_ROOT": "1",
    }
    with faults.race(lab_node) as race:
        with service(pod, BIN / "celery", *worker, **settings) as main:
            found = pod.json(TASKS, *names("celery"), env=settings, timeout=110)
        assert_steady(found, race)
    # In a process that was forked; how many of them get work is Celery's business.
    assert main.pid not in {one["pid"] for one in found}
