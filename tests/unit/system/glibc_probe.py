"""Asks the running glibc what it makes of resolv.conf, hosts and nsswitch.conf. Run through namespace.run."""

from __future__ import annotations

import atexit
import ctypes
import json
import os
import signal
import socket
import sys
import traceback
from typing import TYPE_CHECKING, Any

import dns.message
import dns.rcode
import dns.rrset

from tests.unit.system.namespace import private_etc, write_etc

if TYPE_CHECKING:
    from collections.abc import Callable

Row = dict[str, Any]


class SockaddrIn(ctypes.Structure):
    _fields_ = (
        ("family", ctypes.c_uint16),
        ("port", ctypes.c_uint16),
        ("addr", ctypes.c_ubyte * 4),
        ("zero", ctypes.c_ubyte * 8),
    )


class SockaddrIn6(ctypes.Structure):
    _fields_ = (
        ("family", ctypes.c_uint16),
        ("port", ctypes.c_uint16),
        ("flowinfo", ctypes.c_uint32),
        ("addr", ctypes.c_ubyte * 16),
        ("scope_id", ctypes.c_uint32),
    )


class Extension(ctypes.Structure):
    _fields_ = (
        ("nscount", ctypes.c_uint16),
        ("nsmap", ctypes.c_uint16 * 3),
        ("nssocks", ctypes.c_int * 3),
        ("nscount6", ctypes.c_uint16),
        ("nsinit", ctypes.c_uint16),
        ("nsaddrs", ctypes.POINTER(SockaddrIn6) * 3),
        ("reserved", ctypes.c_uint32 * 2),
    )


class ResState(ctypes.Structure):
    """struct __res_state of <bits/types/res_state.h>."""

    _fields_ = (
        ("retrans", ctypes.c_int),
        ("retry", ctypes.c_int),
        ("options", ctypes.c_ulong),
        ("nscount", ctypes.c_int),
        ("nsaddr_list", SockaddrIn * 3),
        ("id", ctypes.c_ushort),
        ("dnsrch", ctypes.c_char_p * 7),
        ("defdname", ctypes.c_char * 256),
        ("pfcode", ctypes.c_ulong),
        ("ndots", ctypes.c_uint, 4),
        ("nsort", ctypes.c_uint, 4),
        ("unused", ctypes.c_uint, 24),
        ("sort_list", ctypes.c_uint32 * 20),
        ("hooks", ctypes.c_void_p * 2),
        ("res_h_errno", ctypes.c_int),
        ("vcsock", ctypes.c_int),
        ("flags", ctypes.c_uint),
        ("ext", Extension),
    )


OPTIONS = {
    "rotate": 0x00004000,
    "use_vc": 0x00000008,
    "edns0": 0x00100000,
    "single_request": 0x00200000,
    "single_request_reopen": 0x00400000,
    "no_tld_query": 0x01000000,
    "no_reload": 0x02000000,
    "trust_ad": 0x04000000,
    "no_aaaa": 0x08000000,
}


def resolv_conf(row: Row) -> Row:
    """Return what res_ninit made of the file, the environment and the host name."""
    write_etc("resolv.conf", row["text"])
    os.environ.update(row["environ"])
    socket.sethostname(row["hostname"])
    libc = ctypes.CDLL(None)
    assert ctypes.sizeof(ResState) == 568
    state = ResState()
    assert libc.__res_ninit(ctypes.byref(state)) == 0
    servers: list[tuple[int, str, int]] = []
    for number in range(state.nscount):
        slot, wide = state.nsaddr_list[number], state.ext.nsaddrs[number]
        if slot.family:
            servers.append((slot.family, socket.inet_ntop(slot.family, bytes(slot.addr)), 0))
        else:
            found = wide.contents
            servers.append((found.family, socket.inet_ntop(found.family, bytes(found.addr)), found.scope_id))
    flags = {name: bool(state.options & bit) for name, bit in OPTIONS.items()}
    search = [domain.decode("latin-1") for domain in state.dnsrch if domain is not None]
    numbers = {"ndots": state.ndots, "timeout": state.retrans, "attempts": state.retry}
    return {"nameservers": servers, "search": search, "sortlist": state.nsort > 0, **numbers, **flags}


def hosts(row: Row) -> list[list[str] | None]:
    """Return, for each (name, family), the addresses getaddrinfo finds in /etc/hosts, None for none."""
    write_etc("nsswitch.conf", "hosts: files\n")
    write_etc("host.conf", row.get("host_conf"))
    write_etc("hosts", row["text"])
    return [_lookup(name.encode("latin-1"), family) for name, family in row["queries"]]


def _lookup(name: bytes, family: int) -> list[str] | None:
    try:
        return [str(one[4][0]) for one in socket.getaddrinfo(name, 80, family, socket.SOCK_STREAM)]
    except OSError:
        return None


def nsswitch(row: Row) -> list[str]:
    """Return who answered a name that both sources know, one that only DNS knows, one that nobody knows."""
    write_etc("nsswitch.conf", row["text"])
    write_etc("hosts", "192.0.2.1 both.test\n")
    write_etc("resolv.conf", "nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
    return [_answerer(name) for name in ("both.test", "dns.test", "nobody.test")]


def _answerer(name: str) -> str:
    try:
        found = socket.getaddrinfo(name, 80, socket.AF_UNSPEC, socket.SOCK_STREAM)
    except OSError as error:
        return f"{type(error).__name__} {error.errno}"
    return {"192.0.2.1": "files", "192.0.2.53": "dns", "2001:db8::53": "dns"}[str(found[0][4][0])]


def serve_dns() -> None:
    """Answer A with 192.0.2.53, AAAA with 2001:db8::53, and names that start with nobody with NXDOMAIN."""
    server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    server.bind(("127.0.0.1", 53))
    child = os.fork()
    if child:
        atexit.register(os.kill, child, signal.SIGKILL)
        return
    while True:
        data, client = server.recvfrom(4096)
        query = dns.message.from_wire(data)
        response = dns.message.make_response(query)
        question = query.question[0]
        if question.name.to_text().startswith("nobody"):
            response.set_rcode(dns.rcode.NXDOMAIN)
        elif question.rdtype == 1:
            response.answer.append(dns.rrset.from_text(question.name, 5, "IN", "A", "192.0.2.53"))
        else:
            response.answer.append(dns.rrset.from_text(question.name, 5, "IN", "AAAA", "2001:db8::53"))
        server.sendto(response.to_wire(), client)


def forked(probe: Callable[[Row], Any], row: Row) -> Any:
    """Return what *probe* returns in a child of its own: libc keeps state, and may abort on bad input."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.write(writing, json.dumps(probe(row)).encode())
        except BaseException:
            traceback.print_exc()
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answer:
        text = answer.read()
    os.waitpid(child, 0)
    return json.loads(text) if text else None


PROBES: dict[str, Callable[[Row], Any]] = {"resolv_conf": resolv_conf, "hosts": hosts, "nsswitch": nsswitch}

if __name__ == "__main__":
    private_etc()
    serve_dns()
    json.dump([forked(PROBES[sys.argv[1]], row) for row in json.load(sys.stdin)], sys.stdout)
