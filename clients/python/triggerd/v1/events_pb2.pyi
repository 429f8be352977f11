from triggerd.v1 import value_pb2 as _value_pb2
from triggerd.v1 import decision_pb2 as _decision_pb2
from triggerd.v1 import inbox_pb2 as _inbox_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CampaignInteraction(_message.Message):
    __slots__ = ["action", "campaign", "properties"]
    class PropertiesEntry(_message.Message):
        __slots__ = ["key", "value"]
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.Value, _Mapping]] = ...) -> None: ...
    ACTION_FIELD_NUMBER: _ClassVar[int]
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    PROPERTIES_FIELD_NUMBER: _ClassVar[int]
    action: str
    campaign: str
    properties: _containers.MessageMap[str, _value_pb2.Value]
    def __init__(self, campaign: _Optional[str] = ..., action: _Optional[str] = ..., properties: _Optional[_Mapping[str, _value_pb2.Value]] = ...) -> None: ...

class CardInteraction(_message.Message):
    __slots__ = ["action", "card", "properties"]
    class PropertiesEntry(_message.Message):
        __slots__ = ["key", "value"]
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.Value, _Mapping]] = ...) -> None: ...
    ACTION_FIELD_NUMBER: _ClassVar[int]
    CARD_FIELD_NUMBER: _ClassVar[int]
    PROPERTIES_FIELD_NUMBER: _ClassVar[int]
    action: str
    card: str
    properties: _containers.MessageMap[str, _value_pb2.Value]
    def __init__(self, card: _Optional[str] = ..., action: _Optional[str] = ..., properties: _Optional[_Mapping[str, _value_pb2.Value]] = ...) -> None: ...

class CustomEvent(_message.Message):
    __slots__ = ["event", "properties"]
    class PropertiesEntry(_message.Message):
        __slots__ = ["key", "value"]
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.Value, _Mapping]] = ...) -> None: ...
    EVENT_FIELD_NUMBER: _ClassVar[int]
    PROPERTIES_FIELD_NUMBER: _ClassVar[int]
    event: str
    properties: _containers.MessageMap[str, _value_pb2.Value]
    def __init__(self, event: _Optional[str] = ..., properties: _Optional[_Mapping[str, _value_pb2.Value]] = ...) -> None: ...

class Item(_message.Message):
    __slots__ = ["campaign_interaction", "card_interaction", "custom_event", "history", "id", "location", "profile_update", "purchase", "session_start", "set", "time_ms", "user"]
    class SetEntry(_message.Message):
        __slots__ = ["key", "value"]
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.Value, _Mapping]] = ...) -> None: ...
    CAMPAIGN_INTERACTION_FIELD_NUMBER: _ClassVar[int]
    CARD_INTERACTION_FIELD_NUMBER: _ClassVar[int]
    CUSTOM_EVENT_FIELD_NUMBER: _ClassVar[int]
    HISTORY_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    LOCATION_FIELD_NUMBER: _ClassVar[int]
    PROFILE_UPDATE_FIELD_NUMBER: _ClassVar[int]
    PURCHASE_FIELD_NUMBER: _ClassVar[int]
    SESSION_START_FIELD_NUMBER: _ClassVar[int]
    SET_FIELD_NUMBER: _ClassVar[int]
    TIME_MS_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    campaign_interaction: CampaignInteraction
    card_interaction: CardInteraction
    custom_event: CustomEvent
    history: bool
    id: str
    location: Location
    profile_update: ProfileUpdate
    purchase: Purchase
    session_start: SessionStart
    set: _containers.MessageMap[str, _value_pb2.Value]
    time_ms: int
    user: str
    def __init__(self, user: _Optional[str] = ..., id: _Optional[str] = ..., time_ms: _Optional[int] = ..., set: _Optional[_Mapping[str, _value_pb2.Value]] = ..., custom_event: _Optional[_Union[CustomEvent, _Mapping]] = ..., purchase: _Optional[_Union[Purchase, _Mapping]] = ..., session_start: _Optional[_Union[SessionStart, _Mapping]] = ..., profile_update: _Optional[_Union[ProfileUpdate, _Mapping]] = ..., location: _Optional[_Union[Location, _Mapping]] = ..., campaign_interaction: _Optional[_Union[CampaignInteraction, _Mapping]] = ..., card_interaction: _Optional[_Union[CardInteraction, _Mapping]] = ..., history: bool = ...) -> None: ...

