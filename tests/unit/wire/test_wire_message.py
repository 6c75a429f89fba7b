"""Queries, and what is read from responses."""

from __future__ import annotations

import struct

import dns.flags
import dns.message
import pytest

from steadydns.wire.direct import read_direct
from steadydns.wire.errors import WireError
from steadydns.wire.framing import frame
from steadydns.wire.message import (
    AAAA,
    CNAME,
    FORMERR,
    NOERROR,
    NOTIMP,
    NS,
    NXDOMAIN,
    OPT,
    PTR,
    REFUSED,
    SERVFAIL,
    SOA,
    A,
    Answer,
    Mismatch,
    framed_queries,
    parse,
    parse_any,
    query,
)
from tests.unit.wire.messages import (
    A1,
    A2,
    ASKED,
    CHAIN,
    GOOD,
    IDENT,
    QNAME,
    ROOT,
    SIX,
    SOA_DATA,
    opt,
    read,
    refuse,
    response,
    rr,
)


def test_a_query_is_header_and_question() -> None:
    """A query has RD set, one question of class IN and nothing else."""
    assert query(IDENT, QNAME, AAAA) == b"\x12\x34\1\0\0\1\0\0\0\0\0\0\3www\4test\0\0\x1c\0\1"
    assert query(0xFFFF, QNAME, PTR)[-4:] == b"\0\x0c\0\1"


@pytest.mark.parametrize("qtype", [A, AAAA, SOA, NS])
@pytest.mark.parametrize("payload", [0, 512, 1232, 4096])
@pytest.mark.parametrize("ad", [False, True])
def test_dnspython_reads_our_queries(qtype: int, payload: int, ad: bool) -> None:
    """The question, the flags and the payload size arrive as they were meant."""
    message = dns.message.from_wire(query(IDENT, QNAME, qtype, payload, ad))
    assert message.id == IDENT
    assert message.flags == dns.flags.RD | (dns.flags.AD if ad else 0)
    assert [(str(q.name), q.rdtype, q.rdclass) for q in message.question] == [("www.test.", qtype, 1)]
    assert (message.edns, message.payload) == ((0, payload) if payload else (-1, 0))


@pytest.mark.parametrize("qtypes", [(A,), (A, AAAA), (SOA, A, AAAA)])
def test_framed_queries_are_queries_with_their_length(qtypes: tuple[int, ...]) -> None:
    """What goes over TCP is what would go over UDP without options, each behind its length, with ids that count up."""
    questions, data = framed_queries(0xFFFF, QNAME, qtypes)
    messages = [query((0xFFFF + number) & 0xFFFF, QNAME, qtype) for number, qtype in enumerate(qtypes)]
    assert data == b"".join(map(frame, messages))
    assert questions == [message[12:] for message in messages]


def test_addresses_keep_order_and_repetitions() -> None:
    """Addresses come as on the wire, with the lowest TTL of them."""
    message = response((rr(ASKED, A, 30, A2), rr(ASKED, A, 20, A1), rr(ASKED, A, 40, A2)), flags=0x8580)
    assert read(message) == Answer(NOERROR, False, True, (A2, A1, A2), 20, b"", False, None)


def test_aaaa_addresses_have_sixteen_octets() -> None:
    """AAAA is read as A is."""
    answer = read(response((rr(ASKED, AAAA, 9, SIX),), qtype=AAAA), AAAA)
    assert (answer.addresses, answer.ttl) == ((SIX,), 9)


def test_aliases_are_followed() -> None:
    """The case of names does not matter, and the lowest TTL counts."""
    answer = read(response(CHAIN))
    assert answer == Answer(
        NOERROR, False, False, (A1,), 7, b"c.net", True, None, False, (b"www.test", b"b.TEST")
    )


