from triggerd.v1 import value_pb2 as _value_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Iterable as _Iterable, Mapping as _Mapping, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Accounts(_message.Message):
    __slots__ = ["ended", "matched", "waiting"]
    class End(_message.Message):
        __slots__ = ["count", "decision"]
        COUNT_FIELD_NUMBER: _ClassVar[int]
        DECISION_FIELD_NUMBER: _ClassVar[int]
        count: int
        decision: str
        def __init__(self, decision: _Optional[str] = ..., count: _Optional[int] = ...) -> None: ...
    ENDED_FIELD_NUMBER: _ClassVar[int]
    MATCHED_FIELD_NUMBER: _ClassVar[int]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    ended: _containers.RepeatedCompositeFieldContainer[Accounts.End]
    matched: int
    waiting: int
    def __init__(self, matched: _Optional[int] = ..., waiting: _Optional[int] = ..., ended: _Optional[_Iterable[_Union[Accounts.End, _Mapping]]] = ...) -> None: ...

class AppliedWorkspace(_message.Message):
    __slots__ = ["changed", "gone", "warnings"]
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    GONE_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    changed: bool
    gone: _containers.RepeatedScalarFieldContainer[str]
    warnings: _containers.RepeatedCompositeFieldContainer[CampaignWarning]
    def __init__(self, changed: bool = ..., gone: _Optional[_Iterable[str]] = ..., warnings: _Optional[_Iterable[_Union[CampaignWarning, _Mapping]]] = ...) -> None: ...

class ApplyReply(_message.Message):
    __slots__ = ["campaigns", "deleted", "workspace"]
    CAMPAIGNS_FIELD_NUMBER: _ClassVar[int]
    DELETED_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    campaigns: _containers.RepeatedCompositeFieldContainer[CampaignStatus]
    deleted: _containers.RepeatedScalarFieldContainer[str]
    workspace: AppliedWorkspace
    def __init__(self, campaigns: _Optional[_Iterable[_Union[CampaignStatus, _Mapping]]] = ..., deleted: _Optional[_Iterable[str]] = ..., workspace: _Optional[_Union[AppliedWorkspace, _Mapping]] = ...) -> None: ...

class ApplyRequest(_message.Message):
    __slots__ = ["campaigns", "files", "prune", "workspace"]
    CAMPAIGNS_FIELD_NUMBER: _ClassVar[int]
    FILES_FIELD_NUMBER: _ClassVar[int]
    PRUNE_FIELD_NUMBER: _ClassVar[int]
    WORKSPACE_FIELD_NUMBER: _ClassVar[int]
    campaigns: _containers.RepeatedCompositeFieldContainer[Campaign]
    files: _containers.RepeatedCompositeFieldContainer[CampaignFile]
    prune: bool
    workspace: Workspace
    def __init__(self, campaigns: _Optional[_Iterable[_Union[Campaign, _Mapping]]] = ..., files: _Optional[_Iterable[_Union[CampaignFile, _Mapping]]] = ..., workspace: _Optional[_Union[Workspace, _Mapping]] = ..., prune: bool = ...) -> None: ...

class CalendarDelay(_message.Message):
    __slots__ = ["after_ms", "at", "at_most_ms", "before_ms", "days", "fallback", "length_ms", "next", "time_zone", "until"]
    AFTER_MS_FIELD_NUMBER: _ClassVar[int]
    AT_FIELD_NUMBER: _ClassVar[int]
    AT_MOST_MS_FIELD_NUMBER: _ClassVar[int]
    BEFORE_MS_FIELD_NUMBER: _ClassVar[int]
    DAYS_FIELD_NUMBER: _ClassVar[int]
    FALLBACK_FIELD_NUMBER: _ClassVar[int]
    LENGTH_MS_FIELD_NUMBER: _ClassVar[int]
    NEXT_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    after_ms: int
    at: str
    at_most_ms: int
    before_ms: int
    days: int
    fallback: str
    length_ms: int
    next: str
    time_zone: str
    until: str
    def __init__(self, next: _Optional[str] = ..., days: _Optional[int] = ..., until: _Optional[str] = ..., length_ms: _Optional[int] = ..., at: _Optional[str] = ..., fallback: _Optional[str] = ..., time_zone: _Optional[str] = ..., before_ms: _Optional[int] = ..., after_ms: _Optional[int] = ..., at_most_ms: _Optional[int] = ...) -> None: ...

