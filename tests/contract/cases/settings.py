"""Corner cases of what configures a pod's resolver: texts of files, environments, and the names to look up with them."""

from __future__ import annotations

import socket

from tests.contract.call import Call, lookup

SERVER = "nameserver 127.0.0.1\n"
"""Where the pod's server answers; 127.0.0.2 refuses."""

SEARCH = "search default.svc.cluster.local svc.cluster.local cluster.local\n"
QUICK = "options timeout:1 attempts:1\n"
CLUSTER = f"{SERVER}{SEARCH}options ndots:5 timeout:1 attempts:1\n"

FAMILIES = (0, int(socket.AF_INET), int(socket.AF_INET6))
CANONNAME = int(socket.AI_CANONNAME)


def calls(names: tuple[str, ...]) -> list[Call]:
    """Each name in every family, with its canonical name once, and by way of gethostbyname."""
    return [
        *(lookup(name, family) for name in names for family in FAMILIES),
        *(lookup(name, family, CANONNAME) for name in names for family in FAMILIES[:2]),
        *(Call((name,), f"socket.{function}") for name in names for function in ("gethostbyname", "gethostbyname_ex")),
    ]  # fmt: skip


NAMES = (
    "redis", "redis.prod", "dual", "redis.default.svc", "www.example.com", "www.example.com.", "v4.test", "v6.test",
    "test", "www", "nosuch", "nosuch.example.com", "external", "servfail.test", "broken",
)  # fmt: skip
FEW = (
    "redis",
    "redis.prod",
    "www.example.com",
    "v4.test",
    "nosuch",
    "nosuch.test",
    "example",
    "servfail.test",
)

