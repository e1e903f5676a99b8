import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PathLink(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PATH_LINK_UNSPECIFIED: _ClassVar[PathLink]
    PATH_LINK_INTERFACE: _ClassVar[PathLink]
    PATH_LINK_FLOATING: _ClassVar[PathLink]
    PATH_LINK_NODE: _ClassVar[PathLink]
    PATH_LINK_AGENT: _ClassVar[PathLink]
    PATH_LINK_EXTERNAL_INTERFACE: _ClassVar[PathLink]
    PATH_LINK_ANNOUNCEMENT: _ClassVar[PathLink]
    PATH_LINK_NETWORK: _ClassVar[PathLink]
    PATH_LINK_UPLINK: _ClassVar[PathLink]
    PATH_LINK_ROUTE: _ClassVar[PathLink]
    PATH_LINK_RULES: _ClassVar[PathLink]
    PATH_LINK_FLOATING_TO_FIXED: _ClassVar[PathLink]
    PATH_LINK_BRIDGE: _ClassVar[PathLink]
    PATH_LINK_NIC: _ClassVar[PathLink]
    PATH_LINK_FIXED_TO_FLOATING: _ClassVar[PathLink]
    PATH_LINK_WAY_OUT: _ClassVar[PathLink]
    PATH_LINK_REPORT: _ClassVar[PathLink]

class PathLinkState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PATH_LINK_STATE_UNSPECIFIED: _ClassVar[PathLinkState]
    PATH_LINK_STATE_OK: _ClassVar[PathLinkState]
    PATH_LINK_STATE_BROKEN: _ClassVar[PathLinkState]
    PATH_LINK_STATE_UNKNOWN: _ClassVar[PathLinkState]
PATH_LINK_UNSPECIFIED: PathLink
PATH_LINK_INTERFACE: PathLink
PATH_LINK_FLOATING: PathLink
PATH_LINK_NODE: PathLink
PATH_LINK_AGENT: PathLink
PATH_LINK_EXTERNAL_INTERFACE: PathLink
PATH_LINK_ANNOUNCEMENT: PathLink
PATH_LINK_NETWORK: PathLink
PATH_LINK_UPLINK: PathLink
PATH_LINK_ROUTE: PathLink
PATH_LINK_RULES: PathLink
PATH_LINK_FLOATING_TO_FIXED: PathLink
PATH_LINK_BRIDGE: PathLink
PATH_LINK_NIC: PathLink
PATH_LINK_FIXED_TO_FLOATING: PathLink
PATH_LINK_WAY_OUT: PathLink
PATH_LINK_REPORT: PathLink
PATH_LINK_STATE_UNSPECIFIED: PathLinkState
PATH_LINK_STATE_OK: PathLinkState
PATH_LINK_STATE_BROKEN: PathLinkState
PATH_LINK_STATE_UNKNOWN: PathLinkState

class ExplainInterfaceRequest(_message.Message):
    __slots__ = ("interface_uuid", "min_revision")
    INTERFACE_UUID_FIELD_NUMBER: _ClassVar[int]
    MIN_REVISION_FIELD_NUMBER: _ClassVar[int]
    interface_uuid: str
    min_revision: int
    def __init__(self, interface_uuid: _Optional[str] = ..., min_revision: _Optional[int] = ...) -> None: ...

class ExplainedLink(_message.Message):
    __slots__ = ("link", "state", "title", "seen", "wrong", "advice")
    LINK_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    TITLE_FIELD_NUMBER: _ClassVar[int]
    SEEN_FIELD_NUMBER: _ClassVar[int]
    WRONG_FIELD_NUMBER: _ClassVar[int]
    ADVICE_FIELD_NUMBER: _ClassVar[int]
    link: PathLink
    state: PathLinkState
    title: str
    seen: str
    wrong: str
    advice: str
    def __init__(self, link: _Optional[_Union[PathLink, str]] = ..., state: _Optional[_Union[PathLinkState, str]] = ..., title: _Optional[str] = ..., seen: _Optional[str] = ..., wrong: _Optional[str] = ..., advice: _Optional[str] = ...) -> None: ...

class Explanation(_message.Message):
    __slots__ = ("links", "broken", "summary", "advice", "node", "examination")
    LINKS_FIELD_NUMBER: _ClassVar[int]
    BROKEN_FIELD_NUMBER: _ClassVar[int]
    SUMMARY_FIELD_NUMBER: _ClassVar[int]
    ADVICE_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    EXAMINATION_FIELD_NUMBER: _ClassVar[int]
    links: _containers.RepeatedCompositeFieldContainer[ExplainedLink]
    broken: PathLink
    summary: str
    advice: str
    node: ExplainedNode
    examination: Examination
    def __init__(self, links: _Optional[_Iterable[_Union[ExplainedLink, _Mapping]]] = ..., broken: _Optional[_Union[PathLink, str]] = ..., summary: _Optional[str] = ..., advice: _Optional[str] = ..., node: _Optional[_Union[ExplainedNode, _Mapping]] = ..., examination: _Optional[_Union[Examination, _Mapping]] = ...) -> None: ...

class Examination(_message.Message):
    __slots__ = ("time", "generation", "fault", "observations", "incoming", "outgoing", "incoming_flows", "outgoing_flows")
    TIME_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    FAULT_FIELD_NUMBER: _ClassVar[int]
    OBSERVATIONS_FIELD_NUMBER: _ClassVar[int]
    INCOMING_FIELD_NUMBER: _ClassVar[int]
    OUTGOING_FIELD_NUMBER: _ClassVar[int]
    INCOMING_FLOWS_FIELD_NUMBER: _ClassVar[int]
    OUTGOING_FLOWS_FIELD_NUMBER: _ClassVar[int]
    time: _timestamp_pb2.Timestamp
    generation: int
    fault: str
    observations: _containers.RepeatedCompositeFieldContainer[Observation]
    incoming: Traffic
    outgoing: Traffic
    incoming_flows: int
    outgoing_flows: int
    def __init__(self, time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., generation: _Optional[int] = ..., fault: _Optional[str] = ..., observations: _Optional[_Iterable[_Union[Observation, _Mapping]]] = ..., incoming: _Optional[_Union[Traffic, _Mapping]] = ..., outgoing: _Optional[_Union[Traffic, _Mapping]] = ..., incoming_flows: _Optional[int] = ..., outgoing_flows: _Optional[int] = ...) -> None: ...

class Observation(_message.Message):
    __slots__ = ("link", "seen", "flaws")
    LINK_FIELD_NUMBER: _ClassVar[int]
    SEEN_FIELD_NUMBER: _ClassVar[int]
    FLAWS_FIELD_NUMBER: _ClassVar[int]
    link: PathLink
    seen: str
    flaws: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, link: _Optional[_Union[PathLink, str]] = ..., seen: _Optional[str] = ..., flaws: _Optional[_Iterable[str]] = ...) -> None: ...

class Traffic(_message.Message):
    __slots__ = ("packets", "bytes")
    PACKETS_FIELD_NUMBER: _ClassVar[int]
    BYTES_FIELD_NUMBER: _ClassVar[int]
    packets: int
    bytes: int
    def __init__(self, packets: _Optional[int] = ..., bytes: _Optional[int] = ...) -> None: ...

class ExplainedNode(_message.Message):
    __slots__ = ("name", "connected", "heard_time")
    NAME_FIELD_NUMBER: _ClassVar[int]
    CONNECTED_FIELD_NUMBER: _ClassVar[int]
    HEARD_TIME_FIELD_NUMBER: _ClassVar[int]
    name: str
    connected: bool
    heard_time: _timestamp_pb2.Timestamp
    def __init__(self, name: _Optional[str] = ..., connected: _Optional[bool] = ..., heard_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...
