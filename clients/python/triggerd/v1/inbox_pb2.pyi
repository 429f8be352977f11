from triggerd.v1 import value_pb2 as _value_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class AcknowledgeReply(_message.Message):
    __slots__ = []
    def __init__(self) -> None: ...

class AcknowledgeRequest(_message.Message):
    __slots__ = ["action", "token", "user"]
    ACTION_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    action: str
    token: int
    user: str
    def __init__(self, user: _Optional[str] = ..., token: _Optional[int] = ..., action: _Optional[str] = ...) -> None: ...

class HoldReply(_message.Message):
    __slots__ = []
    def __init__(self) -> None: ...

class HoldRequest(_message.Message):
    __slots__ = ["for_ms", "token", "user"]
    FOR_MS_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    for_ms: int
    token: int
    user: str
    def __init__(self, user: _Optional[str] = ..., token: _Optional[int] = ..., for_ms: _Optional[int] = ...) -> None: ...

class Lease(_message.Message):
    __slots__ = ["campaign", "channel", "cut", "ends_ms", "fields", "token"]
    class FieldsEntry(_message.Message):
        __slots__ = ["key", "value"]
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.Value, _Mapping]] = ...) -> None: ...
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    CUT_FIELD_NUMBER: _ClassVar[int]
    ENDS_MS_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    campaign: str
    channel: str
    cut: bool
    ends_ms: int
    fields: _containers.MessageMap[str, _value_pb2.Value]
    token: int
    def __init__(self, token: _Optional[int] = ..., campaign: _Optional[str] = ..., channel: _Optional[str] = ..., fields: _Optional[_Mapping[str, _value_pb2.Value]] = ..., ends_ms: _Optional[int] = ..., cut: bool = ...) -> None: ...

class LeaseReply(_message.Message):
    __slots__ = ["message"]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    message: Lease
    def __init__(self, message: _Optional[_Union[Lease, _Mapping]] = ...) -> None: ...

class LeaseRequest(_message.Message):
    __slots__ = ["device", "user"]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    device: str
    user: str
    def __init__(self, user: _Optional[str] = ..., device: _Optional[str] = ...) -> None: ...

class WatchInboxReply(_message.Message):
    __slots__ = ["message"]
    MESSAGE_FIELD_NUMBER: _ClassVar[int]
    message: Lease
    def __init__(self, message: _Optional[_Union[Lease, _Mapping]] = ...) -> None: ...

class WatchInboxRequest(_message.Message):
    __slots__ = ["device", "user"]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    device: str
    user: str
    def __init__(self, user: _Optional[str] = ..., device: _Optional[str] = ...) -> None: ...
