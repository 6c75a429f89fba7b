"""Resolver: the parts put together. What getaddrinfo is asked goes in, rows or libc's own exception come out.

The order of things in a call: is it ours (contract.request, system) -> what does the port mean (contract.rows) ->
addresses (resolution, run by transport.blocking) -> their order (network) -> rows (contract.rows) -> telemetry.
"""

from __future__ import annotations

import _socket
import importlib
import os
import socket
import sys
import weakref
from operator import index
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeAlias

from steadydns.calls import platforms
from steadydns.calls.hit_cache import ROWS_KEPT, Table, call_key
from steadydns.calls.refresher import Refresher
from steadydns.calls.settings import rules as make_rules
from steadydns.config import Config
from steadydns.contract import originals as stock
from steadydns.contract.errors import LookupFailed, gaierror, reason_of
from steadydns.contract.request import (
    AF_INET,
    AF_INET6,
    AF_UNSPEC,
    MAX_NAME,
    Request,
    Theirs,
    is_plain,
    read,
)
from steadydns.contract.reverse import question as question_about
from steadydns.contract.rows import Shapes, in_every_order, in_order, rotation
from steadydns.resolution.attempts import UNREADABLE, Attempts, Begun, Failed, loosely
from steadydns.resolution.cache import Cache
from steadydns.resolution.flights import Flight, Flights
from steadydns.resolution.model import TCP, Flow, Question
from steadydns.resolution.record import FALLBACK, Event, Record
from steadydns.resolution.rules import Environment
from steadydns.resolution.search import candidates
from steadydns.resolution.servers import Servers
from steadydns.resolution.walk import MALFORMED, TRY_AGAIN, Found, NotFound, lookup
from steadydns.runtime.named import NamedTuple
from steadydns.runtime.native import RLock, by_signal_handler, get_ident, others
from steadydns.system.pod import Pod
from steadydns.telemetry.observer import Observer
from steadydns.telemetry.statistics import Statistics
from steadydns.transport.blocking import Stream, run
from steadydns.transport.pool import Pool
from steadydns.wire.message import AAAA, FORMERR, NOERROR, NXDOMAIN, RETRIED, A, WireError

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from dns.message import Message

    from steadydns.calls.hit_cache import Rows
    from steadydns.contract.rows import Address, Shape
    from steadydns.resolution.attempts import Finding
    from steadydns.resolution.cache import Entry
    from steadydns.resolution.libc import Libc
    from steadydns.resolution.model import Server
    from steadydns.resolution.rules import Network, Rules
    from steadydns.resolver_async import AsyncResolver
    from steadydns.system.hosts import Hosts
    from steadydns.system.nsswitch import Plan
    from steadydns.system.resolvconf import ResolvConf
    from steadydns.telemetry.explanation import Explanation
    from steadydns.wire.message import Answer

Result = Found | NotFound

SETTINGS_KEPT: Final = 0.25
"""Seconds for which the pod's files are not looked at again. Without it every miss would make four stat(2) calls."""

MAX_CALLS: Final = 512
"""Kinds of calls that are remembered: ports of one service, not of a scanner."""

# A named tuple without its constructor, a call in Python; this is the hot path of a miss.
_new = tuple.__new__


class Settings(NamedTuple):
    """What the pod's files say, as one value that is swapped whole."""

    until: float
    """Monotonic seconds: when to look at the files again."""
    conf: ResolvConf
    rules: Rules
    plan: Plan
    hosts: Hosts
    no_aaaa: bool
    aliases: bool
    """HOSTALIASES is set (hostname(7)); libc reads that file."""
    room: int
    """Octets that a name may have and still be one behind the longest search domain."""
    special: bool
    """Something here may leave a name to libc; what, _only_libc says."""
    plain: bool
    """A name that is not in the hosts file is a question for the servers, and nothing else matters."""
    named: Container[bytes]
    """The names of the hosts file, in lower case."""


class Call(NamedTuple):
    """What the arguments of a call mean, the host aside."""

    asked: tuple[Any, ...]
    """The request, its name aside."""
    shape: Shape
    numbers: tuple[int, int, int]
    """Family, type and protocol, for the audit event."""
    families: tuple[bool, bool] | None
    """With AI_ADDRCONFIG: the families that the pod had an address of. Another request is made where it has others."""


Arguments: TypeAlias = tuple[Any, Any, Any, Any, Any, Any]
"""Host, port, family, type, protocol and flags, as they were given."""

Foreseen: TypeAlias = "tuple[Request, Call, Rules | None]"
"""A request, what its call means, and the rules in force: of these None where nobody has looked yet."""