class Campaign(_message.Message):
    __slots__ = ["abort_if", "audience", "campaign", "control_group", "conversions", "delay", "delay_ms", "duration", "exceptions", "exempt_from_frequency_caps", "launched_at_ms", "max_event_age", "max_recipients", "messages", "quiet_hours", "rate_limit", "re_eligibility", "recheck_audience_at_send", "require_opt_in", "trigger", "window"]
    ABORT_IF_FIELD_NUMBER: _ClassVar[int]
    AUDIENCE_FIELD_NUMBER: _ClassVar[int]
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    CONTROL_GROUP_FIELD_NUMBER: _ClassVar[int]
    CONVERSIONS_FIELD_NUMBER: _ClassVar[int]
    DELAY_FIELD_NUMBER: _ClassVar[int]
    DELAY_MS_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    EXCEPTIONS_FIELD_NUMBER: _ClassVar[int]
    EXEMPT_FROM_FREQUENCY_CAPS_FIELD_NUMBER: _ClassVar[int]
    LAUNCHED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    MAX_EVENT_AGE_FIELD_NUMBER: _ClassVar[int]
    MAX_RECIPIENTS_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    QUIET_HOURS_FIELD_NUMBER: _ClassVar[int]
    RATE_LIMIT_FIELD_NUMBER: _ClassVar[int]
    RECHECK_AUDIENCE_AT_SEND_FIELD_NUMBER: _ClassVar[int]
    REQUIRE_OPT_IN_FIELD_NUMBER: _ClassVar[int]
    RE_ELIGIBILITY_FIELD_NUMBER: _ClassVar[int]
    TRIGGER_FIELD_NUMBER: _ClassVar[int]
    WINDOW_FIELD_NUMBER: _ClassVar[int]
    abort_if: Filter
    audience: Filter
    campaign: str
    control_group: ControlGroup
    conversions: _containers.RepeatedCompositeFieldContainer[Conversion]
    delay: CalendarDelay
    delay_ms: int
    duration: Duration
    exceptions: _containers.RepeatedCompositeFieldContainer[Occurrence]
    exempt_from_frequency_caps: bool
    launched_at_ms: int
    max_event_age: Length
    max_recipients: int
    messages: _containers.RepeatedCompositeFieldContainer[Message]
    quiet_hours: QuietHours
    rate_limit: RateLimit
    re_eligibility: ReEligibility
    recheck_audience_at_send: bool
    require_opt_in: bool
    trigger: Occurrence
    window: Window
    def __init__(self, campaign: _Optional[str] = ..., launched_at_ms: _Optional[int] = ..., trigger: _Optional[_Union[Occurrence, _Mapping]] = ..., delay_ms: _Optional[int] = ..., exceptions: _Optional[_Iterable[_Union[Occurrence, _Mapping]]] = ..., re_eligibility: _Optional[_Union[ReEligibility, _Mapping]] = ..., messages: _Optional[_Iterable[_Union[Message, _Mapping]]] = ..., delay: _Optional[_Union[CalendarDelay, _Mapping]] = ..., audience: _Optional[_Union[Filter, _Mapping]] = ..., recheck_audience_at_send: bool = ..., duration: _Optional[_Union[Duration, _Mapping]] = ..., window: _Optional[_Union[Window, _Mapping]] = ..., quiet_hours: _Optional[_Union[QuietHours, _Mapping]] = ..., conversions: _Optional[_Iterable[_Union[Conversion, _Mapping]]] = ..., max_event_age: _Optional[_Union[Length, _Mapping]] = ..., rate_limit: _Optional[_Union[RateLimit, _Mapping]] = ..., max_recipients: _Optional[int] = ..., exempt_from_frequency_caps: bool = ..., require_opt_in: bool = ..., control_group: _Optional[_Union[ControlGroup, _Mapping]] = ..., abort_if: _Optional[_Union[Filter, _Mapping]] = ...) -> None: ...

class CampaignFile(_message.Message):
    __slots__ = ["name", "text"]
    NAME_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    name: str
    text: str
    def __init__(self, name: _Optional[str] = ..., text: _Optional[str] = ...) -> None: ...

