"""One connection: many calls at once."""

from __future__ import annotations

import asyncio
from . import _wire
from .errors import Code, ConnectionLost, DeadlineExceeded, TooLarge, TriggerdError

# The daemon takes 1,024 calls on a connection; the rest waits here.
CALLS_UNDER_WAY = 1_000
# The daemon answers DEADLINE_EXCEEDED itself: what that answer may take beyond the deadline.
SLACK = 0.2

Metadata = tuple[tuple[str, str], ...]
Pair = tuple[asyncio.StreamReader, asyncio.StreamWriter]


def checked(body: bytes) -> bytes:
    if len(body) > _wire.FRAME_BYTES:
        raise TooLarge(f"the request has {len(body)} bytes; a frame carries {_wire.FRAME_BYTES}")
    return body


async def read_frame(reader: asyncio.StreamReader) -> tuple[int, int, int, bytes]:
    """Stream, type, flags and body. Raises ConnectionLost."""
    try:
        length, stream, kind, flags = _wire.HEADER.unpack(await reader.readexactly(_wire.HEADER.size))
        if length > _wire.FRAME_BYTES:
            raise ConnectionLost(f"the server sent a frame of {length} bytes", sent=True)
        return stream, kind, flags, await reader.readexactly(length)
    except (asyncio.IncompleteReadError, OSError) as error:
        raise ConnectionLost("the server closed the connection", sent=True) from error


class Connection:
    """Unary calls, each answered when its answer comes."""

    def __init__(self, pair: Pair) -> None:
        self._reader, self._writer = pair
        self._waiting: dict[int, asyncio.Future[bytes]] = {}
        self._next = 1
        self._room = asyncio.Semaphore(CALLS_UNDER_WAY)
        self.is_open = True
        self._task = asyncio.create_task(self._read())

    async def call(self, service: str, method: str, payload: bytes, timeout: float, metadata: Metadata) -> bytes:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        async with self._room:
            nanoseconds = max(1, int((deadline - loop.time()) * 1e9))
            body = checked(_wire.request(service, method, payload, nanoseconds, metadata))
            if not self.is_open:
                raise ConnectionLost("the connection is closed", sent=False)
            stream = self._stream()
            answer = self._waiting[stream] = loop.create_future()
            try:
                self._writer.write(_wire.frame(stream, _wire.REQUEST, 0, body))
                return _wire.response(await asyncio.wait_for(answer, deadline - loop.time() + SLACK))
            except asyncio.TimeoutError:
                raise DeadlineExceeded(f"no answer within {timeout:g} s") from None
            finally:
                # A late answer finds nobody.
                self._waiting.pop(stream, None)

    def _stream(self) -> int:
        while self._next in self._waiting:
            self._next = (self._next + 2) & 0xFFFF_FFFF
        stream, self._next = self._next, (self._next + 2) & 0xFFFF_FFFF
        return stream

    async def _read(self) -> None:
        lost = ConnectionLost("the connection was closed", sent=True)
        try:
            while True:
                stream, kind, _, body = await read_frame(self._reader)
                answer = self._waiting.pop(stream, None) if kind == _wire.RESPONSE else None
                if answer is not None and not answer.done():
                    answer.set_result(body)
        except ConnectionLost as error:
            lost = error
        finally:
            self.is_open = False
            self._writer.close()
            for answer in self._waiting.values():
                if not answer.done():
                    answer.set_exception(ConnectionLost(lost.message, sent=True))

    async def close(self) -> None:
        self.is_open = False
        self._task.cancel()
        await asyncio.wait([self._task])


def may_repeat(error: TriggerdError, is_safe: bool) -> bool:
    """Whether the call may be made again; ``is_safe``: it may be done twice."""
    if isinstance(error, ConnectionLost):
        return is_safe or not error.sent
    return is_safe and not isinstance(error, TooLarge) and error.code in (Code.UNAVAILABLE, Code.RESOURCE_EXHAUSTED)
