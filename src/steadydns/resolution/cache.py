"""Answers, remembered for as long as their TTL allows: for a name, by type, addresses or a denial.

Time is an argument, monotonic seconds. Expired entries stay until their room is needed: they may be served stale
(RFC 8767), and a search-list cut that once was useful is remembered as such.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final, TypeAlias

from steadydns.resolution.proofs import Proven
from steadydns.resolution.risk import Risk
from steadydns.runtime.native import RLock
from steadydns.wire.message import NXDOMAIN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from steadydns.resolution.model import Question
    from steadydns.wire.message import Answer

ENTRY_BYTES: Final = 460
"""What an entry costs without its addresses, bytes (tracemalloc on Python 3.11, two of one name, that included: 354 before
somebody asks for them again, 454 then)."""

ADDRESS_BYTES: Final = 45
"""What one packed IPv4 address costs, bytes (likewise: 45)."""

MAX_LATELY: Final = 32
"""Names whose answers may wait to be put in their place: few enough that a lookup may do it for all of them."""

PREFETCH_HITS: Final = 2
"""Uses after which an entry is worth fetching before it expires."""

PREFETCH_SHARE: Final = 0.1
PREFETCH_LEAST: Final = 1.0
"""An entry is fetched anew in the last tenth of its TTL, or the last second, as CoreDNS' cache plugin does."""


class Entry:
    """What one answer said, and until when."""

    __slots__ = ("addresses", "answer", "born", "expires", "hits", "stale", "ttl", "type", "useful")

    def __init__(self, type_: int, answer: Answer, now: float, ttl: float) -> None:
        self.type = type_
        """The RR type that was asked for."""
        self.answer = answer
        self.addresses = answer.addresses
        self.born = now
        self.ttl = ttl
        """Seconds, capped."""
        self.expires = now + ttl
        self.hits = 0
        self.useful = False
        """A denial that let the search list be skipped, after which the absolute name resolved."""
        self.stale = False
        """Past its TTL and served because no server answered (RFC 8767)."""

    @property
    def nxdomain(self) -> bool:
        """Whether the name, or the one its aliases lead to, does not exist."""
        return self.answer.rcode == NXDOMAIN

    @property
    def denies_name(self) -> bool:
        """Whether nothing exists at this name, so nothing below it either (RFC 8020)."""
        return self.answer.rcode == NXDOMAIN and not self.answer.aliased

    @property
    def aliased(self) -> bool:
        """Whether the addresses are those of an alias' target."""
        return self.answer.aliased

    @property
    def canonical(self) -> bytes:
        """The name at the end of the aliases."""
        return self.answer.canonical

    @property
    def allowed(self) -> float:
        """Seconds the server lets the answer be kept."""
        return float(self.answer.ttl if self.addresses else self.answer.negative_ttl or 0)

    def is_due(self, now: float) -> bool:
        """Whether to fetch it anew in the background, so that who uses it never waits for it."""
        return self.stale or (
            self.hits >= PREFETCH_HITS
            and bool(self.addresses)
            and self.expires - now <= max(PREFETCH_SHARE * self.ttl, PREFETCH_LEAST)
        )


_New: TypeAlias = "tuple[Sequence[int], Sequence[Answer], float]"
"""What was said of a name and nobody has asked for again: types, answers, monotonic seconds. As it came: tuples are made
anew, and memory is touched, for none of the names that are looked up once."""

_Known: TypeAlias = "tuple[int, tuple[Entry, ...]]"
"""Bytes, and what is known of a name."""

_NOTHING: Final[_Known] = (0, ())


def _size(kept: Sequence[Entry] | Sequence[Answer]) -> int:
    """Bytes of memory, roughly."""
    addresses = 0
    for one in kept:
        addresses += len(one.addresses)
    return ENTRY_BYTES * len(kept) + ADDRESS_BYTES * addresses


