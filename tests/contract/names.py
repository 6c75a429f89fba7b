"""What a name server says to each question: data, and the responses made of it.

A zone is one flat table, as a stub resolver sees it behind any recursive server. Needs dnspython; never a socket.
"""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING, NamedTuple

import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rrset

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_LINKS = 9

PRIVATE = "TYPE65280"
"""A type nobody knows, whose records may have any octets."""

SOA = "ns.invalid. hostmaster.invalid. 1 7200 1800 86400 {minimum}"


class Records(NamedTuple):
    """What there is at one name; a name that begins with `*.` stands for all names below that do not exist."""

    a: tuple[str, ...] = ()
    aaaa: tuple[str, ...] = ()
    alias: str = ""
    """The target of its CNAME record."""
    rcode: int = 0
    """A failure, for every type."""
    rcode_aaaa: int | None = None
    """The same for AAAA alone."""
    quirk: str = ""
    """See `QUIRKS`."""
    ptr: tuple[str, ...] = ()
    """The names that its PTR records give."""
    sick: int = 0
    """A failure, of the server on 127.0.0.1; the one on ::1 answers."""


class Zone(NamedTuple):
    """All that the server knows."""

    nodes: dict[str, Records]
    """By name in lower case, without the trailing dot."""
    minimum: int | None = 30
    """Of the SOA record of denials; None: they have none."""
    empty_exist: bool = True
    """Names with nothing but names below them exist (RFC 8020); some servers deny them."""


def respond(zone: Zone, query: dns.message.Message, *, tcp: bool, ipv4: bool = True) -> bytes:
    """Return the octets of the response that is sent from the server's IPv4 address; its id is that of the query."""
    question = query.question[0]
    name = question.name.to_text(omit_final_dot=True).lower()
    response = dns.message.make_response(query, recursion_available=True)
    node = find(zone, name)
    if node is None:
        response.set_rcode(dns.rcode.NXDOMAIN)
        _deny(zone, response)
        return response.to_wire(max_size=65535)
    if node.quirk:
        return _quirky(Asked(zone, node, question.name, question.rdtype, response, tcp))
    rcode = _failure(node, question.rdtype) or (node.sick if ipv4 else 0)
    if rcode:
        response.set_rcode(dns.rcode.Rcode(rcode))
        if rcode == dns.rcode.NXDOMAIN:
            _deny(zone, response)
        return response.to_wire(max_size=65535)
    _answer(zone, response, question.name, question.rdtype)
    data = response.to_wire(max_size=65535)
    if not tcp and len(data) > max(512, query.payload):
        response.answer.clear()
        response.authority.clear()
        response.flags |= dns.flags.TC
        data = response.to_wire(max_size=65535)
    return data


def find(zone: Zone, name: str) -> Records | None:
    """Return what is at the name; None if it does not exist."""
    node = zone.nodes.get(name)
    if node is not None:
        return node
    if zone.empty_exist and _has_below(zone, name):
        return Records()
    above = name
    while "." in above:
        above = above.partition(".")[2]
        wild = zone.nodes.get(f"*.{above}")
        if wild is not None:
            return wild
        if above in zone.nodes or _has_below(zone, above):
            return None  # the closest encloser (RFC 4592 section 3.3.1) has no wildcard
    return None


def _failure(node: Records, rdtype: int) -> int:
    """Return the response code of a failure; 0: there is none."""
    if rdtype == dns.rdatatype.AAAA and node.rcode_aaaa is not None:
        return node.rcode_aaaa
    return node.rcode


def _has_below(zone: Zone, name: str) -> bool:
    return any(known.endswith(f".{name}") for known in zone.nodes)


def _addresses(node: Records, rdtype: int) -> tuple[str, ...]:
    known = {dns.rdatatype.A: node.a, dns.rdatatype.AAAA: node.aaaa, dns.rdatatype.PTR: node.ptr}
    return known.get(dns.rdatatype.RdataType(rdtype), ())


def _answer(zone: Zone, response: dns.message.Message, name: dns.name.Name, rdtype: int) -> None:
    """Follow the aliases, and add what is at their end, or its denial."""
    owner = name
    for _ in range(MAX_LINKS):
        node = find(zone, owner.to_text(omit_final_dot=True).lower())
        if node is None:
            response.set_rcode(dns.rcode.NXDOMAIN)
            break
        if rcode := _failure(node, rdtype):
            response.set_rcode(dns.rcode.Rcode(rcode))
            return
        if not node.alias:
            addresses = _addresses(node, rdtype)
            if addresses:
                response.answer += _records(owner, rdtype, *addresses)
                return
            break
        response.answer += _records(owner, dns.rdatatype.CNAME, f"{node.alias}.")
        owner = dns.name.from_text(node.alias)
    _deny(zone, response)


