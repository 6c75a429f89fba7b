"""What a response says about the name that was asked. Imports no other part of the codec; decides nothing."""

from __future__ import annotations

from steadydns.runtime.named import NamedTuple


class Answer(NamedTuple):
    """The part of a response that address lookup needs. Times are in seconds."""

    rcode: int
    """Response code, with the upper bits that EDNS carries (RFC 6891 section 6.1.3)."""

    truncated: bool
    """The TC bit: more exists than was sent, `addresses` may be incomplete or empty."""

    authoritative: bool
    """The AA bit."""

    addresses: tuple[bytes, ...]
    """Packed addresses in the order of the message, repetitions kept; only those of the name at the end of the alias
    chain. For a PTR question: the names its records give, in presentation form without trailing dot."""

    ttl: int
    """Lifetime of the records asked for and of the aliases that lead to them; 0 when there are none."""

    canonical: bytes
    """The name at the end of the alias chain, in presentation form without trailing dot, cased as in its CNAME
    record. Without aliases the name asked for, if the response has it in another case; else empty. A backslash in it
    means: not a host name."""

    aliased: bool
    """At least one CNAME record was followed."""

    negative_ttl: int | None
    """Lifetime of a denial (RFC 2308 section 5), the aliases that lead to it included; None without a SOA record."""

    empty: bool = False
    """NOERROR with records in the answer section, none of them an address of the name: no denial of the type."""

    aliases: tuple[bytes, ...] = ()
    """The names that lead to `canonical`, the question's first, each as the owner of its CNAME record has it."""

    @property
    def orderly(self) -> bool:
        """Its records are the aliases, in the order of their chain, and the addresses at its end, and no others."""
        return True


class Disorderly(Answer):
    """An answer whose records come in another way, or whose response code has upper bits: readers may disagree."""

    wire: tuple[bytes, int, int, int, int] = (b"", 0, 0, 0, 0)
    """The message, where its answers begin, how many they are, the flags, the type asked for: to read it otherwise."""

    @property
    def orderly(self) -> bool:
        """They do not come so."""
        return False
