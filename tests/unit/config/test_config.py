from __future__ import annotations

import copy
import logging
import pickle
import subprocess
import sys
from typing import Any

import pytest

from steadydns import config as module
from steadydns.config import Config, chosen_hooks, knobs, read_environment

KNOBS = [pytest.param(knob, id=knob.name) for knob in knobs()]


def test_the_defaults_are_those_of_the_design() -> None:
    """Without any setting every knob has its documented default."""
    assert vars(Config()) == {
        "transport": "auto",
        "node_local": "auto",
        "search": "pruned",
        "external_suffixes": (),
        "internal_suffixes": (),
        "cluster_domain": "auto",
        "first_retry": 0.4,
        "deadline": None,
        "tcp_connect_race": 0.1,
        "cache_max_entries": 9984,
        "cache_max_bytes": 16_777_216,
        "max_ttl": 30.0,
        "max_negative_ttl": 5.0,
        "serve_stale": 3600.0,
        "serve_stale_cluster": 60.0,
        "prefetch": True,
        "hooks": "default",
        "native_options": "single-request-reopen",
        "slow_threshold": 0.1,
        "telemetry": True,
        "dns_answers": True,
        "name_cap": 50,
        "ignored_hostnames": (),
    }


@pytest.mark.parametrize("knob", KNOBS)
def test_a_knob_is_documented_and_its_default_is_allowed(knob: module.Knob) -> None:
    """Each knob says what it does and where its default comes from, and takes its default back as text."""
    assert knob.doc.endswith(".")
    assert knob.source
    assert knob.environment == f"STEADYDNS_{knob.name.upper()}"
    assert knob.read(knob.default) == knob.default
    assert knob.read_text(knob.default_text) == knob.default


@pytest.mark.parametrize(
    ("variable", "text", "name", "value"),
    [
        ("STEADYDNS_TRANSPORT", "TCP", "transport", "tcp"),
        ("STEADYDNS_NODE_LOCAL", "off", "node_local", "off"),
        ("STEADYDNS_NODE_LOCAL", "FD00:0::0A", "node_local", "fd00::a"),
        ("STEADYDNS_SEARCH", " exact ", "search", "exact"),
        ("STEADYDNS_EXTERNAL_SUFFIXES", ".com, ORG. com", "external_suffixes", ("com", "org")),
        ("STEADYDNS_INTERNAL_SUFFIXES", "corp.example", "internal_suffixes", ("corp.example",)),
        ("STEADYDNS_CLUSTER_DOMAIN", "Cluster.Local.", "cluster_domain", "cluster.local"),
        ("STEADYDNS_FIRST_RETRY", "1", "first_retry", 1.0),
        ("STEADYDNS_DEADLINE", "2.5", "deadline", 2.5),
        ("STEADYDNS_DEADLINE", "auto", "deadline", None),
        ("STEADYDNS_CACHE_MAX_ENTRIES", "100", "cache_max_entries", 100),
        ("STEADYDNS_SERVE_STALE", "0", "serve_stale", 0.0),
        ("STEADYDNS_HOOKS", "default, -uvloop +eventlet", "hooks", "default,-uvloop,+eventlet"),
        ("STEADYDNS_PREFETCH", "False", "prefetch", False),
        ("STEADYDNS_TELEMETRY", "on", "telemetry", True),
        (
            "STEADYDNS_IGNORED_HOSTNAMES",
            "*.internal,db-[0-9]",
            "ignored_hostnames",
            ("*.internal", "db-[0-9]"),
        ),
    ],
)
def test_the_environment_sets_a_knob(variable: str, text: str, name: str, value: object) -> None:
    """A text of the environment is read as its knob's kind of value, and sets no other knob."""
    config, problems = read_environment({variable: text, "PATH": "/bin"})
    assert problems == ()
    assert vars(config) == {**vars(Config()), name: value}


@pytest.mark.parametrize("knob", KNOBS)
def test_an_empty_variable_is_no_setting(knob: module.Knob) -> None:
    """A variable that is set to nothing, as manifests do, leaves the default without a word."""
    assert read_environment({knob.environment: " "}) == (Config(), ())