def _records(owner: dns.name.Name | str, rdtype: int, *texts: str) -> list[dns.rrset.RRset]:
    # A set of records keeps no order and no duplicates; one set for each record does.
    kind = dns.rdatatype.to_text(dns.rdatatype.RdataType(rdtype))
    return [dns.rrset.from_text(owner, 30, "IN", kind, text) for text in texts]


def _deny(zone: Zone, response: dns.message.Message) -> None:
    if zone.minimum is not None:
        text = SOA.format(minimum=zone.minimum)
        response.authority.append(dns.rrset.from_text(".", 30, "IN", "SOA", text))


class Asked(NamedTuple):
    """A question for a name with a quirk, and the response to be filled in."""

    zone: Zone
    node: Records
    owner: dns.name.Name
    rdtype: int
    response: dns.message.Message
    tcp: bool

    def add(self, owner: dns.name.Name | str, rdtype: int, *texts: str) -> None:
        """Add records to the answer."""
        self.response.answer += _records(owner, rdtype, *texts)

    def alias(self, owner: dns.name.Name | str, target: str) -> None:
        """Add a CNAME record."""
        self.add(owner, dns.rdatatype.CNAME, target)

    def addresses(self, owner: dns.name.Name | str) -> None:
        """Add the addresses, under this name."""
        self.add(owner, self.rdtype, *_addresses(self.node, self.rdtype))

    @property
    def other_case(self) -> dns.name.Name:
        """The name asked for, its letters in the other case."""
        return dns.name.from_text(self.owner.to_text().swapcase())


TARGET = "target.quirk.test."
UNFIT = r"bad\032name.quirk.test."


def _quirky(asked: Asked) -> bytes:
    """Let the name's quirk fill the response in."""
    QUIRKS[asked.node.quirk](asked)
    data: bytes = asked.response.to_wire(max_size=65535)
    # No library writes an address of three octets; it does write a record of a type that nobody knows.
    return data.replace(b"\xff\x00\x00\x01", bytes((0, asked.rdtype)) + b"\x00\x01")


def _reversed(asked: Asked) -> None:
    """The CNAME chain comes backwards, the addresses first."""
    asked.addresses(TARGET)
    asked.alias("middle.quirk.test.", TARGET)
    asked.alias(asked.owner, "middle.quirk.test.")


def _behind(asked: Asked) -> None:
    """The addresses come first, then the one CNAME record that leads to them."""
    asked.addresses(TARGET)
    asked.alias(asked.owner, TARGET)


def _question_case(asked: Asked) -> None:
    """The question comes back in the other case, and the records point to it."""
    asked.response.question[0] = dns.rrset.RRset(
        asked.other_case, dns.rdataclass.IN, dns.rdatatype.RdataType(asked.rdtype)
    )
    asked.addresses(asked.other_case)


def _question_case_denied(asked: Asked) -> None:
    """The same of a name without addresses."""
    asked.response.question[0] = dns.rrset.RRset(
        asked.other_case, dns.rdataclass.IN, dns.rdatatype.RdataType(asked.rdtype)
    )
    _deny(asked.zone, asked.response)


def _owner_case(asked: Asked) -> None:
    """The records' owners are in the other case than the question."""
    asked.addresses(asked.other_case)


def _alias_case(asked: Asked) -> None:
    """The CNAME record's owner is in the other case, and so is its target's."""
    asked.alias(asked.other_case, TARGET.upper())
    asked.addresses(TARGET)


def _extended_rcode(asked: Asked) -> None:
    """The rcode's upper bits, in the OPT record, say BADVERS; its lower ones NOERROR."""
    asked.response.use_edns(0)
    asked.response.set_rcode(dns.rcode.BADVERS)


def _extended_with_addresses(asked: Asked) -> None:
    """The same beside addresses."""
    _extended_rcode(asked)
    asked.addresses(asked.owner)


def _extended_nxdomain(asked: Asked) -> None:
    """The lower bits of the extended rcode say NXDOMAIN."""
    asked.response.use_edns(0)
    asked.response.set_rcode(dns.rcode.Rcode(16 + dns.rcode.NXDOMAIN))


def _referral(asked: Asked) -> None:
    """Nothing but name servers: the zone was delegated, and nobody asked there."""
    asked.response.flags &= ~dns.flags.RA
    asked.response.use_edns(False)
    asked.response.authority.append(dns.rrset.from_text("test.", 30, "IN", "NS", "ns.invalid."))


