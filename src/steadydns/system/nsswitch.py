"""The ``hosts`` line of nsswitch.conf as glibc reads it, and what follows from it for us.

May import the standard library. Never raises for what a file says: a setup that is not ours is a reason text.
Source: nsswitch.conf(5) and the behaviour of glibc 2.36, against which the tests hold it.
"""

from __future__ import annotations

import re

from steadydns.runtime.named import NamedTuple

_DATABASES = frozenset(
    b"aliases ethers group group_compat gshadow hosts initgroups netgroup networks passwd passwd_compat"
    b" protocols publickey rpc services shadow shadow_compat".split()
)
_STATUSES = ("success", "notfound", "unavail", "tryagain")
_DEFAULT = dict.fromkeys(_STATUSES, "continue") | {"success": "return"}
_LINE = re.compile(rb"\s*([^\s:]+)[\s:]+(.*)", re.DOTALL)
_CRITERION = re.compile(
    rb"(!?)(success|notfound|unavail|tryagain)\s*=\s*(return|continue|merge)(?=[\s\]=]|$)", re.IGNORECASE
)


class Source(NamedTuple):
    """One source of the line. ``actions`` holds what differs from glibc's defaults, as (status, action)."""

    name: str
    actions: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        criteria = " ".join(f"{status.upper()}={action}" for status, action in self.actions)
        return f"{self.name} [{criteria}]" if criteria else self.name


DEFAULT = (Source("files"), Source("dns"))  # what glibc 2.36 does without the file or without the line


class Plan(NamedTuple):
    """What to do for a host name: read the hosts file first, ask DNS, honour systemd's ``myhostname``.

    ``after_dns`` says that a source stands behind ``dns``: what DNS does not know is libc's to answer, because
    that source may know it, or change the error by not being installed. ``theirs`` is empty, or the reason why
    libc has to answer everything. ``aliases`` says that HOSTALIASES (hostname(7)) is heeded.
    """

    files_first: bool = False
    dns: bool = False
    myhostname: bool = False
    after_dns: bool = False
    theirs: str = ""
    aliases: bool = True


def parse(text: bytes) -> tuple[Source, ...] | None:
    """Return the sources for host names in their order, or None if glibc would refuse the whole file.

    The last ``hosts`` line wins. A last line that no newline ends does not count, and there are no comments
    behind sources: both as in glibc.
    """
    sources: tuple[Source, ...] | None = DEFAULT
    for line in text.split(b"\n")[:-1]:
        found = _LINE.match(line.partition(b"\0")[0] + b"\n")
        if found is None or found[1] not in _DATABASES:
            continue
        read = _sources(found[2])
        if read is None:
            return None
        if found[1] == b"hosts":
            sources = read
    return sources


def plan(sources: tuple[Source, ...] | None) -> Plan:
    """Return what *sources* mean for us. Only files, dns and myhostname with default actions are ours."""
    if sources is None:
        return Plan(theirs="nsswitch: syntax error")
    names = [source.name for source in sources]
    for source in sources:
        if source.name not in ("files", "dns", "myhostname") or source.actions:
            return Plan(theirs=f"nsswitch: {source}")
    if "dns" not in names:
        return Plan(theirs="nsswitch: no dns")
    if len(set(names)) != len(names):
        return Plan(theirs="nsswitch: a source named twice")
    dns = names.index("dns")
    if "files" in names[dns:]:
        return Plan(theirs="nsswitch: dns before files")
    return Plan("files" in names, True, "myhostname" in names, after_dns=len(names) > dns + 1)


def _sources(text: bytes) -> tuple[Source, ...] | None:
    sources: list[Source] = []
    text = text.lstrip()
    while found := re.match(rb"[^\s\[]+", text):
        name = found[0].decode("utf-8", "backslashreplace")
        text = text[found.end() :].lstrip()
        actions = dict(_DEFAULT)
        if text.startswith(b"["):
            rest = _criteria(text[1:].lstrip(), actions)
            if rest is None:
                return None
            text = rest.lstrip()
        changed = tuple((status, action) for status, action in actions.items() if action != _DEFAULT[status])
        sources.append(Source(name, changed))
    return tuple(sources)


def _criteria(text: bytes, actions: dict[str, str]) -> bytes | None:
    """Read ``STATUS=ACTION ...]`` into *actions*; return what follows the bracket, None if it is malformed."""
    while True:
        found = _CRITERION.match(text)
        if found is None:
            return None
        status, action = found[2].decode().lower(), found[3].decode().lower()
        if found[1]:
            actions.update({other: action for other in _STATUSES if other != status})
        else:
            actions[status] = action
        text = text[found.end() :].lstrip()
        if text.startswith(b"]"):
            return text[1:]
