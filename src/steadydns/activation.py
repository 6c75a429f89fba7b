"""install(), uninstall() and what can be asked of the resolver that is in place."""

from __future__ import annotations

import atexit
import logging
import sys
import threading
from os import environ
from typing import TYPE_CHECKING, Any

from steadydns.config import Config
from steadydns.patching.registry import Installation
from steadydns.resolver import Resolver

if TYPE_CHECKING:
    from steadydns.telemetry.explanation import Explanation

_log = logging.getLogger("steadydns")

# Guards _installation. Re-entrant: a hook's import of its library may come back here.
_lock = threading.RLock()
_installation: Installation | None = None
_spare: Resolver | None = None
_said: set[str] = set()


def disabled() -> bool:
    """Whether STEADYDNS_DISABLED switches steadydns off."""
    return environ.get("STEADYDNS_DISABLED", "").strip().lower() in ("1", "true", "yes", "on")


def _unsupported() -> str:
    """Why steadydns leaves this platform alone; '' where it works."""
    if not sys.platform.startswith("linux"):
        return f"steadydns works on Linux only, not on {sys.platform}; libc resolves"
    if sys.implementation.name != "cpython":
        return f"steadydns works on CPython only, not on {sys.implementation.name}; libc resolves"
    return ""


def install(config: Config | None = None, **overrides: Any) -> None:
    """Send every lookup of this process through steadydns, from now on.

    Installing again replaces the configuration and empties the cache. A getaddrinfo that someone has put over ours since
    stays, and what it calls of ours reaches the new resolver. Does nothing where STEADYDNS_DISABLED is set, and nothing
    but say so, once, on a platform that is not supported.

    Args:
        config: The knobs; read from the environment when it is not given.
        **overrides: Single knobs by name, on top of it.

    Raises:
        ValueError: An override's value is not allowed.
        TypeError: There is no such knob, or `config` is no Config.
    """
    global _installation  # noqa: PLW0603 - there is one process to install into
    if disabled():
        return
    why = _unsupported()
    if why:
        if why not in _said:
            _said.add(why)
            _log.warning("%s", why)
        return
    chosen = config if config is not None else Config.from_env()
    if not isinstance(chosen, Config):
        raise TypeError(f"a Config is expected, not {chosen!r}; give single settings by name")
    if overrides:
        chosen = chosen.replace(**overrides)
    with _lock:
        installation = Installation(Resolver(chosen))
        uninstall()
        installation.install(chosen.hooks)
        _installation = installation


@atexit.register
def _close_at_exit() -> None:
    """Close the idle connections, so that no ResourceWarning mentions them. Lookups after that still work."""
    if _installation is not None:
        _installation.resolver.close()


def uninstall() -> None:
    """Put everything back as it was before install(), and close the connections.

    What someone else has replaced since stays; what it calls of ours passes the calls on.
    """
    global _installation
    with _lock:
        installation, _installation = _installation, None
        if installation is not None:
            installation.undo()
            installation.resolver.close()


def is_installed() -> bool:
    """Whether install() is in effect."""
    return _installation is not None


def resolver() -> Resolver:
    """Return the resolver in place; where none is installed, one that only explain() and resolve() use."""
    global _spare  # noqa: PLW0603
    installation = _installation
    if installation is not None:
        return installation.resolver
    with _lock:
        if _spare is None:
            _spare = Resolver()
        return _spare


def flush(name: str | None = None) -> int:
    """Forget every cached answer, or those of one name; return how many were forgotten."""
    installation = _installation
    return 0 if installation is None else installation.resolver.flush(name)


def stats() -> dict[str, Any]:
    """Return what happened since install() as a nested dict of numbers; empty when not installed.

    `hits` and `misses` of calls, `queries` by server and transport, `fallbacks` to libc by reason, and under `cache`
    what is held: `entries`, `max_entries`, `bytes`, `evictions`.
    """
    installation = _installation
    return {} if installation is None else installation.resolver.stats()


def explain(name: str | bytes) -> Explanation:
    """Look the name up and return every step of it: candidates, cuts, queries, servers, timings, cache.

    Works without install(), too. Never raises for a name that does not resolve.
    """
    return resolver().explain(name)


def resolve(name: str, rdtype: str = "A") -> list[str]:
    """Return the records of one type at a name, as text; addresses best first, and from the cache.

    Args:
        name: A name, completed by the search list as for getaddrinfo.
        rdtype: "A", "AAAA", or any other type dnspython knows, such as "SRV" or "TXT"; those are not cached.

    Raises:
        ValueError: There is no such record type, or the name is none.
        socket.gaierror: As getaddrinfo reports it: no such name, no such record, no answer.
    """
    return resolver().resolve(name, rdtype)
