import datetime

from buoy.v1 import address_pb2 as _address_pb2
from buoy.v1 import event_pb2 as _event_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ReservationType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    RESERVATION_TYPE_UNSPECIFIED: _ClassVar[ReservationType]
    RESERVATION_TYPE_NETWORK: _ClassVar[ReservationType]
    RESERVATION_TYPE_BROADCAST: _ClassVar[ReservationType]
    RESERVATION_TYPE_GATEWAY: _ClassVar[ReservationType]
    RESERVATION_TYPE_FLOATING: _ClassVar[ReservationType]
    RESERVATION_TYPE_ROUTED: _ClassVar[ReservationType]
    RESERVATION_TYPE_INSTANCE: _ClassVar[ReservationType]
    RESERVATION_TYPE_DELETION_HALO: _ClassVar[ReservationType]
    RESERVATION_TYPE_RESERVED: _ClassVar[ReservationType]
RESERVATION_TYPE_UNSPECIFIED: ReservationType
RESERVATION_TYPE_NETWORK: ReservationType
RESERVATION_TYPE_BROADCAST: ReservationType
RESERVATION_TYPE_GATEWAY: ReservationType
RESERVATION_TYPE_FLOATING: ReservationType
RESERVATION_TYPE_ROUTED: ReservationType
RESERVATION_TYPE_INSTANCE: ReservationType
RESERVATION_TYPE_DELETION_HALO: ReservationType
RESERVATION_TYPE_RESERVED: ReservationType

class Pool(_message.Message):
    __slots__ = ("uuid", "name", "ranges", "exclusions", "quarantine", "usage", "revision", "create_time", "update_time", "drain", "low_percent", "warning")
    UUID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    RANGES_FIELD_NUMBER: _ClassVar[int]
    EXCLUSIONS_FIELD_NUMBER: _ClassVar[int]
    QUARANTINE_FIELD_NUMBER: _ClassVar[int]
    USAGE_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    LOW_PERCENT_FIELD_NUMBER: _ClassVar[int]
    WARNING_FIELD_NUMBER: _ClassVar[int]
    uuid: str
    name: str
    ranges: _containers.RepeatedScalarFieldContainer[str]
    exclusions: _containers.RepeatedScalarFieldContainer[str]
    quarantine: _duration_pb2.Duration
    usage: PoolUsage
    revision: int
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    drain: bool
    low_percent: int
    warning: str
    def __init__(self, uuid: _Optional[str] = ..., name: _Optional[str] = ..., ranges: _Optional[_Iterable[str]] = ..., exclusions: _Optional[_Iterable[str]] = ..., quarantine: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., usage: _Optional[_Union[PoolUsage, _Mapping]] = ..., revision: _Optional[int] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., drain: _Optional[bool] = ..., low_percent: _Optional[int] = ..., warning: _Optional[str] = ...) -> None: ...

class PoolUsage(_message.Message):
    __slots__ = ("size", "free", "in_use", "reserved", "quarantined", "kept")
    SIZE_FIELD_NUMBER: _ClassVar[int]
    FREE_FIELD_NUMBER: _ClassVar[int]
    IN_USE_FIELD_NUMBER: _ClassVar[int]
    RESERVED_FIELD_NUMBER: _ClassVar[int]
    QUARANTINED_FIELD_NUMBER: _ClassVar[int]
    KEPT_FIELD_NUMBER: _ClassVar[int]
    size: int
    free: int
    in_use: int
    reserved: int
    quarantined: int
    kept: int
    def __init__(self, size: _Optional[int] = ..., free: _Optional[int] = ..., in_use: _Optional[int] = ..., reserved: _Optional[int] = ..., quarantined: _Optional[int] = ..., kept: _Optional[int] = ...) -> None: ...