BAD = [
    ("transport", "quic", "not one of auto, tcp, udp"),
    ("node_local", "10.0.0.300", "neither auto nor off nor an IP address"),
    ("node_local", "10.0.0.3:53", "neither auto nor off nor an IP address"),
    ("search", "fast", "not one of pruned, exact"),
    (
        "external_suffixes",
        "com,a..b",
        "'a..b' is not a domain name: a label has 1 to 63 characters, a name 253",
    ),
    ("external_suffixes", "x" * 64, "is not a domain name: a label has 1 to 63 characters"),
    ("internal_suffixes", "b\u00fccher.example", "is not a domain name in ASCII letters, digits, - and _"),
    ("internal_suffixes", ".", "not a domain name"),
    ("cluster_domain", "cluster local", "'cluster local' is not a domain name in ASCII"),
    ("first_retry", "400ms", "not a number of seconds"),
    ("first_retry", "0", "not between 0.01 and 30 seconds"),
    ("deadline", "5m", "not a number of seconds"),
    ("deadline", "-1", "not between 0.05 and 3600 seconds"),
    ("deadline", "nan", "not a number of seconds"),
    ("deadline", "inf", "not a number of seconds"),
    ("cache_max_entries", "1e3.", "not a number of entries"),
    ("cache_max_entries", "10.5", "not a whole number of entries"),
    ("cache_max_entries", "0", "not between 1 and 1e+07 entries"),
    ("cache_max_bytes", "16MiB", "not a number of bytes"),
    ("hooks", "std-lib", "not a list of hook names"),
    ("hooks", "-", "not a list of hook names"),
    ("prefetch", "maybe", "neither on nor off"),
    ("name_cap", "many", "not a number of names"),
    ("ignored_hostnames", "a/b", "'a/b' is not a domain name in ASCII"),
]


@pytest.mark.parametrize(("name", "text", "expectation"), BAD)
def test_a_bad_environment_value_gives_one_line_and_the_default(
    name: str, text: str, expectation: str
) -> None:
    """The line has the variable, the value, the expectation and what is used instead; other knobs are kept."""
    variable = f"STEADYDNS_{name.upper()}"
    config, (line,) = read_environment({variable: text, "STEADYDNS_MAX_TTL": "7"})
    assert line.startswith(f"{variable}={text!r}: ")
    assert expectation in line
    assert "; using the default (" in line
    assert config == Config(max_ttl=7)


@pytest.mark.parametrize(("name", "text", "expectation"), BAD)
def test_a_bad_value_from_python_raises(name: str, text: str, expectation: str) -> None:
    """ValueError has the knob, the value, the expectation and a remedy, from Config() and replace() alike."""
    overrides: dict[str, Any] = {name: text}
    for make in (Config, Config().replace):
        with pytest.raises(ValueError, match="; give ") as caught:
            make(**overrides)
        assert str(caught.value).startswith(f"{name}={text!r}: ")
        assert expectation in str(caught.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("first_retry", True),
        ("first_retry", None),
        ("deadline", object()),
        ("prefetch", 1),
        ("transport", None),
        ("external_suffixes", 5),
        ("external_suffixes", (b"com",)),
        ("node_local", 5),
        ("hooks", ()),
        ("hooks", [""]),
        ("cluster_domain", None),
    ],
)
def test_a_value_of_the_wrong_type_raises_the_same_error(name: str, value: object) -> None:
    """Whatever Python object is given, the error is the ValueError that says what to give."""
    overrides: dict[str, Any] = {name: value}
    with pytest.raises(ValueError, match="; give "):
        Config(**overrides)


def test_the_line_for_a_bad_deadline_reads_as_documented() -> None:
    """The example in docs/configuration.md is what is logged."""
    _, problems = read_environment({"STEADYDNS_DEADLINE": "5m"})
    assert problems == ("STEADYDNS_DEADLINE='5m': not a number of seconds; using the default (auto)",)


def test_an_unknown_variable_gives_a_hint() -> None:
    """A misspelt setting is named, with the setting that was meant; names of other programs are not."""
    config, problems = read_environment({"STEADYDNS_DEADLIN": "5", "STEADY": "x"})
    assert config == Config()
    assert problems == (
        "STEADYDNS_DEADLIN='5': there is no such setting (did you mean STEADYDNS_DEADLINE?); ignoring it",
    )


@pytest.mark.parametrize("variable", ["STEADYDNS_DISABLED", "STEADYDNS_DETECT_BYPASS"])
def test_a_switch_is_no_unknown_variable(variable: str) -> None:
    """What other modules read from the environment is known here."""
    assert read_environment({variable: "1"}) == (Config(), ())


