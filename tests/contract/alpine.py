"""The table of docs/alpine.md: what glibc and musl printed for the same calls.

``python -m tests.contract.alpine`` starts a node, makes the calls, and writes the table into the page.
"""

from __future__ import annotations

import ast
import socket
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.contract.call import Call, World, lookup
from tests.contract.cases.zone import HOSTS, ZONE
from tests.contract.session import REPOSITORY, ServerProcess, Session, resolv_conf
from tests.lab import musl_python
from tests.lab.node import Node

if TYPE_CHECKING:
    from tests.contract.call import Outcome
    from tests.lab.pod import Pod

PAGE = Path(__file__).resolve().parents[2] / "docs" / "alpine.md"
BEGIN, END = "<!-- printed -->\n", "<!-- printed: end -->\n"

MAX_SHOWN = 2  # addresses that fit into a cell

IPV6 = int(socket.AF_INET6)
NDOTS = {5: resolv_conf(), 1: resolv_conf("ndots:1 timeout:1")}

# What the call shows, `ndots`, and the call.
CALLS: tuple[tuple[str, int, Call], ...] = (
    ("a name of the cluster", 5, lookup("web-0.web")),
    ("an alias", 5, lookup("alias.test")),
    ("no such name", 5, lookup("nosuch.test")),
    ("no address of the family", 5, lookup("v4.test", IPV6)),
    ("one family's question fails", 5, lookup("aaaa-servfail.test")),
    ("one family is denied", 5, lookup("aaaa-nxdomain.test")),
    ("every server refuses", 5, lookup("refused.test.")),
    ("`ndots` dots or more", 1, lookup("redis.prod")),
    ("60 addresses", 5, lookup("many.test")),
    ("the hosts file has IPv4 alone, DNS both", 5, lookup("hosts-too.test", IPV6)),
    ("the hosts file, in other letters", 5, lookup("HOSTS-ALIAS")),
    ("a numeric host", 5, lookup("127.1")),
    ("no name at all", 5, lookup("")),
    ("a service nobody knows", 5, Call(("www.example.com", "nosuchservice"))),
    ("a port beyond 65535", 5, Call(("127.0.0.1", 99999, 0, 1))),
)


def table(pod: Pod) -> str:
    """Make the calls in the pod, whose server has the contract's zone, with each libc; return the table."""
    packages = f"{REPOSITORY / 'src'}:{REPOSITORY}:{musl_python.site_packages()}"
    interpreters: tuple[tuple[str, dict[str, str]], ...] = (
        (sys.executable, {}),
        (str(musl_python.interpreter()), {"PYTHONPATH": packages}),
    )
    printed: list[dict[Call, str]] = []
    for python, environ in interpreters:
        outcomes: dict[Call, str] = {}
        for ndots, conf in NDOTS.items():
            files = {"resolv.conf": conf, "hosts": HOSTS, "nsswitch.conf": "hosts: files dns\n"}
            calls = [call for _, wanted, call in CALLS if wanted == ndots]
            with Session(pod, World(files, environ), python) as session:
                outcomes.update(zip(calls, map(shown, session.stock(calls)), strict=True))
        printed.append(outcomes)
    glibc, musl = printed
    lines = ["| what | call | glibc | musl |", "| --- | --- | --- | --- |"]
    lines += [f"| {what} | `{_arguments(call)}` | {glibc[call]} | {musl[call]} |" for what, _, call in CALLS]
    return "\n".join(lines) + "\n"


def _arguments(call: Call) -> str:
    """The call as one would write it down."""
    host, port, *rest = call.args
    family = ", AF_INET6" if rest and rest[0] == IPV6 else ""
    return f"{host!r}, {port!r}{family}"


def shown(outcome: Outcome) -> str:
    """The error, or the addresses with the canonical names of their rows, as they were printed."""
    if outcome.kind == "raised":
        return f"`{outcome.value[-1]}`"
    rows: list[Any] = [row[1] for row in outcome.value[1]]
    addresses = [_text(row[4][1][0]) for row in rows]
    port = _text(rows[0][4][1][1])
    found = " ".join(addresses) if len(addresses) <= MAX_SHOWN else f"{len(addresses)} rows"
    return f"{found}{'' if port == '80' else f' port {port}'}, name `{_text(rows[0][3])!r}`"


def _text(described: Any) -> str:
    """A described string or number, as text."""
    return str(ast.literal_eval(described[1]))


def page(printed: str) -> str:
    """The page with this table in it."""
    before, _, rest = PAGE.read_text().partition(BEGIN)
    return before + BEGIN + printed + END + rest.partition(END)[2]


if __name__ == "__main__":
    with Node() as node:
        own = node.add_pod("own")
        server = ServerProcess(own)
        try:
            server.serve(ZONE)
            PAGE.write_text(page(table(own)))
        finally:
            server.close()