def test_a_chain_that_comes_backwards_has_no_addresses() -> None:
    """As in glibc, which reads the records once: addresses that come before their alias are nobody's."""
    answer = read(response((rr(b"\1b\4test\0", A, 30, A1), rr(ASKED, CNAME, 9, b"\1b\4test\0"))))
    assert answer == Answer(NOERROR, False, False, (), 0, b"b.test", True, None, True, (b"www.test",))


def test_names_outside_the_chain_are_ignored() -> None:
    """An address of a name that was not asked for is never returned, and its TTL does not count."""
    evil = b"\4evil\4test\0"
    answer = read(response((rr(evil, A, 1, A2), rr(ASKED, A, 30, A1))))
    assert (answer.addresses, answer.ttl, answer.aliased) == ((A1,), 30, False)


def test_addresses_of_another_length_are_ignored() -> None:
    """As in glibc: they are records, and no addresses."""
    assert read(response((rr(ASKED, A, 9, A1[:3]), rr(ASKED, A, 9, A1), rr(ASKED, A, 9, SIX)))).addresses == (
        A1,
    )
    assert read(response((rr(ASKED, A, 9, A1[:3]),))).empty


@pytest.mark.parametrize("flags", [0x8000, 0x8100])
def test_nothing_from_a_server_that_is_not_responsible_is_a_refusal(flags: int) -> None:
    """Neither AA nor RA, and no answer: a referral or a lame server, of which glibc asks the next one."""
    soa = rr(b"\xc0\x10", SOA, 9, SOA_DATA)
    assert read(response((), (soa,), flags=flags)).rcode == REFUSED
    assert read(response((), (soa,), flags=flags | 0x400)).rcode == NOERROR
    assert read(response((), (soa,), flags=flags | 0x080)).rcode == NOERROR
    assert read(response((rr(ASKED, A, 9, A1),), flags=flags)).addresses == (A1,)
    assert read(response((), (), (rr(ROOT, A, 9, A1),), flags=flags)).rcode == NOERROR
    with_opt = response((), (), (opt(),), flags=flags)
    assert parse(with_opt, IDENT, QNAME, A, edns=True).rcode == REFUSED


def test_an_address_beside_an_alias_is_ignored() -> None:
    """As in glibc, only the name at the end of the chain has addresses."""
    answer = read(response((CHAIN[0], rr(ASKED, A, 30, A2), rr(b"\1b\4test\0", A, 30, A1))))
    assert (answer.addresses, answer.canonical) == ((A1,), b"B.test")


def test_of_two_aliases_of_one_name_the_later_counts() -> None:
    """As glibc's getaddrinfo does with such a response."""
    first, second = rr(ASKED, CNAME, 9, b"\1p\xc0\x10"), rr(ASKED, CNAME, 9, b"\1q\xc0\x10")
    addresses = rr(b"\1p\4test\0", A, 9, A1), rr(b"\1q\4test\0", A, 9, A2)
    assert read(response((first, second, *addresses))).addresses == (A2,)


@pytest.mark.parametrize(
    ("ttl", "expected"), [(0, 0), (1, 1), (0x7FFFFFFF, 0x7FFFFFFF), (0x80000000, 0), (0xFFFFFFFF, 0)]
)
def test_a_ttl_with_its_top_bit_set_is_zero(ttl: int, expected: int) -> None:
    """RFC 2181 section 8, for addresses, aliases and denials."""
    assert read(response((rr(ASKED, A, ttl, A1),))).ttl == expected
    assert read(response((rr(ASKED, A, ttl, A1), rr(ASKED, A, 0x7FFFFFFF, A1)))).ttl == expected
    assert read(response((rr(ASKED, CNAME, ttl, b"\1b\0"), rr(b"\1b\0", A, 0x7FFFFFFF, A1)))).ttl == expected
    assert read(response((), (rr(ASKED, SOA, ttl, SOA_DATA),))).negative_ttl == min(expected, 5)


