"""Tracking that never holds up a request: a bounded queue, sent by a thread of its own."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import weakref
from collections import deque
from collections.abc import Callable
from types import TracebackType

from .client import Client
from .errors import AlreadyExists, Code, InvalidArgument, ResourceExhausted, TooLarge, TriggerdError
from .items import with_id_and_time
from .v1 import events_pb2

log = logging.getLogger("triggerd")

# Of one request: enough to share a flush of the daemon's disk, few enough to be answered within milliseconds.
BATCH_ITEMS, BATCH_BYTES = 500, 1 << 20
# How long a program that ends waits for what is still in the queue.
EXIT_SECONDS = 5.0

OnError = Callable[[events_pb2.Item, TriggerdError], None]


def _log_error(item: events_pb2.Item, error: TriggerdError) -> None:
    log.warning("an item of the user %r was not taken: %s", item.user, error)


class Tracker:
    """``track`` puts an item into a queue and returns at once. Items leave in order, and are sent again until the
    daemon has them; each counts once. What the daemon refuses is told to ``on_error``, from the tracker's thread.

    ``capacity``: items that may wait; more are dropped, which ``track`` and ``dropped`` tell.
    """

    def __init__(self, client: Client, *, capacity: int = 10_000, on_error: OnError = _log_error) -> None:
        self._client = client
        self._capacity = capacity
        self._on_error = on_error
        self.dropped = 0
        self._start()
        _trackers.add(self)

    def _start(self) -> None:
        self._pid = os.getpid()
        self._items: deque[events_pb2.Item] = deque()
        self._under_way = 0
        self._changed = threading.Condition()
        self._is_closed = False
        self._gives_up = threading.Event()
        self._thread = threading.Thread(target=self._run, name="triggerd-tracker", daemon=True)
        self._thread.start()

    def track(self, item: events_pb2.Item) -> bool:
        """False where the queue is full, or closed: the item is dropped."""
        if self._pid != os.getpid():
            self._start()  # What waited when the process forked is sent by the parent.
        item = with_id_and_time(item)
        with self._changed:
            if self._is_closed or len(self._items) + self._under_way >= self._capacity:
                self.dropped += 1
                return False
            self._items.append(item)
            self._changed.notify_all()
            return True

    def flush(self, timeout: float | None = None) -> bool:
        """Waits until everything that was tracked is answered; whether it is within the timeout."""
        if self._pid != os.getpid():
            return True
        with self._changed:
            return self._changed.wait_for(lambda: not self._items and not self._under_way, timeout)

    def close(self, timeout: float | None = EXIT_SECONDS) -> bool:
        """Flushes, and takes no more. What is not answered by then is dropped."""
        if self._pid != os.getpid():
            return True
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        is_done = self.flush(timeout)
        self._gives_up.set()
        with self._changed:
            left = len(self._items) + self._under_way
        if left:
            log.warning("%d items were not sent: the daemon did not take them in time", left)
        return is_done

    def __enter__(self) -> Tracker:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _tell(self, item: events_pb2.Item, error: TriggerdError) -> None:
        try:
            self._on_error(item, error)
        except Exception:  # Of the caller's; the others are sent all the same.
            log.exception("on_error failed")

    def _run(self) -> None:
        while not self._gives_up.is_set():
            with self._changed:
                self._changed.wait_for(lambda: self._items or self._is_closed)
                batch = self._batch()
            if not batch:
                return
            self._send(batch)
            with self._changed:
                self._under_way = 0
                self._changed.notify_all()

    def _batch(self) -> list[events_pb2.Item]:
        batch: list[events_pb2.Item] = []
        size = 0
        while self._items and len(batch) < BATCH_ITEMS:
            size += self._items[0].ByteSize()
            if batch and size > BATCH_BYTES:
                break
            batch.append(self._items.popleft())
        self._under_way = len(batch)
        return batch

    def _send(self, batch: list[events_pb2.Item]) -> None:
        """Until the daemon has answered: it may start again meanwhile."""
        while not self._gives_up.is_set():
            try:
                replies = self._client.track_all(batch)
            except (InvalidArgument, AlreadyExists, ResourceExhausted) as error:
                if len(batch) > 1:
                    # One refuses all, and is looked for by halves.
                    middle = len(batch) // 2
                    self._send(batch[:middle])
                    self._send(batch[middle:])
                    return
                if isinstance(error, TooLarge) or error.code is not Code.RESOURCE_EXHAUSTED:
                    self._tell(batch[0], error)
                    return
            except TriggerdError as error:
                if error.code not in (Code.UNAVAILABLE, Code.DEADLINE_EXCEEDED):
                    for item in batch:
                        self._tell(item, error)
                    return
            else:
                for item, reply in zip(batch, replies):
                    if reply.result == events_pb2.ItemReply.REFUSED:
                        self._tell(item, TriggerdError(reply.why, Code(reply.code)))
                return


_trackers: weakref.WeakSet[Tracker] = weakref.WeakSet()


def _close_all() -> None:
    for tracker in list(_trackers):
        tracker.close()


atexit.register(_close_all)