class CreatePoolRequest(_message.Message):
    __slots__ = ("name", "ranges", "exclusions", "quarantine", "drain", "low_percent", "request_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    RANGES_FIELD_NUMBER: _ClassVar[int]
    EXCLUSIONS_FIELD_NUMBER: _ClassVar[int]
    QUARANTINE_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    LOW_PERCENT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    ranges: _containers.RepeatedScalarFieldContainer[str]
    exclusions: _containers.RepeatedScalarFieldContainer[str]
    quarantine: _duration_pb2.Duration
    drain: bool
    low_percent: int
    request_id: str
    def __init__(self, name: _Optional[str] = ..., ranges: _Optional[_Iterable[str]] = ..., exclusions: _Optional[_Iterable[str]] = ..., quarantine: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., drain: _Optional[bool] = ..., low_percent: _Optional[int] = ..., request_id: _Optional[str] = ...) -> None: ...

class UpdatePoolRequest(_message.Message):
    __slots__ = ("pool_ref", "ranges", "exclusions", "quarantine", "drain", "low_percent", "if_revision", "request_id")
    POOL_REF_FIELD_NUMBER: _ClassVar[int]
    RANGES_FIELD_NUMBER: _ClassVar[int]
    EXCLUSIONS_FIELD_NUMBER: _ClassVar[int]
    QUARANTINE_FIELD_NUMBER: _ClassVar[int]
    DRAIN_FIELD_NUMBER: _ClassVar[int]
    LOW_PERCENT_FIELD_NUMBER: _ClassVar[int]
    IF_REVISION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    pool_ref: str
    ranges: RangeList
    exclusions: RangeList
    quarantine: _duration_pb2.Duration
    drain: bool
    low_percent: int
    if_revision: int
    request_id: str
    def __init__(self, pool_ref: _Optional[str] = ..., ranges: _Optional[_Union[RangeList, _Mapping]] = ..., exclusions: _Optional[_Union[RangeList, _Mapping]] = ..., quarantine: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., drain: _Optional[bool] = ..., low_percent: _Optional[int] = ..., if_revision: _Optional[int] = ..., request_id: _Optional[str] = ...) -> None: ...

class RangeList(_message.Message):
    __slots__ = ("ranges",)
    RANGES_FIELD_NUMBER: _ClassVar[int]
    ranges: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, ranges: _Optional[_Iterable[str]] = ...) -> None: ...

class GetPoolRequest(_message.Message):
    __slots__ = ("pool_ref", "min_revision")
    POOL_REF_FIELD_NUMBER: _ClassVar[int]
    MIN_REVISION_FIELD_NUMBER: _ClassVar[int]
    pool_ref: str
    min_revision: int
    def __init__(self, pool_ref: _Optional[str] = ..., min_revision: _Optional[int] = ...) -> None: ...

class ListPoolsRequest(_message.Message):
    __slots__ = ("page_size", "page_token", "min_revision")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    MIN_REVISION_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    min_revision: int
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., min_revision: _Optional[int] = ...) -> None: ...

