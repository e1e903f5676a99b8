"""What the feed asks for: networks, NICs and floats, as values.

Addresses are packed bytes (4 for IPv4), the form in which the kernel takes them and the fastest key that Python has: hashing
an `ipaddress` object costs some ten times as much, and a node holds 100,000 of them. Of what it has so many of, the values are
named tuples, which are made in a third of the time that a frozen dataclass takes.
"""

import hashlib
from collections.abc import Container, Iterator
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv4Network, ip_address
from socket import AF_INET, inet_pton
from typing import NamedTuple, NewType

Address = NewType("Address", bytes)
InterfaceId = NewType("InterfaceId", str)
InstanceId = NewType("InstanceId", str)
NetworkId = NewType("NetworkId", str)


def packed(text: str) -> Address:
    """The packed form of an address in words; raises ValueError."""
    try:
        return Address(inet_pton(AF_INET, text))  # a tenth of what ip_address takes, and as strict
    except OSError:
        return Address(ip_address(text).packed)


def text(address: Address) -> str:
    """The address in words."""
    return str(ip_address(address))


class Driver(Enum):
    """Who makes the NIC."""

    NETNS = "netns"  # the agent, with a network namespace for the instance
    ADOPT = "adopt"  # somebody else


@dataclass(frozen=True, slots=True)
class Network:
    """A network as this node needs it."""

    id: NetworkId
    netblock: IPv4Network
    provide_nat: bool = False
    floating_gateway: Address | None = None
    routed: frozenset[Address] = frozenset()  # reached on the bridge without NAT, once an instance carries them
    routed_generation: int = 0
    gateway: Address = field(init=False, repr=False, compare=False)  # of the bridge: index 1 of the netblock

    def __post_init__(self) -> None:
        object.__setattr__(self, "gateway", Address(self.netblock[1].packed))

    @property
    def egress(self) -> Address | None:
        """The source of what leaves without a float; None when nothing may."""
        return self.floating_gateway if self.provide_nat else None

    @property
    def own_addresses(self) -> frozenset[Address]:
        """The outside addresses that are the network's, and no interface's."""
        return self.routed | ({self.egress} if self.egress is not None else frozenset())

    def float_of(self, address: Address) -> "Float":
        """One of its own addresses."""
        return Float(address, self.id, None, routed=address in self.routed)

    @property
    def map_size(self) -> int:
        """Buckets of the maps: twice the netblock as a power of two, at most 2^18."""
        return int(min(2 * self.netblock.num_addresses, 1 << 18))


@dataclass(frozen=True, slots=True)
class Draining:
    """An address that takes no new connections, and whose live ones go on for so many seconds from now at most."""

    address: Address
    seconds: float


class Binding(NamedTuple):
    """All that the feed says of one interface."""

    interface: InterfaceId
    generation: int
    instance: InstanceId
    driver: Driver
    order: int
    macaddr: str
    address: Address
    floating: Address | None
    network: Network
    unconfirmed: tuple[Address, ...] = ()  # floating addresses whose coming or going the node has not confirmed
    draining: tuple[Draining, ...] = ()  # those that it gave up and whose live flows go on
    announce: bool = False  # the float is to be announced again

    @property
    def floats(self) -> "dict[Address, Float]":
        """What the node answers for in this interface's name."""
        drained = {entry.address: self.float_of(entry.address) for entry in self.draining}
        return drained if self.floating is None else drained | {self.floating: self.float_of(self.floating)}

    def float_of(self, address: Address) -> "Float":
        """One of its addresses."""
        return Float(address, self.network.id, self.address, self.interface, draining=address != self.floating)

    def without_draining(self, addresses: Container[Address]) -> "Binding":
        """The same when some addresses do not drain any more."""
        return self._replace(draining=tuple(entry for entry in self.draining if entry.address not in addresses))


@dataclass(frozen=True, slots=True)
class Settled:
    """Bindings of one network that a snapshot has in columns, and those of which the server knows that all of it works."""

    network: Network
    bindings: tuple[Binding, ...]
    working: frozenset[InterfaceId] = frozenset()


class Nic(NamedTuple):
    """The part of a binding that makes a NIC."""

    interface: InterfaceId
    instance: InstanceId
    driver: Driver
    order: int
    macaddr: str
    address: Address
    network: NetworkId
    prefixlen: int
    gateway: Address
    is_default: bool

    @property
    def body(self) -> str:
        """What cannot be changed in place: another body is another NIC."""
        words = (self.instance, self.driver.value, self.order, self.macaddr, self.address.hex(), self.network, self.prefixlen)
        return hashlib.sha256(repr(words).encode()).hexdigest()[:12]

    @property
    def mark(self) -> str:
        """What stands on the NIC's link in the kernel once all of it is done."""
        return mark_words(self.interface, self.body, is_default=self.is_default)


def tap_mac(macaddr: str) -> str:
    """The MAC of the host's end of a NIC, as libvirt gives it to its taps."""
    return f"fe{macaddr[2:]}"


def mark_words(interface: InterfaceId, body: str, *, is_default: bool) -> str:
    """A NIC's mark."""
    return f"buoy:{interface}:{body}:{'default' if is_default else 'plain'}"


class Float(NamedTuple):
    """An outside address that this node answers for; a network's own has neither `fixed` nor an `owner`.

    One that drains has route and proxy neighbour, which its live flows need, but no elements: conntrack alone translates. A
    routed one is not translated: it is reached on the network's bridge as it is.
    """

    floating: Address
    network: NetworkId
    fixed: Address | None
    owner: InterfaceId | None = None
    routed: bool = False
    draining: bool = False

    @property
    def element(self) -> Address | None:
        """What the maps have for it; None when they have nothing."""
        return None if self.draining else self.fixed


@dataclass(frozen=True, slots=True)
class Removal:
    """An interface that must not be on the node, to be confirmed."""

    interface: InterfaceId
    generation: int
    network: NetworkId = NetworkId("")
    unconfirmed: tuple[Address, ...] = ()


@dataclass(frozen=True, slots=True)
class Update:
    """One message of the feed."""

    revision: int = 0
    reset: bool = False
    upserts: tuple[Binding, ...] = ()
    settled: tuple[Settled, ...] = ()  # more of them
    removals: tuple[Removal, ...] = ()
    networks: tuple[Network, ...] = ()  # those that changed by themselves
    synced: bool = False
    reannounce: bool = False  # all floats are to be announced again

    @property
    def bindings(self) -> Iterator[Binding]:
        """Those that are new or changed, in whatever form they came."""
        yield from self.upserts
        for settled in self.settled:
            yield from settled.bindings


class Report(NamedTuple):
    """What the kernel now has for one interface."""

    interface: InterfaceId
    generation: int
    removed: bool = False
    nic_error: str = ""
    floating_error: str = ""
    draining: tuple[Address, ...] = ()  # addresses whose live flows go on

    @property
    def is_well(self) -> bool:
        """All of the interface is there and works."""
        return not (self.removed or self.nic_error or self.floating_error or self.draining)


@dataclass(frozen=True, slots=True)
class Owed:
    """Interfaces that are to be judged and reported when there is time, and of which the server knows that they work."""

    interfaces: tuple[InterfaceId, ...] = ()
    working: frozenset[InterfaceId] = frozenset()


@dataclass(frozen=True, slots=True)
class NetworkReport:
    """What the kernel now has of one network's routed addresses: all as it should be, but for the faults, in words."""

    network: NetworkId
    generation: int
    faults: tuple[tuple[Address, str], ...] = ()
