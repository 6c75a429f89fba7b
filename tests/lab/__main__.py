"""The lab's commands for humans: ``python -m tests.lab shell | fault | build | check``.

May import every module of the lab; never leaves anything behind.
"""

from __future__ import annotations

import argparse
import signal
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass

from . import builds, faults, musl_python, namespaces, requirements
from .node import Node
from .pod import environment
from .topology import PREFIX, SERVICE_ADDRESS, Topology

FAULTS = (
    "race  dead_backend[:INDEX]  loss:PERCENT  delay:MS  all_down  node_local_down  tcp_blocked  servfail"
)
CHEAT_SHEET = f"""
You are in a pod of a mini Kubernetes node. resolv.conf is a pod's; the DNS service is {SERVICE_ADDRESS}.

  getent ahosts redis                     a Service of this namespace (default); redis.prod is another
  getent ahosts web-1.web                 an endpoint of a headless Service; external is an ExternalName
  getent ahosts x1.many.example.com       any name below many.example.com has an A and an AAAA
  python tests/lab/programs/lookups.py --threads 8 'x{{0..99}}.many.example.com'
  tcpdump -ni eth0 port 53                what is on the wire

Faults, from another terminal in the repository (until Ctrl-C): python -m tests.lab fault NAME
  {FAULTS}
Everything is removed when you leave.
"""


@dataclass(frozen=True)
class RunningNode:
    """A node of another process, as far as faults need it."""

    topology: Topology


def main() -> int:
    """Run one command; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.lab", description="A mini Kubernetes node.")
    commands = parser.add_subparsers(dest="command", required=True)
    shell = commands.add_parser("shell", help="start a node and open a shell in its pod")
    shell.add_argument("--fault", action="append", default=[], metavar="NAME", help=FAULTS)
    shell.add_argument("--node-local", action="store_true", help="with NodeLocal DNSCache on 169.254.20.10")
    shell.add_argument("--dual-stack", action="store_true", help="give the pod an IPv6 address too")
    fault = commands.add_parser("fault", help="hold a fault on the node that a shell has started")
    fault.add_argument("name", help=FAULTS)
    fault.add_argument("--node", metavar="KEY", help="which node, when several run")
    commands.add_parser("build", help="build CoreDNS, the C programs and the CPython on musl")
    commands.add_parser("check", help="say what is missing on this machine")
    arguments = parser.parse_args()
    if arguments.command in ("shell", "build", "check") and (lacking := requirements.missing()):
        print("The lab cannot run here:", *(f"  {one}" for one in lacking), sep="\n", file=sys.stderr)
        return 1
    if arguments.command == "build":
        print(*builds.everything(), sep="\n")
        print(musl_python.lacking() or musl_python.interpreter())
    elif arguments.command == "check":
        print("Nothing is missing.")
    elif arguments.command == "fault":
        return hold_fault(arguments.name, arguments.node)
    else:
        return open_shell(arguments.fault, arguments.node_local, arguments.dual_stack)
    return 0


def open_shell(names: list[str], node_local: bool, dual_stack: bool) -> int:
    """A node with these faults and a shell in its pod; without a terminal it reads commands from its input."""
    with ExitStack() as stack:
        node = stack.enter_context(Node(node_local=node_local, dual_stack=dual_stack))
        for name in names:
            stack.enter_context(faults.named(node, name))
        interactive = sys.stdin.isatty()
        shell = ["bash", "--norc", "-i"] if interactive else ["sh"]
        if interactive:
            print(CHEAT_SHEET)
        command = ["ip", "netns", "exec", node.pod.namespace, *shell]
        prompt = "(pod" + "".join(f", {name}" for name in names) + r") \w\$ "
        # The shell deals with Ctrl-C itself, and we must outlive it to clean up. Not SIG_IGN: that is inherited.
        previous = signal.signal(signal.SIGINT, lambda *_: None)
        try:
            return subprocess.run(command, env=environment({"PS1": prompt}), check=False).returncode
        finally:
            signal.signal(signal.SIGINT, previous)


def hold_fault(name: str, key: str | None) -> int:
    """A fault on a node that runs, until Ctrl-C, SIGTERM or the end of the input."""
    keys = running_nodes() if key is None else [key]
    if len(keys) != 1:
        print(
            f"--node is needed unless just one node runs; running: {' '.join(keys) or 'none'}",
            file=sys.stderr,
        )
        return 1
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with faults.named(RunningNode(Topology(keys[0])), name):
            print(f"{name} is on; Ctrl-C ends it.", flush=True)
            sys.stdin.read()
    except KeyboardInterrupt:
        print(f"{name} is over.")
    except (RuntimeError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def running_nodes() -> list[str]:
    """The keys of all nodes on this machine."""
    nodes = (name for name in namespaces.existing() if name.endswith("-node"))
    return sorted(name.removeprefix(f"{PREFIX}-").removesuffix("-node") for name in nodes)


if __name__ == "__main__":
    sys.exit(main())