RESOLV_CONF = {
    "search: the last line wins": f"{SERVER}search example.com\n{SEARCH}{QUICK}",
    "search: the last of three": f"{SERVER}{SEARCH}search test\nsearch example.com\n{QUICK}",
    "search: domain behind it": f"{SERVER}{SEARCH}domain example.com\n{QUICK}",
    "search: it behind domain": f"{SERVER}domain example.com\n{SEARCH}{QUICK}",
    "search: domain with two words": f"{SERVER}domain example.com test\n{QUICK}",
    "search: the root": f"{SERVER}search .\n{QUICK}",
    "search: the root, ndots:5": f"{SERVER}search .\noptions ndots:5\n{QUICK}",
    "search: the root first": f"{SERVER}search . default.svc.cluster.local\noptions ndots:5\n{QUICK}",
    "search: the root last": f"{SERVER}search default.svc.cluster.local .\noptions ndots:5\n{QUICK}",
    "search: final dots": f"{SERVER}search default.svc.cluster.local. cluster.local.\noptions ndots:5\n{QUICK}",
    "search: leading dots": f"{SERVER}search .default.svc.cluster.local ..com .com\noptions ndots:5\n{QUICK}",
    "search: odd dots": f"{SERVER}search test.. .. ... example.com\noptions ndots:5\n{QUICK}",
    "search: upper case": f"{SERVER}search DEFAULT.svc.Cluster.local EXAMPLE.com\noptions ndots:5\n{QUICK}",
    "search: the same twice": f"{SERVER}search test test test example.com\noptions ndots:5\n{QUICK}",
    "search: twelve": f"{SERVER}search {' '.join(f's{n}.test' for n in range(11))} example.com\noptions ndots:5\n{QUICK}",
    "search: nothing behind it": f"{SERVER}{SEARCH}search\nsearch  \n{QUICK}",
    "search: tabs": f"{SERVER}search\tdefault.svc.cluster.local\t \tsvc.cluster.local\noptions\tndots:5\n{QUICK}",
    "search: no host name": f"{SERVER}search bad_name.test -x.test test\noptions ndots:5\n{QUICK}",
    "search: a label too long": f"{SERVER}search {'x' * 64}.test example.com\noptions ndots:5\n{QUICK}",
    "search: too long": f"{SERVER}search {'.'.join(['x' * 60] * 4)} example.com\noptions ndots:5\n{QUICK}",
    "search: not ASCII": f"{SERVER}search \xe4.test example.com\noptions ndots:5\n{QUICK}",
    "search: a comment behind": f"{SERVER}search example.com # test\n{QUICK}",
    "search: none": f"{SERVER}{QUICK}",
    "empty": "",
    "missing": None,
    "only a comment": "# nothing\n; here\n",
    "no newline at the end": f"{QUICK}{SEARCH}{SERVER}options ndots:5",
    "CRLF": CLUSTER.replace("\n", "\r\n"),
    "CRLF with blanks": CLUSTER.replace("\n", " \r\n"),
    "a byte order mark": "\xef\xbb\xbf" + CLUSTER,
    "NUL bytes": f"{SERVER}search test\0example.com\n\0{SEARCH}{QUICK}",
    "indented": f" {SERVER}\t{SEARCH}{QUICK}",
    "indented comments": f"{SERVER} # search test\n\t; search test\n{SEARCH}{QUICK}",
    "upper case keywords": f"NAMESERVER 127.0.0.2\nSEARCH test\n{QUICK}",
    "a long line": f"{SERVER}{SEARCH}# {'x' * 5000}\noptions ndots:5\n{QUICK}",
    "nameserver: five": f"{SERVER * 5}{SEARCH}{QUICK}",
    "nameserver: only the fourth answers": "nameserver 127.0.0.2\n" * 3 + f"{SERVER}{SEARCH}{QUICK}",
    "nameserver: only the third answers": "nameserver 127.0.0.2\n" * 2 + f"{SERVER}{SEARCH}{QUICK}",
    "nameserver: the first refuses": f"nameserver 127.0.0.2\n{SERVER}{SEARCH}options ndots:5\n{QUICK}",
    "nameserver: all refuse": f"nameserver 127.0.0.2\nnameserver 127.0.0.3\n{SEARCH}{QUICK}",
    "nameserver: no route": f"nameserver 240.0.0.1\n{SEARCH}{QUICK}",
    "nameserver: no route to the first": f"nameserver 240.0.0.1\n{SERVER}{SEARCH}{QUICK}",
    "nameserver: a name": f"nameserver localhost\nnameserver example.com\n{SEARCH}{QUICK}",
    "nameserver: other forms": f"nameserver 0x7f.1\nnameserver 2130706433\n{SEARCH}{QUICK}",
    "nameserver: octal": f"nameserver 0177.0.0.01\n{SEARCH}{QUICK}",
    "nameserver: wrong ones first": f"nameserver 300.1.1.1\nnameserver 1.2.3.4.5\nnameserver\n{SERVER}{SEARCH}{QUICK}",
    "nameserver: with a port": f"nameserver 127.0.0.1:53\nnameserver 127.0.0.1#53\n{SEARCH}{QUICK}",
    "nameserver: a comment behind": f"nameserver 127.0.0.1 # ours\n{SEARCH}{QUICK}",
    "nameserver: IPv6": f"nameserver ::1\n{SEARCH}options ndots:5\n{QUICK}",
    "nameserver: IPv6 with a scope by name": f"nameserver ::1%lo\n{SEARCH}options ndots:5\n{QUICK}",
    "nameserver: IPv6 with a scope by number": f"nameserver ::1%1\n{SEARCH}options ndots:5\n{QUICK}",
    "nameserver: IPv6 with an unknown scope": f"nameserver ::1%nowhere\n{SEARCH}{QUICK}",
    "nameserver: link-local": f"nameserver fe80::53%lo\n{SEARCH}options ndots:5\n{QUICK}",
    "nameserver: link-local by number": f"nameserver fe80::53%1\n{SEARCH}options ndots:5\n{QUICK}",
    "nameserver: link-local without a scope": f"nameserver fe80::53\n{SERVER}{SEARCH}{QUICK}",
    "nameserver: IPv4 in IPv6": f"nameserver ::ffff:127.0.0.1\n{SEARCH}{QUICK}",
    "nameserver: IPv6 without a route": f"nameserver 2001:db8::53\n{SERVER}{SEARCH}{QUICK}",
    "nameserver: both families": f"nameserver ::1\n{SERVER}{SEARCH}options ndots:5 rotate\n{QUICK}",
    "sortlist": f"{SERVER}{SEARCH}sortlist 192.0.2.0/24 10.0.0.0\n{QUICK}",
    "unknown keywords": f"{SERVER}{SEARCH}family inet4\nlookup file bind\n{QUICK}",
}
"""Label -> text."""