def test_each_warning_is_given_once(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However often the environment is read, a bad value is one warning on the logger steadydns."""
    monkeypatch.setattr(module, "_said", set())
    environ = {"STEADYDNS_DEADLINE": "5m", "STEADYDNS_SEARCH": "fast"}
    with caplog.at_level(logging.WARNING, "steadydns"):
        assert Config.from_env(environ) == Config.from_env(environ) == Config()
    assert [(record.name, record.levelname) for record in caplog.records] == [("steadydns", "WARNING")] * 2
    assert caplog.messages == list(read_environment(environ)[1])


def test_from_env_reads_the_process_by_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without an argument the environment of the process as it is now counts."""
    monkeypatch.setenv("STEADYDNS_MAX_TTL", "12")
    assert Config.from_env().max_ttl == 12


def test_a_config_never_changes() -> None:
    """Setting or deleting an attribute raises and names replace(), which returns a changed copy."""
    config = Config(deadline=3)
    with pytest.raises(AttributeError, match=r"use \.replace\(deadline=\.\.\.\)"):
        config.deadline = 4  # type: ignore[misc]
    with pytest.raises(AttributeError, match="frozen"):
        del config.deadline
    changed = config.replace(search="exact")
    assert changed == Config(deadline=3, search="exact")
    assert config == Config(deadline=3)


def test_an_unknown_knob_raises_with_a_hint() -> None:
    """A misspelt keyword is a TypeError that names the knob that was meant."""
    with pytest.raises(TypeError, match=r"no knob 'dead_line' \(did you mean deadline\?\)"):
        Config(dead_line=3)  # type: ignore[call-arg]


def test_a_config_is_a_value() -> None:
    """Equal settings are equal and hash alike; a config can be copied, pickled and read at a glance."""
    config = Config(deadline=3, external_suffixes=("com",))
    assert config == Config(deadline=3.0, external_suffixes=(".COM",))
    assert hash(config) == hash(Config(deadline=3.0, external_suffixes=(".COM",)))
    assert config != Config()
    assert config != "config"
    assert copy.deepcopy(config) == pickle.loads(pickle.dumps(config)) == config
    assert repr(config) == "Config(external_suffixes=('com',), deadline=3.0)"
    assert repr(Config.deadline) == "<Knob deadline=None s>"


EVERY = ("stdlib", "asyncio", "uvloop", "eventlet", "psycopg2")
DEFAULT = ("stdlib", "asyncio", "uvloop")


@pytest.mark.parametrize(
    ("spec", "chosen"),
    [
        ("default", DEFAULT),
        ("all", EVERY),
        ("-uvloop", ("stdlib", "asyncio")),
        ("+eventlet", (*DEFAULT, "eventlet")),
        ("default,-uvloop,+eventlet", ("stdlib", "asyncio", "eventlet")),
        ("all -psycopg2", ("stdlib", "asyncio", "uvloop", "eventlet")),
        ("eventlet,stdlib", ("stdlib", "eventlet")),
        ("all,-default", ("eventlet", "psycopg2")),
        ("-default", ()),
    ],
)
def test_hooks_are_chosen_from_left_to_right(spec: str, chosen: tuple[str, ...]) -> None:
    """Words add and take away in their order, a leading sign starts from the default, and the order is ours."""
    assert chosen_hooks(spec, DEFAULT, EVERY) == chosen


def test_an_unknown_hook_raises_with_a_hint() -> None:
    """A misspelt hook is named with the one that was meant and with all that there are."""
    with pytest.raises(
        ValueError, match=r"no hook 'uvlop' \(did you mean uvloop\?\); known: stdlib, asyncio"
    ):
        chosen_hooks("default,-uvlop", DEFAULT, EVERY)


def test_a_misspelt_hook_is_refused_like_any_other_value(caplog: pytest.LogCaptureFixture) -> None:
    """From Python it is a ValueError with a hint; from the environment one warning, and the default."""
    with pytest.raises(
        ValueError,
        match=r"hooks='\+uvlop': there is no hook 'uvlop' \(did you mean uvloop\?\).*give default, all",
    ):
        Config(hooks="+uvlop")
    config, problems = read_environment({"STEADYDNS_HOOKS": "+uvlop"})
    assert config.hooks == "default"
    assert len(problems) == 1
    assert "STEADYDNS_HOOKS='+uvlop': there is no hook 'uvlop' (did you mean uvloop?)" in problems[0]
    assert "using the default (default)" in problems[0]
    assert Config(hooks="all,-grpc").hooks == "all,-grpc"


def test_importing_config_loads_nothing_costly() -> None:
    """The module needs none of the standard library's slower modules until something is wrong."""
    code = (
        "import sys; old = set(sys.modules); import steadydns.config; print(*sorted(set(sys.modules) - old))"
    )
    printed = subprocess.run(
        [sys.executable, "-S", "-c", code],
        env={"PYTHONPATH": ":".join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    costly = {"dataclasses", "difflib", "inspect", "ipaddress", "logging", "socket"}
    assert costly.isdisjoint(printed.split())
