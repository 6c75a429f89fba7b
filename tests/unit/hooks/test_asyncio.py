"""asyncio's loop.getaddrinfo: hits at once, misses awaited in the loop, both in the caller's context."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import socket
from asyncio.base_events import BaseEventLoop
from typing import TYPE_CHECKING, Any

import pytest

from steadydns import activation

if TYPE_CHECKING:
    from steadydns.resolver import Resolver
    from steadydns.system.pod import Pod

STOCK = BaseEventLoop.getaddrinfo
NAME = "redis.prod"
ROWS = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("10.96.1.2", 80))]

request: contextvars.ContextVar[str] = contextvars.ContextVar("request", default="none")


def test_install_replaces_it_and_uninstall_puts_it_back(pod: Pod) -> None:
    """Afterwards the class has the very function it had."""
    activation.install()
    assert BaseEventLoop.getaddrinfo is not STOCK
    activation.uninstall()
    assert BaseEventLoop.getaddrinfo is STOCK


def test_introspection_sees_the_original(installed: Resolver) -> None:
    """Signature, names and docstring are the original's, and it is a coroutine function."""
    ours = BaseEventLoop.getaddrinfo
    assert inspect.signature(ours) == inspect.signature(STOCK)
    assert inspect.iscoroutinefunction(ours)
    for attribute in ("__name__", "__qualname__", "__doc__", "__module__"):
        assert getattr(ours, attribute) == getattr(STOCK, attribute)


def test_a_miss_and_then_a_hit_are_answered_without_a_thread(installed: Resolver) -> None:
    """Both calls are answered in the loop."""

    async def main() -> None:
        loop = asyncio.get_running_loop()

        def none(*_: Any) -> Any:
            raise AssertionError("a thread was asked")

        loop.run_in_executor = none  # type: ignore[method-assign, assignment]
        assert await loop.getaddrinfo(NAME, 80, type=socket.SOCK_STREAM) == ROWS
        assert await loop.getaddrinfo(NAME, 80, type=socket.SOCK_STREAM) == ROWS

    asyncio.run(main())
    assert installed.statistics.hits == 1


@pytest.mark.parametrize("debug", [False, True])
def test_the_callers_context_is_there_during_a_miss(
    debug: bool, installed: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Telemetry of a miss sees the context, so the span, of the task that asked."""
    seen: list[str] = []
    monkeypatch.setattr(installed.observer, "cares", lambda *_, **__: True)
    monkeypatch.setattr(installed.observer, "observe", lambda _: seen.append(request.get()))

    async def ask(name: str) -> None:
        request.set(name)
        await asyncio.get_running_loop().getaddrinfo(name, 80)

    async def main() -> None:
        await asyncio.gather(ask("redis.prod"), ask("kubernetes.default"))

    asyncio.run(main(), debug=debug)
    assert sorted(seen) == ["kubernetes.default", "redis.prod"]


def test_errors_are_the_stock_ones(installed: Resolver) -> None:
    """A name that does not exist raises gaierror in the task that asked."""

    async def main() -> None:
        with pytest.raises(socket.gaierror, match="Name or service not known"):
            await asyncio.get_running_loop().getaddrinfo("gone.prod", 80)

    asyncio.run(main())


def test_kept_beyond_uninstall_it_does_what_the_original_does(pod: Pod) -> None:
    """What someone still holds runs socket.getaddrinfo in the executor."""
    activation.install()
    held = BaseEventLoop.getaddrinfo
    activation.uninstall()

    async def main() -> object:
        return await held(asyncio.get_running_loop(), "127.0.0.1", 80, type=socket.SOCK_STREAM)  # type: ignore[arg-type]

    assert asyncio.run(main()) == socket.getaddrinfo("127.0.0.1", 80, 0, 1)


def test_someone_elses_socket_getaddrinfo_is_not_bypassed(
    installed: Resolver, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A later patch of socket.getaddrinfo (a mock in a test) answers asyncio's lookups too, as with the original."""
    socket.getaddrinfo(NAME, 80, 0, 1, 0, 0)

    async def main() -> object:
        loop = asyncio.get_running_loop()
        return [await loop.getaddrinfo(NAME, 80, type=1), await loop.getaddrinfo("new.prod", 80)]

    with monkeypatch.context() as patched:
        patched.setattr(socket, "getaddrinfo", lambda *_: "theirs")
        assert asyncio.run(main()) == ["theirs", "theirs"]
