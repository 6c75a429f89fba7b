"""resolv.conf as glibc reads it: nameservers, search list, options, with LOCALDOMAIN and RES_OPTIONS on top.

May import the standard library. Never raises for what a file says: what libc skips becomes a warning text.
Source: resolv.conf(5) and the behaviour of glibc 2.36's res_init, against whose ``_res`` the tests hold it.
"""

from __future__ import annotations

import _socket
import os
import re
from typing import TYPE_CHECKING, Any, Literal

from steadydns.runtime.named import NamedTuple

from .cnumber import atoi, strtoul

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Mapping

Libc = Literal["glibc", "musl"]

MAX_NAMESERVERS = 3  # MAXNS in <resolv.h>; later ones are never asked
MAX_NDOTS = 15  # RES_MAXNDOTS
MAX_TIMEOUT = 30  # seconds, RES_MAXRETRANS
MAX_ATTEMPTS = 5  # RES_MAXRETRY
MAX_LABEL = 63  # octets, RFC 1035 section 2.3.4
PORT = 53

AF_INET = int(_socket.AF_INET)
AF_INET6 = int(_socket.AF_INET6)

# libc compares only as many characters as the name has, so the longer of two names comes first.
_FLAGS = {
    b"rotate": "rotate",
    b"edns0": "edns0",
    b"single-request-reopen": "single_request_reopen",
    b"single-request": "single_request",
    b"no_tld_query": "no_tld_query",
    b"no-tld-query": "no_tld_query",
    b"no-reload": "no_reload",
    b"use-vc": "use_vc",
    b"trust-ad": "trust_ad",
    b"no-aaaa": "no_aaaa",
}
_NUMBERS = {b"ndots:": MAX_NDOTS, b"timeout:": MAX_TIMEOUT, b"attempts:": MAX_ATTEMPTS}
_TOKEN = re.compile(rb"[^ \t]+")
_KEYWORD = re.compile(rb"(domain|search|nameserver|options|sortlist)[ \t]+(.*)", re.DOTALL)


class Nameserver(NamedTuple):
    """A server to ask: address family, address as text without scope, scope id (IPv6 link-local, else 0)."""

    family: int
    address: str
    scope_id: int = 0

    def sockaddr(self, port: int = PORT) -> tuple[str, int] | tuple[str, int, int, int]:
        """Return the address as the socket module takes it."""
        if self.family == AF_INET6:
            return (self.address, port, 0, self.scope_id)
        return (self.address, port)


LOOPBACK = Nameserver(AF_INET, "127.0.0.1")


class ResolvConf(NamedTuple):
    """The resolver configuration, every value as libc would use it. Names are those of resolv.conf(5).

    ``nameservers`` holds one to three servers. ``search`` holds domains without a trailing dot, the root as
    ``b''``. ``timeout`` is in seconds and at least 1. ``attempts`` may be 0: then glibc asks nobody.
    ``sortlist`` tells that there is one: glibc then reorders the rows of AF_INET lookups, which only it can do.
    ``warnings`` says what was not understood, with its line; ``unknown_options`` lists option names.
    ``libc`` is the library that reads the file so. ``dotted`` holds those of the search domains that the file has
    with a trailing dot, where libc shows it.
    """

    nameservers: tuple[Nameserver, ...] = (LOOPBACK,)
    search: tuple[bytes, ...] = ()
    ndots: int = 1
    timeout: int = 5
    attempts: int = 2
    rotate: bool = False
    use_vc: bool = False
    single_request: bool = False
    single_request_reopen: bool = False
    no_aaaa: bool = False
    edns0: bool = False
    trust_ad: bool = False
    no_tld_query: bool = False
    no_reload: bool = False
    sortlist: bool = False
    unknown_options: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    libc: Libc = "glibc"
    dotted: tuple[bytes, ...] = ()

    @property
    def patience(self) -> int:
        """Seconds that libc spends on one name when nobody answers."""
        if self.libc == "musl":
            return self.timeout  # for the whole, with its attempts spread over it, to all servers at once
        return self.timeout * max(self.attempts, 1) * len(self.nameservers)

    @property
    def odd_search(self) -> bool:
        """Whether a search domain is one that no name can be asked for with: only libc knows what it makes of that."""
        return any(
            not 0 < len(label) <= MAX_LABEL
            for domain in self.search
            if domain
            for label in domain.split(b".")
        )


def parse(text: bytes, environ: Mapping[str, str], hostname: str) -> ResolvConf:
    """Return what *text* configures, as glibc does when it opens the file with this environment and host name.

    *hostname* gives the search domain when neither the file nor LOCALDOMAIN names one.
    """
    reader = _Reader()
    local_domain = environ.get("LOCALDOMAIN")
    if local_domain is not None:
        reader.search = split_domains(os.fsencode(local_domain).partition(b"\n")[0])
    for number, line in c_lines(text):
        reader.line(number, line, search_is_fixed=local_domain is not None)
    if reader.search is None:
        _, dot, domain = os.fsencode(hostname).partition(b".")
        reader.search = (domain,) if dot else ()
    reader.options(os.fsencode(environ.get("RES_OPTIONS", "")), "RES_OPTIONS")
    return reader.result()