OPTIONS = (
    "ndots:0", "ndots:1", "ndots:2", "ndots:3", "ndots:15", "ndots:16", "ndots:99", "ndots:-1", "ndots:", "ndots",
    "ndots:x", "ndots: 3", "ndots:3x", "ndots=3", "ndots:2 ndots:5", "timeout:0", "timeout:1", "timeout:99", "timeout:-1",
    "attempts:0", "attempts:1", "attempts:3", "attempts:99", "attempts:-1", "rotate", "use-vc", "single-request",
    "single-request-reopen", "single-request single-request-reopen", "no-aaaa", "no-aaaa rotate", "edns0", "trust-ad",
    "no-tld-query", "no_tld_query", "no-reload", "inet6", "debug", "insecure1", "unknown", "unknown:3", "ROTATE", "rotatex",
    "use-vc single-request rotate edns0 trust-ad", "ndots:5,timeout:1", "ndots:5\ttimeout:1", "ip6-bytestring", "",
)  # fmt: skip
"""What may stand behind `options` in resolv.conf, and in RES_OPTIONS."""

FINAL = ("ndots:-1", "no-reload")
"""After these glibc takes no further change of resolv.conf in that thread; of -1 it keeps four bits, and then believes
that the program has changed its setting."""

LOCALDOMAINS = (
    "example.com", "test example.com", "", " ", ".", "default.svc.cluster.local", " example.com", "example.com.",
    "\texample.com", "example.com\ntest", ". test", "nosuch.test", "-x.test",
)  # fmt: skip

NSSWITCH = (
    "hosts: files dns", "hosts: dns files", "hosts: files", "hosts: dns", "", None, "hosts: nosuch",
    "hosts: files nosuch dns", "hosts: files dns nosuch", "hosts: nosuch files dns",
    "hosts: files [NOTFOUND=return] dns", "hosts: dns [NOTFOUND=return] files", "hosts: files [SUCCESS=continue] dns",
    "hosts: files [SUCCESS=merge] dns", "hosts: files [!SUCCESS=return] dns", "hosts: dns [!UNAVAIL=return] files",
    "hosts: files dns [NOTFOUND=return]", "hosts: files dns [TRYAGAIN=continue]", "hosts: dns [TRYAGAIN=return] files",
    "hosts: files [UNAVAIL=return] dns", "hosts: files[NOTFOUND=return]dns", "hosts: files [notfound = return] dns",
    "hosts: files mdns4_minimal [NOTFOUND=return] dns", "hosts: files mdns4_minimal [NOTFOUND=return] dns mdns4",
    "hosts: files mdns_minimal dns", "hosts: files resolve [!UNAVAIL=return] dns", "hosts: resolve files dns",
    "hosts: files dns resolve", "hosts: myhostname files dns", "hosts: files myhostname dns",
    "hosts: files myhostname", "hosts: mymachines resolve [!UNAVAIL=return] files myhostname dns",
    "hosts: files mymachines dns myhostname", "hosts: files files dns", "hosts: files dns dns", "hosts: FILES dns",
    "HOSTS: files dns", "hosts:files dns", "  hosts :\tfiles\tdns", "hosts files dns", "# hosts: files\nhosts: dns",
    "hosts: files dns # mdns", "hosts: files\nhosts: files dns", "hosts: files dns\nhosts: files", "passwd: files\nhosts: dns",
    "hosts: db files dns", "hosts: files nis dns", "hosts: compat dns", "hosts: files dns\r", "hosts: files dns\0 x",
)  # fmt: skip
"""Texts of nsswitch.conf, but for the newline at the end; None: there is no file.

Not among them, because the process does not survive a call in glibc 2.36: no source at all behind `hosts:`, or an
action before the first source. With a malformed action, glibc's first call raises another error than the next.
"""

NSS_NAMES = (
    "redis", "localhost", "hosts-only.test", "hosts-too.test", "redis.local", "local", "own", "nosuch", "_gateway",
    "v4.test", "six-only.test", "nosuch.test", "servfail.test",
)  # fmt: skip
NSS_ADDRESSES = ("127.0.0.1", "127.0.0.2", "192.0.2.201", "192.0.2.4", "192.0.2.99", "2001:db8::201")

