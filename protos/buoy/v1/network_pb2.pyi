import datetime

from buoy.v1 import event_pb2 as _event_pb2
from buoy.v1 import interface_pb2 as _interface_pb2
from buoy.v1 import pool_pb2 as _pool_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class RoutedPhase(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ROUTED_PHASE_UNSPECIFIED: _ClassVar[RoutedPhase]
    ROUTED_PHASE_PENDING: _ClassVar[RoutedPhase]
    ROUTED_PHASE_ACTIVE: _ClassVar[RoutedPhase]
    ROUTED_PHASE_RELEASING: _ClassVar[RoutedPhase]
    ROUTED_PHASE_FAILED: _ClassVar[RoutedPhase]

class NetworkState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    NETWORK_STATE_UNSPECIFIED: _ClassVar[NetworkState]
    NETWORK_STATE_INITIAL: _ClassVar[NetworkState]
    NETWORK_STATE_CREATED: _ClassVar[NetworkState]
    NETWORK_STATE_DELETE_WAIT: _ClassVar[NetworkState]
    NETWORK_STATE_DELETED: _ClassVar[NetworkState]
    NETWORK_STATE_ERROR: _ClassVar[NetworkState]
ROUTED_PHASE_UNSPECIFIED: RoutedPhase
ROUTED_PHASE_PENDING: RoutedPhase
ROUTED_PHASE_ACTIVE: RoutedPhase
ROUTED_PHASE_RELEASING: RoutedPhase
ROUTED_PHASE_FAILED: RoutedPhase
NETWORK_STATE_UNSPECIFIED: NetworkState
NETWORK_STATE_INITIAL: NetworkState
NETWORK_STATE_CREATED: NetworkState
NETWORK_STATE_DELETE_WAIT: NetworkState
NETWORK_STATE_DELETED: NetworkState
NETWORK_STATE_ERROR: NetworkState

class Network(_message.Message):
    __slots__ = ("uuid", "namespace", "name", "netblock", "provide_nat", "state", "state_reason", "floating_gateways", "metadata", "revision", "create_time", "update_time", "vxid", "provide_dhcp", "provide_dns", "routed_addresses", "routed_generation")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    UUID_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    NETBLOCK_FIELD_NUMBER: _ClassVar[int]
    PROVIDE_NAT_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    STATE_REASON_FIELD_NUMBER: _ClassVar[int]
    FLOATING_GATEWAYS_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    VXID_FIELD_NUMBER: _ClassVar[int]
    PROVIDE_DHCP_FIELD_NUMBER: _ClassVar[int]
    PROVIDE_DNS_FIELD_NUMBER: _ClassVar[int]
    ROUTED_ADDRESSES_FIELD_NUMBER: _ClassVar[int]
    ROUTED_GENERATION_FIELD_NUMBER: _ClassVar[int]
    uuid: str
    namespace: str
    name: str
    netblock: str
    provide_nat: bool
    state: NetworkState
    state_reason: str
    floating_gateways: _containers.RepeatedCompositeFieldContainer[FloatingGateway]
    metadata: _containers.MessageMap[str, _struct_pb2.Value]
    revision: int
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    vxid: int
    provide_dhcp: bool
    provide_dns: bool
    routed_addresses: _containers.RepeatedCompositeFieldContainer[RoutedAddress]
    routed_generation: int
    def __init__(self, uuid: _Optional[str] = ..., namespace: _Optional[str] = ..., name: _Optional[str] = ..., netblock: _Optional[str] = ..., provide_nat: _Optional[bool] = ..., state: _Optional[_Union[NetworkState, str]] = ..., state_reason: _Optional[str] = ..., floating_gateways: _Optional[_Iterable[_Union[FloatingGateway, _Mapping]]] = ..., metadata: _Optional[_Mapping[str, _struct_pb2.Value]] = ..., revision: _Optional[int] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., vxid: _Optional[int] = ..., provide_dhcp: _Optional[bool] = ..., provide_dns: _Optional[bool] = ..., routed_addresses: _Optional[_Iterable[_Union[RoutedAddress, _Mapping]]] = ..., routed_generation: _Optional[int] = ...) -> None: ...

class RoutedAddress(_message.Message):
    __slots__ = ("address", "pool", "node", "former_node", "phase", "reason", "requested_time", "active_time", "generation")
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    POOL_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    FORMER_NODE_FIELD_NUMBER: _ClassVar[int]
    PHASE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUESTED_TIME_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    address: str
    pool: str
    node: str
    former_node: str
    phase: RoutedPhase
    reason: str
    requested_time: _timestamp_pb2.Timestamp
    active_time: _timestamp_pb2.Timestamp
    generation: int
    def __init__(self, address: _Optional[str] = ..., pool: _Optional[str] = ..., node: _Optional[str] = ..., former_node: _Optional[str] = ..., phase: _Optional[_Union[RoutedPhase, str]] = ..., reason: _Optional[str] = ..., requested_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., active_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., generation: _Optional[int] = ...) -> None: ...

class FloatingGateway(_message.Message):
    __slots__ = ("node", "address", "pool")
    NODE_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    POOL_FIELD_NUMBER: _ClassVar[int]
    node: str
    address: str
    pool: str
    def __init__(self, node: _Optional[str] = ..., address: _Optional[str] = ..., pool: _Optional[str] = ...) -> None: ...

class CreateNetworkRequest(_message.Message):
    __slots__ = ("name", "namespace", "netblock", "provide_nat", "provide_dhcp", "provide_dns", "request_id")
    NAME_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    NETBLOCK_FIELD_NUMBER: _ClassVar[int]
    PROVIDE_NAT_FIELD_NUMBER: _ClassVar[int]
    PROVIDE_DHCP_FIELD_NUMBER: _ClassVar[int]
    PROVIDE_DNS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    namespace: str
    netblock: str
    provide_nat: bool
    provide_dhcp: bool
    provide_dns: bool
    request_id: str
    def __init__(self, name: _Optional[str] = ..., namespace: _Optional[str] = ..., netblock: _Optional[str] = ..., provide_nat: _Optional[bool] = ..., provide_dhcp: _Optional[bool] = ..., provide_dns: _Optional[bool] = ..., request_id: _Optional[str] = ...) -> None: ...

class GetNetworkRequest(_message.Message):
    __slots__ = ("network_ref", "namespace", "min_revision")
    NETWORK_REF_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    MIN_REVISION_FIELD_NUMBER: _ClassVar[int]
    network_ref: str
    namespace: str
    min_revision: int
    def __init__(self, network_ref: _Optional[str] = ..., namespace: _Optional[str] = ..., min_revision: _Optional[int] = ...) -> None: ...

class ListNetworksRequest(_message.Message):
    __slots__ = ("namespace", "page_size", "page_token", "include_deleted", "min_revision")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_DELETED_FIELD_NUMBER: _ClassVar[int]
    MIN_REVISION_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    page_size: int
    page_token: str
    include_deleted: bool
    min_revision: int
    def __init__(self, namespace: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., include_deleted: _Optional[bool] = ..., min_revision: _Optional[int] = ...) -> None: ...

class ListNetworksResponse(_message.Message):
    __slots__ = ("networks", "next_page_token", "revision")
    NETWORKS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    networks: _containers.RepeatedCompositeFieldContainer[Network]
    next_page_token: str
    revision: int
    def __init__(self, networks: _Optional[_Iterable[_Union[Network, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class DeleteNetworkRequest(_message.Message):
    __slots__ = ("network_ref", "namespace", "request_id")
    NETWORK_REF_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    network_ref: str
    namespace: str
    request_id: str
    def __init__(self, network_ref: _Optional[str] = ..., namespace: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class ListNetworkInterfacesRequest(_message.Message):
    __slots__ = ("network_ref", "namespace", "page_size", "page_token", "min_revision")
    NETWORK_REF_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    MIN_REVISION_FIELD_NUMBER: _ClassVar[int]
    network_ref: str
    namespace: str
    page_size: int
    page_token: str
    min_revision: int
    def __init__(self, network_ref: _Optional[str] = ..., namespace: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., min_revision: _Optional[int] = ...) -> None: ...

class ListNetworkInterfacesResponse(_message.Message):
    __slots__ = ("interfaces", "next_page_token", "revision")
    INTERFACES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    interfaces: _containers.RepeatedCompositeFieldContainer[_interface_pb2.Interface]
    next_page_token: str
    revision: int
    def __init__(self, interfaces: _Optional[_Iterable[_Union[_interface_pb2.Interface, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class ListNetworkAddressesRequest(_message.Message):
    __slots__ = ("network_ref", "namespace", "page_size", "page_token", "min_revision")
    NETWORK_REF_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    MIN_REVISION_FIELD_NUMBER: _ClassVar[int]
    network_ref: str
    namespace: str
    page_size: int
    page_token: str
    min_revision: int
    def __init__(self, network_ref: _Optional[str] = ..., namespace: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., min_revision: _Optional[int] = ...) -> None: ...

class ListNetworkAddressesResponse(_message.Message):
    __slots__ = ("addresses", "next_page_token", "revision")
    ADDRESSES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    addresses: _containers.RepeatedCompositeFieldContainer[_pool_pb2.Reservation]
    next_page_token: str
    revision: int
    def __init__(self, addresses: _Optional[_Iterable[_Union[_pool_pb2.Reservation, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class RouteAddressRequest(_message.Message):
    __slots__ = ("network_ref", "namespace", "address", "pool", "node", "request_id")
    NETWORK_REF_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    POOL_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    network_ref: str
    namespace: str
    address: str
    pool: str
    node: str
    request_id: str
    def __init__(self, network_ref: _Optional[str] = ..., namespace: _Optional[str] = ..., address: _Optional[str] = ..., pool: _Optional[str] = ..., node: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class UnrouteAddressRequest(_message.Message):
    __slots__ = ("network_ref", "namespace", "address", "request_id")
    NETWORK_REF_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    network_ref: str
    namespace: str
    address: str
    request_id: str
    def __init__(self, network_ref: _Optional[str] = ..., namespace: _Optional[str] = ..., address: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class ListNetworkEventsRequest(_message.Message):
    __slots__ = ("network_ref", "namespace", "type", "page_size", "page_token", "min_revision")
    NETWORK_REF_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    MIN_REVISION_FIELD_NUMBER: _ClassVar[int]
    network_ref: str
    namespace: str
    type: _event_pb2.EventType
    page_size: int
    page_token: str
    min_revision: int
    def __init__(self, network_ref: _Optional[str] = ..., namespace: _Optional[str] = ..., type: _Optional[_Union[_event_pb2.EventType, str]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., min_revision: _Optional[int] = ...) -> None: ...

class ListNetworkEventsResponse(_message.Message):
    __slots__ = ("events", "next_page_token")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[_event_pb2.Event]
    next_page_token: str
    def __init__(self, events: _Optional[_Iterable[_Union[_event_pb2.Event, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetNetworkMetadataRequest(_message.Message):
    __slots__ = ("network_ref", "namespace", "min_revision")
    NETWORK_REF_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    MIN_REVISION_FIELD_NUMBER: _ClassVar[int]
    network_ref: str
    namespace: str
    min_revision: int
    def __init__(self, network_ref: _Optional[str] = ..., namespace: _Optional[str] = ..., min_revision: _Optional[int] = ...) -> None: ...

class GetNetworkMetadataResponse(_message.Message):
    __slots__ = ("metadata",)
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    METADATA_FIELD_NUMBER: _ClassVar[int]
    metadata: _containers.MessageMap[str, _struct_pb2.Value]
    def __init__(self, metadata: _Optional[_Mapping[str, _struct_pb2.Value]] = ...) -> None: ...

class SetNetworkMetadataItemRequest(_message.Message):
    __slots__ = ("network_ref", "namespace", "key", "value", "request_id")
    NETWORK_REF_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    network_ref: str
    namespace: str
    key: str
    value: _struct_pb2.Value
    request_id: str
    def __init__(self, network_ref: _Optional[str] = ..., namespace: _Optional[str] = ..., key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class DeleteNetworkMetadataItemRequest(_message.Message):
    __slots__ = ("network_ref", "namespace", "key", "request_id")
    NETWORK_REF_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    network_ref: str
    namespace: str
    key: str
    request_id: str
    def __init__(self, network_ref: _Optional[str] = ..., namespace: _Optional[str] = ..., key: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...
