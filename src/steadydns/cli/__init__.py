"""The commands: `steadydns demo`, also `python -m steadydns.cli.demo`.

At the rim: may import anything of steadydns, and nothing imports it. A command prints; the library never does.
"""

from __future__ import annotations

import sys
from typing import Final

COMMANDS: Final = {"demo": "stock getaddrinfo and steadydns side by side, in a small node of its own"}
"""Each command's name, which is also its module's below this package, and what it does."""


def main(arguments: list[str] | None = None) -> int:
    """Run the command that the first argument names; return its exit status."""
    given = sys.argv[1:] if arguments is None else arguments
    if not given or given[0] not in COMMANDS:
        asked_for_help = given[:1] in (["-h"], ["--help"])
        print(_usage(), file=sys.stdout if asked_for_help else sys.stderr)
        return 0 if asked_for_help else 2
    from importlib import import_module  # noqa: PLC0415 - each command pays for its own imports only

    status: int = import_module(f"{__name__}.{given[0]}.__main__").main(given[1:])
    return status


def _usage() -> str:
    commands = "\n".join(f"  {name:<8} {text}" for name, text in COMMANDS.items())
    return f"usage: steadydns COMMAND [OPTION...]\n\n{commands}"
