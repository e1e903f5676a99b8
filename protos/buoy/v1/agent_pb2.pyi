import datetime

from buoy.v1 import explain_pb2 as _explain_pb2
from buoy.v1 import instance_pb2 as _instance_pb2
from buoy.v1 import repair_pb2 as _repair_pb2
from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class WatchNodeRequest(_message.Message):
    __slots__ = ("node", "resume_revision", "agent_version", "external_interface", "cluster_id", "reads_settled")
    NODE_FIELD_NUMBER: _ClassVar[int]
    RESUME_REVISION_FIELD_NUMBER: _ClassVar[int]
    AGENT_VERSION_FIELD_NUMBER: _ClassVar[int]
    EXTERNAL_INTERFACE_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_ID_FIELD_NUMBER: _ClassVar[int]
    READS_SETTLED_FIELD_NUMBER: _ClassVar[int]
    node: str
    resume_revision: int
    agent_version: str
    external_interface: str
    cluster_id: str
    reads_settled: bool
    def __init__(self, node: _Optional[str] = ..., resume_revision: _Optional[int] = ..., agent_version: _Optional[str] = ..., external_interface: _Optional[str] = ..., cluster_id: _Optional[str] = ..., reads_settled: _Optional[bool] = ...) -> None: ...

class NodeUpdate(_message.Message):
    __slots__ = ("revision", "reset", "upserts", "settled", "removed", "synced", "cluster_id", "reannounce", "networks", "questions")
    REVISION_FIELD_NUMBER: _ClassVar[int]
    RESET_FIELD_NUMBER: _ClassVar[int]
    UPSERTS_FIELD_NUMBER: _ClassVar[int]
    SETTLED_FIELD_NUMBER: _ClassVar[int]
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    SYNCED_FIELD_NUMBER: _ClassVar[int]
    CLUSTER_ID_FIELD_NUMBER: _ClassVar[int]
    REANNOUNCE_FIELD_NUMBER: _ClassVar[int]
    NETWORKS_FIELD_NUMBER: _ClassVar[int]
    QUESTIONS_FIELD_NUMBER: _ClassVar[int]
    revision: int
    reset: bool
    upserts: _containers.RepeatedCompositeFieldContainer[Binding]
    settled: _containers.RepeatedCompositeFieldContainer[SettledBindings]
    removed: _containers.RepeatedCompositeFieldContainer[Removal]
    synced: bool
    cluster_id: str
    reannounce: bool
    networks: _containers.RepeatedCompositeFieldContainer[NetworkBinding]
    questions: _containers.RepeatedCompositeFieldContainer[NodeQuestion]
    def __init__(self, revision: _Optional[int] = ..., reset: _Optional[bool] = ..., upserts: _Optional[_Iterable[_Union[Binding, _Mapping]]] = ..., settled: _Optional[_Iterable[_Union[SettledBindings, _Mapping]]] = ..., removed: _Optional[_Iterable[_Union[Removal, _Mapping]]] = ..., synced: _Optional[bool] = ..., cluster_id: _Optional[str] = ..., reannounce: _Optional[bool] = ..., networks: _Optional[_Iterable[_Union[NetworkBinding, _Mapping]]] = ..., questions: _Optional[_Iterable[_Union[NodeQuestion, _Mapping]]] = ...) -> None: ...

class NodeQuestion(_message.Message):
    __slots__ = ("id", "explain")
    ID_FIELD_NUMBER: _ClassVar[int]
    EXPLAIN_FIELD_NUMBER: _ClassVar[int]
    id: str
    explain: Binding
    def __init__(self, id: _Optional[str] = ..., explain: _Optional[_Union[Binding, _Mapping]] = ...) -> None: ...

