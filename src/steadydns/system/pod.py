"""All that the pod says, behind one object: its files, each read again when it changed, and which libc it has.

May import the standard library and its neighbours. Reads nothing before it is asked.
"""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from . import gaiconf, hosts, nsswitch, resolvconf
from .watch import Watched

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from .resolvconf import Libc


def _hostname() -> str:
    # What gethostname(2) says, which would raise an audit event that the caller's program has not caused.
    return os.uname().nodename


def libc() -> Libc:
    """Return the C library this interpreter runs on, without starting a process."""
    try:
        version = os.confstr("CS_GNU_LIBC_VERSION")
    except (ValueError, OSError):
        return "musl"
    return "glibc" if version and version.startswith("glibc") else "musl"


class Pod:
    """The pod as its libc would see it. Safe to use from any thread.

    *root* is where ``etc/`` lies; *environ* (default: the process's, at the time of reading) gives LOCALDOMAIN
    and RES_OPTIONS; *hostname* gives the default search domain; *profile* is the libc whose rules apply.
    """

    def __init__(
        self,
        root: str = "/",
        *,
        environ: Mapping[str, str] | None = None,
        hostname: Callable[[], str] = _hostname,
        profile: Libc | None = None,
    ) -> None:
        self.libc: Libc = profile or libc()
        self._environ = os.environ if environ is None else environ
        self._hostname = hostname
        self._parse_resolv_conf = resolvconf.parse
        parse_hosts: Callable[[bytes], hosts.Hosts] = hosts.parse
        self._fixed_plan: nsswitch.Plan | None = None
        if self.libc == "musl":
            from . import musl_files  # noqa: PLC0415 - glibc's images do without it

            self._parse_resolv_conf, parse_hosts = musl_files.parse_resolv_conf, musl_files.parse_hosts
            self._fixed_plan = musl_files.PLAN
        etc = partial(os.path.join, root, "etc")
        self._resolv_conf = Watched(etc("resolv.conf"), self._read_resolv_conf)
        self._hosts: Watched[hosts.Hosts] = Watched(etc("hosts"), parse_hosts)
        self._nsswitch = Watched(etc("nsswitch.conf"), lambda text: nsswitch.plan(nsswitch.parse(text)))
        self._gai_conf = Watched(etc("gai.conf"), gaiconf.parse)
        # Set once the file said that it is not to be read again.
        self._final_resolv_conf: resolvconf.ResolvConf | None = None
        self._final_gai_conf: gaiconf.GaiConf | None = None

    def _read_resolv_conf(self, text: bytes) -> resolvconf.ResolvConf:
        hostname = "" if self.libc == "musl" else self._hostname()  # asking raises an audit event
        return self._parse_resolv_conf(text, self._environ, hostname)

    def resolv_conf(self) -> resolvconf.ResolvConf:
        """Return the resolver configuration; after one with ``no-reload``, always that one."""
        if self._final_resolv_conf is not None:
            return self._final_resolv_conf
        conf = self._resolv_conf.get()
        if conf.no_reload:
            self._final_resolv_conf = conf
        return conf

    def hosts(self) -> hosts.Hosts:
        """Return the names of the hosts file."""
        return self._hosts.get()

    def hosts_missing(self) -> bool:
        """Tell whether there was no hosts file when it was looked for last."""
        return self._hosts.missing

    def nsswitch_plan(self) -> nsswitch.Plan:
        """Return which sources are ours to ask."""
        return self._nsswitch.get() if self._fixed_plan is None else self._fixed_plan

    def gai_conf(self) -> gaiconf.GaiConf:
        """Return the address selection tables; read once unless the file says ``reload yes``, as in glibc."""
        if self._final_gai_conf is not None:
            return self._final_gai_conf
        first = self._gai_conf.never_read
        conf = self._gai_conf.get()
        # A file that asked for reloads and is gone now may come back.
        if not conf.reload and (first or not self._gai_conf.missing):
            self._final_gai_conf = conf
        return conf

    def errors(self) -> tuple[str, ...]:
        """Return why files could not be read, for a report to a human; empty when all is well."""
        files = (self._resolv_conf, self._hosts, self._nsswitch, self._gai_conf)
        return tuple(file.error for file in files if file.error)