class CampaignProblem(_message.Message):
    __slots__ = ["campaign", "code", "field", "file", "line", "rule", "text"]
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    FILE_FIELD_NUMBER: _ClassVar[int]
    LINE_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    campaign: str
    code: str
    field: str
    file: str
    line: int
    rule: str
    text: str
    def __init__(self, file: _Optional[str] = ..., line: _Optional[int] = ..., campaign: _Optional[str] = ..., field: _Optional[str] = ..., code: _Optional[str] = ..., text: _Optional[str] = ..., rule: _Optional[str] = ...) -> None: ...

class CampaignStatus(_message.Message):
    __slots__ = ["accounts", "applied_at_ms", "changed", "cut", "definition", "held", "launched_at_ms", "state", "version", "warnings"]
    class State(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
        __slots__ = []
    ACCOUNTS_FIELD_NUMBER: _ClassVar[int]
    APPLIED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    CHANGED_FIELD_NUMBER: _ClassVar[int]
    CUT_FIELD_NUMBER: _ClassVar[int]
    DEFINITION_FIELD_NUMBER: _ClassVar[int]
    HELD: CampaignStatus.State
    HELD_FIELD_NUMBER: _ClassVar[int]
    LAUNCHED_AT_MS_FIELD_NUMBER: _ClassVar[int]
    LIVE: CampaignStatus.State
    STATE_FIELD_NUMBER: _ClassVar[int]
    STOPPED: CampaignStatus.State
    UNSPECIFIED: CampaignStatus.State
    VERSION_FIELD_NUMBER: _ClassVar[int]
    WARNINGS_FIELD_NUMBER: _ClassVar[int]
    accounts: Accounts
    applied_at_ms: int
    changed: bool
    cut: bool
    definition: Campaign
    held: _containers.RepeatedScalarFieldContainer[str]
    launched_at_ms: int
    state: CampaignStatus.State
    version: int
    warnings: _containers.RepeatedCompositeFieldContainer[CampaignWarning]
    def __init__(self, definition: _Optional[_Union[Campaign, _Mapping]] = ..., state: _Optional[_Union[CampaignStatus.State, str]] = ..., version: _Optional[int] = ..., launched_at_ms: _Optional[int] = ..., applied_at_ms: _Optional[int] = ..., changed: bool = ..., accounts: _Optional[_Union[Accounts, _Mapping]] = ..., warnings: _Optional[_Iterable[_Union[CampaignWarning, _Mapping]]] = ..., cut: bool = ..., held: _Optional[_Iterable[str]] = ...) -> None: ...

class CampaignWarning(_message.Message):
    __slots__ = ["field", "rule", "text"]
    FIELD_FIELD_NUMBER: _ClassVar[int]
    RULE_FIELD_NUMBER: _ClassVar[int]
    TEXT_FIELD_NUMBER: _ClassVar[int]
    field: str
    rule: str
    text: str
    def __init__(self, field: _Optional[str] = ..., text: _Optional[str] = ..., rule: _Optional[str] = ...) -> None: ...

class ControlGroup(_message.Message):
    __slots__ = ["percent", "users"]
    PERCENT_FIELD_NUMBER: _ClassVar[int]
    USERS_FIELD_NUMBER: _ClassVar[int]
    percent: float
    users: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, percent: _Optional[float] = ..., users: _Optional[_Iterable[str]] = ...) -> None: ...

class Conversion(_message.Message):
    __slots__ = ["occurrence", "within_ms"]
    OCCURRENCE_FIELD_NUMBER: _ClassVar[int]
    WITHIN_MS_FIELD_NUMBER: _ClassVar[int]
    occurrence: Occurrence
    within_ms: int
    def __init__(self, occurrence: _Optional[_Union[Occurrence, _Mapping]] = ..., within_ms: _Optional[int] = ...) -> None: ...

class DeleteCampaignReply(_message.Message):
    __slots__ = ["waiting"]
    WAITING_FIELD_NUMBER: _ClassVar[int]
    waiting: int
    def __init__(self, waiting: _Optional[int] = ...) -> None: ...