HOSTS = {
    "CRLF": "192.0.2.1 crlf.test crlf\r\n192.0.2.2 last.test\r\n",
    "tabs": "\t192.0.2.1\ttabs.test\t\talias\t\n192.0.2.2  \t last.test\n",
    "comments": "# 192.0.2.1 commented.test\n192.0.2.2 behind.test # alias\n192.0.2.3 glued.test#alias\n 192.0.2.44 in.test",
    "duplicates": "192.0.2.1 twice.test\n192.0.2.1 twice.test\n192.0.2.2 twice.test alias alias\n",
    "several lines": "192.0.2.1 several.test one\n192.0.2.2 two several.test\n2001:db8::1 several.test\n2001:db8::2 three several.test\n",
    "several families": "2001:db8::1 several.test\n192.0.2.1 several.test\n::1 several.test\n127.0.0.1 several.test\n",
    "mapped": "::ffff:192.0.2.1 mapped.test\n::ffff:c000:202 hex.test\n::192.0.2.3 compatible.test\n",
    "loopback": "::1 loop.test\n127.0.0.1 other.test\n",
    "scope": "fe80::1%lo scope.test\nfe80::2 plain.test\n",
    "wrong addresses": "192.0.2.1.2 wrong.test\n300.1.1.1 wrong.test\n192.0.2 wrong.test\n0x7f.1 wrong.test\n:: wrong.test\n",
    "not alone": "192.0.2.1\n192.0.2.2 \nalone.test\n192.0.2.3 last.test",
    "upper case": "192.0.2.1 Upper.Test ALIAS\n2001:DB8::1 Upper.Test\n",
    "dots": "192.0.2.1 dot.test.\n192.0.2.2 .leading.test\n192.0.2.3 dot.test\n",
    "odd names": "192.0.2.1 a_b.test -dash.test sp\xe4t.test *.star.test 192.0.2.9 1.2.3.400\n",
    "NUL": "192.0.2.1 nul.test\0alias\n192.0.2.2 last.test\n",
    "shadowed": "192.0.2.1 redis www.example.com v4.test\n2001:db8::1 v6.test\n",
    "only the other family": "2001:db8::1 v4.test\n192.0.2.1 v6.test\n",
    "long": "192.0.2.1 " + " ".join(f"name{n}.test" for n in range(400)) + " last.test\n",
    "empty": "",
    "missing": None,
}

HOSTS_NAMES = (
    "crlf.test", "crlf", "last.test", "tabs.test", "alias", "commented.test", "behind.test", "glued.test", "in.test",
    "twice.test", "several.test", "one", "two", "three", "mapped.test", "hex.test", "compatible.test", "loop.test",
    "other.test", "scope.test", "plain.test", "wrong.test", "alone.test", "upper.test", "UPPER.TEST", "dot.test",
    "dot.test.", ".leading.test", "a_b.test", "-dash.test", "x.star.test", "192.0.2.9", "1.2.3.400", "nul.test", "redis",
    "www.example.com", "v4.test", "v6.test", "name0.test", "name399.test", "localhost",
)  # fmt: skip
HOSTS_ADDRESSES = (
    "192.0.2.1",
    "192.0.2.2",
    "192.0.2.3",
    "2001:db8::1",
    "127.0.0.1",
    "::1",
    "fe80::1",
    "::ffff:192.0.2.1",
)

GAI_CONF = (
    None,
    "",
    "precedence ::ffff:0:0/96 100\n",
    "precedence ::ffff:0:0/96 100\nprecedence ::/0 40\n",
    "label ::/0 1\nlabel ::ffff:0:0/96 1\nprecedence ::/0 10\nprecedence ::ffff:0:0/96 10\n",
    "precedence 2001:db8:2::/48 90\n",
    "precedence ::ffff:198.51.100.0/120 90\nprecedence ::/0 40\nprecedence ::ffff:0:0/96 10\n",
    "label 2001:db8:1::/48 9\nlabel 2001:db8:2::/48 8\n",
    "scopev4 ::ffff:192.0.2.0/120 2\nscopev4 ::ffff:0.0.0.0/96 14\n",
    "scopev4 ::ffff:10.0.0.0/104 5\n",
    "# precedence ::ffff:0:0/96 100\nreload yes\n",
    "precedence ::ffff:0:0/96\nprecedence x 1\nlabel ::/200 1\nprecedence ::ffff:0:0/96 100 # behind\n",
    "precedence ::ffff:0:0/96 100\r\n",
    "precedence\t::ffff:0:0/96\t100",
)