class Binding(_message.Message):
    __slots__ = ("interface_uuid", "generation", "instance_uuid", "driver", "order", "macaddr", "ipv4", "floating_address", "network", "unconfirmed_addresses", "draining", "announce")
    INTERFACE_UUID_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_UUID_FIELD_NUMBER: _ClassVar[int]
    DRIVER_FIELD_NUMBER: _ClassVar[int]
    ORDER_FIELD_NUMBER: _ClassVar[int]
    MACADDR_FIELD_NUMBER: _ClassVar[int]
    IPV4_FIELD_NUMBER: _ClassVar[int]
    FLOATING_ADDRESS_FIELD_NUMBER: _ClassVar[int]
    NETWORK_FIELD_NUMBER: _ClassVar[int]
    UNCONFIRMED_ADDRESSES_FIELD_NUMBER: _ClassVar[int]
    DRAINING_FIELD_NUMBER: _ClassVar[int]
    ANNOUNCE_FIELD_NUMBER: _ClassVar[int]
    interface_uuid: str
    generation: int
    instance_uuid: str
    driver: _instance_pb2.InstanceDriver
    order: int
    macaddr: str
    ipv4: str
    floating_address: str
    network: NetworkBinding
    unconfirmed_addresses: _containers.RepeatedScalarFieldContainer[str]
    draining: _containers.RepeatedCompositeFieldContainer[DrainingAddress]
    announce: bool
    def __init__(self, interface_uuid: _Optional[str] = ..., generation: _Optional[int] = ..., instance_uuid: _Optional[str] = ..., driver: _Optional[_Union[_instance_pb2.InstanceDriver, str]] = ..., order: _Optional[int] = ..., macaddr: _Optional[str] = ..., ipv4: _Optional[str] = ..., floating_address: _Optional[str] = ..., network: _Optional[_Union[NetworkBinding, _Mapping]] = ..., unconfirmed_addresses: _Optional[_Iterable[str]] = ..., draining: _Optional[_Iterable[_Union[DrainingAddress, _Mapping]]] = ..., announce: _Optional[bool] = ...) -> None: ...

class SettledBindings(_message.Message):
    __slots__ = ("network", "driver", "interface_uuids", "generations", "instance_uuids", "orders", "macaddrs", "ipv4_addresses", "floating_addresses", "works")
    NETWORK_FIELD_NUMBER: _ClassVar[int]
    DRIVER_FIELD_NUMBER: _ClassVar[int]
    INTERFACE_UUIDS_FIELD_NUMBER: _ClassVar[int]
    GENERATIONS_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_UUIDS_FIELD_NUMBER: _ClassVar[int]
    ORDERS_FIELD_NUMBER: _ClassVar[int]
    MACADDRS_FIELD_NUMBER: _ClassVar[int]
    IPV4_ADDRESSES_FIELD_NUMBER: _ClassVar[int]
    FLOATING_ADDRESSES_FIELD_NUMBER: _ClassVar[int]
    WORKS_FIELD_NUMBER: _ClassVar[int]
    network: NetworkBinding
    driver: _instance_pb2.InstanceDriver
    interface_uuids: _containers.RepeatedScalarFieldContainer[str]
    generations: _containers.RepeatedScalarFieldContainer[int]
    instance_uuids: _containers.RepeatedScalarFieldContainer[str]
    orders: _containers.RepeatedScalarFieldContainer[int]
    macaddrs: _containers.RepeatedScalarFieldContainer[str]
    ipv4_addresses: _containers.RepeatedScalarFieldContainer[str]
    floating_addresses: _containers.RepeatedScalarFieldContainer[str]
    works: _containers.RepeatedScalarFieldContainer[bool]
    def __init__(self, network: _Optional[_Union[NetworkBinding, _Mapping]] = ..., driver: _Optional[_Union[_instance_pb2.InstanceDriver, str]] = ..., interface_uuids: _Optional[_Iterable[str]] = ..., generations: _Optional[_Iterable[int]] = ..., instance_uuids: _Optional[_Iterable[str]] = ..., orders: _Optional[_Iterable[int]] = ..., macaddrs: _Optional[_Iterable[str]] = ..., ipv4_addresses: _Optional[_Iterable[str]] = ..., floating_addresses: _Optional[_Iterable[str]] = ..., works: _Optional[_Iterable[bool]] = ...) -> None: ...

class DrainingAddress(_message.Message):
    __slots__ = ("address", "time_left")
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    TIME_LEFT_FIELD_NUMBER: _ClassVar[int]
    address: str
    time_left: _duration_pb2.Duration
    def __init__(self, address: _Optional[str] = ..., time_left: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ...) -> None: ...

class NetworkBinding(_message.Message):
    __slots__ = ("uuid", "netblock", "provide_nat", "floating_gateway", "routed_addresses", "routed_generation")
    UUID_FIELD_NUMBER: _ClassVar[int]
    NETBLOCK_FIELD_NUMBER: _ClassVar[int]
    PROVIDE_NAT_FIELD_NUMBER: _ClassVar[int]
    FLOATING_GATEWAY_FIELD_NUMBER: _ClassVar[int]
    ROUTED_ADDRESSES_FIELD_NUMBER: _ClassVar[int]
    ROUTED_GENERATION_FIELD_NUMBER: _ClassVar[int]
    uuid: str
    netblock: str
    provide_nat: bool
    floating_gateway: str
    routed_addresses: _containers.RepeatedScalarFieldContainer[str]
    routed_generation: int
    def __init__(self, uuid: _Optional[str] = ..., netblock: _Optional[str] = ..., provide_nat: _Optional[bool] = ..., floating_gateway: _Optional[str] = ..., routed_addresses: _Optional[_Iterable[str]] = ..., routed_generation: _Optional[int] = ...) -> None: ...

