"""Somebody who uses Buoy through its SDK: makes networks and instances in a namespace of their own."""

from contextlib import ExitStack
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from itertools import count

from buoy_client import BuoyClient, InterfaceSpec, Network

from tests.lab.stage import Guest, Stage
from tests.support import web


@dataclass(slots=True)
class Tenant:
    """One namespace, and what was made in it."""

    stage: Stage
    namespace: str
    keep: ExitStack
    client: BuoyClient = field(init=False)
    guests: list[Guest] = field(default_factory=list)
    networks: list[Network] = field(default_factory=list)
    _numbers: "count[int]" = field(default_factory=count)

    def __post_init__(self) -> None:
        """Opens the client."""
        self.client = BuoyClient(self.stage.place.target, namespace=self.namespace)

    def network(self, *, nat: bool = False, netblock: str = "10.0.0.0/24") -> Network:
        """Makes a network."""
        made = self.client.create_network(f"net{next(self._numbers)}", netblock, provide_nat=nat)
        self.networks.append(made)
        return made

    def guest(self, network: Network, *, node: str = "node1", address: str | None = None) -> Guest:
        """Makes an instance with one NIC and a web server that says its name."""
        name = f"i{next(self._numbers)}"
        spec = InterfaceSpec(network.uuid, address)
        instance = self.client.create_instance(name, [spec], node=node, wait=True)
        nic = self.client.get_instance_interfaces(instance.uuid)[0]
        site, fixed = self.stage.world.node(node), IPv4Address(str(nic.ipv4))
        guest = Guest(name, self.namespace, instance.uuid, nic.uuid, fixed, nic.macaddr, site, network.uuid)
        self.guests.append(guest)
        self.keep.enter_context(web.http_server(guest.netns, self.title(guest)))
        return guest

    def title(self, guest: Guest) -> str:
        """What the guest's web server calls itself."""
        return f"{guest.namespace}/{guest.name}"

    def float(self, guest: Guest) -> IPv4Address:
        """Floats a guest, and returns the address when it is active."""
        floating = self.client.float_interface(guest.interface, wait=True).floating
        assert floating is not None
        return floating.address

    def defloat(self, guest: Guest) -> None:
        """Defloats a guest, and returns when its node has confirmed."""
        self.client.defloat_interface(guest.interface, wait=True)

    def delete_all(self) -> None:
        """Deletes everything that was made."""
        for guest in self.guests:
            self.client.delete_instance(guest.uuid, wait=True)
        for network in self.networks:
            self.client.delete_network(network.uuid, wait=True)
