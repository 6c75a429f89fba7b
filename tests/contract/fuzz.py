"""Random calls in random worlds beside libc, and the smallest call that still differs.

    python -m tests.contract.fuzz --count 200000 [--seed N]        root; prints each difference, minimal

The same seed makes the same calls.
"""

from __future__ import annotations

import argparse
import random
import socket
import sys
import time
from typing import TYPE_CHECKING, Any

from tests.contract import session as sessions
from tests.contract.call import Call, World
from tests.contract.cases.tables import HOSTS as SOME_HOSTS
from tests.contract.cases.tables import PORTS
from tests.contract.cases.traps import TRAPS
from tests.contract.cases.zone import HOSTS, ZONE
from tests.contract.session import SEARCH, ServerProcess, Session, resolv_conf

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.contract.compare import Difference
    from tests.lab.pod import Pod

SEED = 20260915
CALLS_A_WORLD = 500

# What makes libc wait for a server, or has an entry in docs/differences.md of its own.
EXCLUDED = ("no-question", "alias-beside")

FUNCTIONS = ("socket.getaddrinfo",) * 7 + ("_socket.getaddrinfo",)
FAMILIES = (
    0,
    0,
    0,
    int(socket.AF_INET),
    int(socket.AF_INET),
    int(socket.AF_INET6),
    socket.AF_INET,
    255,
    1,
    -1,
)
TYPES = (1, 1, 1, 1, 0, 0, 2, 3, 5, socket.SOCK_STREAM, 99)
PROTOS = (0, 0, 0, 0, 0, 6, 17, 132, 99)
BITS = (0x1, 0x2, 0x4, 0x8, 0x10, 0x20, 0x40, 0x80, 0x100, 0x200, 0x400, 0x800)
BIT_WEIGHTS = (2, 8, 1, 6, 6, 8, 1, 1, 1, 1, 2, 1)
LABELS = (
    "a",
    "x",
    "test",
    "svc",
    "default",
    "prod",
    "redis",
    "dns",
    "com",
    "cluster",
    "local",
    "wild",
    "nosuch",
    "1",
    "-",
    "_",
    "",
)
SEARCHES = (
    SEARCH,
    SEARCH,
    SEARCH,
    "test",
    "prod.svc.cluster.local svc.cluster.local cluster.local",
    "example.com test",
    ". test",
    "quirk.test test",
    "",
)
OPTIONS = (
    "",
    "",
    "",
    "single-request",
    "rotate",
    "edns0",
    "no-aaaa",
    "attempts:1",
    "single-request-reopen",
    "trust-ad",
    "use-vc",
)


def pool() -> list[Any]:
    """Every host that a table, a trap or the zone has, each once."""
    hosts: list[Any] = [*SOME_HOSTS, *ZONE.nodes]
    for trap in TRAPS.values():
        hosts += [call.args[0] for call in trap.calls if call.function == "socket.getaddrinfo" and call.args]
    unique = {(type(host), repr(host)): host for host in hosts}
    return [host for host in unique.values() if not any(word in repr(host) for word in EXCLUDED)]


def world(rng: random.Random) -> World:
    """Draw files of /etc."""
    options = f"ndots:{rng.choice((0, 1, 2, 3, 5, 5, 5, 15))} timeout:1 {rng.choice(OPTIONS)}"
    search = rng.choice(SEARCHES)
    conf = resolv_conf(options, search) if search else f"nameserver 127.0.0.1\noptions {options}\n"
    knobs = {"transport": rng.choice(("auto", "auto", "udp", "tcp")), "node_local": "off"}
    return World(
        {"resolv.conf": conf, "nsswitch.conf": "hosts: files dns\n", "hosts": rng.choice((HOSTS, ""))},
        {},
        knobs,
    )


