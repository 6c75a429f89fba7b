"""One hosts file with every oddity at once, and the names to ask of it."""

from __future__ import annotations

HOSTS = (
    b"127.0.0.1\tlocalhost\n"
    b"::1 localhost ip6-localhost ip6-loopback\n"
    b"\n   \n# comment\n  # indented comment\n"
    b"10.0.0.1 v4.test alias.v4.test a.b.c\n"
    b"2001:db8::1 v6.test alias.v6.test\n"
    b"10.0.0.2 both.test\n2001:db8::2 both.test\n"
    b"10.0.0.3 twice.test\n10.0.0.4 twice.test\n"
    b"10.0.0.5\tTABS.test\t\talias.tabs.test\t\n"
    b"10.0.0.6 crlf.test alias.crlf.test\r\n"
    b"   10.0.0.7 indented.test\n"
    b"10.0.0.8 dotted.test.\n"
    b"10.0.0.9 comment.test#glued behind.test\n"
    b"10.0.0.10 # only.comment.test\n"
    b"10.0.0.11\n"
    b"\xef\xbb\xbf10.0.0.12 bom.test\n"
    b"10.0.0.13 nul.test\0alias.nul.test\n"
    b"10.0.0.14\0 x nul-address.test\n"
    b"\0 10.0.0.15 nul-first.test\n"
    b"10.0.0.16\vvtab.test\falias.vtab.test\n"
    b"10.0.0.17 under_score.test -dash.test xn--bcher-kva.test\n"
    b"10.0.0.18 \xc3\xa4.test \xff\xfe\n"
    b"10.0.0.19 123.test 999 1.2.3.400 12.\n"
    b"garbage garbage.test\n"
    b"127.1 short.test\n"
    b"010.0.0.20 octal.test\n"
    b"0x7f.0.0.1 hex.test\n"
    b"10.0.0.256 big.test\n"
    b"10.0.0 three.test\n"
    b"10.0.0.1.2 five.test\n"
    b"10.0.0.21, comma.test\n"
    b"::ffff:10.0.0.22 mapped.test\n"
    b"::10.0.0.23 compatible.test\n"
    b"::1 loopback6.test\n"
    b"0:0:0:0:0:0:0:1 loopback6-long.test\n"
    b"fe80::1%lo scoped.test\n"
    b"fe80::1 linklocal.test\n"
    b"[2001:db8::3] brackets.test\n"
    b"2001:db8:::4 colons.test\n"
    b"0.0.0.0 any4.test\n"
    b":: any6.test\n"
    b"255.255.255.255 broadcast.test\n"
    b"10.0.0.24 " + b" ".join(b"n%d.test" % n for n in range(200)) + b"\n"
    b"10.0.0.25 " + b"x" * 5000 + b" long.test\n"
    b"10.0.0.26 v4.test second.test\n"
    b"2001:db8::27 nonewline.test"
)  # fmt: skip

NAMES = (
    b"localhost", b"ip6-localhost", b"LocalHost", b"localhost.", b"v4.test", b"alias.v4.test", b"V4.TEST",
    b"v4.test.", b"a.b.c", b"a.b", b"b.c", b"v6.test", b"alias.v6.test", b"v6.test.", b"both.test", b"twice.test",
    b"tabs.test", b"alias.tabs.test", b"crlf.test", b"alias.crlf.test", b"crlf.test\r", b"indented.test",
    b"dotted.test", b"dotted.test.", b"comment.test", b"comment.test#glued", b"behind.test",
    b"only.comment.test", b"#", b"bom.test", b"nul.test", b"alias.nul.test", b"nul-address.test",
    b"nul-first.test", b"vtab.test", b"alias.vtab.test", b"under_score.test", b"-dash.test",
    b"xn--bcher-kva.test", b"\xc3\xa4.test", b"\xc3\x84.test", b"\xff\xfe", b"123.test", b"12.", b"garbage.test",
    b"short.test", b"octal.test", b"hex.test", b"big.test", b"three.test", b"five.test", b"comma.test",
    b"mapped.test", b"compatible.test", b"loopback6.test", b"loopback6-long.test", b"scoped.test",
    b"linklocal.test", b"brackets.test", b"colons.test", b"any4.test", b"any6.test", b"broadcast.test",
    b"n0.test", b"n199.test", b"n200.test", b"x" * 5000, b"long.test", b"second.test", b"nonewline.test",
    b"10.0.0.1 v4.test", b"test", b"nowhere.test",
)  # fmt: skip