class DeleteCampaignRequest(_message.Message):
    __slots__ = ["campaign"]
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    campaign: str
    def __init__(self, campaign: _Optional[str] = ...) -> None: ...

class Duration(_message.Message):
    __slots__ = ["end", "start", "time_zone"]
    END_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    end: str
    start: str
    time_zone: str
    def __init__(self, start: _Optional[str] = ..., end: _Optional[str] = ..., time_zone: _Optional[str] = ...) -> None: ...

class FactFilter(_message.Message):
    __slots__ = ["counting", "in_last_ms", "of", "operators", "subject"]
    COUNTING_FIELD_NUMBER: _ClassVar[int]
    IN_LAST_MS_FIELD_NUMBER: _ClassVar[int]
    OF_FIELD_NUMBER: _ClassVar[int]
    OPERATORS_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    counting: str
    in_last_ms: int
    of: str
    operators: _containers.RepeatedCompositeFieldContainer[Operator]
    subject: str
    def __init__(self, subject: _Optional[str] = ..., of: _Optional[str] = ..., in_last_ms: _Optional[int] = ..., counting: _Optional[str] = ..., operators: _Optional[_Iterable[_Union[Operator, _Mapping]]] = ...) -> None: ...

class Filter(_message.Message):
    __slots__ = ["all", "any", "fact", "property"]
    ALL_FIELD_NUMBER: _ClassVar[int]
    ANY_FIELD_NUMBER: _ClassVar[int]
    FACT_FIELD_NUMBER: _ClassVar[int]
    NOT_FIELD_NUMBER: _ClassVar[int]
    PROPERTY_FIELD_NUMBER: _ClassVar[int]
    all: FilterList
    any: FilterList
    fact: FactFilter
    property: PropertyFilter
    def __init__(self, all: _Optional[_Union[FilterList, _Mapping]] = ..., any: _Optional[_Union[FilterList, _Mapping]] = ..., property: _Optional[_Union[PropertyFilter, _Mapping]] = ..., fact: _Optional[_Union[FactFilter, _Mapping]] = ..., **kwargs) -> None: ...

class FilterList(_message.Message):
    __slots__ = ["filters"]
    FILTERS_FIELD_NUMBER: _ClassVar[int]
    filters: _containers.RepeatedCompositeFieldContainer[Filter]
    def __init__(self, filters: _Optional[_Iterable[_Union[Filter, _Mapping]]] = ...) -> None: ...

class FrequencyCap(_message.Message):
    __slots__ = ["at_most", "channel", "per"]
    AT_MOST_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    PER_FIELD_NUMBER: _ClassVar[int]
    at_most: int
    channel: str
    per: str
    def __init__(self, at_most: _Optional[int] = ..., channel: _Optional[str] = ..., per: _Optional[str] = ...) -> None: ...

class GetCampaignRequest(_message.Message):
    __slots__ = ["campaign"]
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    campaign: str
    def __init__(self, campaign: _Optional[str] = ...) -> None: ...

class Length(_message.Message):
    __slots__ = ["ms"]
    MS_FIELD_NUMBER: _ClassVar[int]
    ms: int
    def __init__(self, ms: _Optional[int] = ...) -> None: ...

class ListCampaignsReply(_message.Message):
    __slots__ = ["campaigns", "next_page"]
    CAMPAIGNS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_FIELD_NUMBER: _ClassVar[int]
    campaigns: _containers.RepeatedCompositeFieldContainer[CampaignStatus]
    next_page: str
    def __init__(self, campaigns: _Optional[_Iterable[_Union[CampaignStatus, _Mapping]]] = ..., next_page: _Optional[str] = ...) -> None: ...

class ListCampaignsRequest(_message.Message):
    __slots__ = ["limit", "page"]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    PAGE_FIELD_NUMBER: _ClassVar[int]
    limit: int
    page: str
    def __init__(self, limit: _Optional[int] = ..., page: _Optional[str] = ...) -> None: ...

class Message(_message.Message):
    __slots__ = ["channel", "expires_after_ms", "fields", "priority"]
    class FieldsEntry(_message.Message):
        __slots__ = ["key", "value"]
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.Value, _Mapping]] = ...) -> None: ...
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    EXPIRES_AFTER_MS_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    channel: str
    expires_after_ms: int
    fields: _containers.MessageMap[str, _value_pb2.Value]
    priority: str
    def __init__(self, channel: _Optional[str] = ..., fields: _Optional[_Mapping[str, _value_pb2.Value]] = ..., priority: _Optional[str] = ..., expires_after_ms: _Optional[int] = ...) -> None: ...