class Resolver:
    """A caching stub resolver with getaddrinfo's contract.

    Args:
        config: The knobs; `Config.from_env()` when it is not given.
        pod: What resolv.conf, the hosts file and nsswitch.conf say; the real files when it is not given.

    Making one does no I/O. It may be used from any thread and after a fork.
    """

    def __init__(self, config: Config | None = None, *, pod: Pod | None = None) -> None:
        self.config = config if config is not None else Config.from_env()
        self.pod = pod if pod is not None else Pod()
        self.statistics = Statistics()
        self.servers = Servers()
        self.pool = Pool()
        self.cache = Cache(
            self.config.cache_max_entries,
            self.config.cache_max_bytes,
            self.config.max_ttl,
            self.config.max_negative_ttl,
        )
        self.profile = platforms.profile(self.pod)
        self.surroundings = platforms.surroundings(self.pod, monotonic)
        self.observer = Observer(self.config)
        self.refresher = Refresher(self._refresh)
        self._flights: Flights[Result] = Flights()
        self._known: Settings | None = None
        self._rules_met: dict[Rules, Rules] = {}
        """The rules that were in force so far, so that equal ones are one object, whichever thread read the files."""
        self._shapes = Shapes(stock.raw, self.profile.kinds)
        self._calls: dict[tuple[object, ...], Call] = {}
        self._awaiting: AsyncResolver | None = None
        self._thread: int | None = None
        """The one that has looked everything up so far; 0 once there were several, which C code may have brought."""
        self.public = Table(stock.public, enums=True)
        self.raw = Table(stock.raw, enums=False)
        self.tables = [self.public, self.raw]
        self.first_addresses: dict[tuple[object, ...], tuple[float, Callable[[], str]]] = {}
        """(class of host, host, family) -> until when, and the call that gives the address of the next row that comes
        first: what calls that use one address take, such as gethostbyname."""
        _resolvers.add(self)

    def getaddrinfo(
        self,
        host: str | bytes | None,
        port: str | bytes | int | None,
        family: int = 0,
        type: int = 0,  # noqa: A002 - socket.getaddrinfo's own name
        proto: int = 0,
        flags: int = 0,
    ) -> Rows:
        """Resolve host and port as `socket.getaddrinfo` does, through this resolver and without patching anything.

        Raises:
            socket.gaierror: As getaddrinfo(3) reports it, with what was tried as its `__cause__`.
            UnicodeError, TypeError, OSError: For arguments that the original refuses.
        """
        arguments = (host, port, family, type, proto, flags)
        rows = self.at_hand(self.public, *arguments)
        return rows if rows is not None else self.answer(self.public, *arguments)

    @property
    def awaiting(self) -> AsyncResolver:
        """The same resolver for the tasks of event loops."""
        if self._awaiting is None:
            from steadydns.resolver_async import AsyncResolver  # noqa: PLC0415 - it needs asyncio; few services do

            self._awaiting = AsyncResolver(self)
        return self._awaiting

    async def agetaddrinfo(
        self,
        host: str | bytes | None,
        port: str | bytes | int | None,
        family: int = 0,
        type: int = 0,  # noqa: A002 - as above
        proto: int = 0,
        flags: int = 0,
    ) -> Rows:
        """Resolve host and port as `getaddrinfo` does, in the running event loop and without blocking it.

        Raises:
            socket.gaierror: As getaddrinfo(3) reports it, with what was tried as its `__cause__`.
            UnicodeError, TypeError, OSError: For arguments that the original refuses.
        """
        arguments = (host, port, family, type, proto, flags)
        rows = self.at_hand(self.public, *arguments)
        return rows if rows is not None else await self.awaiting.answer(self.public, *arguments)

    def answer(
        self, table: Table, host: Any, port: Any, family: Any, type_: Any, proto: Any, flags: Any
    ) -> Rows:
        """Answer a call that was not a hit; whatever is not ours, or goes wrong here, the original answers."""
        record = Record(monotonic())
        foreseen = self.foresee(host, port, family, type_, proto, flags, record.started)
        if foreseen is None:
            accepted = self._accept(host, family, type_, proto, flags)
            if isinstance(accepted, Theirs):
                return self._original(accepted, table, (host, port, family, type_, proto, flags))
            # From here on the call is ours, and so is its audit event: raised once, by whoever looks at the port first.
            foreseen = accepted, self.learn(accepted, host, port, family, type_, proto, flags), None
        else:
            kinds = foreseen[1].numbers
            sys.audit("socket.getaddrinfo", host, port, kinds[0], kinds[1], kinds[2])
        request, call, rules = foreseen
        try:
            if rules is None:
                result = self._search(request, self._settings().rules, record)
            elif others() or get_ident() != self._thread:
                result = self._find(request.name, request.types, rules, record)
            else:  # nobody to share it with: the tasks of this thread's loop stand still meanwhile
                result = self._lead(
                    request.name, request.types, rules, record, record.started + rules.deadline
                )
            verdict = result if isinstance(result, Found) else self._verdict(request, result)
        except Exception as error:  # fail open
            verdict = self._theirs(error)
        arguments = (host, port, family, type_, proto, flags)
        rows = self.conclude(verdict, request, call, table, record, arguments)
        return self.after_all(rows, table, record, arguments) if isinstance(rows, Theirs) else rows

    def foresee(
        self, host: Any, port: Any, family: Any, type_: Any, proto: Any, flags: Any, now: float
    ) -> Foreseen | None:
        """Return what a call comes to whose kind was met before, where its name is the servers' beyond doubt.

        None: whoever looks at the call more closely says. Nothing has happened by then.
        """
        try:
            # With their classes: a float equals the integer that is known, and is refused.
            call = self._calls.get(
                (port.__class__, port, family.__class__, family, type_.__class__, type_, proto.__class__, proto,
                 flags.__class__, flags)
            )  # fmt: skip
            if call is None or not is_plain(host):
                return None
            settings = self._known
            if settings is None or now >= settings.until:
                settings = self._settings()
            name = host.encode()
            if not settings.plain or len(name) > settings.room or name.lower() in settings.named:
                return None
            if call.families is not None and call.families != self.surroundings.families():
                return None
        except Exception as error:  # an argument of no use, or a file: told by whoever looks more closely
            if by_signal_handler(error):
                raise
            return None
        return _new(Request, (name,) + call.asked), call, settings.rules  # noqa: RUF005 - the quicker of the two

    def _accept(self, host: Any, family: Any, type_: Any, proto: Any, flags: Any) -> Request | Theirs:
        """Say whether a call is ours, and what it asks for; where that goes wrong, it is libc's."""
        try:
            index(type_), index(proto)
            return self._decide(host, index(family), index(flags))
        except TypeError:  # an argument that is no number: the original says so
            return Theirs("not_a_number")
        except Exception as error:
            return self._theirs(error)

    def _shape(self, host: Any, port: Any, family: Any, type_: Any, proto: Any, flags: Any) -> Shape:
        """Return what one address becomes, and raise the call's audit event: from here on the call is ours."""
        shape = self._shapes.get(port, family, type_, proto, flags)
        if shape is None:
            _load_codec()
            return self._shapes.learn(host, port, family, type_, proto, flags)
        sys.audit("socket.getaddrinfo", host, port, int(family), int(type_), int(proto))
        return shape

    def learn(
        self, request: Request, host: Any, port: Any, family: Any, type_: Any, proto: Any, flags: Any
    ) -> Call:
        """Find out what a call means, and raise its audit event; `foresee` then knows its kind.

        Raises:
            OSError, TypeError, OverflowError: For what the original refuses.
        """
        shape = self._shape(host, port, family, type_, proto, flags)
        families = self.surroundings.families() if request.addrconfig else None
        call = Call(request[1:], shape, (int(family), int(type_), int(proto)), families)
        # Neither what may ask twice, nor what the pod's addresses, seen anew, would make something else of; nor what
        # `no-aaaa` has left a family out of, which resolv.conf may say no longer.
        every = AAAA in request.types or request.family == AF_INET
        if (
            not request.mapped
            and every
            and (families is None or self._decide(host, family, flags) == request)
        ):
            if len(self._calls) >= MAX_CALLS:
                self._calls.clear()
            kind = (
                port.__class__, port, family.__class__, family, type_.__class__, type_, proto.__class__, proto,
                flags.__class__, flags,
            )  # fmt: skip
            self._calls[kind] = call
        return call

    def knows_port(self, port: Any, family: Any, type_: Any, proto: Any, flags: Any) -> bool:
        """Whether `learn` needs to look no service up."""
        return self._shapes.get(port, family, type_, proto, flags) is not None

    def conclude(
        self,
        verdict: Result | Theirs,
        request: Request,
        call: Call,
        table: Table,
        record: Record,
        arguments: Arguments,
    ) -> Rows | Theirs:
        """Tell of a lookup, remember its rows and return them; or say why libc must answer after all.

        Raises:
            socket.gaierror: There are none.
        """
        if not isinstance(verdict, Found):
            if isinstance(verdict, NotFound):
                self._fail(verdict, arguments[0], record)
            return verdict
        profile, asked = self.profile, record.asked
        try:
            groups = self.surroundings.rank(profile.addresses(request, verdict))
            shape, enums, every = call.shape, table.enums, profile.names_every_row
            canonical: str | None = ""
            if request.canonical or every:
                canonical = profile.canonical(request, verdict, self._settings().conf.dotted)
            if canonical is None:
                return Theirs("canonical_name")
            # Most names that were asked for just now are not looked up again so soon: those that are get theirs then.
            orders = (
                [in_order(groups, shape, canonical, enums, every)]
                if asked
                else in_every_order(groups, shape, canonical, enums, every)
            )
        except Exception as error:  # fail open
            return self._theirs(error)
        now = monotonic()
        self.observe(arguments[0], record, verdict, None, groups, now)
        if asked:
            return orders[0]
        turn = orders[0].copy if len(orders) == 1 else rotation(orders, first_turn(verdict))
        expires = now + ROWS_KEPT
        if not verdict.complete:
            expires = 0.0
        elif verdict.expires < expires:
            expires = verdict.expires
        table.keep(call_key(*arguments), (expires, turn, *call.numbers))
        return turn()[:]

    def _fail(self, verdict: NotFound, host: Any, record: Record) -> NoReturn:
        """Tell of a lookup that failed, and raise its failure."""
        from steadydns.telemetry.explanation import failure_text  # noqa: PLC0415 - only a failure needs it

        failure = gaierror(verdict.reason, self.profile.failures)
        self.observe(host, record, verdict, failure, [], monotonic())
        raise failure from LookupFailed(failure_text(record))

    def find(self, request: Request, record: Record) -> Result | Theirs:
        """Look up what a call of ours asks for, or say why libc must do so after all."""
        try:
            result = self._search(request, self._settings().rules, record)
            return self._verdict(request, result) if isinstance(result, NotFound) else result
        except Exception as error:  # fail open
            return self._theirs(error)

    def _verdict(self, request: Request, result: NotFound) -> NotFound | Theirs:
        """The failure as libc reports it, or why libc must be asked."""
        result = self._failure(result, request)
        if result.reason == MALFORMED:
            return Theirs(MALFORMED)
        return Theirs("nsswitch_after_dns") if self._settings().plan.after_dns else result

    def _failure(self, result: NotFound, request: Request) -> NotFound:
        """The failure as libc reports it."""
        missing = self.pod.hosts_missing()
        return NotFound(self.profile.reported(result, request, hosts_missing=missing))

    def decide(self, host: object, family: int) -> Request | Theirs:
        """Say whether a call about a name alone is ours, and what it asks for."""
        try:
            return self._decide(host, family, 0)
        except Exception as error:
            return self._theirs(error)

    def decide_reverse(self, packed: bytes) -> Request | Theirs:
        """Say whether a call for the name of an address is ours, and what it asks for."""
        try:
            settings = self._settings()
            plan = settings.plan
            if self.pod.libc != "glibc":
                return Theirs("libc")
            if plan.theirs:
                return Theirs("nsswitch")
            if plan.myhostname:
                return Theirs("myhostname")
            if plan.files_first and settings.hosts.has_address(packed):
                return Theirs("hosts")
            if settings.conf.attempts <= 0:
                return Theirs("no_attempts")
            return question_about(packed)
        except Exception as error:
            return self._theirs(error)

    def after_all(self, reason: Theirs, table: Table, record: Record, arguments: Arguments) -> Rows:
        """Let libc answer what was tried here first."""
        record.note(Event(monotonic(), FALLBACK, detail=reason.reason))
        failure: socket.gaierror | None = None
        try:
            return self._original(reason, table, arguments)
        except socket.gaierror as error:
            failure = error
            raise
        finally:
            result = None if failure is None else NotFound(reason_of(failure))
            self.observe(arguments[0], record, result, failure, [], monotonic())

    def table_of(self, function: object) -> Table | None:
        """Return the table of an installed function; None of any other."""
        for table in reversed(self.tables):  # what was installed came last
            if table.function is function:
                return table
        return None

    def ready_rows(self, function: object, *arguments: Any) -> Rows | None:
        """Return a hit's rows as the installed function would, at once; None where it has none, or is not that function."""
        table = self.table_of(function)
        return None if table is None else self.at_hand(table, *arguments)

    def at_hand(
        self, table: Table, host: Any, port: Any, family: Any, type_: Any, proto: Any, flags: Any
    ) -> Rows | None:
        """Return a hit's rows, counted and audited as one; None where there is none. Nothing is looked up."""
        try:
            # call_key, written out.
            ready = table.ready.get((host.__class__, host, port.__class__, port, family, type_, proto, flags))
        except TypeError:  # unhashable: the function itself says what is wrong with it
            return None
        if ready is None or monotonic() >= ready[0]:
            return None
        sys.audit("socket.getaddrinfo", host, port, *ready[2:])
        self.statistics.hits += 1
        return ready[1]()[:]

    def _decide(self, host: object, family: int, flags: int) -> Request | Theirs:
        """Say whether the call is ours, and what it asks for."""
        request = read(host, family, flags)
        if isinstance(request, Theirs):
            return request
        request = self.profile.asked(request)
        settings = self._settings()
        plan = settings.plan
        if plan.theirs:
            return Theirs("nsswitch")
        if request.addrconfig:
            narrowed = self._narrow(request, flags)
            if narrowed is None:
                return Theirs("addrconfig")
            request = narrowed
        if plan.files_first and (
            settings.hosts.answers(request.name, request.family)
            or (request.mapped and settings.hosts.answers(request.name, AF_INET))
        ):
            return Theirs("hosts")
        if len(request.name) > settings.room:
            return Theirs("too_long")
        if settings.special:
            reason = _only_libc(settings, request)
            if reason:
                return Theirs(reason)
        if settings.no_aaaa and AAAA in request.types:
            request = request._replace(types=(A,))
        return request

    def _narrow(self, request: Request, flags: int) -> Request | None:
        """AI_ADDRCONFIG: leave out the family that the pod has no address of; None: libc refuses the call."""
        ipv4, ipv6 = self.surroundings.families()
        if not ipv4 and not ipv6:
            return None
        if (request.family == AF_INET and not ipv4) or (request.family == AF_INET6 and not ipv6):
            return None
        if request.family == AF_UNSPEC and ipv4 != ipv6:
            return request.narrowed(AF_INET if ipv4 else AF_INET6, flags)
        return request

    def _original(self, reason: Theirs, table: Table, arguments: Arguments) -> Rows:
        self.statistics.fallback(reason.reason)
        rows = table.original(*arguments)
        host, port, family, type_, proto, flags = arguments
        # Both come from no server and cannot differ within the second; a scope id can: interfaces come and go.
        if reason.reason == "hosts" or (
            reason.reason == "numeric" and (b"%" if isinstance(host, bytes) else "%") not in host
        ):
            key = call_key(host, port, family, type_, proto, flags)
            table.keep(key, (monotonic() + ROWS_KEPT, rotation([rows]), int(family), int(type_), int(proto)))
            return rows[:]
        return rows

    def _theirs(self, error: Exception) -> Theirs:
        """An error of our own: counted, said once, and the call is libc's. One that is not ours is raised."""
        if by_signal_handler(error):
            raise error
        self.observer.report(error)
        return Theirs("error")

    def rules_for(self, conf: ResolvConf) -> Rules:
        """Return the rules that follow from the knobs and what resolv.conf says."""
        return make_rules(self.config, conf)

    def _settings(self) -> Settings:
        """What the pod's files say, looked at again when the last look is SETTINGS_KEPT seconds old."""
        now = monotonic()
        known = self._known
        if known is not None and now < known.until:
            return known
        conf = self.pod.resolv_conf()
        if known is not None and known.conf is conf:
            rules = known.rules
        else:
            rules = self.rules_for(conf)
            rules = self._rules_met.setdefault(rules, rules)
        plan = self.pod.nsswitch_plan()
        aliases = plan.aliases and "HOSTALIASES" in os.environ
        special = bool(
            plan.myhostname
            or aliases
            or conf.attempts <= 0
            or conf.odd_search
            or conf.no_tld_query
            or conf.sortlist
            or conf.no_aaaa
        )
        room = MAX_NAME - 1 - max(map(len, conf.search), default=0)
        hosts = self.pod.hosts()
        known = self._known = Settings(
            now + SETTINGS_KEPT,
            conf,
            rules,
            plan,
            hosts,
            conf.no_aaaa,
            aliases,
            room,
            special,
            plan.files_first and not plan.theirs and not special,
            hosts.names,
        )
        return known

    def _search(self, request: Request, rules: Rules, record: Record) -> Result:
        result = self._find(request.name, request.types, rules, record)
        if not request.mapped or settled(request, result):
            return result
        return merged(result, self._find(request.name, (A,), rules, record))

    def _find(self, name: bytes, types: tuple[int, ...], rules: Rules, record: Record) -> Result:
        """Look the name up, or wait for someone who is doing so."""
        me = get_ident()
        if me != self._thread:
            self._thread = me if self._thread is None else 0
        deadline = record.started + rules.deadline
        # Two callers that found different files must not share an answer.
        key = (name, types, id(rules))
        flights = self._flights
        while True:
            mine: Flight[Result] = Flight(deadline)
            result: Result | None = None
            try:
                flight = flights.join(key, mine)
                if flight is mine:
                    result = self._lead(name, types, rules, record, deadline)
                    return result
            finally:
                # Whatever ends this: a signal handler may raise anywhere in it, and nobody is to wait for ever.
                try:
                    flights.leave(key, mine, result)
                except BaseException:  # in that, too
                    flights.leave(key, mine, result)
                    raise
            began = monotonic()
            self.statistics.coalesced += 1
            landed = flight.wait((deadline if deadline < flight.deadline else flight.deadline) - began)
            ended = monotonic()
            record.waited += ended - began
            if landed and flight.result is not None:
                return flight.result
            if not landed:
                flights.abandon(key, flight)
                if ended >= deadline:
                    return NotFound(TRY_AGAIN)

    def _lead(
        self, name: bytes, types: tuple[int, ...], rules: Rules, record: Record, deadline: float
    ) -> Result:
        """Ask at once what is certain to be asked, where a connection stands ready; the rest is the algorithm's."""
        asked = monotonic()
        known: dict[Question, Finding] | None = None
        first: Begun | None = None
        begun: Stream | None = None
        certain = self.certain(name, types, rules, asked)
        if isinstance(certain, Found):
            return certain
        if certain is not None and rules.first_retry <= deadline - asked:
            target, lowered, server = certain
            connection = self.pool.take(server, asked)
            if connection is not None:
                answers: list[Answer | None] = [None] * len(types)
                try:
                    prompted = connection.prompt(target, types)
                    # What is done here, until the answers come, costs nobody time.
                    record.prompted(server, target, types, answers)
                    if len(types) > 1:
                        self.surroundings.look(asked)
                    if self.cache.untidy:
                        self.cache.tidy()
                    came = connection.collect(prompted, target, types, answers, rules.first_retry)
                except (OSError, WireError) as error:
                    # What an idle connection fails with counts for nothing: the server may have closed it long ago.
                    connection.close()
                    if by_signal_handler(error):
                        raise
                    record.forget_prompt(answers)
                except BaseException:
                    connection.close()
                    raise
                else:
                    record.prompted_until = now = monotonic()
                    if came:
                        connection.answered_at = now
                        self.pool.put(connection)
                        found = self.found(target, lowered, server, types, answers, rules, now)
                        if found is not None:
                            return found
                    elif answers.count(None) < len(answers):
                        connection.answered_at = now
                    flow = Flow(server, TCP, tuple([Question(target, type_) for type_ in types]), asked)
                    flow.connected = True
                    known, rcodes = self.settle(flow, answers, rules, now)
                    begun = None if came else Stream(flow, self.pool, now, connection)
                    first = Begun(flow, rcodes) if rcodes or begun else None
        environment = self._environment(rules, record, deadline, self.pool)
        return run(lookup(name, types, environment, known, first), self.pool, monotonic, begun)

    def certain(
        self, name: bytes, types: tuple[int, ...], rules: Rules, now: float
    ) -> Found | tuple[bytes, bytes, Server] | None:
        """What is cached of a name; or else the name that is certain to be asked first, also in lower case, and of whom.

        None where there is more to find out before.
        """
        cache = self.cache
        target = cache.proven.target(name, types, rules, now)
        if target is None:
            return None
        lowered = target.lower()
        held = cache.held(lowered, types, now)
        if held:
            return self._recalled(target, lowered, types, held, rules, now)
        server = self.servers.steady(rules, now)
        return None if server is None else (target, lowered, server)

    def _recalled(
        self,
        target: bytes,
        lowered: bytes,
        types: tuple[int, ...],
        held: list[Entry],
        rules: Rules,
        now: float,
    ) -> Found | None:
        """What was found before, where cached answers with addresses settle the lookup."""
        having = [entry for entry in held if entry.addresses]
        if not having or len(held) < len(types):
            return None
        if not rules.libc.searches_on and any(entry.nxdomain for entry in held):
            return None
        self.cache.use(lowered, held)
        if rules.prefetch:
            for entry in held:
                if entry.is_due(now):
                    self.refresher.submit(Question(target, entry.type))
        expires = min([entry.expires for entry in held])
        return Found(target, [entry.answer for entry in having], True, expires, having[0].hits)

    def found(
        self,
        target: bytes,
        lowered: bytes,
        server: Server,
        types: tuple[int, ...],
        answers: list[Answer | None],
        rules: Rules,
        now: float,
    ) -> Found | None:
        """Keep the answers of a first exchange; what was found, or None where they do not settle the lookup."""
        if rules.libc.reads_any_order:
            answers = loosened(answers)
            if not all(answer is None or answer.orderly for answer in answers):
                return None
        having = []
        for answer in answers:
            if answer is None or answer.rcode:
                return None
            if answer.addresses:
                having.append(answer)
        if not having:
            return None
        self.servers.answered(server, now, True)
        self.cache.keep(lowered, types, answers, now)  # type: ignore[arg-type]  # none is None
        return _new(Found, (target, having, True, 0.0, 0))

    def settle(
        self, flow: Flow, answers: list[Answer | None], rules: Rules, now: float
    ) -> tuple[dict[Question, Finding], dict[Question, int]]:
        """What a first exchange has settled, and the failures of what it has not; the flow's questions are answered."""
        known: dict[Question, Finding] = {}
        rcodes: dict[Question, int] = {}
        if rules.libc.reads_any_order:
            answers = loosened(answers)
        for question, answer in zip(flow.questions, answers, strict=True):
            if answer is None:
                continue
            flow.answered += (question,)
            failed = _final(answer, rules.libc)
            if failed is not None:
                known[question] = failed
            elif answer.rcode in (NOERROR, NXDOMAIN):
                known[question] = self.cache.store(question, answer, now)
                self.servers.answered(flow.server, now, True)
            else:
                rcodes[question] = answer.rcode
        return known, rcodes

    def _environment(self, rules: Rules, record: Record, deadline: float, network: Network) -> Environment:
        """What one lookup works with."""
        return Environment(
            rules,
            self.cache,
            self.servers,
            network,
            monotonic,
            record,
            record.started,
            deadline,
            self.refresher.submit,
        )

    def _refresh(self, question: Question) -> None:
        """Ask one question anew, in the background."""
        with self.observer.detached():
            try:
                rules = self._settings().rules
                now = monotonic()
                record = Record(now)
                environment = self._environment(rules, record, now + rules.deadline, self.pool)
                run(Attempts((question,), environment).settle(), self.pool, monotonic)
                self.statistics.take(record)
            except Exception as error:
                self.observer.report(error)

    def rank(self, request: Request, result: Result) -> list[list[Address]]:
        """The addresses of the result by rank; none of a failure."""
        return (
            self.surroundings.rank(self.profile.addresses(request, result))
            if isinstance(result, Found)
            else []
        )

    def observe(
        self,
        host: str | bytes,
        record: Record,
        result: Result | None,
        failure: OSError | None,
        groups: list[list[Address]],
        ended: float,
    ) -> None:
        """Count a lookup that is over, and tell of it what is to be told."""
        try:
            self.statistics.lookup(record, None if result is None else failure is None)
            if not self.observer.cares(ended - record.started):
                return
            from steadydns.telemetry.lookup import Lookup  # noqa: PLC0415 - only what is told needs it

            name = host if isinstance(host, str) else host.decode("ascii", "replace")
            reason = result.reason if isinstance(result, NotFound) else ""
            matched = result.candidate.decode("ascii") if isinstance(result, Found) else ""
            answers = tuple([address.text for group in groups for address in group])
            self.observer.observe(
                Lookup(name, record, record.started, ended, failure, reason, answers, matched)
            )
        except Exception as error:  # the call has its answer: nothing that is told of it may take that away
            if by_signal_handler(error):
                raise
            self.observer.report(error)

    def explain(self, name: str | bytes) -> Explanation:
        """Look the name up and return every step: sources, candidates, queries, servers, timings, cache.

        Uses the cache as a call would, and fills it. Never raises for a name that does not resolve.
        """
        from steadydns.telemetry.explanation import Explanation  # noqa: PLC0415 - only who asks needs it

        name = name if isinstance(name, str) else name.decode("ascii", "replace")
        decision = self._decide(name, AF_UNSPEC, 0)
        record = Record(monotonic())
        rules = self._settings().rules
        if isinstance(decision, Theirs):
            return Explanation(name, decision.reason, rules, record, monotonic() - record.started, (), "")
        # Step by step, also where it is certain at once what is to be asked.
        environment = self._environment(rules, record, record.started + rules.deadline, self.pool)
        result = run(lookup(decision.name, decision.types, environment), self.pool, monotonic)
        self.statistics.take(record)
        took = monotonic() - record.started
        if isinstance(result, NotFound):
            return Explanation(name, "", rules, record, took, (), self._failure(result, decision).reason)
        answers = tuple(address.text for group in self.rank(decision, result) for address in group)
        return Explanation(name, "", rules, record, took, answers, "", result.candidate.decode("ascii"))

    def resolve(self, name: str, rdtype: str = "A") -> list[str]:
        """Return the records of one type at a name, as text; see `steadydns.resolve`."""
        family = {"A": AF_INET, "AAAA": AF_INET6}.get(rdtype.upper())
        if family is None:
            from steadydns.calls.records import records  # noqa: PLC0415 - dnspython is loaded by whoever needs it

            return records(name, rdtype, self._settings().rules, self.profile.failures)
        return [row[4][0] for row in self.getaddrinfo(name, None, family, _socket.SOCK_STREAM)]

    def ask(self, query: Message, timeout: float, *, tcp: bool = False) -> Message | None:
        """Put a message of dnspython's to the pod's servers, the cache on the node first while it answers.

        Args:
            query: Any question; each attempt is sent under an id of its own.
            timeout: Seconds for all attempts together.
            tcp: Whether to ask over TCP from the start.

        Returns:
            The response that settled it, else the last one; None where no server answered.
        """
        from steadydns.calls.records import ask  # noqa: PLC0415 - dnspython is loaded by whoever needs it

        rules = self._settings().rules
        if rules.preferred is not None and self.node_local():
            rules = rules._replace(servers=(rules.preferred, *rules.servers))
        if tcp:
            rules = rules._replace(transport=TCP)
        return ask(query, rules, monotonic() + timeout)

    def known(self, name: bytes, type_: int) -> Entry | None:
        """Return the live answer that a lookup of the name uses, for those who report a TTL; None without one."""
        rules, now = self._settings().rules, monotonic()
        for candidate in candidates(name, rules.search, rules.ndots, rules.libc):
            entry = self.cache.peek(Question(candidate.name, type_))
            if entry is not None and entry.addresses and entry.expires > now:
                return entry
        return None

    def nameservers(self) -> tuple[str, ...]:
        """Return the addresses of resolv.conf's servers."""
        return tuple(server.address for server in self._settings().rules.servers)

    def node_local(self) -> str:
        """Return the address of the cache on the node while it is known to answer, else ''."""
        preferred = self._settings().rules.preferred
        return preferred.address if preferred is not None and self.servers.health(preferred).good else ""

    def flush(self, name: str | None = None) -> int:
        """Forget what is cached, or what is cached of one name; return the number of answers forgotten.

        A name is meant as it is asked of the servers: absolute, the search domain included.
        """
        for table in self.tables:
            table.ready.clear()
        self.first_addresses.clear()
        self.surroundings.forget()
        self._known = None
        if name is None:
            return self.cache.flush()
        try:
            encoded = name.encode("ascii") if name.isascii() else name.encode("idna")
        except UnicodeError:  # no name that could have been looked up
            return 0
        return self.cache.flush(encoded.rstrip(b"."))

    def stats(self) -> dict[str, Any]:
        """Return what happened so far and what is held now, as nested dicts of numbers."""
        statistics, counts = self.statistics, self.cache.counts(monotonic())
        return {
            "hits": statistics.hits,
            "misses": statistics.misses,
            "negative_hits": statistics.negative_hits,
            "coalesced": statistics.coalesced,
            "stale": statistics.stale,
            "retries": statistics.retries,
            "timeouts": statistics.timeouts,
            "failures": statistics.failures,
            "queries": statistics.queries_by_server(),
            "fallbacks": dict(statistics.fallbacks),
            "cache": {
                **counts,
                "max_entries": self.config.cache_max_entries,
                "max_bytes": self.config.cache_max_bytes,
                "evictions": self.cache.evictions,
                "rows": sum(len(table.ready) for table in self.tables),
            },
        }

    def close(self) -> None:
        """Close the connections that are idle; the resolver may still be used."""
        self.pool.close()
        if self._awaiting is not None:
            self._awaiting.close()

    def after_fork(self) -> None:
        """In the child: keep what is cached, drop what belongs to the parent."""
        self.pool.after_fork()
        self.cache.after_fork()
        self._flights = Flights()
        self.refresher.after_fork()
        if self._awaiting is not None:
            self._awaiting.after_fork()

    def __repr__(self) -> str:
        """State in one line."""
        return f"<Resolver {self.cache!r}, {self.pool!r}, {len(self._flights)} lookups under way>"


