"""Somebody who uses Shaken Fist's client in a namespace of their own."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from buoy_client import BuoyClient, Instance, Interface, InterfaceSpec, InterfaceState

from tests.lab.stage import Stage
from tests.shakenfist.client import Ended, ShakenFist

SCRIPTS = Path(__file__).parent / "scripts"
PRINTED = "b1981e81-b37a-4176-ba37-b61bc7208012"  # the interface of the documentation's scripts


@dataclass(frozen=True, slots=True)
class Tenant:
    """A namespace, the client that is logged in to it, and `system`'s SDK to look at what it did."""

    stage: Stage
    namespace: str
    system: BuoyClient
    client: ShakenFist
    directory: Path

    def instance(self, name: str = "web", address: str = "10.0.0.9") -> tuple[Instance, Interface]:
        """An instance with one interface on a new network `net`."""
        network = self.system.create_network("net", "10.0.0.0/24", namespace=self.namespace)
        made = self.system.create_instance(name, [InterfaceSpec(network.uuid, address)], namespace=self.namespace, wait=True)
        return made, self.system.get_instance_interfaces(made.uuid)[0]

    def spec(self, network: str) -> InterfaceSpec:
        """An interface at 10.0.0.9 of one of the namespace's networks."""
        found = next(one for one in self.system.get_networks(namespace=self.namespace) if one.name == network)
        return InterfaceSpec(found.uuid, "10.0.0.9")

    def script(self, name: str, interface: str) -> Path:
        """A script of the documentation page as it is printed, with this interface in the place of the printed one.

        Those about metadata name the interface by a variable that they do not set: it is set before their first line.
        """
        text = (SCRIPTS / f"{name}.py").read_text(encoding="utf-8")
        if "img_uuid" in text:
            text = f"img_uuid = '{interface}'\n{text}"
        path = self.directory / "example.py"
        path.write_text(text.replace(PRINTED, interface), encoding="utf-8")
        return path

    def run(self, script: str, interface: str = PRINTED) -> Ended:
        """Runs such a script."""
        return self.client.python(self.script(script, interface))

    def netns_of(self, uuid: str) -> str:
        """The network namespace of an instance or a network on the node."""
        return self.stage.world.node("node1").netns_of(uuid)

    def interface(self, uuid: str) -> Any:
        """An interface as it is now."""
        return self.system.get_interface(uuid)

    def all_plugged(self, instance: str) -> bool:
        """Whether the node has all interfaces of an instance."""
        found = next(one for one in self.system.get_instances(namespace=self.namespace) if one.name == instance)
        return all(nic.state is InterfaceState.CREATED for nic in self.system.get_instance_interfaces(found.uuid))

    def routed(self, network: str) -> Any:
        """The addresses that are routed into one of the namespace's networks, also those that its node has yet to let go of."""
        return self.system.get_network(network, self.namespace).routed_addresses

    def delete_all(self) -> None:
        """Deletes all that the namespace has."""
        for instance in self.system.get_instances(namespace=self.namespace):
            self.system.delete_instance(instance.uuid, wait=True)
        for network in self.system.get_networks(namespace=self.namespace):
            self.system.delete_network(network.uuid, wait=True)
