"""Bugs, each of which the contract's cases must notice: each function puts one into the steadydns of this process."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable


def _wrap(owner: Any, name: str, change: Callable[[Any], Any]) -> None:
    """Let what the function returns go through `change`."""
    honest = getattr(owner, name)
    setattr(owner, name, lambda *args, **options: change(honest(*args, **options)))


def _rows(change: Callable[[list[Any]], list[Any]]) -> None:
    """Change each list of rows that is built."""
    from steadydns import resolver

    _wrap(resolver, "in_order", change)
    _wrap(resolver, "in_every_order", lambda orders: [change(rows) for rows in orders])


def errno_swapped() -> None:
    """NODATA has NXDOMAIN's number."""
    from steadydns.contract import errors

    errors.GLIBC[errors.NO_DATA] = (socket.EAI_NONAME, errors.GLIBC[errors.NO_DATA][1])  # type: ignore[attr-defined]


def text_changed() -> None:
    """A failure's text has another case."""
    from steadydns.contract import errors

    errors.GLIBC[errors.HOST_NOT_FOUND] = (socket.EAI_NONAME, "name or service not known")  # type: ignore[attr-defined]


def herror_raised() -> None:
    """Failures are of the wrong class."""
    from steadydns import resolver

    _wrap(resolver, "gaierror", lambda error: socket.herror(*error.args))


def canonical_with_a_dot() -> None:
    """The canonical name ends with a dot."""
    from steadydns.contract.profile import Profile

    _wrap(Profile, "canonical", lambda name: name and f"{name}.")


def canonical_in_lower_case() -> None:
    """The canonical name loses its case."""
    from steadydns.contract.profile import Profile

    _wrap(Profile, "canonical", str.lower)


def canonical_in_every_row() -> None:
    """The canonical name stands in all rows."""
    _rows(lambda rows: [(*row[:3], rows[0][3], row[4]) for row in rows])


def order_reversed() -> None:
    """Rows come backwards."""
    _rows(lambda rows: rows[::-1])


def types_outside() -> None:
    """Socket types come outside, addresses inside."""
    _rows(lambda rows: sorted(rows, key=lambda row: int(row[1])))


def a_row_is_lost() -> None:
    """The last address is missing, where there are several."""
    _rows(lambda rows: rows[:-1] or rows)


def numbers_for_enums() -> None:
    """Families are plain numbers."""
    _rows(lambda rows: [(int(row[0]), *row[1:]) for row in rows])


def rows_as_lists() -> None:
    """Rows are lists."""
    _rows(lambda rows: [list(row) for row in rows])


def scope_as_text() -> None:
    """IPv6 addresses lose flow label and scope."""
    _rows(lambda rows: [(*row[:4], row[4][:2]) for row in rows])


def port_as_text() -> None:
    """Ports are what the caller wrote."""
    _rows(lambda rows: [(*row[:4], (row[4][0], str(row[4][1]), *row[4][2:])) for row in rows])


def failed_aaaa_hides_a() -> None:
    """A failure of one family fails the call."""
    from steadydns.resolution import walk as lookup

    honest = lookup._Walk.found

    def found(self: Any, candidate: Any, findings: Any) -> Any:
        if any(not hasattr(finding, "answer") for finding in findings):
            return lookup.NotFound(lookup.TRY_AGAIN)
        return honest(self, candidate, findings)

    lookup._Walk.found = found  # type: ignore[method-assign]


def hosts_ignored() -> None:
    """The hosts file is not looked at."""
    from steadydns.system.hosts import Hosts

    Hosts.answers = lambda *_: False  # type: ignore[method-assign]


def search_list_ignored() -> None:
    """Only the name itself is asked."""
    from steadydns.resolution import walk as lookup

    lookup.candidates = lambda name, *_: (lookup.Candidate(name.rstrip(b"."), None),)  # type: ignore[attr-defined]


def search_list_backwards() -> None:
    """The search list is walked from its end."""
    from steadydns.resolution import walk as lookup

    _wrap(lookup, "candidates", lambda walk: walk[::-1])


def servfail_ends_the_search() -> None:
    """A domain whose server fails ends the walk."""
    from steadydns.resolution import walk as lookup

    lookup._stops_search = lambda verdict, findings: verdict == lookup.TRY_AGAIN


