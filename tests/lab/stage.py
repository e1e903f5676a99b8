"""A world with everything running in it: what the demo and the end-to-end tests play on."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from buoy_client import BuoyClient

from tests.lab import processes, world
from tests.lab.cli import Cli
from tests.lab.processes import Program, ServerPlace
from tests.lab.world import NodeSite, World
from tests.support.waiting import wait_for


@dataclass(frozen=True, slots=True)
class Guest:
    """An instance with one NIC, and where it is."""

    name: str
    namespace: str
    uuid: str
    interface: str
    address: IPv4Address
    macaddr: str
    site: NodeSite
    network: str

    @property
    def netns(self) -> str:
        """The instance's own network namespace."""
        return self.site.netns_of(self.uuid)

    @property
    def network_netns(self) -> str:
        """The namespace of its network on its node."""
        return self.site.netns_of(self.network)


@dataclass(slots=True)
class Stage:
    """One world, its server, its agents, and the `buoy` program to act with."""

    world: World
    place: ServerPlace
    server: Program
    agents: dict[str, Program]
    cli: Cli
    guests: list[Guest] = field(default_factory=list)

    def start_server(self) -> None:
        """Starts the server and waits until it serves."""
        self.server.start()
        processes.wait_serving(self.server, self.place.target)

    def start_agent(self, node: str) -> None:
        """Starts a node's agent and waits until the server knows that it is connected."""
        self.agents[node].start()
        self.wait_connected(node)

    def wait_connected(self, *nodes: str, connected: bool = True) -> None:
        """Waits until the server sees all these nodes connected, or all not.

        By the SDK: the command line gives a server that is not let run 3 s.
        """
        client = BuoyClient(self.place.target, namespace="system", key=self.cli.key or None)

        def all_so() -> bool:
            so = {node.name for node in client.get_nodes() if node.connected}
            return so.issuperset(nodes) if connected else so.isdisjoint(nodes)

        with client:
            wait_for(f"connected={connected} of {', '.join(nodes)}", all_so)

    def create_guest(self, name: str, namespace: str, network: dict[str, Any], node: str, address: str = "") -> Guest:
        """Creates an instance with one NIC (driver `netns`) and waits until it is there."""
        plug = network["uuid"] + (f",address={address}" if address else "")
        where = ["--network", plug, "--node", node, "--driver", "netns", "--namespace", namespace]
        instance = self.cli("instance", "create", name, *where, "--wait")
        nic = listed(self.cli("instance", "interfaces", instance["uuid"]))[0]
        fixed, site = IPv4Address(nic["ipv4"]), self.world.node(node)
        guest = Guest(name, namespace, instance["uuid"], nic["uuid"], fixed, nic["macaddr"], site, network["uuid"])
        self.guests.append(guest)
        return guest

    def float(self, guest: Guest) -> IPv4Address:
        """Floats a guest's NIC, and returns the address when it is active."""
        return IPv4Address(self.cli("interface", "float", guest.interface, "--wait")["floating"]["address"])

    def programs(self) -> list[Program]:
        """The server and the agents."""
        return [self.server, *self.agents.values()]


def listed(answer: Any) -> list[dict[str, Any]]:
    """The objects of a list command's JSON."""
    return list(answer)


@contextmanager
def opened(prefix: str, directory: Path, logs: Path, *, insecure: bool = True) -> Iterator[Stage]:
    """A stage with nothing started yet; at the end all is stopped and taken away.

    Where it is not insecure there is the first key, and each agent waits for one in its key file.
    """
    lab, place = World(prefix), processes.free_place(directory, insecure=insecure)
    key = "" if insecure else processes.bootstrap(place)
    agents = {site.name: processes.agent(site, place, logs / f"agent-{site.name}.log") for site in lab.nodes}
    stage = Stage(lab, place, processes.server(place, logs / "server.log"), agents, Cli(place.target, key))
    with world.built(lab):
        try:
            yield stage
        finally:
            for program in reversed(stage.programs()):
                if program.running:
                    program.stop()
