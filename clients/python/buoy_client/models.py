"""The objects that calls return: addresses are `ipaddress` objects, times are aware (UTC)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import IPv4Address, IPv4Network

from buoy_client.record import Json, Record
from buoy_client.states import (
    EventKind,
    EventType,
    FloatingPhase,
    FlowPolicy,
    InstanceDriver,
    InstanceState,
    InterfaceState,
    NetworkState,
    NodeState,
    ReservationType,
    RoutedPhase,
)


@dataclass(frozen=True, slots=True)
class Floating(Record):
    """A floating address and how far it has come; packets flow while `phase` is ACTIVE.

    `held_by` is the interface that it was moved away from, until the node of that one has let go of it.
    """

    address: IPv4Address
    pool: str
    phase: FloatingPhase
    reason: str
    requested_time: datetime | None
    active_time: datetime | None
    generation: int
    observed_generation: int
    held_by: str = ""


@dataclass(frozen=True, slots=True)
class Draining(Record):
    """A floating address that was given up; its live connections go on, and what is left of them is cut at `until`."""

    address: IPv4Address
    flows: FlowPolicy
    since: datetime | None
    until: datetime | None
    generation: int


@dataclass(frozen=True, slots=True)
class FormerNode(Record):
    """A node that an interface was moved away from, and that has not let go of it yet."""

    node: str
    generation: int
    revision: int


@dataclass(frozen=True, slots=True)
class Interface(Record):
    """A network interface (NIC) of an instance; `ipv4` is its address within the network's netblock."""

    uuid: str
    namespace: str
    instance_uuid: str
    network_uuid: str
    node: str
    macaddr: str
    ipv4: IPv4Address | None
    order: int
    model: str
    state: InterfaceState
    state_reason: str
    floating: Floating | None
    metadata: Mapping[str, Json]
    version: int
    revision: int
    create_time: datetime | None
    update_time: datetime | None
    generation: int
    observed_generation: int
    former_nodes: tuple[FormerNode, ...] = ()
    draining: tuple[Draining, ...] = ()
    observed_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Instance(Record):
    """Something with NICs: a virtual machine, a container."""

    uuid: str
    namespace: str
    name: str
    node: str
    driver: InstanceDriver
    state: InstanceState
    state_reason: str
    metadata: Mapping[str, Json]
    revision: int
    create_time: datetime | None
    update_time: datetime | None
    attributes: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class InterfaceSpec(Record):
    """One interface of a new instance; what is None the server chooses."""

    network: str
    address: IPv4Address | str | None = None
    macaddr: str | None = None
    model: str | None = None
    float: bool = False


@dataclass(frozen=True, slots=True)
class FloatingGateway(Record):
    """The address that a network's outgoing packets bear on one node."""

    node: str
    address: IPv4Address
    pool: str


@dataclass(frozen=True, slots=True)
class RoutedAddress(Record):
    """An address of a pool that is routed into a network without NAT; `node` has it once `phase` is ACTIVE.

    `node` is empty while no node can have it; `former_node` is the one that has to let go first.
    """

    address: IPv4Address
    pool: str
    node: str
    former_node: str
    phase: RoutedPhase
    reason: str
    requested_time: datetime | None
    active_time: datetime | None
    generation: int


@dataclass(frozen=True, slots=True)
class Network(Record):
    """A private network; two networks may have the same netblock."""

    uuid: str
    namespace: str
    name: str
    netblock: IPv4Network
    provide_nat: bool
    state: NetworkState
    state_reason: str
    floating_gateways: tuple[FloatingGateway, ...]
    metadata: Mapping[str, Json]
    revision: int
    create_time: datetime | None
    update_time: datetime | None
    vxid: int
    provide_dhcp: bool
    provide_dns: bool
    routed_addresses: tuple[RoutedAddress, ...]
    routed_generation: int


@dataclass(frozen=True, slots=True)
class PoolUsage(Record):
    """How the addresses of a pool are used: size = free + in_use + reserved + quarantined; `kept`: reserved for namespaces."""

    size: int
    free: int
    in_use: int
    reserved: int
    quarantined: int
    kept: int = 0

    @property
    def usable(self) -> int:
        """How many can be in use at a time."""
        return self.size - self.reserved + self.kept


