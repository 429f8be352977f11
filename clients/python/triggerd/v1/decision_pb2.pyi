from triggerd.v1 import value_pb2 as _value_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Decision(_message.Message):
    __slots__ = ["at_ms", "campaign", "channel", "conversion", "cut", "decision", "near_miss", "next_ms", "rule", "send", "sequence", "user", "why"]
    class WhyEntry(_message.Message):
        __slots__ = ["key", "value"]
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.Value, _Mapping]] = ...) -> None: ...
    AT_MS_FIELD_NUMBER: _ClassVar[int]
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    CONVERSION_FIELD_NUMBER: _ClassVar[int]
    CUT_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    NEAR_MISS_FIELD_NUMBER: _ClassVar[int]
    NEXT_MS_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    SEND_FIELD_NUMBER: _ClassVar[int]
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    at_ms: int
    campaign: str
    channel: str
    conversion: int
    cut: bool
    decision: str
    near_miss: int
    next_ms: int
    rule: str
    send: int
    sequence: int
    user: str
    why: _containers.MessageMap[str, _value_pb2.Value]
    def __init__(self, sequence: _Optional[int] = ..., at_ms: _Optional[int] = ..., user: _Optional[str] = ..., campaign: _Optional[str] = ..., channel: _Optional[str] = ..., decision: _Optional[str] = ..., rule: _Optional[str] = ..., why: _Optional[_Mapping[str, _value_pb2.Value]] = ..., next_ms: _Optional[int] = ..., send: _Optional[int] = ..., conversion: _Optional[int] = ..., near_miss: _Optional[int] = ..., cut: bool = ...) -> None: ...

class ExplainReply(_message.Message):
    __slots__ = ["decisions", "next_page", "user_known"]
    DECISIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_FIELD_NUMBER: _ClassVar[int]
    USER_KNOWN_FIELD_NUMBER: _ClassVar[int]
    decisions: _containers.RepeatedCompositeFieldContainer[Decision]
    next_page: str
    user_known: bool
    def __init__(self, decisions: _Optional[_Iterable[_Union[Decision, _Mapping]]] = ..., next_page: _Optional[str] = ..., user_known: bool = ...) -> None: ...

class ExplainRequest(_message.Message):
    __slots__ = ["campaign", "limit", "page", "user"]
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    campaign: str
    limit: int
    page: str
    user: str
    def __init__(self, user: _Optional[str] = ..., campaign: _Optional[str] = ..., limit: _Optional[int] = ..., page: _Optional[str] = ...) -> None: ...

class ListDecisionsReply(_message.Message):
    __slots__ = ["decisions", "next_page"]
    DECISIONS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_FIELD_NUMBER: _ClassVar[int]
    decisions: _containers.RepeatedCompositeFieldContainer[Decision]
    next_page: str
    def __init__(self, decisions: _Optional[_Iterable[_Union[Decision, _Mapping]]] = ..., next_page: _Optional[str] = ...) -> None: ...

class ListDecisionsRequest(_message.Message):
    __slots__ = ["campaign", "decision", "limit", "page"]
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    campaign: str
    decision: str
    limit: int
    page: str
    def __init__(self, campaign: _Optional[str] = ..., decision: _Optional[str] = ..., limit: _Optional[int] = ..., page: _Optional[str] = ...) -> None: ...

class WatchDecisionsReply(_message.Message):
    __slots__ = ["decisions", "position"]
    DECISIONS_FIELD_NUMBER: _ClassVar[int]
    POSITION_FIELD_NUMBER: _ClassVar[int]
    decisions: _containers.RepeatedCompositeFieldContainer[Decision]
    position: int
    def __init__(self, decisions: _Optional[_Iterable[_Union[Decision, _Mapping]]] = ..., position: _Optional[int] = ...) -> None: ...

class WatchDecisionsRequest(_message.Message):
    __slots__ = ["after", "campaign", "decision", "user"]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    after: int
    campaign: str
    decision: str
    user: str
    def __init__(self, user: _Optional[str] = ..., campaign: _Optional[str] = ..., decision: _Optional[str] = ..., after: _Optional[int] = ...) -> None: ...
