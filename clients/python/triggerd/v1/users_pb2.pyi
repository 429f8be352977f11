from triggerd.v1 import value_pb2 as _value_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CampaignReceipt(_message.Message):
    __slots__ = ["at_ms", "campaign"]
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    at_ms: int
    campaign: str
    def __init__(self, campaign: _Optional[str] = ..., at_ms: _Optional[int] = ...) -> None: ...

class DeleteUserReply(_message.Message):
    __slots__ = ["existed"]
    EXISTED_FIELD_NUMBER: _ClassVar[int]
    existed: bool
    def __init__(self, existed: bool = ...) -> None: ...

class DeleteUserRequest(_message.Message):
    __slots__ = ["user"]
    USER_FIELD_NUMBER: _ClassVar[int]
    user: str
    def __init__(self, user: _Optional[str] = ...) -> None: ...

class ExportUserReply(_message.Message):
    __slots__ = ["lines", "next_page"]
    LINES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_FIELD_NUMBER: _ClassVar[int]
    lines: bytes
    next_page: str
    def __init__(self, lines: _Optional[bytes] = ..., next_page: _Optional[str] = ...) -> None: ...

class ExportUserRequest(_message.Message):
    __slots__ = ["page", "user"]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    page: str
    user: str
    def __init__(self, user: _Optional[str] = ..., page: _Optional[str] = ...) -> None: ...

class GetUserRequest(_message.Message):
    __slots__ = ["page", "user"]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    page: str
    user: str
    def __init__(self, user: _Optional[str] = ..., page: _Optional[str] = ...) -> None: ...

class QueuedMessage(_message.Message):
    __slots__ = ["available_ms", "campaign", "channel", "expires_ms", "leased_until_ms", "send"]
    AVAILABLE_MS_FIELD_NUMBER: _ClassVar[int]
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_MS_FIELD_NUMBER: _ClassVar[int]
    LEASED_UNTIL_MS_FIELD_NUMBER: _ClassVar[int]
    SEND_FIELD_NUMBER: _ClassVar[int]
    available_ms: int
    campaign: str
    channel: str
    expires_ms: int
    leased_until_ms: int
    send: int
    def __init__(self, send: _Optional[int] = ..., campaign: _Optional[str] = ..., channel: _Optional[str] = ..., available_ms: _Optional[int] = ..., expires_ms: _Optional[int] = ..., leased_until_ms: _Optional[int] = ...) -> None: ...

class User(_message.Message):
    __slots__ = ["cut", "last_session_ms", "next_page", "profile", "queue", "receipts", "user", "waiting"]
    class ProfileEntry(_message.Message):
        __slots__ = ["key", "value"]
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.Value, _Mapping]] = ...) -> None: ...
    CUT_FIELD_NUMBER: _ClassVar[int]
    LAST_SESSION_MS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_FIELD_NUMBER: _ClassVar[int]
    PROFILE_FIELD_NUMBER: _ClassVar[int]
    QUEUE_FIELD_NUMBER: _ClassVar[int]
    RECEIPTS_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    cut: bool
    last_session_ms: int
    next_page: str
    profile: _containers.MessageMap[str, _value_pb2.Value]
    queue: _containers.RepeatedCompositeFieldContainer[QueuedMessage]
    receipts: _containers.RepeatedCompositeFieldContainer[CampaignReceipt]
    user: str
    waiting: _containers.RepeatedCompositeFieldContainer[WaitingSend]
    def __init__(self, user: _Optional[str] = ..., profile: _Optional[_Mapping[str, _value_pb2.Value]] = ..., waiting: _Optional[_Iterable[_Union[WaitingSend, _Mapping]]] = ..., queue: _Optional[_Iterable[_Union[QueuedMessage, _Mapping]]] = ..., receipts: _Optional[_Iterable[_Union[CampaignReceipt, _Mapping]]] = ..., last_session_ms: _Optional[int] = ..., next_page: _Optional[str] = ..., cut: bool = ...) -> None: ...

class WaitingSend(_message.Message):
    __slots__ = ["campaign", "due_ms", "send", "trigger_ms", "version"]
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    DUE_MS_FIELD_NUMBER: _ClassVar[int]
    SEND_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_MS_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    campaign: str
    due_ms: int
    send: int
    trigger_ms: int
    version: int
    def __init__(self, send: _Optional[int] = ..., campaign: _Optional[str] = ..., version: _Optional[int] = ..., trigger_ms: _Optional[int] = ..., due_ms: _Optional[int] = ...) -> None: ...
