"""Config: every knob with its unit, default, source of the default, environment name and validation.

What lives here: the knobs, how their text is read, and the one warning a bad environment value gets.
May import: the standard library, nothing of steadydns, and at import time nothing that costs a millisecond.
Never does: read a file, open a socket, raise because of the environment.
"""

from __future__ import annotations

from math import isfinite
from os import environ as process_environ
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping

    from typing_extensions import dataclass_transform
else:

    def dataclass_transform(**_: object) -> object:
        """Do at run time what typing's own (Python 3.11) does: nothing."""
        return lambda cls: cls


__all__ = [
    "DEFAULT_HOOKS",
    "EVERY_HOOK",
    "PREFIX",
    "Config",
    "Knob",
    "chosen_hooks",
    "knobs",
    "read_environment",
]

PREFIX = "STEADYDNS_"

# Read by other modules before, or beside, a Config; listed so that they are not taken for misspelt knobs.
SWITCHES = ("STEADYDNS_DISABLED", "STEADYDNS_DETECT_BYPASS")

ON = frozenset(("on", "true", "yes", "1"))
OFF = frozenset(("off", "false", "no", "0"))
NAME_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")
OPTION_CHARACTERS = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-:")
PATTERN_CHARACTERS = NAME_CHARACTERS | frozenset("*?[]!")
LABEL_OCTETS = 63  # RFC 1035 section 2.3.4
NAME_OCTETS = 253  # RFC 1035 section 2.3.4: 255 on the wire, without the root's and the first length octet

DEFAULT_HOOKS = ("stdlib", "hostby", "sockets", "asyncio", "uvloop", "aiohttp", "aiodns", "gevent")
EVERY_HOOK = (*DEFAULT_HOOKS, "eventlet", "psycopg2", "dnspython", "grpc", "native")

_said: set[str] = set()  # warnings given already: one each per process, however often a Config is read


class Reader:
    """How one sort of value is read, by the same rules from an environment's text and from Python."""

    __slots__ = ("parse", "remedy")

    def __init__(self, parse: Callable[[Any], object], remedy: str) -> None:
        """Take ``parse``, which raises ValueError naming the problem, and the remedy for any of its problems."""
        self.parse = parse
        self.remedy = remedy


class Knob:
    """One setting: its name, unit, default, where the default comes from, and what it does."""

    __slots__ = ("default", "doc", "name", "reader", "source", "unit")

    def __init__(self, default: object, reader: Reader, unit: str, source: str, doc: str) -> None:
        """Describe a knob; its name is that of the class attribute it is assigned to."""
        self.name = ""
        self.default = default
        self.reader = reader
        self.unit = unit
        self.source = source
        self.doc = doc

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __repr__(self) -> str:
        return f"<Knob {self.name}={self.default!r} {self.unit}>".replace(" >", ">")

    @property
    def environment(self) -> str:
        """The environment variable that sets this knob."""
        return PREFIX + self.name.upper()

    @property
    def default_text(self) -> str:
        """The default as the environment would hold it; empty for an empty list, auto for None."""
        return "auto" if self.default is None else _as_text(self.default)

    def read(self, value: object) -> object:
        """Return ``value`` in its normal form.

        Raises:
            ValueError: bad value, expectation and remedy in one line.

        """
        try:
            return self.reader.parse(value)
        except ValueError as problem:
            text = f"{self.name}={value!r}: {problem}; {self.reader.remedy}"
            raise ValueError(text) from None

    def read_text(self, text: str) -> object:
        """Return the value of an environment's ``text``.

        Raises:
            ValueError: the line a log shows; it names the variable and says that the default is used.

        """
        try:
            return self.reader.parse(text.strip())
        except ValueError as problem:
            line = (
                f"{self.environment}={text!r}: {problem}; using the default ({self.default_text or 'none'})"
            )
            raise ValueError(line) from None


def _as_text(value: object) -> str:
    """Write a value as the environment would hold it."""
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, tuple):
        return ",".join(value)
    if isinstance(value, float):
        return f"{value:g}"
    return str(value)