@pytest.mark.parametrize("rcode", [NOERROR, NXDOMAIN])
@pytest.mark.parametrize("owner", [ASKED, b"\xc0\x10", b"\xc0\x15", ROOT, b"\4test\0"])
def test_a_denial_lives_as_its_soa_says(rcode: int, owner: bytes) -> None:
    """The lower of the SOA's own TTL and its minimum counts (RFC 2308 section 5)."""
    answer = read(response((), (rr(owner, SOA, 3600, SOA_DATA),), flags=0x8180 | rcode))
    assert answer == Answer(rcode, False, False, (), 0, b"", False, 5)
    assert read(response((), (rr(owner, SOA, 4, SOA_DATA),), (opt(),))).negative_ttl == 4


def test_a_denial_without_soa_has_no_lifetime() -> None:
    """Without SOA record there is nothing to cache a denial by."""
    assert read(response(flags=0x8183)).negative_ttl is None
    assert read(response((), (rr(ROOT, NS, 9, ROOT),))).negative_ttl is None
    assert read(response((), (rr(ASKED, SOA, 9, SOA_DATA, rclass=3),))).negative_ttl is None


def test_aliases_shorten_a_denial() -> None:
    """A denial of the name at the end of a chain lives no longer than the chain."""
    soa = rr(ROOT, SOA, 3600, SOA_DATA)
    answer = read(response((rr(ASKED, CNAME, 2, b"\1b\0"),), (soa,), flags=0x8183))
    assert answer == Answer(NXDOMAIN, False, False, (), 0, b"b", True, 2, False, (b"www.test",))


@pytest.mark.parametrize("rcode", [FORMERR, SERVFAIL, NXDOMAIN, NOTIMP, REFUSED])
def test_only_success_has_addresses(rcode: int) -> None:
    """Addresses beside an error are not used, as in glibc."""
    answer = read(response((rr(ASKED, A, 9, A1),), flags=0x8180 | rcode))
    assert (answer.rcode, answer.addresses, answer.ttl) == (rcode, (), 0)


@pytest.mark.parametrize("extended", [1, 0x7F, 0x80, 0xFF])
def test_the_rcode_has_twelve_bits_with_edns(extended: int) -> None:
    """The OPT record's upper bits are joined to the header's where the query had one, and make an error of a denial."""
    message = response((), (), (opt(extended),))
    assert read(message).rcode == NOERROR
    answer = parse(message, IDENT, QNAME, A, edns=True)
    assert (answer.rcode, answer.addresses) == (extended << 4, ())
    assert int(dns.message.from_wire(message).rcode()) == extended << 4


def test_only_the_first_opt_record_of_the_root_counts() -> None:
    """More of them, or odd ones, change nothing."""
    assert read(response((), (), (opt(), opt(1)))).rcode == NOERROR
    assert parse(response((), (), (opt(1), opt())), IDENT, QNAME, A, edns=True).rcode == 16
    assert read(response((), (), (rr(ASKED, OPT, 1 << 24, b""),))).rcode == NOERROR


@pytest.mark.parametrize("authority", [(), (b"\xc0\xff",), (rr(ASKED, SOA, 9, b""),)])
@pytest.mark.parametrize("additional", [(), (opt(1),), (b"\xc0\xff",)])
def test_nothing_behind_the_addresses_is_looked_at(
    authority: tuple[bytes, ...], additional: tuple[bytes, ...]
) -> None:
    """Glibc takes the addresses whatever the later sections hold: an extended rcode, garbage, nothing at all."""
    answers = (rr(ASKED, A, 9, A1),)
    assert read(response(answers, authority, additional)) == read(response(answers))
    whole = response(answers, authority, additional)
    assert parse(whole, IDENT, QNAME, A, edns=True) == read(response(answers))


def test_other_classes_are_ignored() -> None:
    """A record of class CH is no answer, whatever its data."""
    assert read(response((rr(ASKED, A, 9, A1, rclass=3), rr(ASKED, A, 9, b"abc", rclass=3)))).addresses == ()
    assert read(response((rr(ASKED, CNAME, 9, b"\1b\0", rclass=3), rr(ASKED, A, 9, A1)))).addresses == (A1,)


