import datetime

from buoy.v1 import address_pb2 as _address_pb2
from buoy.v1 import announcing_pb2 as _announcing_pb2
from buoy.v1 import event_pb2 as _event_pb2
from buoy.v1 import explain_pb2 as _explain_pb2
from buoy.v1 import leaving_pb2 as _leaving_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class InterfaceState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INTERFACE_STATE_UNSPECIFIED: _ClassVar[InterfaceState]
    INTERFACE_STATE_INITIAL: _ClassVar[InterfaceState]
    INTERFACE_STATE_CREATED: _ClassVar[InterfaceState]
    INTERFACE_STATE_DELETED: _ClassVar[InterfaceState]
    INTERFACE_STATE_ERROR: _ClassVar[InterfaceState]

class FloatingPhase(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FLOATING_PHASE_UNSPECIFIED: _ClassVar[FloatingPhase]
    FLOATING_PHASE_PENDING: _ClassVar[FloatingPhase]
    FLOATING_PHASE_ACTIVE: _ClassVar[FloatingPhase]
    FLOATING_PHASE_RELEASING: _ClassVar[FloatingPhase]
    FLOATING_PHASE_FAILED: _ClassVar[FloatingPhase]

class InterfaceEventType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INTERFACE_EVENT_TYPE_UNSPECIFIED: _ClassVar[InterfaceEventType]
    INTERFACE_EVENT_TYPE_SNAPSHOT: _ClassVar[InterfaceEventType]
    INTERFACE_EVENT_TYPE_CREATED: _ClassVar[InterfaceEventType]
    INTERFACE_EVENT_TYPE_UPDATED: _ClassVar[InterfaceEventType]
    INTERFACE_EVENT_TYPE_DELETED: _ClassVar[InterfaceEventType]
INTERFACE_STATE_UNSPECIFIED: InterfaceState
INTERFACE_STATE_INITIAL: InterfaceState
INTERFACE_STATE_CREATED: InterfaceState
INTERFACE_STATE_DELETED: InterfaceState
INTERFACE_STATE_ERROR: InterfaceState
FLOATING_PHASE_UNSPECIFIED: FloatingPhase
FLOATING_PHASE_PENDING: FloatingPhase
FLOATING_PHASE_ACTIVE: FloatingPhase
FLOATING_PHASE_RELEASING: FloatingPhase
FLOATING_PHASE_FAILED: FloatingPhase
INTERFACE_EVENT_TYPE_UNSPECIFIED: InterfaceEventType
INTERFACE_EVENT_TYPE_SNAPSHOT: InterfaceEventType
INTERFACE_EVENT_TYPE_CREATED: InterfaceEventType
INTERFACE_EVENT_TYPE_UPDATED: InterfaceEventType
INTERFACE_EVENT_TYPE_DELETED: InterfaceEventType

class Interface(_message.Message):
    __slots__ = ("uuid", "namespace", "instance_uuid", "network_uuid", "node", "macaddr", "ipv4", "order", "model", "state", "state_reason", "floating", "metadata", "version", "revision", "create_time", "update_time", "generation", "observed_generation", "former_nodes", "draining", "observed_time")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    UUID_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_UUID_FIELD_NUMBER: _ClassVar[int]
    NETWORK_UUID_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    MACADDR_FIELD_NUMBER: _ClassVar[int]
    IPV4_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    STATE_REASON_FIELD_NUMBER: _ClassVar[int]
    FLOATING_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    VERSION_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    OBSERVED_GENERATION_FIELD_NUMBER: _ClassVar[int]
    FORMER_NODES_FIELD_NUMBER: _ClassVar[int]
    DRAINING_FIELD_NUMBER: _ClassVar[int]
    OBSERVED_TIME_FIELD_NUMBER: _ClassVar[int]
    uuid: str
    namespace: str
    instance_uuid: str
    network_uuid: str
    node: str
    macaddr: str
    ipv4: str
    order: int
    model: str
    state: InterfaceState
    state_reason: str
    floating: Floating
    metadata: _containers.MessageMap[str, _struct_pb2.Value]
    version: int
    revision: int
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    generation: int
    observed_generation: int
    former_nodes: _containers.RepeatedCompositeFieldContainer[_leaving_pb2.FormerNode]
    draining: _containers.RepeatedCompositeFieldContainer[_leaving_pb2.Draining]
    observed_time: _timestamp_pb2.Timestamp
    def __init__(self, uuid: _Optional[str] = ..., namespace: _Optional[str] = ..., instance_uuid: _Optional[str] = ..., network_uuid: _Optional[str] = ..., node: _Optional[str] = ..., macaddr: _Optional[str] = ..., ipv4: _Optional[str] = ..., order: _Optional[int] = ..., model: _Optional[str] = ..., state: _Optional[_Union[InterfaceState, str]] = ..., state_reason: _Optional[str] = ..., floating: _Optional[_Union[Floating, _Mapping]] = ..., metadata: _Optional[_Mapping[str, _struct_pb2.Value]] = ..., version: _Optional[int] = ..., revision: _Optional[int] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., generation: _Optional[int] = ..., observed_generation: _Optional[int] = ..., former_nodes: _Optional[_Iterable[_Union[_leaving_pb2.FormerNode, _Mapping]]] = ..., draining: _Optional[_Iterable[_Union[_leaving_pb2.Draining, _Mapping]]] = ..., observed_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class Floating(_message.Message):
    __slots__ = ("address", "pool", "phase", "reason", "requested_time", "active_time", "generation", "observed_generation", "announce_generation", "held_by")
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    POOL_FIELD_NUMBER: _ClassVar[int]
    PHASE_FIELD_NUMBER: _ClassVar[int]
    REASON_FIELD_NUMBER: _ClassVar[int]
    REQUESTED_TIME_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_TIME_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    OBSERVED_GENERATION_FIELD_NUMBER: _ClassVar[int]
    ANNOUNCE_GENERATION_FIELD_NUMBER: _ClassVar[int]
    HELD_BY_FIELD_NUMBER: _ClassVar[int]
    address: str
    pool: str
    phase: FloatingPhase
    reason: str
    requested_time: _timestamp_pb2.Timestamp
    active_time: _timestamp_pb2.Timestamp
    generation: int
    observed_generation: int
    announce_generation: int
    held_by: str
    def __init__(self, address: _Optional[str] = ..., pool: _Optional[str] = ..., phase: _Optional[_Union[FloatingPhase, str]] = ..., reason: _Optional[str] = ..., requested_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., active_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., generation: _Optional[int] = ..., observed_generation: _Optional[int] = ..., announce_generation: _Optional[int] = ..., held_by: _Optional[str] = ...) -> None: ...

class CreateInterfaceRequest(_message.Message):
    __slots__ = ("instance_ref", "network_ref", "namespace", "address", "macaddr", "model", "float", "request_id")
    INSTANCE_REF_FIELD_NUMBER: _ClassVar[int]
    NETWORK_REF_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    MACADDR_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    FLOAT_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    instance_ref: str
    network_ref: str
    namespace: str
    address: str
    macaddr: str
    model: str
    float: bool
    request_id: str
    def __init__(self, instance_ref: _Optional[str] = ..., network_ref: _Optional[str] = ..., namespace: _Optional[str] = ..., address: _Optional[str] = ..., macaddr: _Optional[str] = ..., model: _Optional[str] = ..., float: _Optional[bool] = ..., request_id: _Optional[str] = ...) -> None: ...

class GetInterfaceRequest(_message.Message):
    __slots__ = ("interface_uuid", "min_revision")
    INTERFACE_UUID_FIELD_NUMBER: _ClassVar[int]
    MIN_REVISION_FIELD_NUMBER: _ClassVar[int]
    interface_uuid: str
    min_revision: int
    def __init__(self, interface_uuid: _Optional[str] = ..., min_revision: _Optional[int] = ...) -> None: ...

class ListInterfacesRequest(_message.Message):
    __slots__ = ("instance_ref", "network_ref", "node", "namespace", "page_size", "page_token", "include_deleted", "min_revision")
    INSTANCE_REF_FIELD_NUMBER: _ClassVar[int]
    NETWORK_REF_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_DELETED_FIELD_NUMBER: _ClassVar[int]
    MIN_REVISION_FIELD_NUMBER: _ClassVar[int]
    instance_ref: str
    network_ref: str
    node: str
    namespace: str
    page_size: int
    page_token: str
    include_deleted: bool
    min_revision: int
    def __init__(self, instance_ref: _Optional[str] = ..., network_ref: _Optional[str] = ..., node: _Optional[str] = ..., namespace: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., include_deleted: _Optional[bool] = ..., min_revision: _Optional[int] = ...) -> None: ...

class ListInterfacesResponse(_message.Message):
    __slots__ = ("interfaces", "next_page_token", "revision", "cluster_id")
    INTERFACES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_ID_FIELD_NUMBER: _ClassVar[int]
    interfaces: _containers.RepeatedCompositeFieldContainer[Interface]
    next_page_token: str
    revision: int
    cluster_id: str
    def __init__(self, interfaces: _Optional[_Iterable[_Union[Interface, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., revision: _Optional[int] = ..., cluster_id: _Optional[str] = ...) -> None: ...

class DeleteInterfaceRequest(_message.Message):
    __slots__ = ("interface_uuid", "request_id")
    INTERFACE_UUID_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    interface_uuid: str
    request_id: str
    def __init__(self, interface_uuid: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class FloatInterfaceRequest(_message.Message):
    __slots__ = ("interface_uuid", "address", "pool", "request_id")
    INTERFACE_UUID_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    POOL_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    interface_uuid: str
    address: str
    pool: str
    request_id: str
    def __init__(self, interface_uuid: _Optional[str] = ..., address: _Optional[str] = ..., pool: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class DefloatInterfaceRequest(_message.Message):
    __slots__ = ("interface_uuid", "flows", "drain_time", "keep_address", "request_id")
    INTERFACE_UUID_FIELD_NUMBER: _ClassVar[int]
    FLOWS_FIELD_NUMBER: _ClassVar[int]
    DRAIN_TIME_FIELD_NUMBER: _ClassVar[int]
    KEEP_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    interface_uuid: str
    flows: _leaving_pb2.FlowPolicy
    drain_time: _duration_pb2.Duration
    keep_address: bool
    request_id: str
    def __init__(self, interface_uuid: _Optional[str] = ..., flows: _Optional[_Union[_leaving_pb2.FlowPolicy, str]] = ..., drain_time: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., keep_address: _Optional[bool] = ..., request_id: _Optional[str] = ...) -> None: ...

class MoveFloatingResponse(_message.Message):
    __slots__ = ("from_interface", "to_interface")
    FROM_INTERFACE_FIELD_NUMBER: _ClassVar[int]
    TO_INTERFACE_FIELD_NUMBER: _ClassVar[int]
    from_interface: Interface
    to_interface: Interface
    def __init__(self, from_interface: _Optional[_Union[Interface, _Mapping]] = ..., to_interface: _Optional[_Union[Interface, _Mapping]] = ...) -> None: ...

class GetInterfaceMetadataRequest(_message.Message):
    __slots__ = ("interface_uuid", "min_revision")
    INTERFACE_UUID_FIELD_NUMBER: _ClassVar[int]
    MIN_REVISION_FIELD_NUMBER: _ClassVar[int]
    interface_uuid: str
    min_revision: int
    def __init__(self, interface_uuid: _Optional[str] = ..., min_revision: _Optional[int] = ...) -> None: ...

class GetInterfaceMetadataResponse(_message.Message):
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

class SetInterfaceMetadataItemRequest(_message.Message):
    __slots__ = ("interface_uuid", "key", "value", "request_id")
    INTERFACE_UUID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    interface_uuid: str
    key: str
    value: _struct_pb2.Value
    request_id: str
    def __init__(self, interface_uuid: _Optional[str] = ..., key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class DeleteInterfaceMetadataItemRequest(_message.Message):
    __slots__ = ("interface_uuid", "key", "request_id")
    INTERFACE_UUID_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    interface_uuid: str
    key: str
    request_id: str
    def __init__(self, interface_uuid: _Optional[str] = ..., key: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class WatchInterfaceRequest(_message.Message):
    __slots__ = ("interface_uuid", "instance_ref", "network_ref", "node", "namespace", "start_revision", "progress_interval", "cluster_id")
    INTERFACE_UUID_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_REF_FIELD_NUMBER: _ClassVar[int]
    NETWORK_REF_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    START_REVISION_FIELD_NUMBER: _ClassVar[int]
    PROGRESS_INTERVAL_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_ID_FIELD_NUMBER: _ClassVar[int]
    interface_uuid: str
    instance_ref: str
    network_ref: str
    node: str
    namespace: str
    start_revision: int
    progress_interval: _duration_pb2.Duration
    cluster_id: str
    def __init__(self, interface_uuid: _Optional[str] = ..., instance_ref: _Optional[str] = ..., network_ref: _Optional[str] = ..., node: _Optional[str] = ..., namespace: _Optional[str] = ..., start_revision: _Optional[int] = ..., progress_interval: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., cluster_id: _Optional[str] = ...) -> None: ...

class WatchInterfaceResponse(_message.Message):
    __slots__ = ("events", "synced", "revision", "cluster_id")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    SYNCED_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_ID_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[InterfaceEvent]
    synced: bool
    revision: int
    cluster_id: str
    def __init__(self, events: _Optional[_Iterable[_Union[InterfaceEvent, _Mapping]]] = ..., synced: _Optional[bool] = ..., revision: _Optional[int] = ..., cluster_id: _Optional[str] = ...) -> None: ...

class InterfaceEvent(_message.Message):
    __slots__ = ("type", "interface", "cause", "revision", "time")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    INTERFACE_FIELD_NUMBER: _ClassVar[int]
    CAUSE_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    type: InterfaceEventType
    interface: Interface
    cause: _event_pb2.Cause
    revision: int
    time: _timestamp_pb2.Timestamp
    def __init__(self, type: _Optional[_Union[InterfaceEventType, str]] = ..., interface: _Optional[_Union[Interface, _Mapping]] = ..., cause: _Optional[_Union[_event_pb2.Cause, _Mapping]] = ..., revision: _Optional[int] = ..., time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ...) -> None: ...

class ListInterfaceEventsRequest(_message.Message):
    __slots__ = ("interface_uuid", "type", "page_size", "page_token", "min_revision")
    INTERFACE_UUID_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    MIN_REVISION_FIELD_NUMBER: _ClassVar[int]
    interface_uuid: str
    type: _event_pb2.EventType
    page_size: int
    page_token: str
    min_revision: int
    def __init__(self, interface_uuid: _Optional[str] = ..., type: _Optional[_Union[_event_pb2.EventType, str]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., min_revision: _Optional[int] = ...) -> None: ...

class ListInterfaceEventsResponse(_message.Message):
    __slots__ = ("events", "next_page_token")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[_event_pb2.Event]
    next_page_token: str
    def __init__(self, events: _Optional[_Iterable[_Union[_event_pb2.Event, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class ExplainInterfaceResponse(_message.Message):
    __slots__ = ("interface", "explanation")
    INTERFACE_FIELD_NUMBER: _ClassVar[int]
    EXPLANATION_FIELD_NUMBER: _ClassVar[int]
    interface: Interface
    explanation: _explain_pb2.Explanation
    def __init__(self, interface: _Optional[_Union[Interface, _Mapping]] = ..., explanation: _Optional[_Union[_explain_pb2.Explanation, _Mapping]] = ...) -> None: ...