class ListPoolsResponse(_message.Message):
    __slots__ = ("pools", "next_page_token", "revision")
    POOLS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    pools: _containers.RepeatedCompositeFieldContainer[Pool]
    next_page_token: str
    revision: int
    def __init__(self, pools: _Optional[_Iterable[_Union[Pool, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class DeletePoolRequest(_message.Message):
    __slots__ = ("pool_ref", "request_id")
    POOL_REF_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    pool_ref: str
    request_id: str
    def __init__(self, pool_ref: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class Reservation(_message.Message):
    __slots__ = ("address", "type", "owner", "namespace", "pool", "network_uuid", "since", "until", "comment", "revision", "kept", "request_id", "reason", "extended", "promise")
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    POOL_FIELD_NUMBER: _ClassVar[int]
    NETWORK_UUID_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    COMMENT_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    KEPT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    EXTENDED_FIELD_NUMBER: _ClassVar[int]
    PROMISE_FIELD_NUMBER: _ClassVar[int]
    address: str
    type: ReservationType
    owner: str
    namespace: str
    pool: str
    network_uuid: str
    since: _timestamp_pb2.Timestamp
    until: _timestamp_pb2.Timestamp
    comment: str
    revision: int
    kept: bool
    request_id: str
    reason: str
    extended: bool
    promise: AddressPromise
    def __init__(self, address: _Optional[str] = ..., type: _Optional[_Union[ReservationType, str]] = ..., owner: _Optional[str] = ..., namespace: _Optional[str] = ..., pool: _Optional[str] = ..., network_uuid: _Optional[str] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., comment: _Optional[str] = ..., revision: _Optional[int] = ..., kept: _Optional[bool] = ..., request_id: _Optional[str] = ..., reason: _Optional[str] = ..., extended: _Optional[bool] = ..., promise: _Optional[_Union[AddressPromise, _Mapping]] = ...) -> None: ...

class AddressPromise(_message.Message):
    __slots__ = ("interface_uuid", "actor", "request_id")
    INTERFACE_UUID_FIELD_NUMBER: _ClassVar[int]
    ACTOR_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    interface_uuid: str
    actor: str
    request_id: str
    def __init__(self, interface_uuid: _Optional[str] = ..., actor: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class ListAddressesRequest(_message.Message):
    __slots__ = ("pool_ref", "page_size", "page_token", "min_revision")
    POOL_REF_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    MIN_REVISION_FIELD_NUMBER: _ClassVar[int]
    pool_ref: str
    page_size: int
    page_token: str
    min_revision: int
    def __init__(self, pool_ref: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., min_revision: _Optional[int] = ...) -> None: ...

class ListAddressesResponse(_message.Message):
    __slots__ = ("addresses", "next_page_token", "revision")
    ADDRESSES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    addresses: _containers.RepeatedCompositeFieldContainer[Reservation]
    next_page_token: str
    revision: int
    def __init__(self, addresses: _Optional[_Iterable[_Union[Reservation, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class ListReservedAddressesResponse(_message.Message):
    __slots__ = ("addresses", "next_page_token", "revision")
    ADDRESSES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    addresses: _containers.RepeatedCompositeFieldContainer[Reservation]
    next_page_token: str
    revision: int
    def __init__(self, addresses: _Optional[_Iterable[_Union[Reservation, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class ListPoolEventsRequest(_message.Message):
    __slots__ = ("pool_ref", "type", "page_size", "page_token", "min_revision")
    POOL_REF_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    MIN_REVISION_FIELD_NUMBER: _ClassVar[int]
    pool_ref: str
    type: _event_pb2.EventType
    page_size: int
    page_token: str
    min_revision: int
    def __init__(self, pool_ref: _Optional[str] = ..., type: _Optional[_Union[_event_pb2.EventType, str]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., min_revision: _Optional[int] = ...) -> None: ...

class ListPoolEventsResponse(_message.Message):
    __slots__ = ("events", "next_page_token", "revision")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[_event_pb2.Event]
    next_page_token: str
    revision: int
    def __init__(self, events: _Optional[_Iterable[_Union[_event_pb2.Event, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class ListQuarantineRequest(_message.Message):
    __slots__ = ("pool_ref", "page_size", "page_token", "min_revision")
    POOL_REF_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    MIN_REVISION_FIELD_NUMBER: _ClassVar[int]
    pool_ref: str
    page_size: int
    page_token: str
    min_revision: int
    def __init__(self, pool_ref: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., min_revision: _Optional[int] = ...) -> None: ...

class ListQuarantineResponse(_message.Message):
    __slots__ = ("addresses", "next_page_token", "revision")
    ADDRESSES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    addresses: _containers.RepeatedCompositeFieldContainer[Reservation]
    next_page_token: str
    revision: int
    def __init__(self, addresses: _Optional[_Iterable[_Union[Reservation, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class LiftQuarantineRequest(_message.Message):
    __slots__ = ("address", "request_id")
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    address: str
    request_id: str
    def __init__(self, address: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class ExtendQuarantineRequest(_message.Message):
    __slots__ = ("address", "duration", "request_id")
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    DURATION_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    address: str
    duration: _duration_pb2.Duration
    request_id: str
    def __init__(self, address: _Optional[str] = ..., duration: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class GetAddressHistoryResponse(_message.Message):
    __slots__ = ("periods", "next_page_token", "revision")
    PERIODS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    periods: _containers.RepeatedCompositeFieldContainer[AddressPeriod]
    next_page_token: str
    revision: int
    def __init__(self, periods: _Optional[_Iterable[_Union[AddressPeriod, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class AddressPeriod(_message.Message):
    __slots__ = ("address", "type", "namespace", "node", "interface_uuid", "instance_uuid", "instance_name", "network_uuid", "network_name", "pool", "since", "until", "asked", "ended", "revision")
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    INTERFACE_UUID_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_UUID_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_NAME_FIELD_NUMBER: _ClassVar[int]
    NETWORK_UUID_FIELD_NUMBER: _ClassVar[int]
    NETWORK_NAME_FIELD_NUMBER: _ClassVar[int]
    POOL_FIELD_NUMBER: _ClassVar[int]
    SINCE_FIELD_NUMBER: _ClassVar[int]
    UNTIL_FIELD_NUMBER: _ClassVar[int]
    ASKED_FIELD_NUMBER: _ClassVar[int]
    ENDED_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    address: str
    type: ReservationType
    namespace: str
    node: str
    interface_uuid: str
    instance_uuid: str
    instance_name: str
    network_uuid: str
    network_name: str
    pool: str
    since: _timestamp_pb2.Timestamp
    until: _timestamp_pb2.Timestamp
    asked: _event_pb2.Cause
    ended: _event_pb2.Cause
    revision: int
    def __init__(self, address: _Optional[str] = ..., type: _Optional[_Union[ReservationType, str]] = ..., namespace: _Optional[str] = ..., node: _Optional[str] = ..., interface_uuid: _Optional[str] = ..., instance_uuid: _Optional[str] = ..., instance_name: _Optional[str] = ..., network_uuid: _Optional[str] = ..., network_name: _Optional[str] = ..., pool: _Optional[str] = ..., since: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., until: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., asked: _Optional[_Union[_event_pb2.Cause, _Mapping]] = ..., ended: _Optional[_Union[_event_pb2.Cause, _Mapping]] = ..., revision: _Optional[int] = ...) -> None: ...