def _number(low: float, high: float, unit: str) -> Callable[[Any], float]:
    def parse(value: Any) -> float:
        try:
            number = float("nan" if isinstance(value, bool) else value)
        except (TypeError, ValueError):
            number = float("nan")
        if not isfinite(number):
            text = f"not a number of {unit}"
            raise ValueError(text)
        if not low <= number <= high:
            text = f"not between {low:g} and {high:g} {unit}"
            raise ValueError(text)
        return number

    return parse


def _seconds(low: float, high: float) -> Reader:
    return Reader(
        _number(low, high, "seconds"), f"give plain seconds from {low:g} to {high:g}, such as 0.5 or 5"
    )


def _seconds_or_libc(low: float, high: float) -> Reader:
    number = _number(low, high, "seconds")
    return Reader(
        lambda value: None if value in (None, "auto") else number(value),
        f"give plain seconds from {low:g} to {high:g}, such as 0.5 or 5, or nothing for what libc would spend",
    )


def _count(low: int, high: int, unit: str) -> Reader:
    number = _number(low, high, unit)

    def parse(value: Any) -> int:
        whole = number(value)
        if whole != int(whole):
            text = f"not a whole number of {unit}"
            raise ValueError(text)
        return int(whole)

    return Reader(parse, f"give a whole number from {low} to {high}")


def _choice(*values: str) -> Reader:
    def parse(value: Any) -> str:
        chosen = value.lower() if isinstance(value, str) else None
        if chosen not in values:
            text = f"not one of {', '.join(values)}"
            raise ValueError(text)
        return str(chosen)

    return Reader(parse, f"give {' or '.join(values)}")


def _flag() -> Reader:
    def parse(value: Any) -> bool:
        if isinstance(value, bool):
            return value
        text = value.lower() if isinstance(value, str) else None
        if text in ON or text in OFF:
            return text in ON
        problem = "neither on nor off"
        raise ValueError(problem)

    return Reader(parse, "give on or off")


def _domain_name(value: Any, characters: frozenset[str] = NAME_CHARACTERS) -> str:
    """Return a name in lower case without its outer dots; ``.com``, ``com.`` and ``com`` are the same suffix."""
    name = value.strip().strip(".").lower() if isinstance(value, str) else ""
    if not name:
        text = "not a domain name"
        raise ValueError(text)
    labels = name.split(".")
    if len(name) > NAME_OCTETS or not all(0 < len(label) <= LABEL_OCTETS for label in labels):
        text = f"{value!r} is not a domain name: a label has 1 to {LABEL_OCTETS} characters, a name {NAME_OCTETS}"
        raise ValueError(text)
    if not characters.issuperset("".join(labels)):
        text = f"{value!r} is not a domain name in ASCII letters, digits, - and _"
        raise ValueError(text)
    return name


def _words(value: Any) -> list[str]:
    """Split text at commas and blanks; take any other collection of texts as it is."""
    if isinstance(value, str):
        return value.replace(",", " ").split()
    if isinstance(value, (tuple, list, set, frozenset)) and all(isinstance(word, str) for word in value):
        return list(value)
    text = "not a list of names"
    raise ValueError(text)


def _names(characters: frozenset[str] = NAME_CHARACTERS) -> Reader:
    def parse(value: Any) -> tuple[str, ...]:
        return tuple(dict.fromkeys(_domain_name(word, characters) for word in _words(value)))

    return Reader(parse, "give names separated by commas or blanks, an international one in its xn-- form")


def _auto_or_name() -> Reader:
    return Reader(
        lambda value: "auto" if value == "auto" else _domain_name(value),
        "give auto or a name such as cluster.local",
    )


def _node_local() -> Reader:
    def parse(value: Any) -> str:
        text = value.strip().lower() if isinstance(value, str) else ""
        if text in ("auto", "off"):
            return text
        from ipaddress import ip_address  # noqa: PLC0415 - 2 ms that only the owner of an odd address pays

        try:
            return str(ip_address(text))
        except ValueError:
            text = "neither auto nor off nor an IP address"
            raise ValueError(text) from None

    return Reader(parse, "give auto, off or an address such as 169.254.20.10, without a port")


def _unsigned(word: str) -> str:
    return word[1:] if word.startswith(("+", "-")) else word