class ItemReply(_message.Message):
    __slots__ = ["code", "decisions", "decisions_dropped", "id", "message", "result", "why"]
    class Result(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = []
    ACCEPTED: ItemReply.Result
    CODE_FIELD_NUMBER: _ClassVar[int]
    DECISIONS_DROPPED_FIELD_NUMBER: _ClassVar[int]
    DECISIONS_FIELD_NUMBER: _ClassVar[int]
    DUPLICATE: ItemReply.Result
    ID_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    REFUSED: ItemReply.Result
    RESULT_FIELD_NUMBER: _ClassVar[int]
    UNSPECIFIED: ItemReply.Result
    WHY_FIELD_NUMBER: _ClassVar[int]
    code: int
    decisions: _containers.RepeatedCompositeFieldContainer[_decision_pb2.Decision]
    decisions_dropped: int
    id: str
    message: _inbox_pb2.Lease
    result: ItemReply.Result
    why: str
    def __init__(self, result: _Optional[_Union[ItemReply.Result, str]] = ..., decisions: _Optional[_Iterable[_Union[_decision_pb2.Decision, _Mapping]]] = ..., message: _Optional[_Union[_inbox_pb2.Lease, _Mapping]] = ..., decisions_dropped: _Optional[int] = ..., code: _Optional[int] = ..., why: _Optional[str] = ..., id: _Optional[str] = ...) -> None: ...

class Location(_message.Message):
    __slots__ = ["latitude", "longitude", "properties"]
    class PropertiesEntry(_message.Message):
        __slots__ = ["key", "value"]
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.Value, _Mapping]] = ...) -> None: ...
    LATITUDE_FIELD_NUMBER: _ClassVar[int]
    LONGITUDE_FIELD_NUMBER: _ClassVar[int]
    PROPERTIES_FIELD_NUMBER: _ClassVar[int]
    latitude: float
    longitude: float
    properties: _containers.MessageMap[str, _value_pb2.Value]
    def __init__(self, latitude: _Optional[float] = ..., longitude: _Optional[float] = ..., properties: _Optional[_Mapping[str, _value_pb2.Value]] = ...) -> None: ...

class ProfileUpdate(_message.Message):
    __slots__ = []
    def __init__(self) -> None: ...

class Purchase(_message.Message):
    __slots__ = ["currency", "price", "product_id", "properties", "quantity"]
    class PropertiesEntry(_message.Message):
        __slots__ = ["key", "value"]
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.Value, _Mapping]] = ...) -> None: ...
    CURRENCY_FIELD_NUMBER: _ClassVar[int]
    PRICE_FIELD_NUMBER: _ClassVar[int]
    PRODUCT_ID_FIELD_NUMBER: _ClassVar[int]
    PROPERTIES_FIELD_NUMBER: _ClassVar[int]
    QUANTITY_FIELD_NUMBER: _ClassVar[int]
    currency: str
    price: float
    product_id: str
    properties: _containers.MessageMap[str, _value_pb2.Value]
    quantity: int
    def __init__(self, product_id: _Optional[str] = ..., price: _Optional[float] = ..., currency: _Optional[str] = ..., quantity: _Optional[int] = ..., properties: _Optional[_Mapping[str, _value_pb2.Value]] = ...) -> None: ...

class SessionStart(_message.Message):
    __slots__ = ["device", "properties"]
    class PropertiesEntry(_message.Message):
        __slots__ = ["key", "value"]
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.Value, _Mapping]] = ...) -> None: ...
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    PROPERTIES_FIELD_NUMBER: _ClassVar[int]
    device: str
    properties: _containers.MessageMap[str, _value_pb2.Value]
    def __init__(self, properties: _Optional[_Mapping[str, _value_pb2.Value]] = ..., device: _Optional[str] = ...) -> None: ...

class StreamReply(_message.Message):
    __slots__ = ["first", "items"]
    FIRST_FIELD_NUMBER: _ClassVar[int]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    first: int
    items: _containers.RepeatedCompositeFieldContainer[ItemReply]
    def __init__(self, first: _Optional[int] = ..., items: _Optional[_Iterable[_Union[ItemReply, _Mapping]]] = ...) -> None: ...

class StreamRequest(_message.Message):
    __slots__ = ["items", "near_misses", "sent_at_ms"]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    NEAR_MISSES_FIELD_NUMBER: _ClassVar[int]
    SENT_AT_MS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[Item]
    near_misses: bool
    sent_at_ms: int
    def __init__(self, items: _Optional[_Iterable[_Union[Item, _Mapping]]] = ..., near_misses: bool = ..., sent_at_ms: _Optional[int] = ...) -> None: ...

class TrackReply(_message.Message):
    __slots__ = ["items"]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[ItemReply]
    def __init__(self, items: _Optional[_Iterable[_Union[ItemReply, _Mapping]]] = ...) -> None: ...

class TrackRequest(_message.Message):
    __slots__ = ["items", "near_misses", "sent_at_ms"]
    ITEMS_FIELD_NUMBER: _ClassVar[int]
    NEAR_MISSES_FIELD_NUMBER: _ClassVar[int]
    SENT_AT_MS_FIELD_NUMBER: _ClassVar[int]
    items: _containers.RepeatedCompositeFieldContainer[Item]
    near_misses: bool
    sent_at_ms: int
    def __init__(self, items: _Optional[_Iterable[_Union[Item, _Mapping]]] = ..., near_misses: bool = ..., sent_at_ms: _Optional[int] = ...) -> None: ...