def test_octets_after_the_records_are_ignored() -> None:
    """As in glibc, what follows the counted records does not matter."""
    for message in (
        response((rr(ASKED, A, 9, A1),)),
        response((rr(ASKED, A, 9, A1),), (), (opt(),)),
        response(),
    ):
        assert read(message + b"junk") == read(message)


def test_truncated_responses_say_so() -> None:
    """With TC set the records that can be read are read, and damage only empties the answer."""
    whole = response((rr(ASKED, A, 9, A1),), flags=0x8380)
    assert read(whole) == Answer(NOERROR, True, False, (A1,), 9, b"", False, None)
    assert read(whole[:-1]) == Answer(NOERROR, True, False, (), 0, b"", False, None)
    assert read(response(flags=0x8380)).truncated


def test_pointer_records_give_names() -> None:
    """In their order, as presented, where an alias leads to them (RFC 2317), too."""
    b, c = rr(ASKED, PTR, 9, b"\1b\0"), rr(ASKED, PTR, 8, b"\1C\3 .x\4test\0")
    answer = read(response((b, c), qtype=PTR), PTR)
    assert answer == Answer(NOERROR, False, False, (b"b", rb"C.\032\.x.test"), 8, b"", False, None)
    classless = rr(ASKED, CNAME, 7, b"\1x\0"), rr(b"\1x\0", PTR, 9, b"\1b\0")
    answer = read(response(classless, qtype=PTR), PTR)
    assert answer == Answer(NOERROR, False, False, (b"b",), 7, b"x", True, None, False, (b"www.test",))


@pytest.mark.parametrize("data", [b"", b"\1b", b"\1b\0\0", b"\1b\0x", b"\xc0\xff"])
def test_a_pointer_record_is_one_name_to_the_last_octet(data: bytes) -> None:
    """Octets missing or left over make the response unreadable, as those of an alias do."""
    with pytest.raises(WireError):
        read(response((rr(ASKED, PTR, 9, data),), qtype=PTR), PTR)


def test_types_without_addresses_have_a_lifetime() -> None:
    """The rcode and the lifetimes are read as for the others."""
    answer = read(response((rr(ASKED, CNAME, 9, b"\1b\0"),), qtype=CNAME), CNAME)
    assert (answer.aliased, answer.canonical) == (False, b"")


@pytest.mark.parametrize(
    "message",
    [
        GOOD,
        response((rr(ASKED, A, 9, A1), rr(ASKED, A, 9, A2)), (), (opt(),)),
        response((), (rr(b"\xc0\x10", SOA, 9, SOA_DATA),), (opt(),), flags=0x8183),
        response(),
        # As CoreDNS writes them: no owner is a pointer.
        response((rr(QNAME, A, 9, A1),), (rr(QNAME[4:], NS, 9, QNAME),)),
        response((rr(QNAME, A, 9, A1), rr(QNAME, A, 7, A2), rr(QNAME, A, 8, A1))),
        response((), (rr(QNAME[4:], SOA, 9, SOA_DATA),), flags=0x8583),
        response((), (rr(QNAME, SOA, 9, SOA_DATA),), (opt(),), flags=0x8580),
        response((), (rr(ROOT, SOA, 9, SOA_DATA),), flags=0x8183),
    ],
)
def test_the_common_layouts_take_the_shortcut(message: bytes) -> None:
    """Addresses of the name asked, and denials with SOA, never need the general way."""
    question = QNAME + struct.pack("!2H", A, 1)
    found = read_direct(message, 0, len(message), IDENT, question, A)
    assert found == parse_any(message, IDENT, QNAME, A)
    assert [read_direct(message[:size], 0, size, IDENT, question, A) for size in range(12)] == [None] * 12