def _hooks() -> Reader:
    def parse(value: Any) -> str:
        words = _words(value)
        if not words or not all(_unsigned(word).isidentifier() for word in words):
            text = "not a list of hook names"
            raise ValueError(text)
        chosen_hooks(words)
        return ",".join(words)

    return Reader(parse, "give default, all, or names with + and -, such as default,-uvloop,+eventlet")


def _words_of_options() -> Reader:
    def parse(value: Any) -> str:
        words = value.split() if isinstance(value, str) else []
        if not words or not all(OPTION_CHARACTERS.issuperset(word) for word in words):
            text = "not a list of resolv.conf's options"
            raise ValueError(text)
        return " ".join(words)

    return Reader(parse, "give options as in resolv.conf(5), divided by blanks: use-vc single-request-reopen")


def knob(*, default: object, reader: Reader, source: str, doc: str, unit: str = "") -> Any:
    """Declare a knob of Config; typed Any, as dataclasses.field is, so that the annotation is the type."""
    return Knob(default, reader, unit, source, doc)


@dataclass_transform(kw_only_default=True, frozen_default=True, field_specifiers=(knob,))
class Frozen:
    """A record of knobs whose values are validated once, when it is made, and never change.

    Written out instead of dataclasses.dataclass, whose import and generated code for this many fields were
    measured at 4 ms, on a path that may cost 15 ms in all; this is 0.4 ms.
    """

    __knobs__: dict[str, Knob]

    def __init_subclass__(cls) -> None:
        cls.__knobs__ = {name: value for name, value in vars(cls).items() if isinstance(value, Knob)}

    def __init__(self, **values: Any) -> None:
        for name in values:
            if name not in self.__knobs__:
                text = f"{type(self).__name__} has no knob {name!r}{_did_you_mean(name, self.__knobs__)}"
                raise TypeError(text)
        for name, each in self.__knobs__.items():
            self.__dict__[name] = each.read(values[name]) if name in values else each.default

    def __setattr__(self, name: str, value: object) -> None:
        text = f"{type(self).__name__} is frozen: use .replace({name}=...), which returns a changed copy"
        raise AttributeError(text)

    def __delattr__(self, name: str) -> None:
        self.__setattr__(name, None)

    def __eq__(self, other: object) -> bool:
        return self.__dict__ == other.__dict__ if type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self.__dict__.values()))

    def __repr__(self) -> str:
        """Show what differs from the defaults."""
        changed = (f"{k}={v!r}" for k, v in self.__dict__.items() if v != self.__knobs__[k].default)
        return f"{type(self).__name__}({', '.join(changed)})"


