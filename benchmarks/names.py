"""Names to look up, each with an A and an AAAA record that no other name has, and the zone file that holds them.

With shared addresses a resolver that caches their order ranks them once; libc ranks the addresses of every lookup.
May import the standard library only.
"""

from __future__ import annotations

import itertools
from ipaddress import IPv4Address, IPv6Address

ORIGIN = "bench.example.com"

# The blocks reserved for benchmarks: RFC 2544 (198.18.0.0/15) and RFC 5180 (2001:2::/48).
FIRST_IPV4 = IPv4Address("198.18.0.0")
FIRST_IPV6 = IPv6Address("2001:2::")
ADDRESSES = 2**17
"""How many the IPv4 block has; after that many names the addresses start again from the first."""

TTL = 3600  # seconds, so that nothing is refreshed while a benchmark runs
HEAD = f"""\
$ORIGIN {ORIGIN}.
$TTL {TTL}
@ IN SOA ns hostmaster 1 7200 1800 86400 5
@ IN NS ns
ns IN A 192.0.2.53
"""


def addresses(number: int) -> tuple[str, str]:
    """Return the IPv4 and the IPv6 address of the name with this number."""
    offset = number % ADDRESSES
    return str(FIRST_IPV4 + offset), str(FIRST_IPV6 + offset)


def name(number: int) -> str:
    """Return the name with this number, without a trailing dot; all names have the same length."""
    return f"n{number:07}.{ORIGIN}"


class Names:
    """A fixed number of names, each handed out once."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._numbers = iter(range(count))

    @property
    def zone(self) -> str:
        """The zone file with the records of all names."""
        lines = []
        for number in range(self._count):
            ipv4, ipv6 = addresses(number)
            lines.append(f"n{number:07} IN A {ipv4}\nn{number:07} IN AAAA {ipv6}\n")
        return HEAD + "".join(lines)

    def take(self, count: int, dot: str = "") -> list[str]:
        """Return the next names, each with ``dot`` at its end.

        Raises:
            RuntimeError: fewer names are left.
        """
        taken = [name(number) + dot for number in itertools.islice(self._numbers, count)]
        if len(taken) < count:
            raise RuntimeError(f"the zone has {self._count} names, and all are used")
        return taken
