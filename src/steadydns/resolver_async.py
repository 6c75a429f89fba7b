# ruff: noqa: SLF001 - the other half of the resolver, apart from it so that a service without asyncio never loads it
"""A resolver's lookups by `await`: the same decisions, steps and telemetry, run in the event loop that asks.

What only libc answers goes to the loop's default executor, as asyncio sends everything there.
"""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import sys
import weakref
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from steadydns.contract.request import Theirs
from steadydns.resolution.attempts import Begun
from steadydns.resolution.flights import Flight
from steadydns.resolution.model import TCP, Flow, Question
from steadydns.resolution.record import Record
from steadydns.resolution.walk import TRY_AGAIN, Found, NotFound, lookup
from steadydns.resolver import merged, settled
from steadydns.transport.aio.driver import prompt, run
from steadydns.transport.aio.network import LoopNetwork
from steadydns.wire.message import A

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from steadydns.calls.hit_cache import Rows, Table
    from steadydns.contract.request import Request
    from steadydns.resolution.attempts import Finding
    from steadydns.resolution.rules import Rules
    from steadydns.resolver import Arguments, Call, Resolver, Result
    from steadydns.transport.aio.flows import Prompt
    from steadydns.transport.aio.gate import Gate, Ticket

T = TypeVar("T")


class AsyncResolver:
    """What a Resolver does, for tasks of event loops; any number of loops, in any thread."""

    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._networks: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, LoopNetwork] = (
            weakref.WeakKeyDictionary()
        )
        self._last: tuple[weakref.ref[asyncio.AbstractEventLoop] | None, LoopNetwork | None] = (None, None)

    def answer(self, table: Table, *arguments: Any) -> Coroutine[Any, Any, Rows]:
        """Answer a call that was not a hit, as `Resolver.answer` does; to be awaited at once."""
        begun = self._begin(table, arguments)
        if isinstance(begun, Theirs):
            return _in_executor(self._resolver._original, begun, table, arguments)
        return begun

    async def attempt(self, table: Table, *arguments: Any) -> Rows | None:
        """Answer a call that was not a hit; None, counted with its reason, where only libc can."""
        begun = self._begin(table, arguments)
        if isinstance(begun, Theirs):
            self._resolver.statistics.fallback(begun.reason)
            return None
        return await begun

    def _begin(self, table: Table, arguments: Arguments) -> Coroutine[Any, Any, Rows] | Theirs:
        """What answers a call, to be awaited; or why only libc can."""
        resolver, record = self._resolver, Record(monotonic())
        host, port, family, type_, proto, flags = arguments
        foreseen = resolver.foresee(host, port, family, type_, proto, flags, record.started)
        if foreseen is not None:
            request, call, rules = foreseen
            kinds = call.numbers
            sys.audit("socket.getaddrinfo", host, port, kinds[0], kinds[1], kinds[2])
            return self._look_up(record, request, call, rules, table, arguments)
        accepted = resolver._accept(host, family, type_, proto, flags)
        if isinstance(accepted, Theirs):
            return accepted
        return self._meet(record, accepted, table, arguments)

    async def _meet(self, record: Record, request: Request, table: Table, arguments: Arguments) -> Rows:
        """Answer a call that is ours and of a kind that is not known yet."""
        learn, kind = self._resolver.learn, arguments[1:]
        if _reads_services(kind[0]) and not self._resolver.knows_port(*kind):
            call = await _in_executor(learn, request, *arguments)
        else:
            call = learn(request, *arguments)
        return await self._look_up(record, request, call, None, table, arguments)

    async def _look_up(
        self,
        record: Record,
        request: Request,
        call: Call,
        rules: Rules | None,
        table: Table,
        arguments: Arguments,
    ) -> Rows:
        """Answer a call that is ours, and whose audit event has been raised."""
        resolver = self._resolver
        verdict: Result | Theirs
        try:
            if rules is None:
                rules = resolver._settings().rules
            result = await self._find(request.name, request.types, rules, record)
            if request.mapped and not settled(request, result):
                result = merged(result, await self._find(request.name, (A,), rules, record))
            verdict = result if isinstance(result, Found) else resolver._verdict(request, result)
        except Exception as error:  # fail open
            verdict = resolver._theirs(error)
        rows = resolver.conclude(verdict, request, call, table, record, arguments)
        if isinstance(rows, Theirs):
            return await _in_executor(resolver.after_all, rows, table, record, arguments)
        return rows

    async def _find(self, name: bytes, types: tuple[int, ...], rules: Rules, record: Record) -> Result:
        """Look the name up, or wait for the task or thread that is doing so."""
        resolver = self._resolver
        flights = resolver._flights
        deadline = record.started + rules.deadline
        key = (name, types, id(rules))
        while True:
            mine: Flight[Result] = Flight(deadline, True)
            result: Result | None = None
            try:
                flight = flights.join(key, mine)
                if flight is mine:
                    result = await self._lead(name, types, rules, record, deadline)
                    return result
            finally:
                # Cancelled, too: one of those who wait leads anew.
                flights.leave(key, mine, result)
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
                flights.abandon(key, flight)
                if ended >= deadline:
                    return NotFound(TRY_AGAIN)

    async def _lead(
        self, name: bytes, types: tuple[int, ...], rules: Rules, record: Record, deadline: float
    ) -> Result:
        """As `Resolver._lead`, when it is this lookup's turn."""
        resolver, network, started = self._resolver, self._network(), monotonic()
        certain = resolver.certain(name, types, rules, started)
        if isinstance(certain, Found):
            return certain
        waited = not network.gate.enter()
        if waited and not await network.gate.wait(deadline):
            return NotFound(TRY_AGAIN)
        inside: Gate | Ticket = network.gate
        known: dict[Question, Finding] | None = None
        first: Begun | None = None
        begun: tuple[Flow, Prompt] | None = None
        try:
            if waited:
                started = monotonic()
                certain = resolver.certain(name, types, rules, started)
                if isinstance(certain, Found):
                    return certain
            if certain is not None:
                target, lowered, server = certain
                until = started + rules.first_retry
                stream = prompt(
                    network, server, target, types, started, until if until < deadline else deadline
                )
                if stream is not None:
                    answers = stream.answers
                    record.prompted(server, target, types, answers)
                    try:
                        await stream.future
                    except BaseException:
                        stream.release()
                        raise
                    record.prompted_until = now = monotonic()
                    found = resolver.found(target, lowered, server, types, answers, rules, now)
                    if found is not None:
                        return found
                    flow = Flow(server, TCP, tuple([Question(target, type_) for type_ in types]), started)
                    flow.connected = True
                    known, rcodes = resolver.settle(flow, answers, rules, now)
                    begun = None if stream.finished or stream.failed else (flow, stream)
                    first = Begun(flow, rcodes) if rcodes or begun else None
            inside = network.gate.hold(started + rules.first_retry)
            environment = resolver._environment(rules, record, deadline, network)
            return await run(lookup(name, types, environment, known, first), network, begun)
        finally:
            inside.leave()

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