class Config(Frozen):
    """Every setting of steadydns; immutable.

    ``Config(deadline=3)`` sets knobs from Python, ``Config.from_env()`` from ``STEADYDNS_<KNOB>``. A value
    may be given as the environment's text would give it. ``Config.deadline`` is the Knob: unit, default,
    source of the default and description; docs/configuration.md is generated from these.

    Raises:
        ValueError: a value is not allowed; the text has the value, the expectation and the remedy.
        TypeError: there is no such knob.

    """

    transport: Literal["auto", "tcp", "udp"] = knob(
        default="auto",
        reader=_choice("auto", "tcp", "udp"),
        source="measured: A and AAAA take one round trip together on TCP, two one after the other on UDP",
        doc="How name servers are asked. auto: TCP, UDP where TCP does not get through.",
    )
    node_local: str = knob(
        default="auto",
        reader=_node_local(),
        source="Kubernetes: NodeLocal DNSCache listens on 169.254.20.10",
        doc="The cache on the node, preferred when it answers. auto: 169.254.20.10; off: none; or its address.",
    )
    search: Literal["pruned", "exact"] = knob(
        default="pruned",
        reader=_choice("pruned", "exact"),
        source="RFC 8020: nothing exists below a name that does not exist",
        doc="How the search list is walked. pruned: leave out what is proven absent; exact: ask as libc does.",
    )
    external_suffixes: tuple[str, ...] = knob(
        default=(),
        reader=_names(),
        unit="names",
        source="RFC 8020: one NXDOMAIN proves it, so no list is needed",
        doc="Names ending in these are outside the cluster: the search list is left out for them, without proof.",
    )
    internal_suffixes: tuple[str, ...] = knob(
        default=(),
        reader=_names(),
        unit="names",
        source="resolv.conf(5): the search list already says it",
        doc="Names ending in these are the cluster's own: asked as they are first, without proof.",
    )
    cluster_domain: str = knob(
        default="auto",
        reader=_auto_or_name(),
        source="Kubernetes: the kubelet writes svc.<cluster domain> into the search list",
        doc="The cluster's domain. auto: taken from the search list; or its name.",
    )
    first_retry: float = knob(
        default=0.4,
        reader=_seconds(0.01, 30),
        unit="s",
        source="measured: a cluster answers in 0.1 to 6 ms, so silence for 0.4 s is a lost packet (libc waits 5 s)",
        doc="Wait before the first retry; later waits double. Every retry is a new flow to the next server.",
    )
    deadline: float | None = knob(
        default=None,
        reader=_seconds_or_libc(0.05, 3600),
        unit="s",
        source="libc: timeout x attempts x servers of resolv.conf, 10 s for one server",
        doc="Limit of a whole call: search list, both families, retries. auto: what libc would have spent.",
    )
    tcp_connect_race: float = knob(
        default=0.1,
        reader=_seconds(0.01, 30),
        unit="s",
        source="RFC 8305 section 5: 100 ms is the recommended minimum between connection attempts",
        doc="A TCP connect that takes longer is raced with UDP, and the loser is remembered.",
    )
    cache_max_entries: int = knob(
        default=9984,
        reader=_count(1, 10_000_000, "entries"),
        unit="entries",
        source="NodeLocal DNSCache's Corefile: success 9984, denial 9984",
        doc="Most answers kept, denials included; the least recently used goes first.",
    )
    cache_max_bytes: int = knob(
        default=16 * 1024 * 1024,
        reader=_count(4096, 1 << 40, "bytes"),
        unit="bytes",
        source="16 MiB: 1.6 KiB for each of 9984 answers",
        doc="Most memory the cached answers may take.",
    )
    max_ttl: float = knob(
        default=30.0,
        reader=_seconds(0, 604_800),
        unit="s",
        source="NodeLocal DNSCache's Corefile: success 9984 30",
        doc="An answer is kept for its TTL, at most this long.",
    )
    max_negative_ttl: float = knob(
        default=5.0,
        reader=_seconds(0, 10_800),
        unit="s",
        source="NodeLocal DNSCache's Corefile: denial 9984 5 (RFC 2308 section 5 allows 3 h)",
        doc="A denial is kept for the minimum of its SOA, at most this long.",
    )
    serve_stale: float = knob(
        default=3600.0,
        reader=_seconds(0, 604_800),
        unit="s",
        source="RFC 8767 section 5 suggests 1 to 3 days for shared resolvers; one process needs an hour",
        doc="While no server answers, an external name's answer may be used this long after it expired. 0: never.",
    )
    serve_stale_cluster: float = knob(
        default=60.0,
        reader=_seconds(0, 604_800),
        unit="s",
        source="Kubernetes: a pod's address may be given to another pod within minutes",
        doc="The same for names of the cluster. 0: never.",
    )
    prefetch: bool = knob(
        default=True,
        reader=_flag(),
        source="unbound's prefetch: a name in use is refreshed in the last 10 % of its TTL",
        doc="Refresh a name that was hit twice or more in the background, before it expires.",
    )
    hooks: str = knob(
        default="default",
        reader=_hooks(),
        unit="names",
        source="the libraries whose lookups can be answered exactly as before",
        doc="What is patched: default, all, or names; + adds to and - takes from what stands before, or default.",
    )
    native_options: str = knob(
        default="single-request-reopen",
        reader=_words_of_options(),
        unit="options",
        source="resolv.conf(5): A and AAAA one after the other, each from a port of its own, and no other answers",
        doc="What the hook native adds to RES_OPTIONS, for native code that calls libc. ndots:1 changes answers.",
    )
    slow_threshold: float = knob(
        default=0.1,
        reader=_seconds(0, 3600),
        unit="s",
        source="measured: 20 times a cluster's slowest ordinary answer, a quarter of the first retry",
        doc="A lookup this slow becomes a span under a recording parent, with the reason. 0: every lookup.",
    )
    telemetry: bool = knob(
        default=True,
        reader=_flag(),
        source="opentelemetry-api does nothing until the service configures an SDK",
        doc="Make spans, metrics and slow-lookup logs.",
    )
    dns_answers: bool = knob(
        default=True,
        reader=_flag(),
        source="OpenTelemetry semantic conventions: dns.answers",
        doc="Put the addresses, at most 10, on the span as dns.answers.",
    )
    name_cap: int = knob(
        default=50,
        reader=_count(0, 100_000, "names"),
        unit="names",
        source="dns.question.name can be driven by an attacker, so its cardinality is bounded",
        doc="Distinct names shown in telemetry; further ones are _OTHER. 0: all are.",
    )
    ignored_hostnames: tuple[str, ...] = knob(
        default=(),
        reader=_names(PATTERN_CHARACTERS),
        unit="names",
        source="OpenTelemetry JavaScript: ignoreHostnames",
        doc="Names, or patterns such as *.internal, that never become a span.",
    )

    @classmethod
    def from_env(cls, environ: Mapping[str, str] = process_environ) -> Config:
        """Read every ``STEADYDNS_<KNOB>``; never raises.

        A value that is not allowed gives one warning on the logger ``steadydns`` in the life of the
        process, and the default is used. So does a ``STEADYDNS_`` name that is no knob. An empty value
        is the same as none.
        """
        config, problems = read_environment(environ)
        _warn_once(problems)
        return config

    def replace(self, **overrides: Any) -> Config:
        """Return a copy with some knobs changed; raises as ``Config(...)`` does."""
        return type(self)(**{**self.__dict__, **overrides})

    __replace__ = replace  # what copy.replace() calls (Python 3.13)


