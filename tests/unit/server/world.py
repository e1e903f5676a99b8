"""A state to decide over, without a database: a draft over an empty view, a fixed clock, seeded chance."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address, IPv4Network
from random import Random
from typing import TypeVar

from buoy_server.core import lookup
from buoy_server.core.command import Command, Context
from buoy_server.core.commands.floating import FloatInterface
from buoy_server.core.commands.instances import CreateInstance
from buoy_server.core.commands.networks import CreateNetwork
from buoy_server.core.commands.nodes import AnnounceNode, BindingReport, ReportNode
from buoy_server.core.commands.plug import InterfaceSpec
from buoy_server.core.commands.pools import CreatePool
from buoy_server.core.deciding import decide
from buoy_server.core.lookup import Caller
from buoy_server.core.model import Driver, Instance, Interface, Network, Pool
from buoy_server.core.ranges import AddressRange
from buoy_server.core.state import Cause, Draft
from buoy_server.feed.view import View

T = TypeVar("T")
SYSTEM = Caller("system")
START = datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)


@dataclass
class World:
    """What has been decided so far, and the hands to decide more."""

    random: Random = field(default_factory=lambda: Random(1))
    draft: Draft = field(default_factory=lambda: Draft(View(), Cause("Test", "system"), START))

    def run(self, command: Command[T], caller: Caller = SYSTEM) -> T:
        """Decide a command; a refused one leaves nothing."""
        draft = Draft(self.draft, Cause(type(command).__name__, caller.namespace), self.draft.now)
        answer = decide(command, draft, Context(caller, self.random))
        self.draft.absorb(draft)
        return answer

    def later(self, **time: float) -> None:
        """Let time go by."""
        self.draft.now += timedelta(**time)

    def pool(self, name: str = "floating", *ranges: str, quarantine: float = 300) -> Pool:
        """Create a pool."""
        parsed = tuple(AddressRange.parse(text) for text in ranges or ("192.0.2.0/24",))
        pool, _ = self.run(CreatePool(name=name, ranges=parsed, exclusions=(), quarantine=timedelta(seconds=quarantine)))
        return pool

    def network(self, name: str = "net", netblock: str = "10.0.0.0/24", *, nat: bool = False, namespace: str = "") -> Network:
        """Create a network."""
        block = IPv4Network(netblock)
        return self.run(CreateNetwork(name=name, namespace=namespace, netblock=block, provide_nat=nat))

    def node(self, name: str = "n1") -> None:
        """Announce a node."""
        self.run(AnnounceNode(name=name, agent_version="1", external_interface="eth0"))

    def instance(self, name: str = "web", *networks: str, node: str = "n1", namespace: str = "") -> Instance:
        """Create an instance on networks."""
        specs = tuple(InterfaceSpec(network_ref=ref) for ref in networks or ("net",))
        return self.run(CreateInstance(name=name, namespace=namespace, node=node, driver=Driver.NETNS, interfaces=specs))

    def interface(self, instance: Instance, order: int = 0) -> Interface:
        """Return an instance's live interface as it is now."""
        return lookup.live_interfaces(self.draft, instance)[order]

    def now(self, interface: Interface) -> Interface:
        """Return an interface as it is now."""
        return lookup.interface(self.draft, SYSTEM, interface.uuid)

    def report(self, interface: Interface, generation: int | None = None, **outcome: object) -> None:
        """Have the interface's node report a generation, the newest by default."""
        newest = self.now(interface).generation
        report = BindingReport(interface_uuid=interface.uuid, generation=generation or newest, **outcome)  # type: ignore[arg-type]
        self.run(ReportNode(node=interface.node, reports=(report,)))


def small_world() -> World:
    """Return a world with a pool, a network and a node."""
    world = World()
    world.pool()
    world.network()
    world.node()
    return world


def floating_world(address: IPv4Address) -> tuple[World, Interface]:
    """Return that world with a second node, and an interface that floats on n1."""
    world = small_world()
    world.node("n2")
    interface = world.interface(world.instance())
    world.report(interface)
    world.run(FloatInterface(interface_uuid=interface.uuid, address=address))
    world.report(interface)
    return world, world.now(interface)