class Occurrence(_message.Message):
    __slots__ = ["configuration", "same", "type", "where"]
    class ConfigurationEntry(_message.Message):
        __slots__ = ["key", "value"]
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.Value, _Mapping]] = ...) -> None: ...
    CONFIGURATION_FIELD_NUMBER: _ClassVar[int]
    SAME_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    WHERE_FIELD_NUMBER: _ClassVar[int]
    configuration: _containers.MessageMap[str, _value_pb2.Value]
    same: str
    type: str
    where: Filter
    def __init__(self, type: _Optional[str] = ..., configuration: _Optional[_Mapping[str, _value_pb2.Value]] = ..., where: _Optional[_Union[Filter, _Mapping]] = ..., same: _Optional[str] = ...) -> None: ...

class Operator(_message.Message):
    __slots__ = ["name", "operand"]
    NAME_FIELD_NUMBER: _ClassVar[int]
    OPERAND_FIELD_NUMBER: _ClassVar[int]
    name: str
    operand: _value_pb2.Value
    def __init__(self, name: _Optional[str] = ..., operand: _Optional[_Union[_value_pb2.Value, _Mapping]] = ...) -> None: ...

class PreviewReply(_message.Message):
    __slots__ = ["campaign", "messages", "test", "user_known"]
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    TEST_FIELD_NUMBER: _ClassVar[int]
    USER_KNOWN_FIELD_NUMBER: _ClassVar[int]
    campaign: str
    messages: _containers.RepeatedCompositeFieldContainer[PreviewedMessage]
    test: TestSend
    user_known: bool
    def __init__(self, campaign: _Optional[str] = ..., user_known: bool = ..., messages: _Optional[_Iterable[_Union[PreviewedMessage, _Mapping]]] = ..., test: _Optional[_Union[TestSend, _Mapping]] = ...) -> None: ...

class PreviewRequest(_message.Message):
    __slots__ = ["campaign", "channel", "file", "properties", "send_to", "user"]
    class PropertiesEntry(_message.Message):
        __slots__ = ["key", "value"]
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.Value, _Mapping]] = ...) -> None: ...
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    FILE_FIELD_NUMBER: _ClassVar[int]
    PROPERTIES_FIELD_NUMBER: _ClassVar[int]
    SEND_TO_FIELD_NUMBER: _ClassVar[int]
    USER_FIELD_NUMBER: _ClassVar[int]
    campaign: str
    channel: str
    file: CampaignFile
    properties: _containers.MessageMap[str, _value_pb2.Value]
    send_to: str
    user: str
    def __init__(self, campaign: _Optional[str] = ..., file: _Optional[_Union[CampaignFile, _Mapping]] = ..., user: _Optional[str] = ..., properties: _Optional[_Mapping[str, _value_pb2.Value]] = ..., channel: _Optional[str] = ..., send_to: _Optional[str] = ...) -> None: ...

class PreviewedMessage(_message.Message):
    __slots__ = ["addresses", "channel", "cut", "decision", "fields", "reason", "unreachable", "why"]
    class FieldsEntry(_message.Message):
        __slots__ = ["key", "value"]
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.Value, _Mapping]] = ...) -> None: ...
    class WhyEntry(_message.Message):
        __slots__ = ["key", "value"]
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _value_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_value_pb2.Value, _Mapping]] = ...) -> None: ...
    ADDRESSES_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    CUT_FIELD_NUMBER: _ClassVar[int]
    DECISION_FIELD_NUMBER: _ClassVar[int]
    FIELDS_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    UNREACHABLE_FIELD_NUMBER: _ClassVar[int]
    WHY_FIELD_NUMBER: _ClassVar[int]
    addresses: _containers.RepeatedScalarFieldContainer[str]
    channel: str
    cut: bool
    decision: str
    fields: _containers.MessageMap[str, _value_pb2.Value]
    reason: str
    unreachable: str
    why: _containers.MessageMap[str, _value_pb2.Value]
    def __init__(self, channel: _Optional[str] = ..., addresses: _Optional[_Iterable[str]] = ..., unreachable: _Optional[str] = ..., why: _Optional[_Mapping[str, _value_pb2.Value]] = ..., fields: _Optional[_Mapping[str, _value_pb2.Value]] = ..., decision: _Optional[str] = ..., reason: _Optional[str] = ..., cut: bool = ...) -> None: ...

