import datetime

from buoy.v1 import event_pb2 as _event_pb2
from buoy.v1 import interface_pb2 as _interface_pb2
from google.protobuf import struct_pb2 as _struct_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class InstanceDriver(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INSTANCE_DRIVER_UNSPECIFIED: _ClassVar[InstanceDriver]
    INSTANCE_DRIVER_NETNS: _ClassVar[InstanceDriver]
    INSTANCE_DRIVER_ADOPT: _ClassVar[InstanceDriver]

class InstanceState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    INSTANCE_STATE_UNSPECIFIED: _ClassVar[InstanceState]
    INSTANCE_STATE_INITIAL: _ClassVar[InstanceState]
    INSTANCE_STATE_PREFLIGHT: _ClassVar[InstanceState]
    INSTANCE_STATE_CREATING: _ClassVar[InstanceState]
    INSTANCE_STATE_CREATED: _ClassVar[InstanceState]
    INSTANCE_STATE_DELETE_WAIT: _ClassVar[InstanceState]
    INSTANCE_STATE_DELETED: _ClassVar[InstanceState]
    INSTANCE_STATE_ERROR: _ClassVar[InstanceState]
INSTANCE_DRIVER_UNSPECIFIED: InstanceDriver
INSTANCE_DRIVER_NETNS: InstanceDriver
INSTANCE_DRIVER_ADOPT: InstanceDriver
INSTANCE_STATE_UNSPECIFIED: InstanceState
INSTANCE_STATE_INITIAL: InstanceState
INSTANCE_STATE_PREFLIGHT: InstanceState
INSTANCE_STATE_CREATING: InstanceState
INSTANCE_STATE_CREATED: InstanceState
INSTANCE_STATE_DELETE_WAIT: InstanceState
INSTANCE_STATE_DELETED: InstanceState
INSTANCE_STATE_ERROR: InstanceState

class Instance(_message.Message):
    __slots__ = ("uuid", "namespace", "name", "node", "driver", "state", "state_reason", "metadata", "revision", "create_time", "update_time", "attributes")
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
    NODE_FIELD_NUMBER: _ClassVar[int]
    DRIVER_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    STATE_REASON_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    UPDATE_TIME_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    uuid: str
    namespace: str
    name: str
    node: str
    driver: InstanceDriver
    state: InstanceState
    state_reason: str
    metadata: _containers.MessageMap[str, _struct_pb2.Value]
    revision: int
    create_time: _timestamp_pb2.Timestamp
    update_time: _timestamp_pb2.Timestamp
    attributes: _struct_pb2.Struct
    def __init__(self, uuid: _Optional[str] = ..., namespace: _Optional[str] = ..., name: _Optional[str] = ..., node: _Optional[str] = ..., driver: _Optional[_Union[InstanceDriver, str]] = ..., state: _Optional[_Union[InstanceState, str]] = ..., state_reason: _Optional[str] = ..., metadata: _Optional[_Mapping[str, _struct_pb2.Value]] = ..., revision: _Optional[int] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., update_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., attributes: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ...) -> None: ...

class CreateInstanceRequest(_message.Message):
    __slots__ = ("name", "namespace", "node", "driver", "interfaces", "default_network", "attributes", "metadata", "request_id")
    class MetadataEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: _struct_pb2.Value
        def __init__(self, key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    DRIVER_FIELD_NUMBER: _ClassVar[int]
    INTERFACES_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_NETWORK_FIELD_NUMBER: _ClassVar[int]
    ATTRIBUTES_FIELD_NUMBER: _ClassVar[int]
    METADATA_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    name: str
    namespace: str
    node: str
    driver: InstanceDriver
    interfaces: _containers.RepeatedCompositeFieldContainer[InterfaceSpec]
    default_network: bool
    attributes: _struct_pb2.Struct
    metadata: _containers.MessageMap[str, _struct_pb2.Value]
    request_id: str
    def __init__(self, name: _Optional[str] = ..., namespace: _Optional[str] = ..., node: _Optional[str] = ..., driver: _Optional[_Union[InstanceDriver, str]] = ..., interfaces: _Optional[_Iterable[_Union[InterfaceSpec, _Mapping]]] = ..., default_network: _Optional[bool] = ..., attributes: _Optional[_Union[_struct_pb2.Struct, _Mapping]] = ..., metadata: _Optional[_Mapping[str, _struct_pb2.Value]] = ..., request_id: _Optional[str] = ...) -> None: ...

class InterfaceSpec(_message.Message):
    __slots__ = ("network_ref", "address", "macaddr", "model", "float")
    NETWORK_REF_FIELD_NUMBER: _ClassVar[int]
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    MACADDR_FIELD_NUMBER: _ClassVar[int]
    MODEL_FIELD_NUMBER: _ClassVar[int]
    FLOAT_FIELD_NUMBER: _ClassVar[int]
    network_ref: str
    address: str
    macaddr: str
    model: str
    float: bool
    def __init__(self, network_ref: _Optional[str] = ..., address: _Optional[str] = ..., macaddr: _Optional[str] = ..., model: _Optional[str] = ..., float: _Optional[bool] = ...) -> None: ...

class GetInstanceRequest(_message.Message):
    __slots__ = ("instance_ref", "namespace", "min_revision")
    INSTANCE_REF_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    MIN_REVISION_FIELD_NUMBER: _ClassVar[int]
    instance_ref: str
    namespace: str
    min_revision: int
    def __init__(self, instance_ref: _Optional[str] = ..., namespace: _Optional[str] = ..., min_revision: _Optional[int] = ...) -> None: ...

class ListInstancesRequest(_message.Message):
    __slots__ = ("namespace", "node", "page_size", "page_token", "include_deleted", "min_revision")
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    INCLUDE_DELETED_FIELD_NUMBER: _ClassVar[int]
    MIN_REVISION_FIELD_NUMBER: _ClassVar[int]
    namespace: str
    node: str
    page_size: int
    page_token: str
    include_deleted: bool
    min_revision: int
    def __init__(self, namespace: _Optional[str] = ..., node: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., include_deleted: _Optional[bool] = ..., min_revision: _Optional[int] = ...) -> None: ...

class ListInstancesResponse(_message.Message):
    __slots__ = ("instances", "next_page_token", "revision")
    INSTANCES_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    instances: _containers.RepeatedCompositeFieldContainer[Instance]
    next_page_token: str
    revision: int
    def __init__(self, instances: _Optional[_Iterable[_Union[Instance, _Mapping]]] = ..., next_page_token: _Optional[str] = ..., revision: _Optional[int] = ...) -> None: ...

class ListInstanceInterfacesRequest(_message.Message):
    __slots__ = ("instance_ref", "namespace", "page_size", "page_token", "min_revision")
    INSTANCE_REF_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    MIN_REVISION_FIELD_NUMBER: _ClassVar[int]
    instance_ref: str
    namespace: str
    page_size: int
    page_token: str
    min_revision: int
    def __init__(self, instance_ref: _Optional[str] = ..., namespace: _Optional[str] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., min_revision: _Optional[int] = ...) -> None: ...

class ListInstanceInterfacesResponse(_message.Message):
    __slots__ = ("interfaces", "revision", "next_page_token")
    INTERFACES_FIELD_NUMBER: _ClassVar[int]
    REVISION_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    interfaces: _containers.RepeatedCompositeFieldContainer[_interface_pb2.Interface]
    revision: int
    next_page_token: str
    def __init__(self, interfaces: _Optional[_Iterable[_Union[_interface_pb2.Interface, _Mapping]]] = ..., revision: _Optional[int] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class DeleteInstanceRequest(_message.Message):
    __slots__ = ("instance_ref", "namespace", "request_id")
    INSTANCE_REF_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    instance_ref: str
    namespace: str
    request_id: str
    def __init__(self, instance_ref: _Optional[str] = ..., namespace: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class MoveInstanceRequest(_message.Message):
    __slots__ = ("instance_ref", "namespace", "node", "request_id")
    INSTANCE_REF_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    NODE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    instance_ref: str
    namespace: str
    node: str
    request_id: str
    def __init__(self, instance_ref: _Optional[str] = ..., namespace: _Optional[str] = ..., node: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...

class ListInstanceEventsRequest(_message.Message):
    __slots__ = ("instance_ref", "namespace", "type", "page_size", "page_token", "min_revision")
    INSTANCE_REF_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    TYPE_FIELD_NUMBER: _ClassVar[int]
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    MIN_REVISION_FIELD_NUMBER: _ClassVar[int]
    instance_ref: str
    namespace: str
    type: _event_pb2.EventType
    page_size: int
    page_token: str
    min_revision: int
    def __init__(self, instance_ref: _Optional[str] = ..., namespace: _Optional[str] = ..., type: _Optional[_Union[_event_pb2.EventType, str]] = ..., page_size: _Optional[int] = ..., page_token: _Optional[str] = ..., min_revision: _Optional[int] = ...) -> None: ...

class ListInstanceEventsResponse(_message.Message):
    __slots__ = ("events", "next_page_token")
    EVENTS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    events: _containers.RepeatedCompositeFieldContainer[_event_pb2.Event]
    next_page_token: str
    def __init__(self, events: _Optional[_Iterable[_Union[_event_pb2.Event, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class GetInstanceMetadataRequest(_message.Message):
    __slots__ = ("instance_ref", "namespace", "min_revision")
    INSTANCE_REF_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    MIN_REVISION_FIELD_NUMBER: _ClassVar[int]
    instance_ref: str
    namespace: str
    min_revision: int
    def __init__(self, instance_ref: _Optional[str] = ..., namespace: _Optional[str] = ..., min_revision: _Optional[int] = ...) -> None: ...

class GetInstanceMetadataResponse(_message.Message):
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

class SetInstanceMetadataItemRequest(_message.Message):
    __slots__ = ("instance_ref", "namespace", "key", "value", "request_id")
    INSTANCE_REF_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    VALUE_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    instance_ref: str
    namespace: str
    key: str
    value: _struct_pb2.Value
    request_id: str
    def __init__(self, instance_ref: _Optional[str] = ..., namespace: _Optional[str] = ..., key: _Optional[str] = ..., value: _Optional[_Union[_struct_pb2.Value, _Mapping]] = ..., request_id: _Optional[str] = ...) -> None: ...

class DeleteInstanceMetadataItemRequest(_message.Message):
    __slots__ = ("instance_ref", "namespace", "key", "request_id")
    INSTANCE_REF_FIELD_NUMBER: _ClassVar[int]
    NAMESPACE_FIELD_NUMBER: _ClassVar[int]
    KEY_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    instance_ref: str
    namespace: str
    key: str
    request_id: str
    def __init__(self, instance_ref: _Optional[str] = ..., namespace: _Optional[str] = ..., key: _Optional[str] = ..., request_id: _Optional[str] = ...) -> None: ...
