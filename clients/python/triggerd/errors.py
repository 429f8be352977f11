"""Why a call failed."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Code(enum.IntEnum):
    """What the daemon answers; docs/protocol.md says when."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


@dataclass(frozen=True)
class Detail:
    """More about a failure: a packed message of the type that the URL's last part names."""

    type_url: str
    value: bytes


class TriggerdError(Exception):
    """A call failed. ``code`` is for programs, ``message`` for people."""

    code: Code = Code.UNKNOWN

    def __init__(self, message: str, code: Code | None = None, details: tuple[Detail, ...] = ()) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code
        self.details = details

    def __str__(self) -> str:
        return f"{self.code.name}: {self.message}"


class InvalidArgument(TriggerdError):
    code = Code.INVALID_ARGUMENT


class DeadlineExceeded(TriggerdError):
    """Nobody knows whether it was done; an item with an id may be sent again."""

    code = Code.DEADLINE_EXCEEDED


class NotFound(TriggerdError):
    code = Code.NOT_FOUND


class AlreadyExists(TriggerdError):
    """The item's id was used for another item of this user."""

    code = Code.ALREADY_EXISTS


class PermissionDenied(TriggerdError):
    code = Code.PERMISSION_DENIED


class ResourceExhausted(TriggerdError):
    """As much waits as may, or the request is too large."""

    code = Code.RESOURCE_EXHAUSTED


class TooLarge(ResourceExhausted):
    """The request does not fit into a frame: send less at once."""


class FailedPrecondition(TriggerdError):
    """Of an inbox: the lease is over."""

    code = Code.FAILED_PRECONDITION


class Unimplemented(TriggerdError):
    code = Code.UNIMPLEMENTED


class Internal(TriggerdError):
    code = Code.INTERNAL


class Unavailable(TriggerdError):
    """The daemon cannot write, or is ending."""

    code = Code.UNAVAILABLE


class DataLoss(TriggerdError):
    code = Code.DATA_LOSS


class Unauthenticated(TriggerdError):
    code = Code.UNAUTHENTICATED


class ConnectionLost(Unavailable):
    """There was no connection, or it broke before the answer came.

    ``sent``: the request had left, so that nobody knows whether it was done.
    """

    def __init__(self, message: str, sent: bool) -> None:
        super().__init__(message)
        self.sent = sent


_BY_CODE: dict[int, type[TriggerdError]] = {
    kind.code: kind
    for kind in (
        InvalidArgument, DeadlineExceeded, NotFound, AlreadyExists, PermissionDenied, ResourceExhausted,
        FailedPrecondition, Unimplemented, Internal, Unavailable, DataLoss, Unauthenticated,
    )
}  # fmt: skip


def failure(number: int, message: str, details: tuple[Detail, ...] = ()) -> TriggerdError:
    """The error of a status; a code that is none of ours is UNKNOWN."""
    code = Code(number) if number in Code._value2member_map_ else Code.UNKNOWN
    return _BY_CODE.get(code, TriggerdError)(message, code, details)
