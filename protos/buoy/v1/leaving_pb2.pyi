import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FlowPolicy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FLOW_POLICY_UNSPECIFIED: _ClassVar[FlowPolicy]
    FLOW_POLICY_CUT: _ClassVar[FlowPolicy]
    FLOW_POLICY_DRAIN: _ClassVar[FlowPolicy]
    FLOW_POLICY_KEEP: _ClassVar[FlowPolicy]
FLOW_POLICY_UNSPECIFIED: FlowPolicy
FLOW_POLICY_CUT: FlowPolicy
FLOW_POLICY_DRAIN: FlowPolicy
FLOW_POLICY_KEEP: FlowPolicy

class Draining(_message.Message):
    __slots__ = ("address", "flows", "since", "until", "generation")
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    FLOWS_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    address: str
    flows: FlowPolicy
    since: _timestamp_pb2.Timestamp
    until: _timestamp_pb2.Timestamp
    generation: int
    def __init__(self, address: _Optional[str] = ..., flows: _Optional[_Union[FlowPolicy, str]] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., generation: _Optional[int] = ...) -> None: ...

class FormerNode(_message.Message):
    __slots__ = ("node", "generation", "revision")
    NODE_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    node: str
    generation: int
    revision: int
    def __init__(self, node: _Optional[str] = ..., generation: _Optional[int] = ..., revision: _Optional[int] = ...) -> None: ...
