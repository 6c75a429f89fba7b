"""Import modules in a fresh interpreter and report what that did: the witness of the import rules.

Run as a script: ``probe.py MODULE...``; prints JSON with the I/O that was audited and the modules loaded.
"""

from __future__ import annotations

import json
import sys

SILENT_PREFIXES = ("socket.", "subprocess.", "os.system", "os.exec", "os.fork", "os.posix_spawn", "urllib.")


def main() -> None:
    """Import every argument in order, then print ``{"io": [...], "failed": {...}, "modules": [...]}``."""
    io: list[str] = []
    failed: dict[str, str] = {}

    def audit(event: str, arguments: tuple[object, ...]) -> None:
        if event.startswith(SILENT_PREFIXES):
            io.append(event)
        elif event == "open" and str(arguments[0]).startswith(("/etc/", "/proc/", "/sys/", "/run/")):
            io.append(f"open {arguments[0]}")

    before = set(sys.modules)
    sys.addaudithook(audit)
    for name in sys.argv[1:]:
        try:
            __import__(name)
        except ImportError as error:  # noqa: PERF203 - each failure is reported, and nothing here is hot
            failed[name] = str(error)
    print(json.dumps({"io": io, "failed": failed, "modules": sorted(set(sys.modules) - before)}))


if __name__ == "__main__":
    main()
