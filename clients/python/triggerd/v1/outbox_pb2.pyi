from triggerd.v1 import value_pb2 as _value_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FailedMessage(_message.Message):
    __slots__ = ["addresses", "attempts", "campaign", "channel", "claimed_at_ms", "cut", "decision", "failed_at_ms", "fields", "id", "key", "reason", "user"]
    class FieldsEntry(_message.Message):
        __slots__ = ["key", "value"]
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.Value, _Mapping]] = ...) -> None: ...
    ADDRESSES_FIELD_NUMBER: _ClassVar[int]
    ATTEMPTS_FIELD_NUMBER: _ClassVar[int]
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    CLAIMED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    CUT_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    FAILED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    ID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    addresses: _containers.RepeatedScalarFieldContainer[str]
    attempts: int
    campaign: str
    channel: str
    claimed_at_ms: int
    cut: bool
    decision: str
    failed_at_ms: int
    fields: _containers.MessageMap[str, _value_pb2.Value]
    id: int
    key: str
    reason: str
    user: str
    def __init__(self, id: _Optional[int] = ..., key: _Optional[str] = ..., user: _Optional[str] = ..., campaign: _Optional[str] = ..., channel: _Optional[str] = ..., addresses: _Optional[_Iterable[str]] = ..., fields: _Optional[_Mapping[str, _value_pb2.Value]] = ..., decision: _Optional[str] = ..., reason: _Optional[str] = ..., attempts: _Optional[int] = ..., claimed_at_ms: _Optional[int] = ..., failed_at_ms: _Optional[int] = ..., cut: bool = ...) -> None: ...

class ListFailedReply(_message.Message):
    __slots__ = ["messages", "next_page"]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_FIELD_NUMBER: _ClassVar[int]
    messages: _containers.RepeatedCompositeFieldContainer[FailedMessage]
    next_page: str
    def __init__(self, messages: _Optional[_Iterable[_Union[FailedMessage, _Mapping]]] = ..., next_page: _Optional[str] = ...) -> None: ...

class ListFailedRequest(_message.Message):
    __slots__ = ["campaign", "channel", "limit", "page", "user"]
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    campaign: str
    channel: str
    limit: int
    page: str
    user: str
    def __init__(self, campaign: _Optional[str] = ..., channel: _Optional[str] = ..., user: _Optional[str] = ..., limit: _Optional[int] = ..., page: _Optional[str] = ...) -> None: ...

class RedriveReply(_message.Message):
    __slots__ = ["results"]
    RESULTS_FIELD_NUMBER: _ClassVar[int]
    results: _containers.RepeatedCompositeFieldContainer[RedriveResult]
    def __init__(self, results: _Optional[_Iterable[_Union[RedriveResult, _Mapping]]] = ...) -> None: ...

class RedriveRequest(_message.Message):
    __slots__ = ["ids"]
    IDS_FIELD_NUMBER: _ClassVar[int]
    ids: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, ids: _Optional[_Iterable[int]] = ...) -> None: ...

class RedriveResult(_message.Message):
    __slots__ = ["id", "reason", "redriven"]
    ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REDRIVEN_FIELD_NUMBER: _ClassVar[int]
    id: int
    reason: str
    redriven: bool
    def __init__(self, id: _Optional[int] = ..., redriven: bool = ..., reason: _Optional[str] = ...) -> None: ...
