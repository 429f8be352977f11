from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class DegradedChannel(_message.Message):
    __slots__ = ["channel", "reason", "service", "since_ms", "waiting"]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    SINCE_MS_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    channel: str
    reason: str
    service: str
    since_ms: int
    waiting: int
    def __init__(self, channel: _Optional[str] = ..., service: _Optional[str] = ..., reason: _Optional[str] = ..., since_ms: _Optional[int] = ..., waiting: _Optional[int] = ...) -> None: ...

class HealthReply(_message.Message):
    __slots__ = ["clock_ahead_ms", "damaged", "damaged_count", "degraded", "held", "held_count", "reason", "retrying", "status", "unknown_outcomes"]
    class Status(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = []
    CLOCK_AHEAD_MS_FIELD_NUMBER: _ClassVar[int]
    DAMAGED_COUNT_FIELD_NUMBER: _ClassVar[int]
    DAMAGED_FIELD_NUMBER: _ClassVar[int]
    DEGRADED_FIELD_NUMBER: _ClassVar[int]
    HELD_COUNT_FIELD_NUMBER: _ClassVar[int]
    HELD_FIELD_NUMBER: _ClassVar[int]
    NOT_SERVING: HealthReply.Status
    REASON_FIELD_NUMBER: _ClassVar[int]
    RETRYING_FIELD_NUMBER: _ClassVar[int]
    SERVING: HealthReply.Status
    STATUS_FIELD_NUMBER: _ClassVar[int]
    UNKNOWN: HealthReply.Status
    UNKNOWN_OUTCOMES_FIELD_NUMBER: _ClassVar[int]
    clock_ahead_ms: int
    damaged: _containers.RepeatedScalarFieldContainer[str]
    damaged_count: int
    degraded: _containers.RepeatedCompositeFieldContainer[DegradedChannel]
    held: _containers.RepeatedCompositeFieldContainer[HeldCampaign]
    held_count: int
    reason: str
    retrying: _containers.RepeatedCompositeFieldContainer[DegradedChannel]
    status: HealthReply.Status
    unknown_outcomes: _containers.RepeatedCompositeFieldContainer[UnknownOutcomes]
    def __init__(self, status: _Optional[_Union[HealthReply.Status, str]] = ..., reason: _Optional[str] = ..., degraded: _Optional[_Iterable[_Union[DegradedChannel, _Mapping]]] = ..., damaged: _Optional[_Iterable[str]] = ..., damaged_count: _Optional[int] = ..., clock_ahead_ms: _Optional[int] = ..., unknown_outcomes: _Optional[_Iterable[_Union[UnknownOutcomes, _Mapping]]] = ..., held: _Optional[_Iterable[_Union[HeldCampaign, _Mapping]]] = ..., held_count: _Optional[int] = ..., retrying: _Optional[_Iterable[_Union[DegradedChannel, _Mapping]]] = ...) -> None: ...

class HealthRequest(_message.Message):
    __slots__ = []
    def __init__(self) -> None: ...

class HeldCampaign(_message.Message):
    __slots__ = ["campaign", "reason"]
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    campaign: str
    reason: str
    def __init__(self, campaign: _Optional[str] = ..., reason: _Optional[str] = ...) -> None: ...

class ListPluginsReply(_message.Message):
    __slots__ = ["next_page", "plugins", "time_zones"]
    NEXT_PAGE_FIELD_NUMBER: _ClassVar[int]
    PLUGINS_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONES_FIELD_NUMBER: _ClassVar[int]
    next_page: str
    plugins: _containers.RepeatedCompositeFieldContainer[Plugin]
    time_zones: str
    def __init__(self, plugins: _Optional[_Iterable[_Union[Plugin, _Mapping]]] = ..., next_page: _Optional[str] = ..., time_zones: _Optional[str] = ...) -> None: ...

class ListPluginsRequest(_message.Message):
    __slots__ = ["page"]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    page: str
    def __init__(self, page: _Optional[str] = ...) -> None: ...

class Plugin(_message.Message):
    __slots__ = ["calls", "channels", "failures", "file", "name", "trigger_types", "version"]
    CALLS_FIELD_NUMBER: _ClassVar[int]
    CHANNELS_FIELD_NUMBER: _ClassVar[int]
    FAILURES_FIELD_NUMBER: _ClassVar[int]
    FILE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_TYPES_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    calls: int
    channels: _containers.RepeatedScalarFieldContainer[str]
    failures: int
    file: str
    name: str
    trigger_types: _containers.RepeatedScalarFieldContainer[str]
    version: str
    def __init__(self, name: _Optional[str] = ..., version: _Optional[str] = ..., file: _Optional[str] = ..., trigger_types: _Optional[_Iterable[str]] = ..., channels: _Optional[_Iterable[str]] = ..., calls: _Optional[int] = ..., failures: _Optional[int] = ...) -> None: ...

class UnknownOutcomes(_message.Message):
    __slots__ = ["channel", "count", "last_ms", "reason", "service"]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    LAST_MS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    SERVICE_FIELD_NUMBER: _ClassVar[int]
    channel: str
    count: int
    last_ms: int
    reason: str
    service: str
    def __init__(self, channel: _Optional[str] = ..., service: _Optional[str] = ..., count: _Optional[int] = ..., reason: _Optional[str] = ..., last_ms: _Optional[int] = ...) -> None: ...
