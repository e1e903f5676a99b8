"""The objects that the ledger keeps: plain, frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from typing import NewType

from buoy_server.core.ranges import AddressRange, AddressSpace
from buoy_server.core.states import FloatingPhase, InstanceState, InterfaceState, NetworkState, NodeState, RoutedPhase

InterfaceId = NewType("InterfaceId", str)
InstanceId = NewType("InstanceId", str)
NetworkId = NewType("NetworkId", str)
PoolId = NewType("PoolId", str)

Json = None | bool | float | str | list["Json"] | dict[str, "Json"]
Metadata = Mapping[str, Json]

INTERFACE_VERSION = 3
DEFAULT_MODEL = "virtio"
DEFAULT_LOW_PERCENT = 10


class Driver(StrEnum):
    """Who makes the NICs of an instance."""

    NETNS = "netns"
    ADOPT = "adopt"


class ReservationType(StrEnum):
    """What holds an address."""

    NETWORK = "network"
    BROADCAST = "broadcast"
    GATEWAY = "gateway"
    FLOATING = "floating"
    ROUTED = "routed"
    INSTANCE = "instance"
    DELETION_HALO = "deletion-halo"
    RESERVED = "reserved"


class FlowPolicy(StrEnum):
    """What becomes of the live connections of a floating address that is given up."""

    CUT = "cut"
    DRAIN = "drain"
    KEEP = "keep"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What every object of the ledger has; revision and times are set when it is put."""

    revision: int = 0
    create_time: datetime | None = None
    update_time: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Floating:
    """The floating address of an interface and how far it has come; `generation` is the interface's that asked."""

    address: IPv4Address
    pool: PoolId
    phase: FloatingPhase
    requested_time: datetime
    generation: int
    observed_generation: int = 0
    reason: str = ""
    active_time: datetime | None = None
    announce_generation: int = 0
    held_by: InterfaceId | None = None  # the interface that it moved away from, whose node has not let go of it yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Draining:
    """A floating address that was given up by a generation, and whose live connections go on for a while."""

    address: IPv4Address
    flows: FlowPolicy
    since: datetime
    until: datetime
    generation: int


