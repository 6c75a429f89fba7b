"""Where C libraries resolve a name by different rules: one value for each library, consulted where the rule applies.

Source: glibc 2.36's resolv/res_query.c, musl 1.2.5's src/network/lookup_name.c and res_msend.c, both as they behave.
"""

from __future__ import annotations

from typing import Final

from steadydns.runtime.named import NamedTuple


class Libc(NamedTuple):
    """The rules of one library's stub resolver."""

    searches_dotted: bool
    """A name with `ndots` dots or more, asked as it is first, is then asked in the search domains as well."""
    searches_on: bool
    """The walk goes on after a name that exists without addresses, and after some failures: not just after a denial."""
    halves: bool
    """The addresses of one family are an answer even if the other family's question got none."""
    believes_failures: bool
    """SERVFAIL and the like are an answer once every server gave it; else it is as if nothing had come."""
    asks_all: bool
    """All servers are asked at once, and the first answer counts; else one after the other."""
    skips_impossible: bool
    """A candidate that is no possible name counts as denied; else it is the library's own to fail with."""
    reads_any_order: bool
    """Whatever addresses an answer has count, and the last alias of it: what is not in order is the library's to read."""
    edns: bool
    """Datagrams may carry EDNS: a server that does not understand it is noticed by its failure, and asked again."""


GLIBC: Final = Libc(
    searches_dotted=True,
    searches_on=True,
    halves=True,
    believes_failures=True,
    asks_all=False,
    skips_impossible=False,
    reads_any_order=False,
    edns=True,
)
MUSL: Final = Libc(
    searches_dotted=False,
    searches_on=False,
    halves=False,
    believes_failures=False,
    asks_all=True,
    skips_impossible=True,
    reads_any_order=True,
    edns=False,
)