def c_lines(text: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (line number, line without its newline), each ended by a NUL byte as a C string is."""
    for number, line in enumerate(text.split(b"\n"), 1):
        yield number, line.partition(b"\0")[0]


def split_domains(text: bytes) -> tuple[bytes, ...]:
    """Split at blanks; a leading blank makes an empty first domain (the root), as in libc."""
    first, *rest = re.split(rb"[ \t]+", text)
    return (first, *filter(None, rest))


def search_domain(domain: bytes) -> bytes:
    """Return *domain* as libc appends it: one leading dot is skipped, and one trailing dot changes nothing."""
    domain = domain.removeprefix(b".")
    if domain.endswith(b".") and not domain.endswith(b"..") and domain != b".":
        return domain[:-1]
    return domain


def nameserver(text: bytes) -> Nameserver | None:
    """Return the server *text* names (inet_aton's IPv4 forms, IPv6 with an optional ``%scope``), else None."""
    ipv4 = ipv4_address(text)
    if ipv4 is not None:
        return Nameserver(AF_INET, ipv4)
    address, _, scope = text.decode("latin-1").partition("%")
    try:
        packed = _socket.inet_pton(AF_INET6, address)
    except OSError:
        return None
    return Nameserver(AF_INET6, _socket.inet_ntop(AF_INET6, packed), _scope_id(packed, scope))


def ipv4_address(text: bytes) -> str | None:
    """Return *text*, in any of inet_aton's forms, as a dotted quad; None if it is no IPv4 address."""
    # inet_aton itself would accept what follows a white space; resolv.conf's readers do not.
    if not text.isascii() or text[-1:].isspace():
        return None
    try:
        return _socket.inet_ntoa(_socket.inet_aton(text.decode()))
    except OSError:
        return None


def is_link_local(packed: bytes, multicast_scopes: Container[int]) -> bool:
    """Tell whether *packed* is in fe80::/10, or a multicast address of one of the scopes (RFC 4291)."""
    if packed[0] == 0xFF:
        return packed[1] & 0x0F in multicast_scopes
    return packed[0] == 0xFE and packed[1] & 0xC0 == 0x80


def interface_index(name: str) -> int:
    """Return the index of the interface called *name*, 0 if there is none."""
    try:
        return _socket.if_nametoindex(name)
    except (OSError, ValueError):
        return 0


def _scope_id(packed: bytes, scope: str) -> int:
    """Return the interface index *scope* stands for; 0 when there is none, which libc does not mind either."""
    index = interface_index(scope) if is_link_local(packed, (1, 2)) else 0
    if index:
        return index
    number = strtoul(scope.encode("latin-1")) if scope[:1].isdigit() else None
    return number if number is not None and number < 2**32 else 0


class _Reader:
    """The state between lines: last search wins, servers add up, options add up."""

    def __init__(self) -> None:
        self.search: tuple[bytes, ...] | None = None
        self.servers: list[Nameserver] = []
        self.numbers = {b"ndots:": 1, b"timeout:": 5, b"attempts:": 2}
        self.flags: set[str] = set()
        self.unknown: list[str] = []
        self.warnings: list[str] = []

    def line(self, number: int, line: bytes, *, search_is_fixed: bool) -> None:
        """Take one line of the file."""
        if not line.strip() or line[:1] in b";#":
            return
        where = f"line {number}"
        found = _KEYWORD.match(line)
        if found is None:
            self._warn(where, f"{_shown(line)}: not a resolv.conf keyword followed by a blank; ignored")
            return
        keyword, value = found.groups()
        if keyword == b"options":
            self.options(value, where)
        elif keyword == b"nameserver":
            self._nameserver(value, where)
        elif keyword == b"sortlist":
            self.flags.add("sortlist")
        elif value and not search_is_fixed:
            domains = split_domains(value)
            self.search = domains if keyword == b"search" else domains[:1]

    def options(self, text: bytes, where: str) -> None:
        """Take a list of options, from a line or from RES_OPTIONS."""
        text = text.partition(b"\0")[0]
        for token in _TOKEN.finditer(text):
            # A number may stand behind a blank ("ndots: 3"): atoi skips it, the next token is then unknown.
            self._option(token[0], text[token.start() :], where)

    def _option(self, token: bytes, text: bytes, where: str) -> None:
        for name, most in _NUMBERS.items():
            if text.startswith(name):
                self._number(name, text[len(name) :], most, where)
                return
        for name, field in _FLAGS.items():
            if token.startswith(name):
                self.flags.add(field)
                return
        if token.strip():
            self.unknown.append(token.decode("latin-1").strip())
            self._warn(where, f"unknown option {_shown(token)}; ignored")

    def _number(self, name: bytes, text: bytes, most: int, where: str) -> None:
        if not re.match(rb"\s*[+-]?[0-9]", text):
            self._warn(where, f"option {_shown(name)} without a number; libc takes 0")
        self.numbers[name] = min(atoi(text), most)

    def _nameserver(self, value: bytes, where: str) -> None:
        text = re.split(rb"[ \t]", value, maxsplit=1)[0]
        server = nameserver(text)
        if server is None:
            self._warn(where, f"nameserver {_shown(text)}: not an IPv4 or IPv6 address; ignored")
        elif len(self.servers) == MAX_NAMESERVERS:
            self._warn(where, f"nameserver {_shown(text)}: libc uses the first {MAX_NAMESERVERS} only")
        else:
            self.servers.append(server)

    def _warn(self, where: str, text: str) -> None:
        self.warnings.append(f"{where}: {text}")

    def result(self) -> ResolvConf:
        """Return what was read, with libc's defaults for the rest."""
        flags: dict[str, Any] = dict.fromkeys(self.flags, True)
        return ResolvConf(
            nameservers=tuple(self.servers) or (LOOPBACK,),
            search=tuple(map(search_domain, self.search or ())),
            ndots=self.numbers[b"ndots:"] & MAX_NDOTS,
            timeout=max(1, self.numbers[b"timeout:"]),
            attempts=max(0, self.numbers[b"attempts:"]),
            unknown_options=tuple(self.unknown),
            warnings=tuple(self.warnings),
            **flags,
        )


def _shown(text: bytes) -> str:
    return repr(text[:60].decode("utf-8", "backslashreplace"))
