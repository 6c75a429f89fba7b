"""Run every call path before and after steadydns is imported, and hold docs/coverage.md against what was found.

usage: python -m tests.surface [--write] [--only TEXT] [--verbose]

Needs root, for a network namespace. The libraries are installed, wheels only and at the versions of requirements.txt,
into an environment of their own in the user's cache folder.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from steadydns.patching.registry import EVERY
from tests.lab import namespaces
from tests.lab.topology import PREFIX
from tests.surface import table
from tests.surface.environment import python as surface_python
from tests.surface.paths import Library, libraries
from tests.surface.results import ORDERS, Result, judge

FOLDER = Path(__file__).parent
REPOSITORY = FOLDER.parents[1]
ADDRESS, PORT, CONTROL = "10.96.0.10", 9000, 9053
LETTERS = {"before": "b", "after": "a"}
LIMIT = 150.0  # seconds for one process, far more than its paths take


def main() -> int:
    """Return 0 when the table in the documentation is what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.surface")
    parser.add_argument("--write", action="store_true", help="write docs/coverage.md")
    parser.add_argument("--only", default="", help="libraries whose name contains this; the table is printed")
    parser.add_argument("--verbose", action="store_true", help="show what the programs printed")
    options = parser.parse_args()
    if os.geteuid() != 0:
        print("the suite runs in a network namespace with files in /etc/netns: run it as root")
        return 2
    began = time.monotonic()
    chosen = [
        (title, one) for title, one in libraries() if options.only.lower() in f"{title} {one.name}".lower()
    ]
    python = surface_python()
    installed = time.monotonic()
    results = run(python, chosen)
    for result in results:
        if options.verbose or not result.shown:
            print(f"--- {result.library} {result.call} ({result.order}): {result.evidence}\n{result.said}")
    print(table.summary(results))
    print(f"{installed - began:.0f} s to install, {time.monotonic() - installed:.0f} s to run")
    if options.only:
        print(table.rows(chosen, results, python))
        return 0
    lacking = [result for result in results if not result.shown]
    text = table.document(chosen, results, python)
    if options.write:
        table.DOCUMENT.write_text(text, encoding="utf-8")
    same = table.DOCUMENT.exists() and table.DOCUMENT.read_text(encoding="utf-8") == text
    if not same:
        print(table.difference(text))
        print("docs/coverage.md says otherwise: look into it, or write it anew with --write")
    return 0 if same and not lacking else 1


def run(python: Path, chosen: list[tuple[str, Library]]) -> list[Result]:
    """Run the paths of the libraries, several processes at a time, in a namespace with a world of its own."""
    namespaces.sweep()
    name = f"{PREFIX}-{os.getpid()}-surface"
    namespaces.create(name)
    try:
        # An address that is not loopback, without which AI_ADDRCONFIG finds that there is no network.
        namespaces.ip_batch(name, [f"address add {ADDRESS}/32 dev lo"])
        etc = namespaces.ETC_NETNS / name
        (etc / "resolv.conf").write_text(f"nameserver {ADDRESS}\noptions timeout:2\n")
        (etc / "nsswitch.conf").write_text("hosts: files dns\n")
        (etc / "hosts").write_text("127.0.0.1\tlocalhost\n")
        with start(
            name, str(sys.executable), str(FOLDER / "world.py"), ADDRESS, str(PORT), str(CONTROL)
        ) as world:
            assert world.stdout is not None
            assert world.stdout.readline() == "ready\n"
            with concurrent.futures.ThreadPoolExecutor(2 * (os.cpu_count() or 1)) as pool:
                jobs, number = [], 0
                for _, library in chosen:
                    for order in ORDERS:
                        job = pool.submit(run_library, name, python, library, order, number)
                        jobs.append(job)
                    number += len(library.paths)
                results = [result for job in jobs for result in job.result()]
            world.communicate(timeout=10)
    finally:
        namespaces.remove(name)
    return results


def run_library(name: str, python: Path, library: Library, order: str, first: int) -> list[Result]:
    """Run the paths of one library in one order."""
    labels = [f"p{first + at}-{LETTERS[order]}" for at in range(len(library.paths))]
    spec = {
        "order": order,
        "imports": library.imports,
        "port": PORT,
        "control": CONTROL,
        "paths": [
            {"label": label, "code": path.code, "connects": path.connects, "limit": path.limit}
            for label, path in zip(labels, library.paths, strict=True)
        ],
    }
    hooks = f"+{library.hook}" if library.hook in EVERY else "default"
    environ = {"STEADYDNS_HOOKS": hooks, **library.environ}
    with start(name, str(python), str(FOLDER / "program.py"), **environ) as process:
        try:
            output, errors = process.communicate(json.dumps(spec), timeout=LIMIT)
        except subprocess.TimeoutExpired:
            process.kill()
            output, errors = process.communicate()
    seen: dict[str, dict[str, Any]] = {}
    for line in output.splitlines():
        try:
            found = json.loads(line)
        except ValueError:  # a library that prints
            continue
        seen[found["label"]] = found
    return [
        judge(library, path, order, seen.get(label, {"said": errors[-3000:]}))
        for label, path in zip(labels, library.paths, strict=True)
    ]


def start(name: str, *command: str, **settings: str) -> subprocess.Popen[str]:
    """Start a program in the namespace, with steadydns to be imported and its lookups told apart by their transport."""
    kept = {key: value for key, value in os.environ.items() if key not in ("RES_OPTIONS", "LOCALDOMAIN")}
    return subprocess.Popen(
        ["ip", "netns", "exec", name, *command],
        cwd=FOLDER,
        env={
            **kept,
            "PYTHONPATH": str(REPOSITORY / "src"),
            "PYTHONWARNINGS": "ignore",
            # Nothing else in these processes asks over TCP.
            "STEADYDNS_TRANSPORT": "tcp",
            **settings,
        },
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


if __name__ == "__main__":
    sys.exit(main())
