"""Items from Python's values, and back."""

from __future__ import annotations

import datetime
import time as clock
import uuid
from collections.abc import Mapping, Sequence
from typing import Any, Union

from .v1 import events_pb2, value_pb2

Item = events_pb2.Item
Time = Union[datetime.datetime, int]
Properties = Mapping[str, Any]


def fill(message: value_pb2.Value, value: Any) -> None:
    """Nothing is turned into another type: what is none of these raises TypeError."""
    if value is None:
        return
    if isinstance(value, bool):
        message.boolean = value
    elif isinstance(value, int):
        message.integer = value
    elif isinstance(value, float):
        message.decimal = value
    elif isinstance(value, str):
        message.string = value
    elif isinstance(value, Mapping):
        message.object.SetInParent()
        fill_map(message.object.members, value)
    elif isinstance(value, Sequence) and not isinstance(value, (bytes, bytearray)):
        message.list.SetInParent()
        for element in value:
            fill(message.list.elements.add(), element)
    else:
        raise TypeError(f"{type(value).__name__} is no value: None, bool, int, float, str, a list or a dict is")


def fill_map(entries: Any, values: Properties) -> None:
    for name, value in values.items():
        fill(entries[name], value)


def value(message: value_pb2.Value) -> Any:
    """What a value of a reply is in Python."""
    kind = message.WhichOneof("kind")
    if kind is None:
        return None
    if kind == "list":
        return [value(element) for element in message.list.elements]
    if kind == "object":
        return values(message.object.members)
    return getattr(message, kind)


def values(entries: Mapping[str, value_pb2.Value]) -> dict[str, Any]:
    """``why`` of a decision, ``fields`` of a message, as a dict."""
    return {name: value(entries[name]) for name in entries}


def milliseconds(time: Time) -> int:
    if isinstance(time, int):
        return time
    if time.tzinfo is None:
        raise ValueError(f"{time} is on nobody's clock: give it a time zone")
    return (time - datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)) // datetime.timedelta(milliseconds=1)


def _item(user: str, id: str, time: Time | None, set: Properties | None, history: bool) -> Item:
    item = Item(user=user, id=id, history=history)
    if time is not None:
        item.time_ms = milliseconds(time)
    fill_map(item.set, set or {})
    return item


def event(
    user: str, event: str, properties: Properties | None = None, *, id: str = "", time: Time | None = None,
    set: Properties | None = None, history: bool = False,
) -> Item:  # fmt: skip
    """Something that the user did. ``set``: attributes of the profile, set first."""
    item = _item(user, id, time, set, history)
    item.custom_event.event = event
    fill_map(item.custom_event.properties, properties or {})
    return item


def purchase(
    user: str, product_id: str, price: float, *, currency: str = "", quantity: int = 1,
    properties: Properties | None = None, id: str = "", time: Time | None = None, set: Properties | None = None,
    history: bool = False,
) -> Item:  # fmt: skip
    """One product was bought."""
    item = _item(user, id, time, set, history)
    item.purchase.product_id = product_id
    item.purchase.price = price
    item.purchase.currency = currency
    item.purchase.quantity = quantity
    fill_map(item.purchase.properties, properties or {})
    return item


def session_start(
    user: str, *, device: str = "", properties: Properties | None = None, id: str = "", time: Time | None = None,
    set: Properties | None = None, history: bool = False,
) -> Item:  # fmt: skip
    """The app was opened; the answer's ``message`` is what it is to show."""
    item = _item(user, id, time, set, history)
    item.session_start.SetInParent()
    item.session_start.device = device
    fill_map(item.session_start.properties, properties or {})
    return item


def update(user: str, set: Properties, *, id: str = "", time: Time | None = None, history: bool = False) -> Item:
    """Attributes of the profile; ``None`` removes one."""
    item = _item(user, id, time, set, history)
    item.profile_update.SetInParent()
    return item


def location(
    user: str, latitude: float, longitude: float, *, properties: Properties | None = None, id: str = "",
    time: Time | None = None, set: Properties | None = None, history: bool = False,
) -> Item:  # fmt: skip
    """Where the user is, in degrees."""
    item = _item(user, id, time, set, history)
    item.location.latitude = latitude
    item.location.longitude = longitude
    fill_map(item.location.properties, properties or {})
    return item


def with_id(item: Item) -> Item:
    """The item itself, or a copy that has an id, so that it may be sent twice and counts once."""
    if item.id:
        return item
    copy = Item()
    copy.CopyFrom(item)
    copy.id = uuid.uuid4().hex
    return copy


def with_id_and_time(item: Item) -> Item:
    """What is sent later happened now."""
    copy = with_id(item)
    if copy is item:
        copy = Item()
        copy.CopyFrom(item)
    if copy.WhichOneof("time") is None:
        copy.time_ms = clock.time_ns() // 1_000_000
    return copy
