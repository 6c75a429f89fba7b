"""Answers, remembered for as long as their TTL allows: (name, type) -> addresses or a denial.

Time is an argument, monotonic seconds. Expired entries stay until their room is needed: they may be served stale
(RFC 8767), and a search-list cut that once was useful is remembered as such.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from steadydns.native import RLock
from steadydns.resolution.certain import Proven
from steadydns.resolution.risk import Risk
from steadydns.wire.message import NXDOMAIN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from steadydns.transport.exchange import Question
    from steadydns.wire.message import Answer

ENTRY_BYTES: Final = 430
"""What an entry costs without its addresses, bytes (tracemalloc on Python 3.11, the key included: 425)."""

ADDRESS_BYTES: Final = 40
"""What one packed IPv4 address costs, bytes (likewise: 39.5)."""

PREFETCH_HITS: Final = 2
"""Uses after which an entry is worth fetching before it expires."""

PREFETCH_SHARE: Final = 0.1
PREFETCH_LEAST: Final = 1.0
"""An entry is fetched anew in the last tenth of its TTL, or the last second, as CoreDNS' cache plugin does."""


class Entry:
    """What one answer said, and until when."""

    __slots__ = ("addresses", "answer", "born", "expires", "hits", "stale", "ttl", "useful")

    def __init__(self, answer: Answer, now: float, ttl: float) -> None:
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

    @property
    def size(self) -> int:
        """Bytes of memory, roughly."""
        return ENTRY_BYTES + ADDRESS_BYTES * len(self.addresses)


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
        # Not a dict, which searches for its first entry past all that were dropped before: 5 us, here 1.7, when full.
        self._entries: OrderedDict[tuple[bytes, int], Entry] = OrderedDict()
        # Guards _entries and _bytes together. Re-entrant: a signal handler may look a name up while this thread holds
        # it. Never held while anything else is called.
        self._lock = RLock()

    def get(self, question: Question, now: float) -> Entry | None:
        """Return the entry if it has not expired."""
        key = (question.name.lower(), question.type)
        entry = self._entries.get(key)
        if entry is None or entry.expires <= now:
            return None
        self._touch(key, entry)
        return entry

    def held(self, lowered: bytes, types: tuple[int, ...], now: float) -> list[Entry]:
        """The live answers for these types of a name in lower case, without counting as a use."""
        entries, held = self._entries, []
        for type_ in types:
            entry = entries.get((lowered, type_))
            if entry is not None and entry.expires > now:
                held.append(entry)
        return held

    def use(self, lowered: bytes, types: tuple[int, ...], held: list[Entry]) -> None:
        """Count as a use of what `held` has given, which is an answer for each of the types."""
        for type_, entry in zip(types, held, strict=True):
            self._touch((lowered, type_), entry)

    def peek(self, question: Question) -> Entry | None:
        """Return the entry, expired or not, without counting as a use."""
        return self._entries.get((question.name.lower(), question.type))

    def _touch(self, key: tuple[bytes, int], entry: Entry) -> None:
        entry.hits += 1
        with self._lock:
            if self._entries.get(key) is entry:
                self._entries.move_to_end(key)

    def store(self, question: Question, answer: Answer, now: float) -> Entry:
        """Remember a positive answer or a denial for its TTL, capped; return the entry, also when it may not be kept.

        A denial without an SOA record may not (RFC 2308 section 5).
        """
        return self.keep(question.name.lower(), (question.type,), (answer,), now)[0]

    def keep(
        self, lowered: bytes, types: Sequence[int], answers: Sequence[Answer], now: float
    ) -> list[Entry]:
        """Do what `store` does with the answers for several types of one name, which is in lower case."""
        made, entries = [], self._entries
        with self._lock:
            for type_, answer in zip(types, answers):  # noqa: B905 - as long as each other, and strict costs
                addresses = answer.addresses
                if addresses:
                    ttl, cap = answer.ttl, self.max_ttl
                else:
                    ttl, cap = answer.negative_ttl or 0, self.max_negative_ttl
                entry = Entry(answer, now, ttl if ttl < cap else cap)
                made.append(entry)
                key = (lowered, type_)
                known = entries.pop(key, None)
                if known is not None:
                    self._bytes -= known.size
                    if known.useful and entry.denies_name:
                        self.prolong(entry)
                if ttl > 0 < cap:
                    entries[key] = entry
                    self._bytes += ENTRY_BYTES + ADDRESS_BYTES * len(addresses)
            if len(entries) > self.max_entries or self._bytes > self.max_bytes:
                self._make_room()
        return made

    def _make_room(self) -> None:
        """Drop the least recently used; called with the lock held."""
        while self._entries and (len(self._entries) > self.max_entries or self._bytes > self.max_bytes):
            self._bytes -= self._entries.popitem(last=False)[1].size
            self.evictions += 1

    def prolong(self, entry: Entry) -> None:
        """Mark a denial as a useful cut: it may live for all of its TTL, up to the cap of positive answers."""
        entry.useful = True
        entry.expires = entry.born + min(entry.allowed, self.max_ttl)

    def revive(self, entry: Entry, now: float, seconds: float) -> None:
        """Let an expired entry answer for some more seconds, marked as stale."""
        entry.stale = True
        entry.expires = now + seconds

    def flush(self, name: bytes | None = None) -> int:
        """Forget everything, or everything under one name; return the number of entries forgotten."""
        self.proven.clear()
        if name is None:
            self.risk.clear()
        with self._lock:
            if name is None:
                gone = list(self._entries)
            else:
                gone = [key for key in self._entries if key[0] == name.lower()]
            for key in gone:
                self._bytes -= self._entries.pop(key).size
        return len(gone)

    def counts(self, now: float) -> dict[str, int]:
        """Live entries by kind, and the bytes of all."""
        with self._lock:
            entries = list(self._entries.values())
        success = sum(1 for e in entries if e.addresses and e.expires > now)
        denial = sum(1 for e in entries if not e.addresses and e.expires > now)
        return {"entries": success + denial, "success": success, "denial": denial, "bytes": self._bytes}

    def after_fork(self) -> None:
        """Replace the lock, which another thread may have held when this process was forked."""
        self._lock = RLock()

    def __repr__(self) -> str:
        """State in one line."""
        return f"<Cache {len(self._entries)} of {self.max_entries} entries, {self._bytes} of {self.max_bytes} bytes>"
