import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Repair(_message.Message):
    __slots__ = ("place", "found", "count", "time", "interface_uuids", "error")
    PLACE_FIELD_NUMBER: _ClassVar[int]
    FOUND_FIELD_NUMBER: _ClassVar[int]
    COUNT_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    INTERFACE_UUIDS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    place: str
    found: _containers.RepeatedScalarFieldContainer[str]
    count: int
    time: _timestamp_pb2.Timestamp
    interface_uuids: _containers.RepeatedScalarFieldContainer[str]
    error: str
    def __init__(self, place: _Optional[str] = ..., found: _Optional[_Iterable[str]] = ..., count: _Optional[int] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., interface_uuids: _Optional[_Iterable[str]] = ..., error: _Optional[str] = ...) -> None: ...