def _referral_with_glue(asked: Asked) -> None:
    """The same, with the name servers' addresses."""
    _referral(asked)
    asked.response.additional.append(dns.rrset.from_text("ns.invalid.", 30, "IN", "A", "192.0.2.53"))


def _not_recursive(asked: Asked) -> None:
    """Recursion is not available, and nothing is there."""
    asked.response.flags &= ~dns.flags.RA
    asked.response.use_edns(False)


def _not_recursive_denied(asked: Asked) -> None:
    """Recursion is not available, and an SOA record denies the type."""
    _not_recursive(asked)
    _deny(asked.zone, asked.response)


def _authoritative(asked: Asked) -> None:
    """An authoritative server without recursion denies the type."""
    _not_recursive_denied(asked)
    asked.response.flags |= dns.flags.AA


def _no_chain(asked: Asked) -> None:
    """Addresses of another name, without the CNAME record that leads there."""
    asked.addresses(TARGET)


def _no_addresses(asked: Asked) -> None:
    """A CNAME record, and nothing at its end."""
    asked.alias(asked.owner, TARGET)
    _deny(asked.zone, asked.response)


def _alias_one_family(asked: Asked) -> None:
    """A CNAME record to a name that has IPv4 addresses only."""
    asked.alias(asked.owner, TARGET)
    if asked.rdtype == dns.rdatatype.A:
        asked.addresses(TARGET)
    else:
        _deny(asked.zone, asked.response)


def _alias_denied(asked: Asked) -> None:
    """A CNAME record, and NXDOMAIN for its target."""
    _no_addresses(asked)
    asked.response.set_rcode(dns.rcode.NXDOMAIN)


def _alias_failed(asked: Asked) -> None:
    """A CNAME record, and SERVFAIL for its target."""
    asked.alias(asked.owner, TARGET)
    asked.response.set_rcode(dns.rcode.SERVFAIL)


def _alias_twice(asked: Asked) -> None:
    """Two CNAME records for one name, the second one of use."""
    asked.alias(asked.owner, "first.quirk.test.")
    asked.alias(asked.owner, TARGET)
    asked.addresses(TARGET)


def _alias_twice_first(asked: Asked) -> None:
    """Two CNAME records for one name, the first one of use."""
    asked.alias(asked.owner, TARGET)
    asked.alias(asked.owner, "second.quirk.test.")
    asked.addresses(TARGET)


def _alias_beside(asked: Asked) -> None:
    """Addresses of the name itself, then a CNAME record and its target's."""
    asked.addresses(asked.owner)
    asked.alias(asked.owner, TARGET)
    asked.addresses(TARGET)


def _alias_same(asked: Asked) -> None:
    """A CNAME record that leads to its own owner, and addresses."""
    asked.alias(asked.owner, asked.owner.to_text())
    asked.addresses(asked.owner)


def _alias_other(asked: Asked) -> None:
    """A CNAME record of another name before the addresses."""
    asked.alias("elsewhere.quirk.test.", TARGET)
    asked.addresses(asked.owner)


def _long_chain(asked: Asked) -> None:
    """Twelve CNAME records in a row."""
    names = [asked.owner.to_text(), *(f"link{number}.quirk.test." for number in range(12))]
    for owner, target in itertools.pairwise(names):
        asked.alias(owner, target)
    asked.addresses(names[-1])


def _very_long_chain(asked: Asked) -> None:
    """Thirty CNAME records in a row."""
    names = [asked.owner.to_text(), *(f"link{number}.quirk.test." for number in range(30))]
    for owner, target in itertools.pairwise(names):
        asked.alias(owner, target)
    asked.addresses(names[-1])


def _duplicates(asked: Asked) -> None:
    """Every address twice."""
    asked.addresses(asked.owner)
    asked.addresses(asked.owner)


def _other_type(asked: Asked) -> None:
    """Records of another type between the addresses."""
    for address in _addresses(asked.node, asked.rdtype):
        asked.add(asked.owner, dns.rdatatype.TXT, '"x"')
        asked.add(asked.owner, asked.rdtype, address)


def _only_other_type(asked: Asked) -> None:
    """Nothing but a record of another type."""
    asked.add(asked.owner, dns.rdatatype.TXT, '"x"')


def _both_types(asked: Asked) -> None:
    """Addresses of both families, whichever was asked for."""
    asked.add(asked.owner, dns.rdatatype.A, *asked.node.a)
    asked.add(asked.owner, dns.rdatatype.AAAA, *asked.node.aaaa)


def _other_class(asked: Asked) -> None:
    """A record of class CH before the addresses."""
    asked.response.answer.append(dns.rrset.from_text(asked.owner, 30, "CH", "TXT", '"x"'))
    asked.addresses(asked.owner)