@dataclass(frozen=True, slots=True)
class Pool(Record):
    """A pool of floating addresses; ranges and exclusions are as they were given.

    Only operators are told its usage (all 0 for others), its exclusions, and when it runs low: `warning` says so, in words.
    """

    uuid: str
    name: str
    ranges: tuple[str, ...]
    exclusions: tuple[str, ...]
    quarantine: timedelta
    usage: PoolUsage
    revision: int
    create_time: datetime | None
    update_time: datetime | None
    drain: bool = False
    low_percent: int = 0
    warning: str = ""


@dataclass(frozen=True, slots=True)
class Reservation(Record):
    """Why an address is not free: what holds it, whose it is or was last, and until when it rests.

    `request_id` is that of the call that took it, `reason` why it rests; `extended`: it is not handed out before `until`.
    `kept`: its namespace has reserved it, and has it when its owner lets go. `promised_to` is the interface that it moves to.
    """

    address: IPv4Address
    type: ReservationType
    owner: str
    namespace: str
    pool: str
    network_uuid: str
    since: datetime | None
    until: datetime | None
    comment: str
    revision: int
    request_id: str = ""
    reason: str = ""
    extended: bool = False
    kept: bool = False
    promised_to: str = ""


@dataclass(frozen=True, slots=True)
class Node(Record):
    """A machine with an agent; `connected`: the agent's stream is open; `drain`: nothing new is placed there."""

    name: str
    state: NodeState
    connected: bool
    agent_version: str
    external_interface: str
    interfaces: int
    floats: int
    instances: int
    revision: int
    create_time: datetime | None
    update_time: datetime | None
    drain: bool = False
    reannounce_time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Cause(Record):
    """What caused a change: the call, who made it (a namespace, "node/NAME", or "server"), and the request id that it bore."""

    method: str
    actor: str
    request_id: str = ""


@dataclass(frozen=True, slots=True)
class AddressPeriod(Record):
    """A time during which somebody had an address of a pool; `until` is None while they have it.

    `asked` is the call that gave it, `ended` the one that asked it back (None while none did).
    """

    address: IPv4Address
    type: ReservationType
    namespace: str
    node: str
    interface_uuid: str
    instance_uuid: str
    instance_name: str
    network_uuid: str
    network_name: str
    pool: str
    since: datetime | None
    until: datetime | None
    asked: Cause
    ended: Cause | None
    revision: int


@dataclass(frozen=True, slots=True)
class InterfaceEvent(Record):
    """One interface as it was after one change."""

    type: EventType
    interface: Interface
    cause: Cause
    revision: int
    time: datetime | None


@dataclass(frozen=True, slots=True)
class Change(Record):
    """One property of an object before and after, in short; empty where it was not set."""

    property: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Event(Record):
    """What happened to an object, in words; `method` is the call or report, `actor` and `request_id` as in Cause."""

    revision: int
    time: datetime | None
    type: EventKind
    method: str
    actor: str
    message: str
    request_id: str
    changes: tuple[Change, ...]


@dataclass(frozen=True, slots=True)
class NamespaceKey(Record):
    """A key of a namespace, without its secret; `node` is the node whose agent it is for, empty for people and programs."""

    name: str
    node: str


@dataclass(frozen=True, slots=True)
class NamespaceQuota(Record):
    """What a namespace may use at most; 0 is no limit."""

    interfaces: int = 0
    floats: int = 0
    addresses: int = 0
    metadata_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Namespace(Record):
    """A tenant: its keys, and the namespaces that may see and change what belongs to it."""

    name: str
    keys: tuple[NamespaceKey, ...]
    trusts: tuple[str, ...]
    quota: NamespaceQuota
    metadata: Mapping[str, Json]
    revision: int
    create_time: datetime | None
    update_time: datetime | None
    default_pool: str = ""


@dataclass(frozen=True, slots=True)
class NewKey(Record):
    """A key that was set; `key` is its secret where it was made for you, and it is not shown again: not in the repr either."""

    name: str
    key: str = field(repr=False)
