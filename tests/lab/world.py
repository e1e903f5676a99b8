"""The lab's world: an external LAN with a client on it, and nodes that face it.

    <prefix>lan      a bridge: the external LAN, 192.168.20.0/24
    <prefix>client   eth0 192.168.20.100: somebody outside, who knows nothing of Buoy
    <prefix>node1    eth0 192.168.20.2: the host namespace of a node; its agent runs here
    <prefix>node2    eth0 192.168.20.3

The agents add namespaces of their own: `<prefix>n1-<uuid>` for each network and each instance on node1, and so on. All names of
one world begin with its prefix, so that several worlds can share a machine and one can be cleaned away whole.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface

from tests.support import netns
from tests.support.netns import Nic

LAN = "192.168.20.{}/24"
POOL_RANGE = "192.168.20.128-192.168.20.250"
EXTERNAL_INTERFACE = "eth0"
CLIENT_ADDRESS = IPv4Address("192.168.20.100")


@dataclass(frozen=True, slots=True)
class NodeSite:
    """Where a node's agent runs, and how it names what it makes."""

    name: str
    netns: str
    address: IPv4Address
    netns_prefix: str

    def netns_of(self, uuid: str) -> str:
        """The namespace that the node's agent makes for a network, or for an instance with the driver `netns`."""
        return self.netns_prefix + uuid


@dataclass(frozen=True, slots=True)
class World:
    """The names of one world's parts."""

    prefix: str
    node_count: int = 2

    @property
    def lan(self) -> str:
        """The namespace of the external LAN's bridge."""
        return f"{self.prefix}lan"

    @property
    def client(self) -> str:
        """The namespace of the external client."""
        return f"{self.prefix}client"

    @property
    def nodes(self) -> tuple[NodeSite, ...]:
        """The nodes, node1 first."""
        return tuple(
            NodeSite(
                name=f"node{number}",
                netns=f"{self.prefix}node{number}",
                address=IPv4Interface(LAN.format(number + 1)).ip,
                netns_prefix=f"{self.prefix}n{number}-",
            )
            for number in range(1, self.node_count + 1)
        )

    def node(self, name: str) -> NodeSite:
        """The node of that name."""
        return next(site for site in self.nodes if site.name == name)

    def own_namespaces(self) -> set[str]:
        """The namespaces that `build` makes; all others with the prefix are the agents' work."""
        return {self.lan, self.client, *(site.netns for site in self.nodes)}


def build(world: World) -> None:
    """Makes the LAN, the client and the nodes' host namespaces."""
    for name in sorted(world.own_namespaces()):
        netns.create(name)
    netns.bridge(world.lan, "br0")
    _attach(world, world.client, LAN.format(CLIENT_ADDRESS.packed[-1]))
    for number, site in enumerate(world.nodes, start=1):
        _attach(world, site.netns, LAN.format(number + 1))


def destroy(world: World) -> None:
    """Deletes every namespace of the world, also those that its agents made; what is not there is no error."""
    for name in netns.names(world.prefix):
        netns.delete(name)


@contextmanager
def built(world: World) -> Iterator[World]:
    """The world for the length of a `with`."""
    try:
        build(world)
        yield world
    finally:
        destroy(world)


def _attach(world: World, name: str, address: str) -> None:
    port = name.removeprefix(world.prefix)
    netns.veth(Nic(world.lan, port), Nic(name, EXTERNAL_INTERFACE, IPv4Interface(address)))
    netns.enslave(world.lan, "br0", port)
