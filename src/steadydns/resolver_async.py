# ruff: noqa: SLF001 - the other half of the resolver, apart from it so that a service without asyncio never loads it
"""A resolver's lookups by `await`: the same decisions, steps and telemetry, run in the event loop that asks.

What only libc answers goes to the loop's default executor, as asyncio sends everything there.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import weakref
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from steadydns.contract.request import Theirs
from steadydns.resolution.attempts import Begun
from steadydns.resolution.flights import Flight
from steadydns.resolution.lookup import TRY_AGAIN, Found, NotFound, lookup
from steadydns.resolution.record import Record
from steadydns.resolver import merged, settle, settled
from steadydns.transport.awaiting import prompt, run
from steadydns.transport.exchange import TCP, Flow, Question
from steadydns.transport.gate import Ticket
from steadydns.transport.loops import LoopNetwork
from steadydns.wire.message import A

if TYPE_CHECKING:
    from collections.abc import Callable

    from steadydns.contract.request import Request
    from steadydns.resolution.attempts import Finding
    from steadydns.resolution.environment import Rules
    from steadydns.resolver import Finished, Resolver, Result, Rows, Table
    from steadydns.transport.streams import Prompt

T = TypeVar("T")


class AsyncResolver:
    """What a Resolver does, for tasks of event loops; any number of loops, in any thread."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._networks: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, LoopNetwork] = (
            weakref.WeakKeyDictionary()
        )
        self._last: tuple[weakref.ref[asyncio.AbstractEventLoop] | None, LoopNetwork | None] = (None, None)

    async def answer(
        self, table: Table, host: Any, port: Any, family: Any, type_: Any, proto: Any, flags: Any
    ) -> Rows:
        """Answer a call that was not a hit, as `Resolver.answer` does."""
        arguments = (host, port, family, type_, proto, flags)
        request = self._resolver._accept(*arguments)
        if isinstance(request, Theirs):
            return await _in_executor(self._resolver._original, request, table, arguments)
        return await self.look_up(request, table, host, port, family, type_, proto, flags)

    def accept(self, host: Any, family: Any, flags: Any) -> Request | None:
        """Return what a call asks for; None, counted with its reason, where only libc can answer it."""
        request = self._resolver._accept(host, None, family, 0, 0, flags)
        if isinstance(request, Theirs):
            self._resolver.statistics.fallback(request.reason)
            return None
        return request

    async def look_up(
        self,
        request: Request,
        table: Table,
        host: Any,
        port: Any,
        family: Any,
        type_: Any,
        proto: Any,
        flags: Any,
    ) -> Rows:
        """Answer a call that is ours."""
        resolver = self._resolver
        arguments = (host, port, family, type_, proto, flags)
        if _reads_services(port) and resolver._shapes.get(port, family, type_, proto, flags) is None:
            shape = await _in_executor(resolver._shape, *arguments)
        else:
            shape = resolver._shape(*arguments)
        record = Record(monotonic())
        finished: Finished | Theirs
        try:
            rules = resolver._settings().rules
            deadline = record.started + rules.deadline
            result = await self._find(request.name, request.types, rules, record, deadline)
            if request.mapped and not settled(request, result):
                result = merged(result, await self._find(request.name, (A,), rules, record, deadline))
            finished = resolver._finished(request, shape, result, enums=table.enums)
        except Exception as error:  # fail open
            finished = resolver._theirs(error)
        if isinstance(finished, Theirs):
            return await _in_executor(resolver._after_all, finished, table, record, arguments)
        return resolver._conclude(finished, table, record, arguments, (int(family), int(type_), int(proto)))

    async def _find(
        self, name: bytes, types: tuple[int, ...], rules: Rules, record: Record, deadline: float
    ) -> Result:
        """Look the name up, or wait for the task or thread that is doing so."""
        resolver = self._resolver
        key = (name, types, id(rules))
        while True:
            mine: Flight[Result] = Flight(deadline, task=True)
            result: Result | None = None
            try:
                flight, leads = resolver._flights.join(key, mine)
                if leads:
                    result = await self._lead(name, types, rules, record, deadline)
                    return result
            finally:
                # Cancelled, too: one of those who wait leads anew.
                resolver._flights.leave(key, mine, result)
            began = monotonic()
            resolver.statistics.coalesced += 1
            until = deadline if deadline < flight.deadline else flight.deadline
            try:
                landed = await _landing(flight, until - began)
            finally:
                ended = monotonic()
                record.waited += ended - began
            if landed and flight.result is not None:
                return flight.result
            if not landed:
                resolver._flights.abandon(key, flight)
                if ended >= deadline:
                    return NotFound(TRY_AGAIN)

    async def _lead(
        self, name: bytes, types: tuple[int, ...], rules: Rules, record: Record, deadline: float
    ) -> Result:
        """As `Resolver._lead`, when it is this lookup's turn."""
        network, started = self._network(), record.started
        ticket = Ticket(network.gate)
        if ticket.waits:
            if not await ticket.enter(deadline):
                return NotFound(TRY_AGAIN)
            started = monotonic()
        try:
            return await self._ask(name, types, rules, record, deadline, network, started, ticket)
        finally:
            ticket.leave()

    async def _ask(
        self,
        name: bytes,
        types: tuple[int, ...],
        rules: Rules,
        record: Record,
        deadline: float,
        network: LoopNetwork,
        started: float,
        ticket: Ticket,
    ) -> Result:
        resolver = self._resolver
        known: dict[Question, Finding] = {}
        begun: Begun | None = None
        stream: Prompt | None = None
        certain = resolver._certain(name, types, rules, started)
        if certain is not None:
            target, server = certain
            flow = Flow(server, TCP, tuple([Question(target, type_) for type_ in types]), started)
            until = started + rules.first_retry
            stream = prompt(network, flow, until if until < deadline else deadline)
            if stream is not None:
                try:
                    await stream.future
                except BaseException:
                    stream.release()
                    raise
            came = {} if stream is None else dict(stream.answers)
            if stream is not None and (stream.finished or stream.failed):
                stream = None
            if flow.connected:
                answers = [came.get(question) for question in flow.questions]
                kept = resolver._kept(target, server, types, answers, rules, record, monotonic())
                if isinstance(kept, Found):
                    return kept
                known, rcodes = settle(flow, answers, kept, rules.libc)
                if stream is not None or rcodes:
                    begun = Begun(flow, rcodes)
        ticket.hold(started + rules.first_retry)
        environment = resolver._environment(rules, record, deadline, network)
        return await run(lookup(name, types, environment, known, begun), network, stream)

    def _network(self) -> LoopNetwork:
        """What the running loop has open."""
        loop = asyncio.get_running_loop()
        known, network = self._last
        if known is None or network is None or known() is not loop:
            network = self._networks.get(loop)
            if network is None:
                network = self._networks.setdefault(loop, LoopNetwork(self._resolver.pool, monotonic))
            self._last = weakref.ref(loop), network
        return network

    def close(self) -> None:
        """Close the connections that are idle, each in its loop's thread, and the others after their last answer."""
        for loop, network in list(self._networks.items()):
            if loop.is_running():
                with contextlib.suppress(RuntimeError):  # closed since
                    loop.call_soon_threadsafe(network.close)
            else:
                network.close()

    def after_fork(self) -> None:
        """In the child: begin anew."""
        networks = list(self._networks.values())
        self._networks = weakref.WeakKeyDictionary()
        self._last = (None, None)
        for network in networks:
            network.after_fork()

    def __repr__(self) -> str:
        """State in one line."""
        return f"<AsyncResolver of {self._resolver!r}, {len(self._networks)} loops>"


async def _in_executor(function: Callable[..., T], *arguments: Any) -> T:
    """Call it in the loop's default executor, within the caller's context, so within its span."""
    context = contextvars.copy_context()
    return await asyncio.get_running_loop().run_in_executor(None, context.run, function, *arguments)


def _reads_services(port: object) -> bool:
    """Whether the port is a service's name, which libc looks up in a file, or wherever nsswitch.conf says."""
    return isinstance(port, (str, bytes)) and not port.isdigit()


async def _landing(flight: Flight[Result], seconds: float) -> bool:
    """Wait for a flight, whoever leads it, so many seconds; whether it landed."""
    loop = asyncio.get_running_loop()
    future = loop.create_future()

    def wake() -> None:
        if not future.done():
            future.set_result(None)

    def told() -> None:
        with contextlib.suppress(RuntimeError):  # the loop of a waiter is closed: nobody waits there
            loop.call_soon_threadsafe(wake)

    if not flight.watch(told):
        return True
    timer = loop.call_later(max(seconds, 0.0), wake)
    try:
        await future
    finally:
        timer.cancel()
    return flight.landed
