"""The interpreter's own threads, locks and poll(2), also where gevent or eventlet have put cooperative ones in their place.

A lookup blocks its thread, and under gevent that is a thread of a pool: what yields to an event loop has no business
there. Both keep the originals of what they replace.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # of `signal` what needs no enumerations, 1 ms
import _thread
import select
import sys
from functools import partial
from os import getpid
from types import BuiltinFunctionType
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType


def _original(module: ModuleType, name: str) -> Any:
    found = getattr(module, name, None)
    if isinstance(found, BuiltinFunctionType):
        return found
    candidates = []
    gevent, eventlet = sys.modules.get("gevent.monkey"), sys.modules.get("eventlet.patcher")
    if gevent is not None:
        candidates.append(gevent.get_original(module.__name__, name))
    if eventlet is not None:
        candidates.append(getattr(eventlet.original(module.__name__), name, None))
    return next((one for one in candidates if isinstance(one, BuiltinFunctionType)), found)


def cooperative() -> bool:
    """Whether gevent or eventlet have put functions into the socket module that let other greenlets run."""
    return _replaced("socket", "socket")


def locks_are_green() -> bool:
    """Whether gevent or eventlet have replaced the locks of `threading` by locks for greenlets."""
    return _replaced("threading", "thread")


def away_from_hub() -> bool:
    """Whether locks belong to greenlets, and this native thread is not the one whose hub runs them.

    Such a thread must take no lock that it has not made itself: a greenlet may hold it, and neither library wakes a
    native thread reliably. Both want to patch in the main thread, whose id in the kernel is that of the process.
    """
    return locks_are_green() and get_native_id() != getpid()


def _replaced(for_gevent: str, for_eventlet: str) -> bool:
    gevent, eventlet = sys.modules.get("gevent.monkey"), sys.modules.get("eventlet.patcher")
    # Another thread may still be importing either: then nothing is replaced yet.
    return bool(
        (gevent is not None and getattr(gevent, "is_module_patched", _never)(for_gevent))
        or (eventlet is not None and getattr(eventlet, "is_monkey_patched", _never)(for_eventlet))
    )


def _never(_: str) -> bool:
    return False


class RLock:
    """The interpreter's re-entrant lock, out of eventlet's reach.

    eventlet.monkey_patch() looks for every RLock that attributes, dicts and lists lead to, and puts a lock for greenlets
    in its place, which two native threads cannot share: the one that has to wait is never woken. It does not look into
    slots. gevent leaves the interpreter's RLocks alone.
    """

    # The lock's own methods, so that a `with` calls them without a Python frame: a signal handler that raises in such a
    # frame would leave the lock held.
    __slots__ = ("__enter__", "__exit__", "acquire", "release")

    def __init__(self) -> None:
        lock = _thread.RLock()
        self.__enter__, self.__exit__ = lock.__enter__, lock.__exit__
        self.acquire, self.release = lock.acquire, lock.release


Lock: Final[Callable[[], _thread.LockType]] = _original(_thread, "allocate_lock")
get_ident: Final[Callable[[], int]] = _original(_thread, "get_ident")
get_native_id: Final = _thread.get_native_id  # which neither of them replaces
start_new_thread: Final[Callable[..., int]] = _original(_thread, "start_new_thread")
others: Final[Callable[[], int]] = _thread._count  # noqa: SLF001
"""How many threads Python code has started that still run; not those that C code has brought."""
poll: Final[Callable[[], select.poll]] = _original(select, "poll")


def by_signal_handler(error: BaseException) -> bool:
    """Whether a handler of the service's has raised it, of a signal that came in the middle: it is no error of ours.

    A time limit is often such an exception. In the original, which is one call of C, the handler runs right after it, and
    what it raises is the caller's.
    """
    trace = error.__traceback__
    codes = set()
    while trace is not None:
        codes.add(trace.tb_frame.f_code)
        trace = trace.tb_next
    for number in _signal.valid_signals():
        handler: Any = _signal.getsignal(number)
        if not callable(handler):
            continue
        while isinstance(handler, partial):
            handler = handler.func
        code = getattr(handler, "__code__", None) or getattr(type(handler).__call__, "__code__", None)
        if code in codes:
            return True
    return False