class Cache:
    """Bounded by entries and by bytes; the least recently used goes first."""

    def __init__(self, max_entries: int, max_bytes: int, max_ttl: float, max_negative_ttl: float) -> None:
        self.max_entries = max_entries
        self.max_bytes = max_bytes
        self.max_ttl = max_ttl
        self.max_negative_ttl = max_negative_ttl
        self.evictions = 0
        self.proven = Proven()
        self.risk = Risk()
        self._bytes = 0
        self._count = 0
        # The names, the least recently used first. Not a dict, which searches for its first key past all that were
        # dropped before: 5 us, here 1.7, when full.
        self._names: OrderedDict[bytes, _New | _Known] = OrderedDict()
        self._lately: dict[bytes, _New] = {}
        self._most_lately = min(MAX_LATELY, max_entries // 16)
        self._tidying = False
        self._keeps = max_ttl > 0 and max_negative_ttl > 0
        self.untidy = False
        """Whoever has the time does well to call `tidy`; many names at once take less of it."""
        # Guards the names and both sums together. Re-entrant: a signal handler may look a name up while this thread
        # holds it. Never held while anything else is called.
        self._lock = RLock()

    def get(self, question: Question, now: float) -> Entry | None:
        """Return the entry if it has not expired."""
        entry = self.peek(question)
        if entry is None or entry.expires <= now:
            return None
        self.use(question.name.lower(), (entry,))
        return entry

    def peek(self, question: Question) -> Entry | None:
        """Return the entry, expired or not, without counting as a use."""
        for entry in self._entries(question.name.lower()):
            if entry.type == question.type:
                return entry
        return None

    def _entries(self, lowered: bytes) -> tuple[Entry, ...]:
        """What is known of a name in lower case, whatever its age."""
        if lowered in self._lately:
            self.tidy()
        return self._put_entries(lowered)

    def _put_entries(self, lowered: bytes) -> tuple[Entry, ...]:
        """What is known of a name, as far as it is in its place; entries, from here on."""
        known = self._names.get(lowered, _NOTHING)
        if len(known) == 3:
            with self._lock:
                known = self._names.get(lowered, _NOTHING)  # somebody else may have been here since
                if len(known) == 3:
                    made = self._made(*known)
                    known = self._names[lowered] = _size(made), made
        return known[1]

    def _made(self, types: Sequence[int], answers: Sequence[Answer], now: float) -> tuple[Entry, ...]:
        return tuple([self._entry(type_, answer, now) for type_, answer in zip(types, answers, strict=True)])

    def _entry(self, type_: int, answer: Answer, now: float) -> Entry:
        return Entry(type_, answer, now, self._lifetime(answer))

    def _lifetime(self, answer: Answer) -> float:
        """Seconds to keep an answer: its TTL, capped; 0 for a denial without an SOA record (RFC 2308 section 5)."""
        if answer.addresses:
            return min(answer.ttl, self.max_ttl)
        return min(answer.negative_ttl or 0, self.max_negative_ttl)

    def held(self, lowered: bytes, types: tuple[int, ...], now: float) -> list[Entry]:
        """The live entries for these types of a name in lower case, in their order, without counting as a use."""
        if lowered not in self._lately and lowered not in self._names:
            return []  # the usual case, and the quicker look
        known = self._entries(lowered)
        return [entry for type_ in types for entry in known if entry.type == type_ and entry.expires > now]

    def use(self, lowered: bytes, entries: Iterable[Entry]) -> None:
        """Count as a use of these entries of one name, which is in lower case."""
        for entry in entries:
            entry.hits += 1
        with self._lock:
            if lowered in self._names:
                self._names.move_to_end(lowered)

    def store(self, question: Question, answer: Answer, now: float) -> Entry:
        """Remember a positive answer or a denial for its TTL, capped; return the entry, also when it may not be kept.

        A denial without an SOA record may not (RFC 2308 section 5).
        """
        entry = self._entry(question.type, answer, now)
        with self._lock:
            self._replace(question.name.lower(), (entry,))
            self._make_room()
        return entry

    def keep(self, lowered: bytes, types: Sequence[int], answers: Sequence[Answer], now: float) -> None:
        """Remember the answers for several types of one name, which is in lower case, as `store` does; soon.

        Whoever looks for the name finds them at once. What it takes to keep them in order and in bounds is done by `tidy`,
        when somebody has the time. The sequences are kept.
        """
        lately = self._lately
        if lowered in lately:  # of other types
            self.tidy()
        lately[lowered] = types, answers, now
        if len(lately) > self._most_lately // 2:
            self.untidy = True
            if len(lately) > self._most_lately:
                self.tidy()

    def tidy(self) -> None:
        """Put what came lately in its place."""
        self.untidy = False
        with self._lock:
            if self._tidying:  # a signal handler's lookup, in the middle of it: that goes on afterwards
                return
            self._tidying = True
            try:
                # A copy: others go on keeping meanwhile.
                for lowered, came in self._lately.copy().items():
                    self._place(lowered, came)
                self._make_room()
            finally:
                self._tidying = False

    def _place(self, lowered: bytes, came: _New) -> None:
        """Put what came of a name in its place; called with the lock held."""
        names, lately, answers = self._names, self._lately, came[1]
        for answer in answers:
            if not (answer.ttl if answer.addresses else answer.negative_ttl):
                break
        else:
            if lowered not in names and self._keeps:
                size = _size(answers)
                names[lowered] = came
                self._bytes += size
                self._count += len(answers)
        if names.get(lowered) is not came:
            self._replace(lowered, self._made(*came))
        # Only now: who looks for the name without the lock is to find it here or there.
        if lately.get(lowered) is came:
            lately.pop(lowered, None)

    def _replace(self, lowered: bytes, made: Sequence[Entry]) -> None:
        """Keep what may be kept, beside or instead of what is known of the name; called with the lock held."""
        kept = [entry for entry in made if entry.ttl > 0]
        for known in self._put_entries(lowered):
            again = next((entry for entry in made if entry.type == known.type), None)
            if again is None:
                kept.append(known)
            elif known.useful and again.denies_name:
                self.prolong(again)
        self._drop(lowered)
        if kept:
            size = _size(kept)
            self._names[lowered] = size, tuple(kept)
            self._bytes += size
            self._count += len(kept)

    def _drop(self, lowered: bytes) -> int:
        """Forget a name; called with the lock held. Return the number of its entries."""
        return self._dropped(self._names.pop(lowered, _NOTHING))

    def _dropped(self, known: _New | _Known) -> int:
        """Take it out of the sums; return the number of its entries."""
        number, size = len(known[1]), known[0] if len(known) == 2 else _size(known[1])
        self._bytes -= size
        self._count -= number
        return number

    def _make_room(self) -> None:
        """Drop the least recently used; called with the lock held."""
        while self._names and (self._count > self.max_entries or self._bytes > self.max_bytes):
            self.evictions += self._dropped(self._names.popitem(last=False)[1])

    def prolong(self, entry: Entry) -> None:
        """Mark a denial as a useful cut: it may live for all of its TTL, up to the cap of positive answers."""
        entry.useful = True
        # Not sooner than now, where it has expired and was revived.
        entry.expires = max(entry.expires, entry.born + min(entry.allowed, self.max_ttl))

    def revive(self, entry: Entry, now: float, seconds: float) -> None:
        """Let an expired entry answer for some more seconds, marked as stale."""
        entry.stale = True
        entry.expires = now + seconds

    def flush(self, name: bytes | None = None) -> int:
        """Forget everything, or everything under one name; return the number of entries forgotten."""
        if name is None:
            self.risk.clear()
        self.tidy()
        with self._lock:
            names = list(self._names) if name is None else [name.lower()]
            number = sum([self._drop(one) for one in names])
            if name is None:
                # Whatever an exception of a signal handler may have left of them.
                self._bytes = self._count = 0
        self.proven.clear()
        return number

    def counts(self, now: float) -> dict[str, int]:
        """Live entries by kind, and the bytes of all."""
        self.tidy()
        with self._lock:
            known = list(self._names.values())
        found = {True: 0, False: 0}
        for one in known:
            if len(one) == 3:
                for answer in one[1]:
                    found[bool(answer.addresses)] += one[2] + self._lifetime(answer) > now
            else:
                for entry in one[1]:
                    found[bool(entry.addresses)] += entry.expires > now
        success, denial = found[True], found[False]
        return {"entries": success + denial, "success": success, "denial": denial, "bytes": self._bytes}

    def after_fork(self) -> None:
        """Replace the lock, which another thread may have held when this process was forked."""
        self._lock = RLock()
        self._tidying = False

    def __repr__(self) -> str:
        """State in one line."""
        return f"<Cache {self._count} of {self.max_entries} entries, {self._bytes} of {self.max_bytes} bytes>"
