"""The client for asyncio."""

from __future__ import annotations

import asyncio
import random
import ssl
from collections.abc import Awaitable, AsyncIterator, Callable, Iterable
from types import TracebackType
from typing import Any, TypeVar

from . import items as _items
from ._address import Address
from ._connection import Connection, Metadata, may_repeat
from .errors import ConnectionLost, DeadlineExceeded, NotFound, TriggerdError
from .v1 import daemon_pb2, decision_pb2, events_pb2, inbox_pb2, users_pb2

Reply = TypeVar("Reply", bound=Any)

# Between two tries: doubled each time from the first to the most, and a random part of it.
FIRST_PAUSE, MOST_PAUSE = 0.05, 2.0


class AsyncClient:
    """Calls of one daemon, over one connection that is made when it is needed and again when it broke.

    ``timeout``: seconds that a call may take with all its tries. ``token``: for a door that asks for one.
    ``ssl_context``: of a ``tls://`` address; without it the system's authorities are trusted.
    """

    def __init__(
        self,
        address: str | None = None,
        *,
        token: str | None = None,
        timeout: float = 10.0,
        ssl_context: ssl.SSLContext | None = None,
    ) -> None:
        self.address = Address.parse(address or Address.default())
        if token and self.address.is_open_to_others:
            raise ValueError(f"everybody on the way to {self.address.host} could read the token: use tls://")
        self.timeout = timeout
        self._context = ssl_context
        self._metadata: Metadata = (("authorization", f"Bearer {token}"),) if token else ()
        self._connection: Connection | None = None
        self._connecting = asyncio.Lock()
        self._is_closed = False

    async def __aenter__(self) -> AsyncClient:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Calls under way end with ConnectionLost."""
        self._is_closed = True
        if self._connection is not None:
            await self._connection.close()

    # Events

    async def track(
        self, item: events_pb2.Item, *, near_misses: bool = False, timeout: float | None = None
    ) -> events_pb2.ItemReply:
        """Tells of one thing; the answer comes after it is on disk. Safe to lose the connection over."""
        return (await self.track_all([item], near_misses=near_misses, timeout=timeout))[0]

    async def track_all(
        self, items: Iterable[events_pb2.Item], *, near_misses: bool = False, timeout: float | None = None
    ) -> list[events_pb2.ItemReply]:
        """Tells of many, of one or many users, in one request: all are taken or none, but for REFUSED ones."""
        request = events_pb2.TrackRequest(items=[_items.with_id(item) for item in items], near_misses=near_misses)
        if not request.items:
            return []
        reply = await self.call("Events", "Track", request, events_pb2.TrackReply, timeout=timeout, is_safe=True)
        return list(reply.items)

    # Inbox

    async def lease(self, user: str, device: str = "", *, timeout: float | None = None) -> inbox_pb2.Lease | None:
        """The in-app message that is to be shown now, for 30 s; the same device is given the same one again."""
        request = inbox_pb2.LeaseRequest(user=user, device=device)
        reply = await self.call("Inbox", "Lease", request, inbox_pb2.LeaseReply, timeout=timeout, is_safe=True)
        return reply.message if reply.HasField("message") else None

    async def acknowledge(self, user: str, token: int, action: str = "", *, timeout: float | None = None) -> None:
        """It was shown (``viewed``), ``clicked`` or ``dismissed``."""
        request = inbox_pb2.AcknowledgeRequest(user=user, token=token, action=action)
        await self.call("Inbox", "Acknowledge", request, inbox_pb2.AcknowledgeReply, timeout=timeout)

    async def hold(self, user: str, token: int, for_ms: int = 0, *, timeout: float | None = None) -> None:
        """Not now: the lease is over, and it is not shown for so long."""
        request = inbox_pb2.HoldRequest(user=user, token=token, for_ms=for_ms)
        await self.call("Inbox", "Hold", request, inbox_pb2.HoldReply, timeout=timeout)

    # Decisions

    async def explain(self, user: str, campaign: str = "", *, limit: int = 100) -> AsyncIterator[decision_pb2.Decision]:
        """Why the user did or did not get messages, newest first, ``limit`` at most; near misses are not counted."""
        page, left = "", limit
        while left > 0:
            request = decision_pb2.ExplainRequest(user=user, campaign=campaign, limit=min(left, 1_000), page=page)
            reply = await self.call("Decisions", "Explain", request, decision_pb2.ExplainReply, is_safe=True)
            for decision in reply.decisions:
                yield decision
            left -= sum(decision.near_miss == 0 for decision in reply.decisions)
            page = reply.next_page
            if not page:
                return

    # Users and the daemon

    async def user(self, user: str, *, timeout: float | None = None) -> users_pb2.User | None:
        """What is known of a user (the first page of it); None where nothing is."""
        try:
            return await self.call(
                "Users", "Get", users_pb2.GetUserRequest(user=user), users_pb2.User, timeout=timeout, is_safe=True
            )
        except NotFound:
            return None

    async def health(self, *, timeout: float | None = None) -> daemon_pb2.HealthReply:
        return await self.call(
            "Health", "Check", daemon_pb2.HealthRequest(), daemon_pb2.HealthReply, timeout=timeout, is_safe=True
        )

    # Any method

    async def call(
        self,
        service: str,
        method: str,
        request: Any,
        reply: type[Reply],
        *,
        timeout: float | None = None,
        is_safe: bool = False,
    ) -> Reply:
        """Any method of ``triggerd.v1``. ``is_safe``: it may be done twice, and so is tried again where it may have
        been done."""
        seconds = self.timeout if timeout is None else timeout
        payload = request.SerializeToString()

        async def once(left: float) -> Reply:
            connection = await self._connect(left)
            name = f"triggerd.v1.{service}"
            answer: Reply = reply.FromString(await connection.call(name, method, payload, left, self._metadata))
            return answer

        return await self._repeat(once, seconds, is_safe)

    async def _repeat(self, once: Callable[[float], Awaitable[Reply]], seconds: float, is_safe: bool) -> Reply:
        loop = asyncio.get_running_loop()
        deadline, pause, known = loop.time() + seconds, FIRST_PAUSE, None
        while True:
            try:
                return await once(deadline - loop.time())
            except DeadlineExceeded as error:
                raise known or error  # What kept it says more.
            except TriggerdError as error:
                rest = pause * random.uniform(0.5, 1)
                if self._is_closed or not may_repeat(error, is_safe) or loop.time() + rest >= deadline:
                    raise
                known = error
            await asyncio.sleep(rest)
            pause = min(pause * 2, MOST_PAUSE)

    async def _connect(self, seconds: float) -> Connection:
        async with self._connecting:
            if self._is_closed:
                raise ConnectionLost("the client is closed", sent=False)
            if self._connection is None or not self._connection.is_open:
                self._connection = Connection(await self._open(seconds))
            return self._connection

    async def _open(self, seconds: float) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        try:
            return await asyncio.wait_for(self.address.open(self._context), seconds)
        except asyncio.TimeoutError as error:
            raise ConnectionLost(f"no daemon answers at {self.address} in time", sent=False) from error
        except ssl.SSLError as error:
            # Another try would find the same certificate.
            raise TriggerdError(f"{self.address}: {error}") from error
        except OSError as error:
            raise ConnectionLost(f"no daemon answers at {self.address}: {error.strerror or error}", sent=False) from error
