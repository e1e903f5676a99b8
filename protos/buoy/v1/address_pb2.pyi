import datetime

from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ReserveAddressRequest(_message.Message):
    __slots__ = ("address", "pool", "namespace", "comment", "request_id")
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    POOL_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    COMMENT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    address: str
    pool: str
    namespace: str
    comment: str
    request_id: str
    def __init__(self, address: _Optional[str] = ..., pool: _Optional[str] = ..., namespace: _Optional[str] = ..., comment: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class ReleaseAddressRequest(_message.Message):
    __slots__ = ("address", "request_id")
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    address: str
    request_id: str
    def __init__(self, address: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class ListReservedAddressesRequest(_message.Message):
    __slots__ = ("namespace", "page_size", "page_token", "min_revision")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    MIN_REVISION_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    page_size: int
    page_token: str
    min_revision: int
    def __init__(self, namespace: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., min_revision: _Optional[int] = ...) -> None: ...

class GetAddressRequest(_message.Message):
    __slots__ = ("address", "min_revision")
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    MIN_REVISION_FIELD_NUMBER: _ClassVar[int]
    address: str
    min_revision: int
    def __init__(self, address: _Optional[str] = ..., min_revision: _Optional[int] = ...) -> None: ...

class GetAddressHistoryRequest(_message.Message):
    __slots__ = ("address", "time", "page_size", "page_token", "min_revision")
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    MIN_REVISION_FIELD_NUMBER: _ClassVar[int]
    address: str
    time: _timestamp_pb2.Timestamp
    page_size: int
    page_token: str
    min_revision: int
    def __init__(self, address: _Optional[str] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., min_revision: _Optional[int] = ...) -> None: ...

class MoveFloatingRequest(_message.Message):
    __slots__ = ("address", "from_interface_uuid", "to_interface_uuid", "if_revision", "request_id")
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    FROM_INTERFACE_UUID_FIELD_NUMBER: _ClassVar[int]
    TO_INTERFACE_UUID_FIELD_NUMBER: _ClassVar[int]
    IF_REVISION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    address: str
    from_interface_uuid: str
    to_interface_uuid: str
    if_revision: int
    request_id: str
    def __init__(self, address: _Optional[str] = ..., from_interface_uuid: _Optional[str] = ..., to_interface_uuid: _Optional[str] = ..., if_revision: _Optional[int] = ..., request_id: _Optional[str] = ...) -> None: ...
