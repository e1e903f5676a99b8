import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ServerInfo(_message.Message):
    __slots__ = ("version", "cluster_id", "revision", "compact_revision", "start_time", "interfaces", "watches", "agents", "storage_problem")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_ID_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    COMPACT_REVISION_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    INTERFACES_FIELD_NUMBER: _ClassVar[int]
    WATCHES_FIELD_NUMBER: _ClassVar[int]
    AGENTS_FIELD_NUMBER: _ClassVar[int]
    STORAGE_PROBLEM_FIELD_NUMBER: _ClassVar[int]
    version: str
    cluster_id: str
    revision: int
    compact_revision: int
    start_time: _timestamp_pb2.Timestamp
    interfaces: int
    watches: int
    agents: int
    storage_problem: str
    def __init__(self, version: _Optional[str] = ..., cluster_id: _Optional[str] = ..., revision: _Optional[int] = ..., compact_revision: _Optional[int] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., interfaces: _Optional[int] = ..., watches: _Optional[int] = ..., agents: _Optional[int] = ..., storage_problem: _Optional[str] = ...) -> None: ...

class GetServerRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class CompactLedgerRequest(_message.Message):
    __slots__ = ("revision", "request_id")
    REVISION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    revision: int
    request_id: str
    def __init__(self, revision: _Optional[int] = ..., request_id: _Optional[str] = ...) -> None: ...

class CompactLedgerResponse(_message.Message):
    __slots__ = ("compact_revision",)
    COMPACT_REVISION_FIELD_NUMBER: _ClassVar[int]
    compact_revision: int
    def __init__(self, compact_revision: _Optional[int] = ...) -> None: ...

class CheckLedgerRequest(_message.Message):
    __slots__ = ("kernels",)
    KERNELS_FIELD_NUMBER: _ClassVar[int]
    kernels: bool
    def __init__(self, kernels: _Optional[bool] = ...) -> None: ...

class CheckLedgerResponse(_message.Message):
    __slots__ = ("revision", "objects", "violations", "more", "floats_looked_at", "floats")
    REVISION_FIELD_NUMBER: _ClassVar[int]
    OBJECTS_FIELD_NUMBER: _ClassVar[int]
    VIOLATIONS_FIELD_NUMBER: _ClassVar[int]
    MORE_FIELD_NUMBER: _ClassVar[int]
    FLOATS_LOOKED_AT_FIELD_NUMBER: _ClassVar[int]
    FLOATS_FIELD_NUMBER: _ClassVar[int]
    revision: int
    objects: int
    violations: _containers.RepeatedCompositeFieldContainer[LedgerViolation]
    more: int
    floats_looked_at: int
    floats: int
    def __init__(self, revision: _Optional[int] = ..., objects: _Optional[int] = ..., violations: _Optional[_Iterable[_Union[LedgerViolation, _Mapping]]] = ..., more: _Optional[int] = ..., floats_looked_at: _Optional[int] = ..., floats: _Optional[int] = ...) -> None: ...

class LedgerViolation(_message.Message):
    __slots__ = ("check", "about", "found", "advice")
    CHECK_FIELD_NUMBER: _ClassVar[int]
    ABOUT_FIELD_NUMBER: _ClassVar[int]
    FOUND_FIELD_NUMBER: _ClassVar[int]
    ADVICE_FIELD_NUMBER: _ClassVar[int]
    check: str
    about: str
    found: str
    advice: str
    def __init__(self, check: _Optional[str] = ..., about: _Optional[str] = ..., found: _Optional[str] = ..., advice: _Optional[str] = ...) -> None: ...