def first_turn(found: Found) -> int:
    """Return with which order to begin where addresses take turns, of any number of them.

    A new answer has the server's own order, as libc gives it; its first use has the next one. Later the rows are made anew
    now and then, for a service that seldom looks the name up every time: any order, so that none of the addresses is
    always the first.
    """
    return found.uses if found.uses < 2 else os.urandom(1)[0]


def settled(request: Request, result: Result) -> bool:
    """Whether IPv4-mapped addresses are neither needed beside what was found nor still to be asked for."""
    # Where IPv4 addresses were asked for, both families were at once.
    return A in request.types or (isinstance(result, Found) and not request.both)


def merged(result: Result, mapped: Result) -> Result:
    """What was found of IPv6 addresses, and of IPv4 ones to be mapped, as one result."""
    if isinstance(mapped, NotFound):
        return result if isinstance(result, Found) else mapped
    if isinstance(result, NotFound):
        return mapped
    return Found(
        result.candidate,
        [*result.answers, *mapped.answers],
        result.complete and mapped.complete,
        min(result.expires, mapped.expires),
        result.uses,
    )


def loosened(answers: list[Answer | None]) -> list[Answer | None]:
    """The answers as a library reads them that takes records in any order; as they are where just it can."""
    return [one if one is None else loosely(one) or one for one in answers]