def calls(rng: random.Random, count: int) -> Iterator[Call]:
    """Draw calls."""
    hosts = pool()
    for _ in range(count):
        flags = 0
        for bit in rng.choices(BITS, BIT_WEIGHTS, k=rng.choice((0, 0, 0, 1, 1, 2, 3))):
            flags |= bit
        arguments = (
            host(rng, hosts),
            rng.choice(PORTS) if rng.random() < 0.3 else 80,
            rng.choice(FAMILIES[:7] if rng.random() < 0.95 else FAMILIES),
            rng.choice(TYPES),
            rng.choice(PROTOS) if rng.random() < 0.3 else 0,
            flags,
        )
        cut = rng.choice((2, 3, 4, 5, 6, 6, 6, 6, 6, 6))
        yield Call(arguments[:cut], rng.choice(FUNCTIONS))


def host(rng: random.Random, hosts: list[Any]) -> Any:
    """Draw a host: one that is known, one made of labels, or one of these changed a little."""
    if rng.random() < 0.2:
        return ".".join(rng.choices(LABELS, k=rng.randint(1, 6)))
    one = rng.choice(hosts)
    change = rng.random()
    if not isinstance(one, str) or change < 0.6:
        return one
    if change < 0.7:
        return one.swapcase()
    if change < 0.8:
        return one.rstrip(".") if one.endswith(".") else f"{one}."
    if change < 0.85:
        return f"{rng.choice(LABELS)}.{one}"
    if change < 0.9:
        return one.partition(".")[2]
    if change < 0.95:
        return one.encode("utf-8", "surrogatepass")
    at = rng.randint(0, len(one))
    return one[:at] + rng.choice(".-_ 0aZ\0é%:") + one[at:]


def simpler(call: Call) -> Iterator[Call]:
    """Calls that are a little simpler than this one, simplest first."""
    arguments = list(call.args)
    if call.function != "socket.getaddrinfo":
        yield call._replace(function="socket.getaddrinfo")
    if len(arguments) > 2:
        yield call._replace(args=call.args[:-1])
    for at, plain in ((1, None), (1, 80), (2, 0), (3, 1), (4, 0), (5, 0)):
        if at < len(arguments) and arguments[at] not in (None, plain):
            yield call._replace(args=(*arguments[:at], plain, *arguments[at + 1 :]))
    if len(arguments) == 6:
        for bit in BITS:
            if arguments[5] & bit and arguments[5] != bit:
                yield call._replace(args=(*arguments[:5], arguments[5] & ~bit))
    name = arguments[0]
    if isinstance(name, str):
        labels = name.split(".")
        shorter = [labels[:at] + labels[at + 1 :] for at in range(len(labels))] if len(labels) > 1 else []
        for fewer in (*map(".".join, shorter), name.lower(), name[:-1], name[1:]):
            if fewer != name and not any(word in fewer for word in EXCLUDED):
                yield call._replace(args=(fewer, *arguments[1:]))


def minimal(session: Session, difference: Difference) -> Difference:
    """Make the call simpler for as long as it still differs."""
    shrinking = True
    while shrinking:
        shrinking = False
        for call in simpler(difference.call):
            found = session.compare([call])
            if found:
                difference, shrinking = found[0], True
                break
    return difference


def run(pod: Pod, count: int, seed: int = SEED, report: int = 10) -> list[str]:
    """Make so many calls; return what differs, minimal, at most `report` of them."""
    rng = random.Random(seed)
    found: list[str] = []
    while count > 0 and len(found) < report:
        where = world(rng)
        with Session(pod, where) as session:
            differences = session.differences(calls(rng, min(CALLS_A_WORLD, count)))
            errors = session.ask("stats").get("fallbacks", {}).get("error", 0)
            found += [f"{minimal(session, one)}\n  in {where}" for one in differences[:report]]
            if errors:
                found.append(
                    f"{errors} calls failed in steadydns, and were libc's, in {where}:\n{session.errors}"
                )
        count -= CALLS_A_WORLD
    return list(dict.fromkeys(found))


def main() -> None:
    """Run from the command line."""
    from tests.lab.node import Node

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=SEED)
    options = parser.parse_args()
    started = time.monotonic()
    with Node() as node:
        pod = node.add_pod("own")
        server = ServerProcess(pod)
        server.serve(ZONE)
        found = run(pod, options.count, options.seed)
        server.close()
    print("\n".join(found))
    print(
        f"{sessions.equal} equal of {sessions.compared}, seed {options.seed}, {time.monotonic() - started:.0f} s"
    )
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