@dataclass(frozen=True, slots=True, kw_only=True)
class FormerNode:
    """A node that an interface was moved away from: the generation that it has to confirm, and the revision of the move."""

    node: str
    generation: int
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Interface(Record):
    """A NIC of an instance on a network."""

    uuid: InterfaceId
    namespace: str
    instance_uuid: InstanceId
    network_uuid: NetworkId
    node: str
    macaddr: str
    ipv4: IPv4Address
    order: int
    model: str = DEFAULT_MODEL
    state: InterfaceState = InterfaceState.INITIAL
    state_reason: str = ""
    floating: Floating | None = None
    metadata: Metadata
    generation: int = 1
    observed_generation: int = 0
    former_nodes: tuple[FormerNode, ...] = ()
    draining: tuple[Draining, ...] = ()
    observed_time: datetime | None = None

    @property
    def key(self) -> str:
        """Its key in the ledger."""
        return self.uuid

    @property
    def live(self) -> bool:
        """Whether its owner still has it."""
        return self.state is not InterfaceState.DELETED

    @property
    def bound(self) -> bool:
        """Whether a node may still have something of it in the kernel."""
        return self.live or self.observed_generation < self.generation or bool(self.former_nodes)

    @property
    def nodes(self) -> frozenset[str]:
        """The nodes that may have something of it in the kernel."""
        return frozenset((self.node, *(former.node for former in self.former_nodes)))

    def former_node(self, name: str) -> FormerNode | None:
        """The node of that name, if it was moved away from there and the node has not let go of it yet."""
        return next((former for former in self.former_nodes if former.node == name), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance(Record):
    """Something with NICs."""

    uuid: InstanceId
    namespace: str
    name: str
    node: str
    driver: Driver = Driver.NETNS
    state: InstanceState = InstanceState.INITIAL
    state_reason: str = ""
    metadata: Metadata
    attributes: Metadata = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Its key in the ledger."""
        return self.uuid

    @property
    def live(self) -> bool:
        """Whether its owner still has it."""
        return self.state not in (InstanceState.DELETE_WAIT, InstanceState.DELETED)


@dataclass(frozen=True, slots=True, kw_only=True)
class FloatingGateway:
    """The source address of what leaves a network on one node without a floating address."""

    node: str
    address: IPv4Address
    pool: PoolId


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutedAddress:
    """An address of a pool that is routed into a network; `generation` is the network's that asked for what it is now.

    `node` is where it is to be, empty when there is no such node or when it is given back; `former_node` has to let go first.
    """

    address: IPv4Address
    pool: PoolId
    phase: RoutedPhase
    requested_time: datetime
    generation: int
    node: str = ""
    former_node: str = ""
    reason: str = ""
    active_time: datetime | None = None

    @property
    def serving_node(self) -> str:
        """The node that is to have it in its kernel now; empty when none is."""
        return "" if self.former_node else self.node


@dataclass(frozen=True, slots=True, kw_only=True)
class Network(Record):
    """A private network."""

    uuid: NetworkId
    namespace: str
    name: str
    netblock: IPv4Network
    provide_nat: bool = False
    state: NetworkState = NetworkState.INITIAL
    state_reason: str = ""
    floating_gateways: tuple[FloatingGateway, ...] = ()
    vxid: int = 0
    provide_dhcp: bool = False
    provide_dns: bool = False
    routed: tuple[RoutedAddress, ...] = ()
    routed_generation: int = 0
    metadata: Metadata

    @property
    def key(self) -> str:
        """Its key in the ledger."""
        return self.uuid

    @property
    def live(self) -> bool:
        """Whether its owner still has it."""
        return self.state not in (NetworkState.DELETE_WAIT, NetworkState.DELETED)

    @property
    def outside_nodes(self) -> frozenset[str]:
        """The nodes that have, or are to have, outside addresses of its own."""
        named = {name for routed in self.routed for name in (routed.node, routed.former_node) if name}
        return frozenset(named.union(gateway.node for gateway in self.floating_gateways))

    def routed_at(self, address: IPv4Address) -> RoutedAddress | None:
        """That address, if it is routed into it."""
        return next((routed for routed in self.routed if routed.address == address), None)

    def gateway_on(self, node: str) -> FloatingGateway | None:
        """Its floating gateway on that node, if it has one."""
        return next((gateway for gateway in self.floating_gateways if gateway.node == node), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool(Record):
    """A pool of floating addresses."""

    uuid: PoolId
    name: str
    ranges: tuple[AddressRange, ...]
    exclusions: tuple[AddressRange, ...] = ()
    quarantine: timedelta = timedelta(seconds=300)
    drain: bool = False
    low_percent: int = DEFAULT_LOW_PERCENT
    warning: str = ""
    space: AddressSpace = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        """Work out once what every allocation asks for."""
        object.__setattr__(self, "space", AddressSpace.of(self.ranges, self.exclusions))

    @property
    def key(self) -> str:
        """Its key in the ledger."""
        return self.uuid


@dataclass(frozen=True, slots=True, kw_only=True)
class Node(Record):
    """A machine with an agent."""

    name: str
    state: NodeState = NodeState.CREATED
    agent_version: str = ""
    external_interface: str = ""
    drain: bool = False
    reannounce_time: datetime | None = None

    @property
    def key(self) -> str:
        """Its key in the ledger."""
        return self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """The interface that an address goes to when the node of its owner has let go of it, and the call that asked for that."""

    interface: InterfaceId
    actor: str
    request_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reservation(Record):
    """Why an address is not free. It belongs to a pool, or to a private network.

    `kept`: its namespace has it again when its owner lets go of it. A RESERVED one has no owner but its namespace.
    """

    address: IPv4Address
    type: ReservationType
    owner: str
    since: datetime
    namespace: str = ""
    pool: PoolId | None = None
    network_uuid: NetworkId | None = None
    until: datetime | None = None
    comment: str = ""
    kept: bool = False
    request_id: str = ""
    reason: str = ""
    extended: bool = False
    promise: Promise | None = None

    @property
    def key(self) -> str:
        """Its key in the ledger: addresses of all pools share one space, each private network has its own."""
        return reservation_key(self.network_uuid, self.address)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamespaceKey:
    """A key of a namespace: the hash of its secret, and a nonce that its tokens bear, so that they end with it."""

    name: str
    hash: str = field(repr=False)
    nonce: str = field(repr=False)
    node: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """What a namespace may use at most; 0 is no limit."""

    interfaces: int = 0
    floats: int = 0
    addresses: int = 0
    metadata_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace(Record):
    """A tenant; `rights_revision` is that of its entry when another namespace last began or ceased to trust it."""

    name: str
    keys: tuple[NamespaceKey, ...] = ()
    trusts: tuple[str, ...] = ()
    quota: Quota = Quota()
    default_pool: PoolId | None = None
    created_revision: int = 0
    rights_revision: int = 0
    metadata: Metadata = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Its key in the ledger."""
        return self.name


FLOATING_SPACE = "floating"


def reservation_key(network: NetworkId | None, address: IPv4Address) -> str:
    """Return the ledger key of an address of a private network, or of a pool where `network` is None."""
    return f"{network or FLOATING_SPACE}/{address}"


AnyRecord = Interface | Instance | Network | Pool | Node | Reservation | Namespace