@pytest.mark.parametrize(
    "message",
    [
        response((rr(QNAME.upper(), A, 9, A1),)),
        response((rr(QNAME, A, 9, A1), rr(ASKED, A, 9, A2))),
        response((rr(b"\1x" + QNAME, A, 9, A1),)),
        response((), (rr(b"\3www\5other\0", SOA, 9, SOA_DATA),), flags=0x8583),
        response((), (rr(QNAME[1:], SOA, 9, SOA_DATA),), flags=0x8583),
        response((), (rr(QNAME[4:].upper(), SOA, 9, SOA_DATA),), flags=0x8583),
    ],
)
def test_what_is_nearly_a_common_layout_takes_the_general_way(message: bytes) -> None:
    """Another owner, or the same one in another case or written in two ways."""
    question = QNAME + struct.pack("!2H", A, 1)
    assert read_direct(message, 0, len(message), IDENT, question, A) is None


def test_the_shortcut_reads_in_the_middle_of_a_stream() -> None:
    """What stands before and after a message, and how far from the start it is, changes nothing; its end does."""
    message, question = response((rr(ASKED, A, 9, A1),)), QNAME + struct.pack("!2H", A, 1)
    before = bytes(70_000)
    stream = before + message + message
    end = len(before) + len(message)
    assert read_direct(stream, len(before), end, IDENT, question, A) == read(message)
    assert read_direct(stream, len(before), end - 1, IDENT, question, A) is None


def test_the_case_of_the_question_does_not_matter() -> None:
    """A server may echo the name in another case; as in glibc, that is then the name's."""
    answer = read(response((rr(ASKED, A, 9, A1),), question=QNAME.upper()))
    assert (answer.addresses, answer.canonical, answer.aliased) == ((A1,), b"WWW.TEST", False)
    answer = read(response((rr(ASKED, 16, 9, b"\1x"), rr(ASKED, A, 9, A1)), question=QNAME.upper()))
    assert (answer.addresses, answer.canonical) == ((A1,), b"WWW.TEST")


def test_the_type_of_the_question_has_no_case() -> None:
    """Type 97 is not type 65, though their octets are `a` and `A`."""
    refuse(response(qtype=97), 65, Mismatch)
    refuse(response(qtype=65), 97, Mismatch)
    assert read(response(qtype=65), 65).rcode == NOERROR


@pytest.mark.parametrize("rcode", [FORMERR, SERVFAIL, NOTIMP, REFUSED])
def test_errors_may_come_without_question(rcode: int) -> None:
    """A bare header with the id is enough for the errors of servers that did not read the question."""
    header = struct.pack("!6H", IDENT, 0x8180 | rcode, 0, 0, 0, 0)
    assert read(header) == Answer(rcode, False, False, (), 0, b"", False, None)
    refuse(struct.pack("!6H", IDENT, 0x8180 | rcode, 0, 0, 1, 0) + rr(ASKED, SOA, 9, SOA_DATA))


@pytest.mark.parametrize(
    ("answers", "additionals", "orderly"),
    [
        ((rr(ASKED, A, 5, A1), rr(ASKED, A, 5, A2)), (), True),
        ((), (), True),
        (CHAIN, (opt(),), True),
        (CHAIN[::-1], (), False),
        ((*CHAIN, rr(ASKED, A, 5, A1)), (), False),
        ((rr(ASKED, A, 5, A1), rr(ASKED, NS, 5, ROOT)), (), False),
        ((rr(ASKED, A, 5, A1), rr(ASKED, A, 5, A2, rclass=3)), (), False),
        ((rr(b"\1x\0", A, 5, A1),), (), False),
    ],
)
def test_an_answer_says_whether_it_is_orderly(
    answers: tuple[bytes, ...], additionals: tuple[bytes, ...], orderly: bool
) -> None:
    """Aliases in the order of their chain and the addresses at its end, and nothing else."""
    assert read(response(answers, additionals=additionals)).orderly == orderly


def test_an_answer_with_upper_bits_is_not_orderly() -> None:
    """An rcode of twelve bits is nothing that every reader knows."""
    assert not parse(response((), (), (opt(1),)), IDENT, QNAME, A, edns=True).orderly