class PropertyFilter(_message.Message):
    __slots__ = ["operators", "path"]
    OPERATORS_FIELD_NUMBER: _ClassVar[int]
    PATH_FIELD_NUMBER: _ClassVar[int]
    operators: _containers.RepeatedCompositeFieldContainer[Operator]
    path: str
    def __init__(self, path: _Optional[str] = ..., operators: _Optional[_Iterable[_Union[Operator, _Mapping]]] = ...) -> None: ...

class QuietHours(_message.Message):
    __slots__ = ["mode", "none", "to"]
    FROM_FIELD_NUMBER: _ClassVar[int]
    MODE_FIELD_NUMBER: _ClassVar[int]
    NONE_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    mode: str
    none: bool
    to: str
    def __init__(self, none: bool = ..., to: _Optional[str] = ..., mode: _Optional[str] = ..., **kwargs) -> None: ...

class RateLimit(_message.Message):
    __slots__ = ["per_minute"]
    PER_MINUTE_FIELD_NUMBER: _ClassVar[int]
    per_minute: int
    def __init__(self, per_minute: _Optional[int] = ...) -> None: ...

class ReEligibility(_message.Message):
    __slots__ = ["after_ms"]
    AFTER_MS_FIELD_NUMBER: _ClassVar[int]
    after_ms: int
    def __init__(self, after_ms: _Optional[int] = ...) -> None: ...

class ResumeCampaignRequest(_message.Message):
    __slots__ = ["campaign"]
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    campaign: str
    def __init__(self, campaign: _Optional[str] = ...) -> None: ...

class StopCampaignRequest(_message.Message):
    __slots__ = ["campaign"]
    CAMPAIGN_FIELD_NUMBER: _ClassVar[int]
    campaign: str
    def __init__(self, campaign: _Optional[str] = ...) -> None: ...

class TestSend(_message.Message):
    __slots__ = ["accepted", "address", "channel", "detail", "key"]
    ACCEPTED_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    accepted: bool
    address: str
    channel: str
    detail: str
    key: str
    def __init__(self, channel: _Optional[str] = ..., address: _Optional[str] = ..., key: _Optional[str] = ..., accepted: bool = ..., detail: _Optional[str] = ...) -> None: ...

class Window(_message.Message):
    __slots__ = ["anchor", "next_available", "time_zone", "to"]
    ANCHOR_FIELD_NUMBER: _ClassVar[int]
    FROM_FIELD_NUMBER: _ClassVar[int]
    NEXT_AVAILABLE_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    TO_FIELD_NUMBER: _ClassVar[int]
    anchor: str
    next_available: bool
    time_zone: str
    to: str
    def __init__(self, to: _Optional[str] = ..., next_available: bool = ..., anchor: _Optional[str] = ..., time_zone: _Optional[str] = ..., **kwargs) -> None: ...

class Workspace(_message.Message):
    __slots__ = ["control_group", "frequency_caps", "quiet_hours", "time_zone"]
    CONTROL_GROUP_FIELD_NUMBER: _ClassVar[int]
    FREQUENCY_CAPS_FIELD_NUMBER: _ClassVar[int]
    QUIET_HOURS_FIELD_NUMBER: _ClassVar[int]
    TIME_ZONE_FIELD_NUMBER: _ClassVar[int]
    control_group: ControlGroup
    frequency_caps: _containers.RepeatedCompositeFieldContainer[FrequencyCap]
    quiet_hours: QuietHours
    time_zone: str
    def __init__(self, time_zone: _Optional[str] = ..., frequency_caps: _Optional[_Iterable[_Union[FrequencyCap, _Mapping]]] = ..., control_group: _Optional[_Union[ControlGroup, _Mapping]] = ..., quiet_hours: _Optional[_Union[QuietHours, _Mapping]] = ...) -> None: ...
