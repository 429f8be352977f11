"""The client for programs without asyncio: the same calls, each of which waits for its answer."""

from __future__ import annotations

import asyncio
import os
import selectors
import ssl
import threading
from collections.abc import AsyncIterator, Coroutine, Iterable, Iterator
from types import TracebackType
from typing import Any, TypeVar

from .aio import AsyncClient, Reply
from .v1 import daemon_pb2, decision_pb2, events_pb2, inbox_pb2, users_pb2

Result = TypeVar("Result")


class _Loop:
    """An event loop on a thread of its own, one for each process."""

    _shared: _Loop | None = None
    _lock = threading.Lock()

    def __init__(self) -> None:
        self.pid = os.getpid()
        self.selector = selectors.DefaultSelector()
        self.loop = asyncio.SelectorEventLoop(self.selector)
        threading.Thread(target=self.loop.run_forever, name="triggerd", daemon=True).start()

    @classmethod
    def shared(cls) -> _Loop:
        """After a fork the thread is not there."""
        with cls._lock:
            if cls._shared is None or cls._shared.pid != os.getpid():
                cls._shared = _Loop()
            return cls._shared

    def run(self, work: Coroutine[Any, Any, Result]) -> Result:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result()


    @classmethod
    def after_fork(cls) -> None:
        """The kernel's set of sockets is shared with the parent: what the child took out of it, the parent would miss."""
        cls._lock = threading.Lock()  # Another thread may have held it.
        if cls._shared is not None:
            cls._shared.selector.close()
            _of_parents.append(cls._shared)


# Never let go of, since that would close what is the parent's.
_of_parents: list[object] = []

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_Loop.after_fork)


class Client:
    """Calls of one daemon, from any thread. See AsyncClient for the arguments; the process may fork."""

    def __init__(
        self,
        address: str | None = None,
        *,
        token: str | None = None,
        timeout: float = 10.0,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self._arguments: dict[str, Any] = {"token": token, "timeout": timeout, "ssl_context": ssl_context}
        self._address = address
        self._made: tuple[_Loop, AsyncClient] | None = None
        self._lock = threading.Lock()
        self._pid = os.getpid()
        AsyncClient(address, **self._arguments)  # Says now what is wrong with them.

    def __enter__(self) -> Client:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _async(self) -> tuple[_Loop, AsyncClient]:
        if self._pid != os.getpid():  # The parent's connection is the parent's.
            _of_parents.append(self._made)
            self._pid, self._made, self._lock = os.getpid(), None, threading.Lock()
        with self._lock:
            if self._made is None:
                self._made = (_Loop.shared(), AsyncClient(self._address, **self._arguments))
            return self._made

    def close(self) -> None:
        """Calls under way end with ConnectionLost."""
        loop, client = self._async()
        loop.run(client.close())

    def track(
        self, item: events_pb2.Item, *, near_misses: bool = False, timeout: float | None = None
    ) -> events_pb2.ItemReply:
        """Tells of one thing; the answer comes after it is on disk. Safe to lose the connection over."""
        loop, client = self._async()
        return loop.run(client.track(item, near_misses=near_misses, timeout=timeout))

    def track_all(
        self, items: Iterable[events_pb2.Item], *, near_misses: bool = False, timeout: float | None = None
    ) -> list[events_pb2.ItemReply]:
        """Tells of many, of one or many users, in one request: all are taken or none, but for REFUSED ones."""
        loop, client = self._async()
        return loop.run(client.track_all(list(items), near_misses=near_misses, timeout=timeout))

    def lease(self, user: str, device: str = "", *, timeout: float | None = None) -> inbox_pb2.Lease | None:
        """The in-app message that is to be shown now, for 30 s; the same device is given the same one again."""
        loop, client = self._async()
        return loop.run(client.lease(user, device, timeout=timeout))

    def acknowledge(self, user: str, token: int, action: str = "", *, timeout: float | None = None) -> None:
        """It was shown (``viewed``), ``clicked`` or ``dismissed``."""
        loop, client = self._async()
        loop.run(client.acknowledge(user, token, action, timeout=timeout))

    def hold(self, user: str, token: int, for_ms: int = 0, *, timeout: float | None = None) -> None:
        """Not now: the lease is over, and it is not shown for so long."""
        loop, client = self._async()
        loop.run(client.hold(user, token, for_ms, timeout=timeout))

    def explain(self, user: str, campaign: str = "", *, limit: int = 100) -> Iterator[decision_pb2.Decision]:
        """Why the user did or did not get messages, newest first, ``limit`` at most; near misses are not counted."""
        loop, client = self._async()
        return _each(loop, client.explain(user, campaign, limit=limit))

    def user(self, user: str, *, timeout: float | None = None) -> users_pb2.User | None:
        """What is known of a user (the first page of it); None where nothing is."""
        loop, client = self._async()
        return loop.run(client.user(user, timeout=timeout))

    def health(self, *, timeout: float | None = None) -> daemon_pb2.HealthReply:
        loop, client = self._async()
        return loop.run(client.health(timeout=timeout))

    def call(
        self,
        service: str,
        method: str,
        request: Any,
        reply: type[Reply],
        *,
        timeout: float | None = None,
        is_safe: bool = False,
    ) -> Reply:
        """Any method of ``triggerd.v1``; see AsyncClient."""
        loop, client = self._async()
        return loop.run(client.call(service, method, request, reply, timeout=timeout, is_safe=is_safe))


def _each(loop: _Loop, results: AsyncIterator[Result]) -> Iterator[Result]:
    end = object()

    async def following() -> Any:
        return await anext(results, end)

    try:
        while (result := loop.run(following())) is not end:
            yield result
    finally:
        closing = getattr(results, "aclose", None)
        if closing is not None:
            loop.run(closing())
