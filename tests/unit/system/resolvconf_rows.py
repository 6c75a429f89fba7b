"""resolv.conf files, real and odd, as rows: id -> (text, environment, host name)."""

from __future__ import annotations

Row = tuple[bytes | None, dict[str, str], str]


def _file(text: bytes | None, *, hostname: str = "pod", **environ: str) -> Row:
    return text, environ, hostname


EKS = (
    b"search default.svc.cluster.local svc.cluster.local cluster.local eu-west-1.compute.internal\n"
    b"nameserver 10.100.0.10\noptions ndots:5\n"
)

ROWS: dict[str, Row] = {
    "eks": _file(EKS),
    "node_local": _file(
        b"nameserver 169.254.20.10\nnameserver 10.96.0.10\nsearch a.svc.cluster.local\noptions ndots:5"
    ),
    "gke_trailing_space": _file(b"nameserver 10.0.0.10 \nsearch a.local b.local \noptions ndots:5 \n"),
    "missing": _file(None),
    "empty": _file(b""),
    "only_comments": _file(b"# nothing\n; here\n"),
    "no_final_newline": _file(b"nameserver 10.0.0.1\nsearch last.test"),
    "hostname_domain": _file(b"nameserver 10.0.0.1\n", hostname="pod.corp.example"),
    "hostname_final_dot": _file(b"", hostname="pod."),
    "last_search_wins": _file(b"search one.test two.test\nsearch three.test\n"),
    "domain_after_search": _file(b"search one.test two.test\ndomain three.test four.test\n"),
    "search_after_domain": _file(b"domain one.test\nsearch two.test\tthree.test\n"),
    "search_without_value": _file(b"search one.test\nsearch   \nsearch\n"),
    "search_root": _file(b"search .\n"),
    "search_final_dots": _file(b"search one.test. two.test.\n"),
    "search_leading_dots": _file(b"search .one.test ..two.test\n"),
    "search_odd_dots": _file(b"search one.test.. .. ...\n"),
    "search_hash_inside": _file(b"search one.test # two.test ; three.test\n"),
    "search_semicolon_glued": _file(b"search one.test;comment\n"),
    "comment_is_indented": _file(b" # search one.test\n  search two.test\n"),
    "keyword_indented": _file(b" nameserver 10.0.0.1\n\tnameserver 10.0.0.2\n"),
    "keyword_upper_case": _file(b"NAMESERVER 10.0.0.1\nSearch one.test\n"),
    "keyword_glued": _file(b"nameserver10.0.0.1\nnameservers 10.0.0.2\nsearch:one.test\n"),
    "keyword_alone": _file(b"nameserver\nsearch\noptions\ndomain\nsortlist\n"),
    "crlf": _file(b"nameserver 10.0.0.1\r\nsearch one.test\r\noptions ndots:3 rotate\r\n"),
    "crlf_with_blank": _file(b"nameserver 10.0.0.1 \r\nsearch one.test \r\n"),
    "vertical_tab": _file(b"nameserver\v10.0.0.1\nnameserver 10.0.0.2\v\nsearch one.test\vtwo.test\n"),
    "nul_in_nameserver": _file(b"nameserver 10.0.0.1\0 garbage\nnameserver 10.0.\x000.2\n"),
    "nul_in_search": _file(b"search one.test\0two.test three.test\nnameserver 10.0.0.1\n"),
    "nul_first": _file(b"\0nameserver 10.0.0.1\nnameserver 10.0.0.2\n"),
    "byte_order_mark": _file(b"\xef\xbb\xbfnameserver 10.0.0.1\nnameserver 10.0.0.2\n"),
    "not_ascii": _file(b"search \xc3\xa4.test \xff.test\nnameserver \xff\n"),
    "four_nameservers": _file(b"".join(b"nameserver 10.0.0.%d\n" % n for n in range(1, 5))),
    "nameserver_twice": _file(b"nameserver 10.0.0.1\nnameserver 10.0.0.1\n"),
    "nameserver_rest_of_line": _file(b"nameserver 10.0.0.1 10.0.0.2 # comment\n"),
    "nameserver_glued_comment": _file(b"nameserver 10.0.0.1#53\nnameserver 10.0.0.2;\n"),
    "inet_aton_forms": _file(b"nameserver 127.1\nnameserver 0x7f.1\nnameserver 2130706433\n"),
    "inet_aton_octal": _file(b"nameserver 010.0.0.1\nnameserver 1.2.3.08\nnameserver 1.2.3.\n"),
    "inet_aton_out_of_range": _file(
        b"nameserver 256.0.0.1\nnameserver 1.2.3.256\nnameserver 1.2.3.4.5\nnameserver 4294967296\n"
    ),
    "nameserver_name": _file(b"nameserver dns.test\nnameserver localhost\n"),
    "nameserver_any": _file(b"nameserver 0.0.0.0\nnameserver ::\nnameserver 255.255.255.255\n"),
    "ipv6": _file(b"nameserver 2001:DB8::0001\nnameserver ::1\nnameserver ::ffff:10.0.0.1\n"),
    "ipv6_bad": _file(b"nameserver 2001:db8\nnameserver [::1]\nnameserver ::1:53:\nnameserver 1::2::3\n"),
    "scope_name": _file(b"nameserver fe80::1%lo\nnameserver fe80::2%nodev\nnameserver ff02::1%lo\n"),
    "scope_number": _file(b"nameserver fe80::1%7\nnameserver 2001:db8::1%3\nnameserver fe80::2%4294967296\n"),
    "scope_odd": _file(b"nameserver fe80::1%\nnameserver 2001:db8::1%lo\nnameserver fe80::2%1x\n"),
    "scope_big": _file(b"nameserver fe80::1%4294967295\nnameserver fe80::2%0000000000000000003\n"),
    "scope_overflow": _file(b"nameserver fe80::2%100000000000000000005\nnameserver 127.0.0.1%lo\n"),
    "all_flags": _file(
        b"options rotate edns0 single-request single-request-reopen no-tld-query no-reload use-vc trust-ad\n"
        b"options no-aaaa\n"
    ),
    "flags_by_prefix": _file(b"options rotated edns01 single-requests no_tld_query2 use-vcs no-aaaaa\n"),
    "flags_unknown": _file(b"options inet6 debug timeouts:3 Rotate ROTATE single_request usevc\n"),
    "reopen_only": _file(b"options single-request-reopen\n"),
    "options_twice": _file(b"options ndots:2 timeout:3\noptions ndots:7\n"),
    "options_tabs": _file(b"options\tndots:4\t\trotate  use-vc\n"),
    "options_commas": _file(b"options ndots:4,timeout:1,attempts:3\n"),
    "caps": _file(b"options ndots:16 timeout:31 attempts:6\n"),
    "caps_exact": _file(b"options ndots:15 timeout:30 attempts:5\n"),
    "zeros": _file(b"options ndots:0 timeout:0 attempts:0\n"),
    "negative": _file(b"options timeout:-1 attempts:-1\n"),
    "negative_ndots": _file(b"options ndots:-3\n"),
    "plus_sign": _file(b"options ndots:+3 timeout:+2\n"),
    "number_garbage": _file(b"options ndots:x timeout:3s attempts:\n"),
    "number_after_blank": _file(b"options ndots: 3 timeout: attempts:4\n"),
    "number_without_colon": _file(b"options ndots 3 timeout=1 attempts 4\n"),
    "number_wraps": _file(b"options ndots:4294967298 timeout:4294967299\n"),
    "number_huge": _file(b"options timeout:99999999999999999999999 attempts:9223372036854775808\n"),
    "number_hex": _file(b"options ndots:0x5 timeout:010\n"),
    "sortlist": _file(b"sortlist 130.155.160.0/255.255.240.0 130.155.0.0\n"),
    # Without an address before a mask ("sortlist /8") glibc 2.36 loops for ever; such a row cannot stand here.
    "sortlist_bad": _file(b"sortlist nonsense 1.2.3\n"),
    "long_line": _file(
        b"#" + b"x" * 100_000 + b"\nnameserver 10.0.0.1" + b" " * 70_000 + b"x\nsearch one.test\n"
    ),
    "six_domains": _file(b"search a.test b.test c.test d.test e.test f.test\n"),
    "res_options": _file(b"options ndots:5\n", RES_OPTIONS="ndots:2 single-request attempts:1"),
    "res_options_alone": _file(None, RES_OPTIONS="use-vc\trotate"),
    "res_options_odd": _file(b"", RES_OPTIONS=" ndots:\n3 nonsense #rotate rotate"),
    "res_options_empty": _file(b"options rotate\n", RES_OPTIONS=""),
    "localdomain": _file(EKS, LOCALDOMAIN="env.test other.test"),
    "localdomain_empty": _file(EKS, LOCALDOMAIN=""),
    "localdomain_blank_first": _file(EKS, LOCALDOMAIN=" env.test"),
    "localdomain_newline": _file(b"domain x.test\n", LOCALDOMAIN="env.test\nother.test"),
    "localdomain_tabs": _file(b"", hostname="pod.corp.example", LOCALDOMAIN="a.test\t\t b.test  "),
    "both_variables": _file(EKS, LOCALDOMAIN="env.test", RES_OPTIONS="ndots:0"),
}