def _other_owner(asked: Asked) -> None:
    """Addresses of another name, then those of this one."""
    asked.add("elsewhere.quirk.test.", asked.rdtype, *_addresses(asked.node, asked.rdtype)[:1])
    asked.addresses(asked.owner)


def _short_address(asked: Asked) -> None:
    """An address of three octets."""
    asked.response.answer.append(dns.rrset.from_text(asked.owner, 30, "IN", PRIVATE, r"\# 3 c00002"))


def _short_and_good(asked: Asked) -> None:
    """An address of three octets before the others."""
    _short_address(asked)
    asked.addresses(asked.owner)


def _unfit_target(asked: Asked) -> None:
    """A CNAME record whose target is no host name."""
    asked.alias(asked.owner, UNFIT)
    asked.addresses(UNFIT)


def _star_target(asked: Asked) -> None:
    """A CNAME record whose target begins with an asterisk."""
    asked.alias(asked.owner, "*.quirk.test.")
    asked.addresses("*.quirk.test.")


def _dash_target(asked: Asked) -> None:
    """A CNAME record whose target begins with a hyphen."""
    asked.alias(asked.owner, "-x.quirk.test.")
    asked.addresses("-x.quirk.test.")


def _root_target(asked: Asked) -> None:
    """A CNAME record whose target is the root."""
    asked.alias(asked.owner, ".")
    asked.addresses(".")


def _dname(asked: Asked) -> None:
    """A DNAME record before the CNAME record made of it."""
    asked.add("quirk.test.", dns.rdatatype.DNAME, "elsewhere.test.")
    asked.alias(asked.owner, TARGET)
    asked.addresses(TARGET)


def _dname_alone(asked: Asked) -> None:
    """Nothing but a DNAME record."""
    asked.add("quirk.test.", dns.rdatatype.DNAME, "elsewhere.test.")


def _nxdomain_with_addresses(asked: Asked) -> None:
    """NXDOMAIN, and addresses all the same."""
    asked.addresses(asked.owner)
    asked.response.set_rcode(dns.rcode.NXDOMAIN)


def _servfail_with_addresses(asked: Asked) -> None:
    """SERVFAIL, and addresses all the same."""
    asked.addresses(asked.owner)
    asked.response.set_rcode(dns.rcode.SERVFAIL)


def _truncated(asked: Asked) -> None:
    """TC is set over UDP, and nothing is there."""
    if asked.tcp:
        asked.addresses(asked.owner)
    else:
        asked.response.flags |= dns.flags.TC


def _truncated_always(asked: Asked) -> None:
    """TC is set, over TCP too, beside addresses."""
    asked.response.flags |= dns.flags.TC
    asked.addresses(asked.owner)


def _loop(asked: Asked) -> None:
    """The CNAME records lead round in a circle."""
    asked.alias(asked.owner, TARGET)
    asked.alias(TARGET, asked.owner.to_text())


def _odd_rcode(asked: Asked) -> None:
    """NOTAUTH, which no resolver expects."""
    asked.response.set_rcode(dns.rcode.NOTAUTH)


def _no_question(asked: Asked) -> None:
    """The question section is empty."""
    asked.addresses(asked.owner)
    asked.response.question = []


QUIRKS: dict[str, Callable[[Asked], None]] = {
    quirk.__name__.strip("_").replace("_", "-"): quirk
    for quirk in (
        _reversed,
        _behind,
        _question_case,
        _question_case_denied,
        _owner_case,
        _alias_case,
        _extended_rcode,
        _extended_with_addresses,
        _extended_nxdomain,
        _referral,
        _referral_with_glue,
        _not_recursive,
        _not_recursive_denied,
        _authoritative,
        _no_chain,
        _no_addresses,
        _alias_one_family,
        _alias_denied,
        _alias_failed,
        _alias_twice,
        _alias_twice_first,
        _alias_beside,
        _alias_same,
        _alias_other,
        _long_chain,
        _very_long_chain,
        _duplicates,
        _other_type,
        _only_other_type,
        _both_types,
        _other_class,
        _other_owner,
        _short_address,
        _short_and_good,
        _unfit_target,
        _star_target,
        _dash_target,
        _root_target,
        _dname,
        _dname_alone,
        _nxdomain_with_addresses,
        _servfail_with_addresses,
        _truncated,
        _truncated_always,
        _loop,
        _odd_rcode,
        _no_question,
    )
}
"""Names that a quirk goes by: see the docstring of each. `no-question` makes libc wait for its time-out."""
