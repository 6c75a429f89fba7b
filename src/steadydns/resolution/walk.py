"""One name, from the search list to the answer: the generator that every driver runs.

It yields the exchanges it wants (transport.exchange.Step) and returns Found or NotFound. It opens nothing, waits for
nothing and looks at no clock but the one in its environment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from steadydns.resolution.attempts import UNREADABLE, Attempts, Failed
from steadydns.resolution.model import Question
from steadydns.resolution.record import CACHED, CUT, Event
from steadydns.resolution.search import Candidate, candidates, cut, likely, under
from steadydns.runtime.named import NamedTuple
from steadydns.wire.message import FORMERR, SERVFAIL, A

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence

    from steadydns.resolution.attempts import Begun
    from steadydns.resolution.cache import Entry
    from steadydns.resolution.model import Reply, Step
    from steadydns.resolution.rules import Environment
    from steadydns.wire.message import Answer

    Finding = Entry | Failed

HOST_NOT_FOUND: Final = "host_not_found"
NO_DATA: Final = "no_data"
TRY_AGAIN: Final = "try_again"
NO_RECOVERY: Final = "no_recovery"
EMPTY: Final = "empty"
"""A name of the walk has records, an alias for instance, and no addresses. libc stops there, and its number for it
depends on the call."""
MALFORMED: Final = "malformed"
"""The servers answer, and what they say makes no sense to us. It may to libc, which is then to be asked."""


class Found(NamedTuple):
    """The name has addresses."""

    candidate: bytes
    """The name that answered, absolute, without the trailing dot."""
    answers: Sequence[Answer]
    """One for each type that has addresses, in the order asked."""
    complete: bool
    """Every type was answered; if not, nothing may be remembered of the whole."""
    expires: float
    """Monotonic seconds: the end of the shortest answer, if it was cached. Else nobody need know it yet."""
    uses: int = 0
    """How often the first of the answers was taken from the cache, this time included."""


class NotFound(NamedTuple):
    """The name has none."""

    reason: str
    """HOST_NOT_FOUND, NO_DATA, TRY_AGAIN or NO_RECOVERY (netdb.h's h_errno names); or EMPTY, or MALFORMED."""
    failed: bool = False
    """The last name of the walk got no answer, or a failure; what libc reports may depend on that."""


# A named tuple without its constructor, a call in Python; this is the hot path of a miss.
_new = tuple.__new__


class _Walk:
    """The state of one lookup."""

    def __init__(
        self,
        name: bytes,
        types: tuple[int, ...],
        env: Environment,
        known: dict[Question, Finding],
        begun: Begun | None,
    ) -> None:
        self.env = env
        self.epoch = env.cache.proven.epoch
        self.begun = begun
        self.types = types
        rules = env.rules
        self.name = name.rstrip(b".") if name.endswith(b".") else name
        walk = candidates(name, rules.search, rules.ndots, rules.libc)
        self.searches = bool(rules.search) and not name.endswith(b".") and name.count(b".") < rules.ndots
        """The search domains come before the name as it is."""
        self.prunes = len(walk) > 1 and not rules.exact
        if self.prunes and under(name, rules.external):
            walk = (Candidate(name, None),)
            self.prunes = False
        elif self.prunes and under(name, rules.internal):
            walk = tuple(sorted(walk, key=lambda candidate: candidate.domain is not None))
        provable = cut(name, b"")
        self.prunes = self.prunes and provable is not None
        self.last = b"" if provable is None else provable.name
        self.candidates = walk
        # What this call has learnt, also what may not be cached; so that it asks nothing twice.
        self.memo = known
        self.cuts: list[Entry] = []
        self.denials: list[Entry] | None = []
        """Answers, beside the cuts, that led on to the next candidate; None once a failure did."""
        self.unknown: set[Question] = set()
        """What the cache did not have when this call began."""
        self.asked = set(known)
        if begun is not None:
            self.asked.update(begun.flow.questions)
        self.came_as_is = False
        self.vain = len(self.asked)
        """Questions asked so far of which libc would not have asked one, as far as the walk has come."""
        if self.prunes:
            self.target = likely(name, walk)
            self.allowed = env.cache.risk.allowed(foreign=self.target is None)

    def questions(self, candidate: Candidate) -> list[Question]:
        name = candidate.name
        return [_new(Question, (name, type_)) for type_ in self.types]

    def proof(self, domain: bytes) -> Question:
        """The question whose denial rules the search domain out; only for a name that can be."""
        return _new(Question, (self.last + domain, A))

    def fresh(self, question: Question) -> Finding | None:
        """What is known of the question, from this call or from the cache."""
        found = self.memo.get(question)
        if found is None and question not in self.unknown:
            env = self.env
            now = env.clock()
            found = env.cache.get(question, now)
            if found is None:
                self.unknown.add(question)
            else:
                self.memo[question] = found
                env.record.note(Event(now, CACHED, question))
                if env.rules.prefetch and found.is_due(now):
                    env.refresh(question)
        return found

    def rules_out(self, at: int) -> Generator[Step, list[Reply], bool]:
        """Say whether a denial above the candidate's name is known, and ask for it where that is to be risked.

        Behind the name as it is nothing is risked: just what is known already counts.
        """
        candidate = self.candidates[at]
        if candidate.domain is None:
            self.came_as_is = True
            return False
        if not self.prunes:
            return False
        if self.ruled_out(candidate):
            return True
        if self.came_as_is or self.known(candidate):
            return False
        yield from self.ask(self.ahead(at))
        return self.ruled_out(candidate)

    def ruled_out(self, candidate: Candidate) -> bool:
        """Whether a denial above the candidate's name is known; noted, then."""
        question = self.proof(candidate.domain or b"")
        found = self.fresh(question)
        if found is None or isinstance(found, Failed) or not found.denies_name:
            return False
        self.cuts.append(found)
        if question in self.asked:
            self.vain -= len(self.types)
        return True

    def ahead(self, at: int) -> Iterable[Question]:
        """The questions that settle as much of the walk as one round trip can, from this candidate on.

        What they are in vain for, if the name turns out to be in the first domain that they are to rule out, has to
        be allowed. A denial that has led on before is not counted: in a zone that stays as it is, it does so again.
        """
        left = self.allowed - self.vain
        ahead, target = self.candidates, self.target
        if at:
            ahead = ahead[at:]
            if target not in ahead:
                target = likely(self.name, ahead)
        asked: dict[Question, None] = {}
        risky = 0
        candidate, expected = ahead[0], False
        for candidate in ahead:
            if candidate.domain is None:
                expected = candidate is target
                break
            question = self.proof(candidate.domain)
            found = self.fresh(question)
            if found is None:
                if candidate is target:
                    expected = True
                    break
                if self.known(candidate):
                    if self.denied(candidate):
                        continue
                    return asked
                entry = self.env.cache.peek(question)
                useful = entry is not None and entry.useful
                if not useful and risky >= left:
                    if asked:
                        return asked
                    break
                asked[question] = None
                risky += not useful
            elif isinstance(found, Failed) or not found.denies_name:
                expected = True
                break
        # The name that the proofs lead to is asked beside them where it is all but certain to be needed: in the
        # cluster by its shape, outside only after the same proofs have led there before. So a cluster's name is
        # never sent to the world on a guess.
        if not risky or (expected and risky + len(self.types) <= left):
            asked.update(dict.fromkeys(self.questions(candidate)))
        return asked

    def known(self, candidate: Candidate) -> bool:
        """Whether nothing needs to be asked about the candidate itself."""
        env = self.env
        if not env.cache.held(candidate.name.lower(), self.types, env.started):
            return False  # the usual case, and the cheaper look
        return all(self.fresh(question) is not None for question in self.questions(candidate))

    def denied(self, candidate: Candidate) -> bool:
        """Whether what is known of the candidate leads on to the next one."""
        found = [self.memo[question] for question in self.questions(candidate)]
        return not any(isinstance(one, Failed) or one.addresses or one.answer.empty for one in found)

    def ask(self, questions: Iterable[Question]) -> Generator[Step, list[Reply], None]:
        """Settle the questions that are not yet."""
        missing = [question for question in questions if self.fresh(question) is None]
        if missing:
            begun, self.begun = self.begun, None
            self.vain -= len(self.asked)
            self.asked.update(missing)
            self.vain += len(self.asked)
            self.memo.update((yield from Attempts(missing, self.env, begun).settle()))

    def settle(self, candidate: Candidate) -> Generator[Step, list[Reply], list[Finding]]:
        """Ask what libc asks about the candidate itself; return what is found, in the order of the types."""
        questions = self.questions(candidate)
        yield from self.ask(questions)
        self.vain -= len(self.asked.intersection(questions))
        findings = [self.memo[question] for question in questions]
        rules = self.env.rules
        return _one_by_one(findings) if rules.serial and not rules.use_vc else findings

    def pass_by(self, findings: list[Finding]) -> None:
        """Take note of what leads on to the next candidate."""
        for found in findings:
            if isinstance(found, Failed):
                self.denials = None
            elif self.denials is not None:
                self.denials.append(found)

    def found(self, candidate: Candidate, findings: list[Finding]) -> Found | NotFound | None:
        """The result, where the candidate's answers settle the whole lookup."""
        entries = []
        complete, garbled, expires = True, False, float("inf")
        for found in findings:
            if isinstance(found, Failed):
                complete = False
                garbled = garbled or found.rcode == UNREADABLE
                continue
            expires = min(expires, found.expires)
            if found.addresses:
                entries.append(found)
        if not entries:
            return NotFound(MALFORMED) if garbled else None
        cache, rules = self.env.cache, self.env.rules
        if candidate.domain is None:
            for entry in self.cuts:
                cache.prolong(entry)
        if self.searches and self.denials is not None and self.epoch is cache.proven.epoch:
            until = min([entry.expires for entry in (*self.cuts, *self.denials)], default=float("inf"))
            if self.cuts and candidate.domain is None and len(self.cuts) == len(self.candidates) - 1:
                cache.proven.note(rules, self.name, until)
            else:
                cache.proven.walked(rules, self.name, self.types, candidate.name, until)
        return Found(candidate.name, [entry.answer for entry in entries], complete, expires, entries[0].hits)


def lookup(
    name: bytes,
    types: tuple[int, ...],
    env: Environment,
    known: dict[Question, Finding] | None = None,
    begun: Begun | None = None,
) -> Generator[Step, list[Reply], Found | NotFound]:
    """Resolve a name as resolver(5) says: through the search list, to the first name that has addresses.

    Args:
        name: As typed; a trailing dot makes it absolute.
        types: RR types to ask for, A before AAAA.
        env: What the lookup works with.
        known: What is settled already, of questions that are certain to be asked.
        begun: The attempt that settled it, where it left something open.
    """
    walk = _Walk(name, types, env, {} if known is None else known, begun)
    env.record.candidates = len(walk.candidates)
    if env.rules.libc.searches_on:
        result = yield from _to_the_end(walk, name)
    else:
        result = yield from _to_the_first_verdict(walk)
    if walk.prunes:
        env.cache.risk.note(walk.vain)
    return result


def _to_the_end(walk: _Walk, name: bytes) -> Generator[Step, list[Reply], Found | NotFound]:
    """Walk as glibc does."""
    env, types = walk.env, walk.types
    as_is_first = walk.candidates[0].domain is None and name.count(b".") >= env.rules.ndots
    searched: list[str] = []
    as_is = ""
    stopped = failed = False
    for at, candidate in enumerate(walk.candidates):
        if stopped and candidate.domain is not None:
            continue
        if (yield from walk.rules_out(at)):
            env.record.note(Event(env.clock(), CUT, Question(candidate.name, types[0])))
            searched.append(HOST_NOT_FOUND)
            failed = False
            continue
        findings = yield from walk.settle(candidate)
        found = walk.found(candidate, findings)
        if found is not None:
            return found
        if any(not isinstance(finding, Failed) and finding.answer.empty for finding in findings):
            return NotFound(EMPTY)
        walk.pass_by(findings)
        verdict = _stream_verdict(findings) if env.rules.use_vc else _verdict(findings)
        failed = any(isinstance(finding, Failed) and finding.rcode != FORMERR for finding in findings)
        # Over TCP a failure that was answered is an answer.
        failed = failed and not (env.rules.use_vc and not _unanswered(findings))
        if candidate.domain is None:
            as_is = verdict
            if b"" not in env.rules.search:
                continue
        elif _unanswered(findings):
            # glibc asks for the name itself after that; our time is up.
            return NotFound(as_is or TRY_AGAIN, failed=True)
        stopped = _stops_search(verdict, findings)
        if not stopped:
            searched.append(verdict)
    # Which of the failures glibc reports (resolv/res_query.c, __res_context_search): that of the name itself if it was
    # asked first because it has enough dots; else what the search list came upon; else that of the name itself.
    if not as_is_first:
        as_is = next((verdict for verdict in (NO_DATA, TRY_AGAIN) if verdict in searched), as_is)
    return NotFound(as_is, failed)


def _to_the_first_verdict(walk: _Walk) -> Generator[Step, list[Reply], Found | NotFound]:
    """Walk as musl does: only a denial leads on, and what the first name without one says is the result."""
    for at, candidate in enumerate(walk.candidates):
        if (yield from walk.rules_out(at)):
            walk.env.record.note(Event(walk.env.clock(), CUT, Question(candidate.name, walk.types[0])))
            continue
        findings = yield from walk.settle(candidate)
        # In their order: a failure behind a denial changes nothing.
        verdict = next((found for found in findings if isinstance(found, Failed) or found.nxdomain), None)
        if verdict is None:
            return walk.found(candidate, findings) or NotFound(NO_DATA)
        if isinstance(verdict, Failed):
            garbled = any(isinstance(found, Failed) and found.rcode == UNREADABLE for found in findings)
            return NotFound(MALFORMED if garbled else TRY_AGAIN)
        walk.pass_by(findings)
    return NotFound(HOST_NOT_FOUND)


def _one_by_one(findings: list[Finding]) -> list[Finding]:
    """What is found under `single-request`: glibc asks no second question unless the first one is answered.

    A failure that it does not ask another server for is an answer.
    """
    first = findings[0]
    return [first] * len(findings) if isinstance(first, Failed) and first.rcode != FORMERR else findings


def _verdict(findings: list[Finding]) -> str:
    """What a candidate without addresses says, from its answers of both families, as glibc merges them."""
    failures = [found.rcode if isinstance(found, Failed) else None for found in findings]
    if failures[0] == FORMERR:
        return NO_RECOVERY
    answers = [found for found in findings if not isinstance(found, Failed)]
    if any(found.nxdomain for found in answers):
        return HOST_NOT_FOUND
    if FORMERR in failures:
        return NO_RECOVERY
    return NO_DATA if answers else TRY_AGAIN


def _stream_verdict(findings: list[Finding]) -> str:
    """What it says under `use-vc`: glibc takes the first family's failure, and tries no server twice.

    Over TCP REFUSED and NOTIMP are answers like any other (resolv/res_query.c, __res_context_query).
    """
    for found in findings:
        if not isinstance(found, Failed):
            if found.nxdomain:
                return HOST_NOT_FOUND
        elif found.rcode in (None, SERVFAIL):
            return TRY_AGAIN
        else:
            return NO_RECOVERY
    return NO_DATA


def _stops_search(verdict: str, findings: list[Finding]) -> bool:
    """Whether glibc leaves the rest of the search list out: after a refusal, but not after SERVFAIL."""
    first = findings[0]
    refused = isinstance(first, Failed) and first.rcode != SERVFAIL
    return verdict == NO_RECOVERY or (verdict == TRY_AGAIN and refused)


def _unanswered(findings: list[Finding]) -> bool:
    return all(isinstance(found, Failed) and found.rcode is None for found in findings)
