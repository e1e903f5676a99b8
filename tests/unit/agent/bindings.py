"""Bindings by few words, for tests."""

from dataclasses import replace
from ipaddress import IPv4Network
from uuid import UUID, uuid5

from buoy_agent.core.spec import Binding, Driver, InstanceId, InterfaceId, Network, NetworkId, packed

_SPACE = UUID("6c1f0d6e-4f0e-4a55-9a3f-5d4f6f0f9b11")


def uuid_of(salt: str, name: str) -> str:
    """A uuid that follows from the names."""
    return str(uuid5(_SPACE, f"{salt}/{name}"))


def network(salt: str, name: str, netblock: str = "10.0.0.0/24", *, egress: str | None = None) -> Network:
    """A network, with provide_nat if it has an egress address."""
    gateway = packed(egress) if egress else None
    return Network(
        NetworkId(uuid_of(salt, name)), IPv4Network(netblock), provide_nat=egress is not None, floating_gateway=gateway
    )


def routed(before: Network, *addresses: str) -> Network:
    """The network with these addresses routed into it, and the next generation of them."""
    return replace(before, routed=frozenset(map(packed, addresses)), routed_generation=before.routed_generation + 1)


def binding(salt: str, net: Network, host: int, *, floating: str | None = None, generation: int = 1) -> Binding:
    """The interface with that host number in a network, of an instance of its own."""
    name = f"{net.id}/{host}"
    return Binding(
        interface=InterfaceId(uuid_of(salt, f"if {name}")),
        generation=generation,
        instance=InstanceId(uuid_of(salt, f"in {name}")),
        driver=Driver.NETNS,
        order=0,
        macaddr="02:00:00:" + f"{host:06x}"[:2] + ":" + f"{host:06x}"[2:4] + ":" + f"{host:06x}"[4:],
        address=packed(str(net.netblock[host])),
        floating=packed(floating) if floating else None,
        network=net,
    )


def floated(before: Binding, floating: str | None) -> Binding:
    """The next generation of a binding, with another float or none."""
    return before._replace(floating=packed(floating) if floating else None, generation=before.generation + 1)