def knobs() -> tuple[Knob, ...]:
    """Return every knob, in the order of the documentation."""
    return tuple(Config.__knobs__.values())


def read_environment(environ: Mapping[str, str]) -> tuple[Config, tuple[str, ...]]:
    """Return the Config of an environment and one line for each value or name in it that is wrong.

    Logs nothing: this is what ``Config.from_env`` warns from and what a diagnosis prints.
    """
    values: dict[str, Any] = {}
    problems: list[str] = []
    known = {each.environment: each for each in knobs()}
    for variable, text in environ.items():
        if not variable.startswith(PREFIX) or variable in SWITCHES:
            continue
        if variable not in known:
            hint = _did_you_mean(variable, (*known, *SWITCHES))
            problems.append(f"{variable}={text!r}: there is no such setting{hint}; ignoring it")
        elif text.strip():
            try:
                values[known[variable].name] = known[variable].read_text(text)
            except ValueError as problem:
                problems.append(str(problem))
    return Config(**values), tuple(problems)


def chosen_hooks(
    spec: str | Collection[str],
    default: Collection[str] = DEFAULT_HOOKS,
    every: Collection[str] = EVERY_HOOK,
) -> tuple[str, ...]:
    """Return the hooks that a ``hooks`` value selects, in the order of ``every``.

    Words are read from left to right: ``default`` and ``all`` stand for their lists, ``name`` and
    ``+name`` add one, ``-name`` takes one away. A value that begins with + or - starts from ``default``.

    Raises:
        ValueError: a word names no hook.

    """
    words = _words(spec)
    chosen = set(default) if words and words[0][0] in "+-" else set()
    for word in words:
        name = _unsigned(word)
        if name not in every and name not in ("default", "all"):
            text = f"there is no hook {name!r}{_did_you_mean(name, every)}; known: {', '.join(every)}"
            raise ValueError(text)
        group = {"default": set(default), "all": set(every)}.get(name, {name})
        chosen = chosen - group if word.startswith("-") else chosen | group
    return tuple(name for name in every if name in chosen)


def _did_you_mean(word: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - 1 ms that only a misspelling pays

    close = get_close_matches(word, list(known), n=1)
    return f" (did you mean {close[0]}?)" if close else ""


def _warn_once(problems: Iterable[str]) -> None:
    for problem in problems:
        if problem not in _said:
            from logging import getLogger  # noqa: PLC0415 - 10 ms that only a bad value pays

            _said.add(problem)
            getLogger("steadydns").warning("%s", problem)
