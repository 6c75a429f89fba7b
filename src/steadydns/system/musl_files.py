"""The same files as musl reads them: one small profile, used in place of glibc's parsers on an Alpine image.

May import the standard library and its neighbours. Never raises for what a file says.
Source: the behaviour of musl 1.2's src/network, against which the tests hold it.
"""

from __future__ import annotations

import _socket
import re
from typing import TYPE_CHECKING

from .cnumber import strtoul
from .hosts import IPV4, IPV6, Hosts
from .nsswitch import Plan
from .resolvconf import (
    AF_INET,
    AF_INET6,
    LOOPBACK,
    MAX_NAMESERVERS,
    Nameserver,
    ResolvConf,
    interface_index,
    ipv4_address,
    is_link_local,
)

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

PLAN = Plan(files_first=True, dns=True, aliases=False)  # musl knows neither nsswitch.conf nor HOSTALIASES
_LINE_MAX = 255  # a longer resolv.conf line is skipped
_CHUNK = 511  # a longer hosts line is read as several
_CAPS = {b"ndots": 15, b"timeout": 60, b"attempts": 10}


def no_data() -> tuple[int, str] | None:
    """Return number and text of the error that this process' musl has for a name without addresses; None if it is none.

    A version before 1.2.4 has none of its own. libc is asked for an IPv6 literal as an IPv4 address, which it refuses
    with that error; through a socket, for that raises no audit event of a lookup that nobody made.
    """
    unused = _socket.socket(AF_INET, _socket.SOCK_DGRAM)
    try:
        unused.connect(("::1", 0))
    except _socket.gaierror as error:
        number, text = error.args
        if number in (_socket.EAI_NONAME, _socket.EAI_NODATA):
            return number, text
    finally:
        unused.close()
    return None


class MuslHosts(Hosts):
    """musl's view of the file: names are case-sensitive, and a hit for one family ends the lookup for both."""

    __slots__ = ("_lowered",)

    def __init__(self, families: Mapping[bytes, int]) -> None:
        super().__init__(families)
        self._lowered = frozenset([name.lower() for name in families])

    @property
    def names(self) -> Container[bytes]:
        """The names, in lower case: of one that is among them `answers` knows more."""
        return self._lowered

    def families(self, name: bytes) -> int:
        """Return IPV4 and IPV6 or 0: musl asks DNS for no family of a name the file has."""
        return self._families.get(name, 0)

    def answers(self, name: bytes, family: int) -> bool:  # noqa: ARG002 (the family does not matter here)
        """Tell whether libc would answer *name* from the file, be it with an error."""
        return name in self._families


def parse_resolv_conf(text: bytes, environ: Mapping[str, str], hostname: str) -> ResolvConf:  # noqa: ARG001
    """Return what *text* configures; musl heeds neither the environment nor the host name.

    ``timeout`` is the time in seconds for the whole lookup, capped at 60; ``attempts`` is capped at 10.
    """
    servers: list[Nameserver] = []
    search = b""
    numbers = {b"ndots": 1, b"timeout": 5, b"attempts": 2}
    for keyword, value in _keywords(text):
        if keyword == b"options":
            numbers.update(_numbers(value))
        elif keyword == b"nameserver" and len(servers) < MAX_NAMESERVERS:
            server = _nameserver((value.split() or [b""])[0])
            if server is not None:
                servers.append(server)
        elif keyword in (b"domain", b"search"):
            search = value
    # musl appends the root as a second dot, a name that nobody can ask for: such entries never match.
    domains = [domain for domain in search.split() if domain != b"."]
    return ResolvConf(
        nameservers=tuple(servers) or (LOOPBACK,),
        search=tuple(domain.removesuffix(b".") for domain in domains),
        ndots=numbers[b"ndots"],
        timeout=max(1, numbers[b"timeout"]),
        # Without time nobody is asked, and libc is to say so; without attempts it divides by zero, and is not to be.
        attempts=max(1, numbers[b"attempts"]) if numbers[b"timeout"] else 0,
        libc="musl",
        dotted=tuple(domain[:-1] for domain in domains if domain.endswith(b".")),
    )


def _keywords(text: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the lines that musl reads as (keyword, rest)."""
    lines = iter(text.split(b"\n"))
    for line in lines:
        if len(line) >= _LINE_MAX:
            continue
        if b"\0" in line:
            next(lines, b"")  # musl misses the newline behind the NUL byte and looks for it in the next line
            continue
        found = re.match(rb"(options|nameserver|domain|search)\s(.*)", line + b"\n", re.DOTALL)
        if found is not None:
            yield found[1], found[2]


def _nameserver(text: bytes) -> Nameserver | None:
    """Return the server *text* names, None if musl would skip it: it is strict about scopes."""
    ipv4 = ipv4_address(text)
    if ipv4 is not None:
        return Nameserver(AF_INET, ipv4)
    address, percent, scope = text.decode("latin-1").partition("%")
    try:
        packed = _socket.inet_pton(AF_INET6, address)
    except OSError:
        return None
    scope_id: int | None = 0
    if percent:
        number = strtoul(scope.encode("latin-1")) if scope[:1].isdigit() else None
        by_name = number is None and not scope.isdigit() and is_link_local(packed, (2,))
        scope_id = interface_index(scope) or None if by_name else number
    if scope_id is None or scope_id >= 2**32:
        return None
    return Nameserver(AF_INET6, _socket.inet_ntop(AF_INET6, packed), scope_id)


def _numbers(value: bytes) -> Iterator[tuple[bytes, int]]:
    for name, most in _CAPS.items():
        # Only the first mention counts, even where it is part of another word or has no number.
        _, _, rest = value.partition(name + b":")
        found = re.match(rb"[0-9]+", rest)
        if found is not None:
            yield name, min(int(found[0][:18]), most)


def parse_hosts(text: bytes) -> MuslHosts:
    """Return the names *text* answers."""
    names: dict[bytes, int] = {}
    for chunk in _chunks(text):
        if chunk[:1].isspace():
            continue
        address, *fields = re.findall(rb"[^\s]+(?=\s)", chunk) or [b""]
        if fields and _is_literal(address):
            names.update(dict.fromkeys(fields, IPV4 | IPV6))
    return MuslHosts(names)


def _chunks(text: bytes) -> Iterator[bytes]:
    for line in re.findall(rb"[^\n]*\n|[^\n]+$", text):
        for start in range(0, len(line), _CHUNK):
            chunk = line[start : start + _CHUNK].partition(b"\0")[0]
            before, comment, _ = chunk.partition(b"#")
            yield before + b"\n" if comment else chunk


def _is_literal(address: bytes) -> bool:
    plain = address.decode("latin-1")
    try:
        _socket.inet_aton(plain)
    except OSError:
        try:
            _socket.inet_pton(AF_INET6, plain.partition("%")[0])
        except OSError:
            return False
    return True