def an_alias_is_no_data() -> None:
    """An alias without addresses does not end the search."""
    from steadydns.wire import message

    _wrap(message, "read_response", lambda answer: answer._replace(empty=False))


def aliases_in_any_order() -> None:
    """Addresses count whoever owns them."""
    from steadydns.wire import general
    from steadydns.wire import sections as records

    honest = records.read_records

    def read_records(message: bytes, offset: int, count: int, known: Any) -> Any:
        return ((known.get(12, record[0]), *record[1:]) for record in honest(message, offset, count, known))

    general.read_records = read_records  # type: ignore[attr-defined]


def mapped_forgotten() -> None:
    """AI_V4MAPPED does nothing."""
    from steadydns import resolver

    _wrap(resolver, "read", lambda one: one._replace(mapped=False) if hasattr(one, "mapped") else one)


def addrconfig_forgotten() -> None:
    """AI_ADDRCONFIG does nothing."""
    from steadydns import resolver

    _wrap(resolver, "read", lambda one: one._replace(addrconfig=False) if hasattr(one, "addrconfig") else one)


def unknown_flags_taken() -> None:
    """Unknown flags are ignored."""
    from steadydns.contract import request

    request._UNDERSTOOD = -1  # type: ignore[misc]
    _forgive()


def _forgive() -> None:
    """Let shapes be learnt without the flags."""
    from steadydns.contract import rows

    rows._FLAGS_FOR_PORTS = 0  # type: ignore[misc]


def services_not_checked() -> None:
    """A bad service is found out after the name."""
    from steadydns.contract.rows import Shapes

    honest = Shapes.learn

    def learn(self: Any, host: Any, port: Any, *rest: Any) -> Any:
        return honest(self, host, 80 if isinstance(port, str) and port.isalpha() else port, *rest)

    Shapes.learn = learn  # type: ignore[method-assign,assignment]


def trailing_dot_dropped() -> None:
    """A trailing dot is dropped before the search list is made."""
    from steadydns import resolver

    _wrap(
        resolver,
        "read",
        lambda one: one._replace(name=one.name.rstrip(b".")) if hasattr(one, "name") else one,
    )
    _wrap(resolver, "is_plain", lambda _: False)  # so that each call is read closely


def audit_event_forgotten() -> None:
    """A hit raises no audit event."""
    import steadydns.hooks.stdlib as hook

    class Silent:
        @staticmethod
        def audit(*_: object) -> None:
            """Say nothing."""

    hook.sys = Silent  # type: ignore[attr-defined,assignment]


def raw_rows_forgotten() -> None:
    """A port without a type makes rows for TCP and UDP only."""
    from steadydns.contract.profile import DGRAM, STREAM, Profile, kinds

    Profile.kinds = kinds(STREAM, DGRAM)


def second_question_counts() -> None:
    """Under `single-request` the second family's addresses are given though the first one failed."""
    from steadydns.resolution import walk as lookup

    lookup._one_by_one = lambda findings: findings


def next_server_after_tcp() -> None:
    """Under `use-vc` a failure is asked of the next server as well."""
    from steadydns.resolution.attempts import Attempts

    Attempts._believe = lambda *_: None  # type: ignore[method-assign]


MUTATIONS: dict[str, Callable[[], None]] = {
    bug.__name__: bug
    for bug in (
        errno_swapped,
        text_changed,
        herror_raised,
        canonical_with_a_dot,
        canonical_in_lower_case,
        canonical_in_every_row,
        order_reversed,
        types_outside,
        a_row_is_lost,
        numbers_for_enums,
        rows_as_lists,
        scope_as_text,
        port_as_text,
        failed_aaaa_hides_a,
        hosts_ignored,
        search_list_ignored,
        search_list_backwards,
        servfail_ends_the_search,
        an_alias_is_no_data,
        aliases_in_any_order,
        mapped_forgotten,
        addrconfig_forgotten,
        unknown_flags_taken,
        services_not_checked,
        trailing_dot_dropped,
        audit_event_forgotten,
        raw_rows_forgotten,
        second_question_counts,
        next_server_after_tcp,
    )
}
