"""Whether two outcomes are the same to any caller, and how they differ if not. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from tests.contract.call import Call, Outcome

TRANSPORT = frozenset(("socket.__new__", "socket.connect", "socket.bind", "socket.sendto"))
"""Audit events of what asks the servers and the kernel, which libc does unseen (docs/differences.md)."""


class Difference(NamedTuple):
    """A call that steadydns answers otherwise than libc."""

    call: Call
    when: str
    """'cold' or 'hit'."""
    what: str
    stock: Any
    ours: Any

    def __str__(self) -> str:
        """The call, and both outcomes below it."""
        return f"{self.call}\n  {self.what}, {self.when}\n  libc      {self.stock}\n  steadydns {self.ours}"


def described(value: Any) -> Any:
    """Return the value as data in which nothing is lost that a caller could see: each part with its exact type."""
    kind = f"{type(value).__module__}.{type(value).__qualname__}"
    if isinstance(value, (list, tuple)):
        return kind, tuple(described(part) for part in value)
    return kind, repr(value)


def raised(error: BaseException) -> Any:
    """Return what a caller sees of an exception."""
    kind = f"{type(error).__module__}.{type(error).__qualname__}"
    errno, strerror = getattr(error, "errno", None), getattr(error, "strerror", None)
    return kind, described(error.args), described(errno), described(strerror), str(error)


def difference(call: Call, when: str, stock: Outcome, ours: Outcome) -> Difference | None:
    """Return how two outcomes of the call differ; None if they do not."""
    theirs, mine = stock.value, ours.value
    if call.rotates:
        theirs, mine = _unordered(theirs), _unordered(mine)
    same = theirs == mine or (when == "hit" and _takes_turns(theirs, mine))
    if stock.kind != ours.kind or not same:
        return Difference(call, when, "the result differs", _shown(stock), _shown(ours))
    if stock.events != ours.events:
        return Difference(call, when, "the audit events differ", _events(stock), _events(ours))
    extra = tuple(name for name in ours.other_events if name not in (*TRANSPORT, *stock.other_events))
    if extra:
        return Difference(call, when, "there are more audit events", stock.other_events, extra)
    return None


def _takes_turns(stock: Any, hit: Any) -> bool:
    """Whether the hit has the rows of libc, those of addresses next to each other turned by one place.

    Addresses that rank alike take turns from hit to hit. Which ones rank alike is not known here: any division of the
    list into groups that explains the hit will do. The canonical name stays in the first row.
    """
    addresses, turned = _by_address(stock), _by_address(hit)
    if not addresses or len(addresses) != len(turned) or _first_name(stock) != _first_name(hit):
        return False
    ends = {0}  # how far the two lists can be explained
    for start in range(len(addresses)):
        if start in ends:
            for end in range(start + 1, len(addresses) + 1):
                if addresses[start + 1 : end] + addresses[start : start + 1] == turned[start:end]:
                    ends.add(end)
    return len(addresses) in ends


def _by_address(value: Any) -> list[Any]:
    """Rows without canonical names, those of one address together; nothing where these are no rows."""
    if value[0] != "builtins.list" or any(row[0] != "builtins.tuple" or len(row[1]) != 5 for row in value[1]):
        return []
    rows = [(*row[1][:3], row[1][4]) for row in value[1]]
    groups: list[Any] = []
    for row in rows:
        if groups and groups[-1][0][3] == row[3] and row not in groups[-1]:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _first_name(value: Any) -> Any:
    return [row[1][3] for row in value[1]]


def _events(outcome: Outcome) -> str:
    return "; ".join(f"{name}{_plain(args)}" for name, args in outcome.events)


def _unordered(value: Any) -> Any:
    """The rows sorted, the canonical name of the first one kept apart."""
    kind, parts = value[:2]
    if kind != "builtins.list" or not parts:
        return value
    blank = ("builtins.str", "''")
    rows = [(row[0], (*row[1][:3], blank, *row[1][4:])) if len(row[1]) == 5 else row for row in parts]
    names = [row[1][3] for row in parts if len(row[1]) == 5]
    return kind, tuple(sorted(rows)), tuple(names)


def _shown(outcome: Outcome) -> str:
    """The outcome without the types that go without saying."""
    return f"{outcome.kind} {_plain(outcome.value)}"


def _plain(value: Any) -> str:
    if isinstance(value, tuple) and len(value) == 2 and isinstance(value[0], str):
        kind, content = value
        if isinstance(content, tuple):
            open_, close = "[]" if kind == "builtins.list" else "()"
            return open_ + ", ".join(map(_plain, content)) + close
        if kind.startswith("builtins.") or content.startswith("<"):
            return str(content)
        return f"{kind}:{content}"
    if isinstance(value, tuple):
        return " ".join(map(_plain, value))
    return repr(value)
