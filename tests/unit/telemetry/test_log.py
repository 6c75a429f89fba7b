"""What is said on the logger."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest

from steadydns.config import Config
from steadydns.resolution.record import RESPONSE, SENT
from steadydns.telemetry.observer import Observer
from steadydns.telemetry.presence import silence
from tests.unit.telemetry.lookups import NAME, lookup_of, slow_lookup

if TYPE_CHECKING:
    from collections.abc import Callable

    from steadydns.telemetry.lookup import Lookup


def fail(text: str) -> Exception:
    """Return an error that was raised, always at the same place."""
    return caught(lambda: int(text))


def caught(call: Callable[[], object]) -> Exception:
    """Return what the call raises."""
    with pytest.raises(Exception) as raised:
        call()
    return raised.value


def levels(caplog: pytest.LogCaptureFixture) -> list[int]:
    """Return the levels of what steadydns logged."""
    return [record.levelno for record in caplog.records if record.name == "steadydns"]


def test_an_error_of_ours_is_a_warning_once_for_each_place(caplog: pytest.LogCaptureFixture) -> None:
    """The same fault a thousand times is one warning with its traceback; another fault is another."""
    observer = Observer(Config())
    with caplog.at_level(logging.DEBUG, "steadydns"):
        for error in (fail("a"), fail("b"), caught(lambda: int("elsewhere"))):
            observer.report(error)
    assert levels(caplog) == [logging.WARNING, logging.DEBUG, logging.WARNING]
    assert "libc answers" in caplog.text
    assert "Traceback" in caplog.text


def test_an_error_under_suppression_is_debug_and_is_told_later(caplog: pytest.LogCaptureFixture) -> None:
    """An exporter's thread never exports a warning about itself; the next caller outside gets it."""
    import opentelemetry.context  # noqa: F401 - what suppression needs

    observer = Observer(Config())
    with caplog.at_level(logging.DEBUG, "steadydns"):
        with silence():
            observer.report(fail("a"))
        observer.report(fail("a"))
    assert levels(caplog) == [logging.DEBUG, logging.WARNING]


def test_an_error_without_a_traceback_is_told_too(caplog: pytest.LogCaptureFixture) -> None:
    """An exception that was never raised has no place, and is still reported."""
    Observer(Config()).report(ValueError("made by hand"))
    assert "made by hand" in caplog.text


def test_a_logging_filter_that_raises_is_survived() -> None:
    """Reporting an error never raises one."""

    def broken(record: logging.LogRecord) -> bool:
        raise RuntimeError(record.getMessage())

    logger = logging.getLogger("steadydns")
    logger.addFilter(broken)
    try:
        Observer(Config()).report(fail("a"))
    finally:
        logger.removeFilter(broken)


def test_a_slow_lookup_without_a_parent_is_logged_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    """The warning names the lookup, its time, reason and servers, and later ones how many were left out."""
    observer = Observer(Config())
    for ended in (100.0, 101.0, 159.9, 160.0):
        observer.observe(slow_lookup(ended=ended))
    first, second = (record.getMessage() for record in caplog.records)
    assert first == f"slow lookup of {NAME}: 0.403 s, timeout_retry; asked 10.96.0.10 (tcp)"
    assert second == f"{first}; 2 more slow lookups since the last such warning"


QUIET: dict[str, tuple[Lookup, dict[str, Any]]] = {
    "slow without a timeout": (lookup_of((0, SENT, NAME), (0.5, RESPONSE, NAME, "tcp", "NOERROR")), {}),
    "an ignored name": (slow_lookup(), {"ignored_hostnames": NAME}),
    "below the threshold": (slow_lookup(), {"slow_threshold": 1.0}),
    "telemetry switched off": (slow_lookup(), {"telemetry": False}),
}


@pytest.mark.parametrize("case", QUIET)
def test_other_lookups_are_not_logged(case: str, caplog: pytest.LogCaptureFixture) -> None:
    """Only a lookup that was slow and lost something is worth a line."""
    lookup, knobs = QUIET[case]
    Observer(Config(**knobs)).observe(lookup)
    assert not caplog.records


def test_nothing_is_logged_under_suppression(caplog: pytest.LogCaptureFixture) -> None:
    """A slow lookup of the collector's own name is not told to the collector."""
    import opentelemetry.context  # noqa: F401 - what suppression needs

    with silence():
        Observer(Config()).observe(slow_lookup())
    assert not caplog.records
