"""Which names the search list makes of one name, and which of them need not be asked.

The answer is always the one the resolver(5) walk gives. The walk is cut by proof: if `com.svc.cluster.local` does not
exist, nothing below it does (RFC 8020), so neither does `api.example.com.svc.cluster.local`. One question then stands
for two, and its denial for every other name that ends in `.com`. Asking the absolute name first, and the search list
only on failure, would be cheaper still and wrong: a name that exists in both places would change its address.
"""

from __future__ import annotations

import re
from typing import Final

from steadydns.resolution.libc import GLIBC, Libc
from steadydns.resolution.model import Question
from steadydns.runtime.named import NamedTuple
from steadydns.wire.message import A

MAX_NAME: Final = 253
"""Longest name in presentation form, octets (RFC 1035 section 2.3.4 allows 255 on the wire)."""

UNSOUND_LABELS: Final = frozenset({b"dns"})
"""Labels below which a denial proves nothing: CoreDNS' kubernetes plugin answers NXDOMAIN for `dns.<zone>` and yet
has addresses for `ns.dns.<zone>` (measured with 1.15.0)."""

PUBLIC_LABELS: Final = frozenset(
    {b"com", b"net", b"org", b"info", b"dev", b"app", b"cloud", b"gov", b"edu", b"biz"}
)
"""Last labels that are more likely a top-level domain than a namespace. A guess about cost, never about the answer."""

COUNTRY_CODE_LENGTH: Final = 2

_POD: Final = re.compile(rb".*-[0-9]+")
"""How a StatefulSet names its pods: `web-0`."""


class Candidate(NamedTuple):
    """One name of the walk."""

    name: bytes
    """Absolute, without the trailing dot."""
    domain: bytes | None
    """The search domain it was made with; None: the name as it is."""


def candidates(
    name: bytes, search: tuple[bytes, ...], ndots: int, libc: Libc = GLIBC
) -> tuple[Candidate, ...]:
    """Return the names that libc's resolver would ask, in its order (resolv.conf(5), `search` and `ndots`)."""
    if name.endswith(b"."):
        return (Candidate(name[:-1], None),)
    if not libc.searches_dotted and name.count(b".") >= ndots:
        return (Candidate(name, None),)
    as_is = Candidate(name, None)
    walk = [Candidate(name + b"." + domain, domain) if domain else as_is for domain in search]
    if name.count(b".") >= ndots:
        walk.insert(0, as_is)
    elif as_is not in walk:
        walk.append(as_is)
    if libc.skips_impossible:
        walk = [candidate for candidate in walk if len(candidate.name) <= MAX_NAME]
    # `search .` makes the name itself a candidate; glibc asks it once.
    return tuple(dict.fromkeys(walk))


def cut(name: bytes, domain: bytes) -> Question | None:
    """Return the question whose denial proves that `name` does not exist below the search domain, if there is one."""
    last = name[name.rfind(b".") + 1 :]
    if len(last) == len(name) or last.lower() in UNSOUND_LABELS:
        return None
    return Question(last + b"." + domain, A)


def under(name: bytes, suffixes: tuple[bytes, ...]) -> bool:
    """Whether the name is one of the suffixes or below one, whatever the case."""
    lowered = name.lower()
    return any(lowered == suffix or lowered.endswith(b"." + suffix) for suffix in suffixes if suffix)


def likely(name: bytes, walk: tuple[Candidate, ...]) -> Candidate | None:
    """Guess which candidate exists, from the shape of a cluster's names, so that it can be asked at once.

    `service.namespace` exists below `svc.<zone>`, `service.namespace.svc` below `<zone>`, and a name that already
    ends in a search domain is complete. `pod-0.service` is a StatefulSet's pod, in the caller's own namespace first.
    None: no guess. A wrong guess costs questions, never the answer.
    """
    labels = name.lower().split(b".")
    domains = tuple(c.domain for c in walk if c.domain)
    if under(name, domains):
        return next(c for c in walk if c.domain is None)
    if len(labels) == 1:
        return None
    if labels[-1] == b"svc":
        return next((c for c in walk if c.domain and b"svc." + c.domain in domains), None)
    if labels[-1] in PUBLIC_LABELS or len(labels[-1]) == COUNTRY_CODE_LENGTH:
        return None
    services = next((c for c in walk if c.domain and c.domain.startswith(b"svc.")), None)
    pod = _POD.fullmatch(labels[0]) is not None
    if services is None or services.domain is None or len(labels) > 2 + pod:
        return None
    own = next((c for c in walk if c.domain and c.domain.endswith(b"." + services.domain)), None)
    return own if own is not None and pod and len(labels) == 2 else services
