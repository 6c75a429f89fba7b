"""Whom questions are put to, how, and when again, until each is settled or the call's deadline has come.

Every attempt is a new flow, so that a retry can reach another backend of the same service address. Flows of earlier
attempts stay open: whichever brings the answer first counts. The first attempt is alone and pays for nothing else;
the retries after it are tenacity's, whose waits are our patience with the attempt that follows.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from steadydns.resolution.model import TCP, UDP, Flow, Question, Reply, Server, Step
from steadydns.resolution.record import FAILURE, RETRY, STALE, TIMEOUT, Event
from steadydns.resolution.search import under
from steadydns.runtime.named import NamedTuple
from steadydns.wire.message import (
    FORMERR,
    NOERROR,
    NOTIMP,
    NXDOMAIN,
    REFUSED,
    RETRIED,
    A,
    Answer,
    Disorderly,
    WireError,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from tenacity import Retrying

    from steadydns.resolution.cache import Entry
    from steadydns.resolution.rules import Environment

STALE_AFTER: Final = 1.8
"""Seconds without an answer after which an expired one is used (RFC 8767 section 5, client response timer)."""

STALE_RECHECK: Final = 5.0
"""Seconds a stale answer then serves before the servers are asked again; RFC 8767 suggests 30, pods move faster."""


BADVERS: Final = 16
"""Response code of RFC 6891 section 9: the EDNS version is not supported."""


UNREADABLE: Final = -1
"""In place of a response code: what came makes no sense to us."""


class Failed(NamedTuple):
    """A question that got no usable answer."""

    rcode: int | None
    """The failure the servers answered with, or UNREADABLE; None: no answer at all."""


class Begun(NamedTuple):
    """A first attempt that was made before, and has not brought everything."""

    flow: Flow
    rcodes: dict[Question, int]
    """The failures it was answered with."""


if TYPE_CHECKING:
    Finding = Entry | Failed


class Attempts:
    """Some questions on their way to being settled."""

    def __init__(self, questions: Iterable[Question], env: Environment, begun: Begun | None = None) -> None:
        self._env = env
        self._begun = begun
        self._pending = dict.fromkeys(questions)
        self.settled: dict[Question, Finding] = {}
        self._rcodes: dict[Question, int] = {}
        self._flows: list[Flow] = []
        self._queue: list[Question] = []
        self._failed_rounds = 0
        self._stuck: Flow | None = None
        self._plainly = False
        self._told = False

    def settle(self) -> Generator[Step, list[Reply], dict[Question, Finding]]:
        """Ask until every question is settled; return what was found for each."""
        env = self._env
        now = env.clock()
        servers = self._servers(now)
        if self._begun is not None:
            flow, rcodes = self._begun
            self._flows.append(flow)
            self._rcodes.update(rcodes)
            self._believe(flow.server)
            self._told = self._has_been_told(flow.opened)
            if self._pending:
                self._failed_rounds += not self._in_flight(flow.opened)
                self._unanswered(0, flow.server, now, flow.opened)
        elif now < env.deadline:
            yield from self._attempt(0, servers[0], env.rules.first_retry)
        if self._pending and not self._finished():
            patience: list[float] = [env.rules.first_retry]
            for attempt in _retrying(env.rules.first_retry, patience):
                number: int = attempt.retry_state.attempt_number
                server = servers[number % len(servers)]
                env.record.note(Event(env.clock(), RETRY, server=server))
                yield from self._attempt(number, server, patience[-1])
                attempt.retry_state.set_result(self._finished())
        for question in self._pending:
            self.settled[question] = self._stale(question) or Failed(self._rcodes.get(question))
        return self.settled

    def _servers(self, now: float) -> tuple[Server, ...]:
        env = self._env
        rules, health = env.rules, env.servers
        servers = rules.servers
        if rules.rotate and len(servers) > 1:
            start = health.turn() % len(servers)
            servers = servers[start:] + servers[:start]
        if len(servers) > 1:
            servers = health.order(servers, now)
        preferred = rules.preferred
        if preferred is None:
            return servers
        if not health.health(preferred).good:
            found = env.network.probed(preferred, now)
            health.looked(preferred, found, now)
            if found:
                health.answered(preferred, now, tcp=True)
            elif health.probe_due(preferred, now):
                env.network.probe(preferred, next(iter(self._pending)), now)
            if not found:
                return servers
        return (preferred, *servers)

    def _attempt(self, number: int, server: Server, patience: float) -> Generator[Step, list[Reply], None]:
        env = self._env
        started = now = env.clock()
        until = self._until(started + patience, now)
        flows = self._first_flows(number, server, now)
        stream = next((flow for flow in flows if flow.transport == TCP), None)
        race_at = started + env.rules.connect_race
        racing = len(flows) > 1 or stream is None or env.rules.transport == TCP
        if not number and env.rules.libc.asks_all and server in env.rules.servers:
            for other in env.rules.servers:
                flows += () if other == server else self._first_flows(number, other, now)
        while True:
            self._opened(flows, now)
            replies = yield Step(flows, until if racing else min(until, race_at))
            now = env.clock()
            flows = self._take(replies, now)
            if not self._pending:
                return
            if not racing and stream is not None and (stream.failed or now >= race_at):
                racing = True
                if not stream.connected:
                    env.record.connect_wait = now - started
                    self._stuck = stream
                    flows += self._datagrams(server, now)
            if self._queue and not self._asking_over_udp(flows):
                flows += self._next_in_queue(server, now)
            if flows:
                continue
            if now >= until or not (self._in_flight() or self._waits(number)):
                # Silence of earlier flows is waited for, but a round that only failed is one less to come.
                # One that failed for EDNS, which libc does not send, is none.
                self._failed_rounds += not self._plainly and not self._in_flight(started)
                self._plainly = False
                self._told = self._has_been_told(started)
                self._unanswered(number, server, now, started)
                return

    def _until(self, end: float, now: float) -> float:
        end = min(end, self._env.deadline)
        stale_at = self._env.started + STALE_AFTER
        if now < stale_at < end and any(self._usable_stale(q) for q in self._pending):
            return stale_at
        return end

    def _first_flows(self, number: int, server: Server, now: float) -> tuple[Flow, ...]:
        env = self._env
        mode = env.rules.transport
        if mode == UDP:
            return self._datagrams(server, now)
        stream = Flow(server, TCP, self._due(), now)
        if mode == TCP:
            return (stream,)
        if number and not self._told:
            return (stream, *self._datagrams(server, now))
        health = env.servers
        if health.tcp_blocked(server) and not env.network.has_idle(server, now):
            if env.network.probed(server, now):
                health.answered(server, now, tcp=True)
            else:
                if health.tcp_probe_due(server, now):
                    env.network.probe(server, next(iter(self._pending)), now)
                return self._datagrams(server, now)
        return (stream,)

    def _datagrams(self, server: Server, now: float) -> tuple[Flow, ...]:
        questions = list(self._due())
        if self._env.rules.serial:
            self._queue = questions
            return self._next_in_queue(server, now)
        edns = self._edns(server)
        return tuple(Flow(server, UDP, (question,), now, edns=edns) for question in questions)

    def _next_in_queue(self, server: Server, now: float) -> tuple[Flow, ...]:
        while self._queue:
            question = self._queue.pop(0)
            if question in self._pending and not self._behind_a_failure(question):
                return (Flow(server, UDP, (question,), now, edns=self._edns(server)),)
        return ()

    def _behind_a_failure(self, question: Question) -> bool:
        """Whether the same name's first question was answered with a failure, after which glibc asks no second one."""
        return any(
            one.name == question.name and one != question and one in self._rcodes for one in self._pending
        )

    def _due(self) -> tuple[Question, ...]:
        """The questions to ask next: under `single-request`, glibc asks no second one while the first one fails."""
        return self._first() if self._told else tuple(self._pending)

    def _first(self) -> tuple[Question, ...]:
        """The questions that are open; under `single-request` the first one of each name."""
        if self._env.rules.serial:
            return tuple({one.name: one for one in reversed(self._pending)}.values())
        return tuple(self._pending)

    def _edns(self, server: Server) -> bool:
        return self._env.rules.edns and self._env.servers.health(server).edns

    def _opened(self, flows: tuple[Flow, ...], now: float) -> None:
        self._flows += flows
        for flow in flows:
            self._env.record.sent(now, flow)

    def _take(self, replies: list[Reply], now: float) -> tuple[Flow, ...]:
        """Take what came; return the flows that ask for truncated answers anew."""
        env = self._env
        again: dict[Server, list[Question]] = {}
        for reply in replies:
            flow, question, answer = reply.flow, reply.question, reply.answer
            if question is None or answer is None:
                flow.failed = True
                flow.connected = False
                env.record.note(Event(now, FAILURE, None, flow.server, flow.transport, reply.failure))
                if reply.failure == "malformed":
                    self._rcodes.update((asked, UNREADABLE) for asked in flow.questions)
                continue
            env.record.replied(now, reply)
            flow.answered += (question,)
            if question not in self._pending:
                continue
            if env.rules.libc.reads_any_order and not answer.orderly:
                read = loosely(answer)
                if read is None:
                    self.settled[question] = Failed(UNREADABLE)
                    del self._pending[question]
                    continue
                answer = read
            if answer.truncated and flow.transport == UDP:
                again.setdefault(flow.server, []).append(question)
            elif answer.rcode in (NOERROR, NXDOMAIN):
                self._settle(question, flow, answer, now)
            elif env.rules.use_vc and answer.rcode == REFUSED and not answer.orderly:
                # A referral: over UDP glibc asks another server, over TCP it is an answer without addresses.
                self._settle(question, flow, answer._replace(rcode=NOERROR), now)
            else:
                self._refused(question, flow, answer)
            self._believe(flow.server)
        return tuple([Flow(server, TCP, tuple(questions), now) for server, questions in again.items()])

    def _settle(self, question: Question, flow: Flow, answer: Answer, now: float) -> None:
        env = self._env
        self.settled[question] = env.cache.store(question, answer, now)
        del self._pending[question]
        tcp = flow.transport == TCP
        env.servers.answered(flow.server, now, tcp=tcp)
        if (
            not tcp
            and self._stuck is not None
            and not self._stuck.connected
            and self._stuck.server == flow.server
        ):
            env.servers.tcp_stuck(flow.server, now)
            self._stuck = None

    def _refused(self, question: Question, flow: Flow, answer: Answer) -> None:
        if flow.edns and flow.transport == UDP and answer.rcode in (FORMERR, NOTIMP, BADVERS):
            # An old server that does not know EDNS (RFC 6891 section 7): the next attempt asks it plainly.
            self._env.servers.health(flow.server).edns = False
            self._plainly = answer.rcode != NOTIMP  # which may be the answer to the question itself
        elif answer.rcode not in RETRIED and self._env.rules.libc.believes_failures:
            # glibc does not ask again either, and reports all of them alike.
            self.settled[question] = Failed(FORMERR)
            del self._pending[question]
            return
        self._rcodes[question] = answer.rcode

    def _believe(self, server: Server) -> None:
        """Take failures for final where glibc does, and asks neither again nor another server.

        That is beside an answer for the other family, and under `use-vc`; not the first one's under `single-request`.
        """
        rules = self._env.rules
        if not self._rcodes or not rules.libc.believes_failures or server not in rules.servers:
            return
        answered = {
            one.name
            for one, found in self.settled.items()
            if not isinstance(found, Failed) or found.rcode == FORMERR
        }
        if self._begun is not None:
            answered.update(one.name for one in self._begun.flow.answered if one not in self._rcodes)
        for question in list(self._pending):
            beside = question.name in answered and not (rules.serial and question.type == A)
            if self._rcodes.get(question) in RETRIED and not self._plainly and (rules.use_vc or beside):
                self.settled[question] = Failed(self._rcodes[question])
                del self._pending[question]

    def _has_been_told(self, since: float) -> bool:
        """Whether the servers answered all that an attempt asked, with failures.

        What brings one answer brings another: the next attempt needs no second transport beside it.
        """
        return not self._in_flight(since) and all(question in self._rcodes for question in self._first())

    def _in_flight(self, since: float = 0.0) -> bool:
        return any(
            flow.opened >= since and flow.awaits(question)
            for flow in self._flows
            for question in self._pending
        )

    def _waits(self, number: int) -> bool:
        """Whether the failure of this attempt, the last server's, is waited out like silence."""
        return self._persists() and (number + 1) % len(self._env.rules.servers) == 0

    def _persists(self) -> bool:
        """Whether failures are as good as silence; what makes no sense to us is none, for it may make sense to libc."""
        return not self._env.rules.libc.believes_failures and UNREADABLE not in self._rcodes.values()

    def _asking_over_udp(self, flows: tuple[Flow, ...]) -> bool:
        return any(
            flow.transport == UDP and flow.questions[0] in self._pending and flow.awaits(flow.questions[0])
            for flow in (*self._flows, *flows)
        )

    def _unanswered(self, number: int, server: Server, now: float, started: float) -> None:
        """Draw the consequences of an attempt that left questions open."""
        env = self._env
        for flow in self._flows:
            for question in self._pending:
                if flow.opened >= started and flow.awaits(question):
                    env.record.note(Event(now, TIMEOUT, question, flow.server, flow.transport))
        env.servers.failed(server, now)
        env.network.retire(server, started)
        if now >= env.started + STALE_AFTER:
            # Twice: what denies one family is of use once the other has addresses.
            for question in (*self._pending, *self._pending):
                found = self._stale(question) if question in self._pending else None
                if found is not None:
                    self.settled[question] = found
                    del self._pending[question]
        if number:
            self._give_up_sibling()

    def _give_up_sibling(self) -> None:
        """Let a name that has addresses of one family wait no longer for the other, where libc would take the half."""
        if not self._env.rules.libc.halves:
            return
        for question in list(self._pending):
            if any(
                other.name == question.name and not isinstance(found, Failed) and found.addresses
                for other, found in self.settled.items()
            ):
                self.settled[question] = Failed(self._rcodes.get(question))
                del self._pending[question]

    def _finished(self) -> bool:
        """Whether another attempt would be pointless."""
        env = self._env
        if not self._pending or env.clock() >= env.deadline:
            return True
        if self._persists():
            return False
        servers = len(env.rules.servers) + (env.rules.preferred is not None)
        return self._failed_rounds >= env.rules.attempts * servers

    def _usable_stale(self, question: Question) -> Entry | None:
        """The expired answer that may stand in.

        A denial only beside addresses, which are then what the call gets; or one that has led to a name with addresses,
        which may be in the cache.
        """
        entry = self._kept(question)
        if entry is None or entry.addresses or entry.useful or self._has_stale_addresses():
            return entry
        return None

    def _has_stale_addresses(self) -> bool:
        asked = (*self._pending, *self.settled)
        return any(entry is not None and entry.addresses for entry in map(self._kept, asked))

    def _kept(self, question: Question) -> Entry | None:
        """What is still in the cache, if it has not been expired for too long."""
        env = self._env
        entry = env.cache.peek(question)
        if entry is None:
            return None
        limit = env.rules.stale_cluster if under(question.name, env.rules.cluster) else env.rules.stale
        expired = entry.born + entry.ttl
        return entry if limit > 0 and env.clock() - expired <= limit else None

    def _stale(self, question: Question) -> Entry | None:
        env = self._env
        entry = self._usable_stale(question)
        if entry is None:
            return None
        now = env.clock()
        env.cache.revive(entry, now, STALE_RECHECK)
        env.record.note(Event(now, STALE, question))
        return entry


def loosely(answer: Answer) -> Answer | None:
    """Return the answer as a library reads it that takes records in any order; None where just it can."""
    if not isinstance(answer, Disorderly):
        return answer
    from steadydns.wire.loose import read_loosely  # noqa: PLC0415 - such answers are rare, and such libraries

    try:
        return read_loosely(answer)
    except WireError:
        return None


def _retrying(first_retry: float, patience: list[float]) -> Retrying:
    """Make the retry policy: waits of first_retry three times, then doubling up to four times as long.

    Nothing sleeps: each wait is how long the attempt after it listens before the next one is made beside it.
    """
    import tenacity  # noqa: PLC0415 - 4 ms that only a failed first attempt pays

    return tenacity.Retrying(
        retry=tenacity.retry_if_result(lambda finished: not finished),
        wait=tenacity.wait_exponential(multiplier=first_retry / 4, min=first_retry, max=4 * first_retry),
        stop=tenacity.stop_never,
        sleep=patience.append,
    )
