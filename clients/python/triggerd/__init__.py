"""A client of triggerd. README.md has the shortest program."""

from .aio import AsyncClient
from .client import Client
from .errors import (
    AlreadyExists,
    Code,
    ConnectionLost,
    DataLoss,
    DeadlineExceeded,
    Detail,
    FailedPrecondition,
    Internal,
    InvalidArgument,
    NotFound,
    PermissionDenied,
    ResourceExhausted,
    TooLarge,
    TriggerdError,
    Unauthenticated,
    Unavailable,
    Unimplemented,
)
from .items import Item, event, location, purchase, session_start, update, value, values
from .tracker import Tracker

__all__ = [
    "AlreadyExists", "AsyncClient", "Client", "Code", "ConnectionLost", "DataLoss", "DeadlineExceeded", "Detail",
    "FailedPrecondition", "Internal", "InvalidArgument", "Item", "NotFound", "PermissionDenied", "ResourceExhausted",
    "TooLarge", "Tracker", "TriggerdError", "Unauthenticated", "Unavailable", "Unimplemented", "event", "location",
    "purchase", "session_start", "update", "value", "values",
]  # fmt: skip