def _final(answer: Answer, libc: Libc) -> Failed | None:
    """The failure that settles the question at once; None where it is answered, or asked again."""
    if libc.reads_any_order and not answer.orderly:
        return Failed(UNREADABLE)
    if answer.rcode in (NOERROR, NXDOMAIN, *RETRIED) or not libc.believes_failures:
        return None
    return Failed(FORMERR)


def _only_libc(settings: Settings, request: Request) -> str:
    """The setting of the pod that makes libc answer a name that is not in the hosts file; '' if there is none."""
    single = b"." not in request.name
    if settings.plan.myhostname and _is_my_hostname(request.name):
        return "myhostname"
    if settings.conf.attempts <= 0:
        return "no_attempts"
    if settings.conf.odd_search and not request.name.endswith(b"."):
        return "search_domain"
    if single and settings.aliases:
        return "hostaliases"
    if single and settings.conf.no_tld_query:
        return "no_tld_query"
    if request.family == AF_INET and settings.conf.sortlist:
        return "sortlist"
    if request.family == AF_INET6 and settings.no_aaaa:
        return "no_aaaa"
    return ""


def _is_my_hostname(name: bytes) -> bool:
    """Whether systemd's nss-myhostname answers the name (nss-myhostname(8))."""
    lowered = name.lower().rstrip(b".")
    return lowered in (
        b"localhost",
        b"_gateway",
        b"_outbound",
        b"localhost.localdomain",
        os.fsencode(os.uname().nodename).lower(),
    ) or lowered.endswith((b".localhost", b".localhost.localdomain"))


def _load_codec() -> None:
    """Import the codec that the original encodes names with, unless it is there.

    A fork waits for that: a child that was made in the middle would find the codec's import lock held for ever.
    """
    if "encodings.idna" not in sys.modules:
        with _importing:
            importlib.import_module("encodings.idna")


_importing = RLock()
os.register_at_fork(
    before=_importing.acquire, after_in_parent=_importing.release, after_in_child=_importing.release
)

_resolvers: weakref.WeakSet[Resolver] = weakref.WeakSet()


def _after_fork_in_child() -> None:
    for resolver in tuple(_resolvers):
        resolver.after_fork()


os.register_at_fork(after_in_child=_after_fork_in_child)
