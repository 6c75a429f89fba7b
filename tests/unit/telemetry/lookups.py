"""Finished lookups for the tests of telemetry, written as rows: (seconds after the start, kind, what it was about)."""

from __future__ import annotations

import socket
from time import monotonic

from steadydns.resolution.model import Flow, Question, Server
from steadydns.resolution.record import RESPONSE, RETRY, SENT, TIMEOUT, Event, Record
from steadydns.telemetry.lookup import Lookup

SERVER = Server(int(socket.AF_INET), "10.96.0.10")
NAME = "api.example.com"

Row = (
    tuple[float, str]
    | tuple[float, str, str]
    | tuple[float, str, str, str]
    | tuple[float, str, str, str, str]
)

LOST_REPLY: tuple[Row, ...] = (
    (0.0, SENT, NAME),
    (0.4, TIMEOUT, NAME),
    (0.4, RETRY),
    (0.4, SENT, NAME),
    (0.402, RESPONSE, NAME, "tcp", "NOERROR"),
)


def record_of(*rows: Row, waited: float = 0.0, connect_wait: float = 0.0, started: float = 0.0) -> Record:
    """Make a record; a row may go on with the name asked for ('' for none), the transport and the detail."""
    record = Record(started)
    record.candidates = 1
    record.waited, record.connect_wait = waited, connect_wait
    for at, kind, *rest in rows:
        name, transport, detail = (*rest, *("", "tcp", "")[len(rest) :])
        question = Question(name.encode(), 1) if name else None
        if kind == SENT and question is not None:
            record.sent(started + at, Flow(SERVER, transport, (question,), started + at))
        else:
            where = "" if kind == RETRY else transport
            record.note(Event(started + at, kind, question, SERVER, where, detail))
    return record


def lookup_of(
    *rows: Row,
    seconds: float = 0.5,
    name: str = NAME,
    matched: str | None = None,
    reason: str = "",
    error: OSError | None = None,
    answers: tuple[str, ...] = ("192.0.2.1",),
    waited: float = 0.0,
    connect_wait: float = 0.0,
    ended: float | None = None,
) -> Lookup:
    """Make a lookup that took so many seconds and has just ended; with a reason, one that failed for it."""
    ended = monotonic() if ended is None else ended
    started = ended - seconds
    if reason and error is None:
        error = socket.gaierror(socket.EAI_NONAME, "Name or service not known")
    failed = error is not None
    found = ("" if failed else name.rstrip(".")) if matched is None else matched
    record = record_of(*rows, waited=waited, connect_wait=connect_wait, started=started)
    return Lookup(name, record, started, ended, error, reason, () if failed else answers, found)


def slow_lookup(**changes: object) -> Lookup:
    """Make the lookup that lost its first reply."""
    return lookup_of(*LOST_REPLY, seconds=0.403, **changes)  # type: ignore[arg-type]