class Removal(_message.Message):
    __slots__ = ("interface_uuid", "generation", "network_uuid", "unconfirmed_addresses")
    INTERFACE_UUID_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    NETWORK_UUID_FIELD_NUMBER: _ClassVar[int]
    UNCONFIRMED_ADDRESSES_FIELD_NUMBER: _ClassVar[int]
    interface_uuid: str
    generation: int
    network_uuid: str
    unconfirmed_addresses: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, interface_uuid: _Optional[str] = ..., generation: _Optional[int] = ..., network_uuid: _Optional[str] = ..., unconfirmed_addresses: _Optional[_Iterable[str]] = ...) -> None: ...

class ReportNodeRequest(_message.Message):
    __slots__ = ("node", "reports", "repairs", "networks")
    NODE_FIELD_NUMBER: _ClassVar[int]
    REPORTS_FIELD_NUMBER: _ClassVar[int]
    REPAIRS_FIELD_NUMBER: _ClassVar[int]
    NETWORKS_FIELD_NUMBER: _ClassVar[int]
    node: str
    reports: _containers.RepeatedCompositeFieldContainer[BindingReport]
    repairs: _containers.RepeatedCompositeFieldContainer[_repair_pb2.Repair]
    networks: _containers.RepeatedCompositeFieldContainer[NetworkReport]
    def __init__(self, node: _Optional[str] = ..., reports: _Optional[_Iterable[_Union[BindingReport, _Mapping]]] = ..., repairs: _Optional[_Iterable[_Union[_repair_pb2.Repair, _Mapping]]] = ..., networks: _Optional[_Iterable[_Union[NetworkReport, _Mapping]]] = ...) -> None: ...

class NetworkReport(_message.Message):
    __slots__ = ("network_uuid", "generation", "faults")
    NETWORK_UUID_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    FAULTS_FIELD_NUMBER: _ClassVar[int]
    network_uuid: str
    generation: int
    faults: _containers.RepeatedCompositeFieldContainer[RoutedFault]
    def __init__(self, network_uuid: _Optional[str] = ..., generation: _Optional[int] = ..., faults: _Optional[_Iterable[_Union[RoutedFault, _Mapping]]] = ...) -> None: ...

class RoutedFault(_message.Message):
    __slots__ = ("address", "error")
    ADDRESS_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    address: str
    error: str
    def __init__(self, address: _Optional[str] = ..., error: _Optional[str] = ...) -> None: ...

class BindingReport(_message.Message):
    __slots__ = ("interface_uuid", "generation", "removed", "nic_error", "floating_error", "draining_addresses")
    INTERFACE_UUID_FIELD_NUMBER: _ClassVar[int]
    GENERATION_FIELD_NUMBER: _ClassVar[int]
    REMOVED_FIELD_NUMBER: _ClassVar[int]
    NIC_ERROR_FIELD_NUMBER: _ClassVar[int]
    FLOATING_ERROR_FIELD_NUMBER: _ClassVar[int]
    DRAINING_ADDRESSES_FIELD_NUMBER: _ClassVar[int]
    interface_uuid: str
    generation: int
    removed: bool
    nic_error: str
    floating_error: str
    draining_addresses: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, interface_uuid: _Optional[str] = ..., generation: _Optional[int] = ..., removed: _Optional[bool] = ..., nic_error: _Optional[str] = ..., floating_error: _Optional[str] = ..., draining_addresses: _Optional[_Iterable[str]] = ...) -> None: ...

class ReportNodeResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class AnswerNodeRequest(_message.Message):
    __slots__ = ("node", "question_id", "examination", "error")
    NODE_FIELD_NUMBER: _ClassVar[int]
    QUESTION_ID_FIELD_NUMBER: _ClassVar[int]
    EXAMINATION_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    node: str
    question_id: str
    examination: _explain_pb2.Examination
    error: str
    def __init__(self, node: _Optional[str] = ..., question_id: _Optional[str] = ..., examination: _Optional[_Union[_explain_pb2.Examination, _Mapping]] = ..., error: _Optional[str] = ...) -> None: ...

class AnswerNodeResponse(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...
