"""Plugging interfaces into instances and unplugging them: what the commands on instances and on interfaces share."""

from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from typing import cast

from buoy_server.core import addresses, errors, lookup, quotas
from buoy_server.core.allocation import pick_free
from buoy_server.core.command import Context
from buoy_server.core.commands import routing
from buoy_server.core.commands.floating import start_floating, start_release
from buoy_server.core.model import DEFAULT_MODEL, FloatingGateway, Instance, Interface, InterfaceId, Network
from buoy_server.core.state import Draft, Kind, macaddr_number
from buoy_server.core.states import (
    INSTANCE_MOVES,
    INTERFACE_MOVES,
    NETWORK_MOVES,
    InstanceState,
    InterfaceState,
    NetworkState,
    move,
)

MACADDR_PREFIX = "02:00:00"
MAX_INTERFACES = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceSpec:
    """What was asked of one new interface; `path` prefixes the names of its fields in errors."""

    network_ref: str
    address: IPv4Address | None = None
    macaddr: str | None = None
    model: str = DEFAULT_MODEL
    float_it: bool = False
    path: str = ""


def plug(draft: Draft, context: Context, instance: Instance, spec: InterfaceSpec, order: int) -> Interface:
    """Put a new interface of an instance on a network, with its addresses."""
    network = lookup.network(draft, context.caller, spec.network_ref, instance.namespace, field=f"{spec.path}network_ref")
    if network.state is not NetworkState.CREATED:
        raise errors.NotReady(f"network {network.name} is {network.state}", field=f"{spec.path}network_ref")
    quotas.check_interfaces(draft, instance.namespace)
    interface = Interface(
        uuid=InterfaceId(context.new_uuid()),
        namespace=instance.namespace,
        instance_uuid=instance.uuid,
        network_uuid=network.uuid,
        node=instance.node,
        macaddr=_choose_macaddr(draft, context, spec),
        ipv4=addresses.choose_fixed(draft, context, network, spec.address, f"{spec.path}address"),
        order=order,
        model=spec.model,
        metadata={},
    )
    addresses.take_fixed(draft, interface)
    provide_gateway(draft, context, network, instance.node)
    routing.arrive(draft, network.uuid, instance.node)
    if spec.float_it:
        interface = start_floating(draft, context, interface, None, None)
    return draft.put(interface)


def unplug(draft: Draft, interface: Interface) -> Interface:
    """Delete an interface: what it has is released when its node confirmed that nothing of it is left."""
    return draft.put(
        replace(
            interface,
            state=move(INTERFACE_MOVES, interface.state, InterfaceState.DELETED),
            state_reason="",
            floating=start_release(draft, interface, interface.generation + 1),
            generation=interface.generation + 1,
            draining=(),
        )
    )


def confirm_unplugged(draft: Draft, interface: Interface, node: str) -> None:
    """Take in that a node has nothing of an interface any more, which is deleted or was moved away from there.

    What a deleted one had is released when no node has anything of it, and so is what waited for that.
    """
    former = interface.former_node(node)
    if former is not None:
        kept = tuple(other for other in interface.former_nodes if other is not former)
        interface = replace(interface, former_nodes=kept)
    else:
        interface = replace(interface, observed_generation=interface.generation)
    if interface.bound:
        draft.put(interface)
    else:
        draft.put(replace(interface, floating=None))
        for record in lookup.reservations(draft, interface.uuid):
            addresses.release(draft, record, "interface deleted")
    settle_network(draft, cast("Network", draft.get(Kind.NETWORK, interface.network_uuid)), node)
    settle_instance(draft, cast("Instance", draft.get(Kind.INSTANCE, interface.instance_uuid)))


def settle_network(draft: Draft, network: Network, node: str = "") -> Network:
    """Release what a network has on a node without its interfaces, and end a deleted network that is on no node."""
    gateway = network.gateway_on(node)
    if gateway and not draft.count(Kind.INTERFACE, "network_node", (network.uuid, node)):
        record = addresses.record_of(draft, None, gateway.address)
        if record is not None:
            addresses.release(draft, record, f"network {network.name} has no interface on node {node} any more")
        kept = tuple(other for other in network.floating_gateways if other is not gateway)
        network = draft.put(replace(network, floating_gateways=kept))
    network = routing.leave(draft, network, node)
    if network.state is NetworkState.DELETE_WAIT and not draft.find(Kind.INTERFACE, "network", network.uuid):
        for record in lookup.reservations(draft, network.uuid):
            addresses.release(draft, record, "network deleted")
        network = draft.put(replace(network, state=move(NETWORK_MOVES, network.state, NetworkState.DELETED), routed=()))
    return network


def settle_instance(draft: Draft, instance: Instance) -> Instance:
    """Move an instance on when its interfaces are all there, or all gone."""
    new = instance.state
    if instance.state is InstanceState.DELETE_WAIT:
        if not draft.find(Kind.INTERFACE, "instance", instance.uuid):
            new = InstanceState.DELETED
    elif instance.state is InstanceState.CREATING and all(
        interface.state is InterfaceState.CREATED for interface in lookup.live_interfaces(draft, instance)
    ):
        new = InstanceState.CREATED
    if new is instance.state:
        return instance
    return draft.put(replace(instance, state=move(INSTANCE_MOVES, instance.state, new), state_reason=""))


def provide_gateways(draft: Draft, context: Context, network: Network) -> None:
    """Give a network that provides NAT the gateway addresses that it could not get when its interfaces were plugged."""
    if network.live and network.provide_nat:
        for node in sorted(draft.keys(Kind.NODE)):
            if draft.count(Kind.INTERFACE, "network_node", (network.uuid, node)):
                provide_gateway(draft, context, cast("Network", draft.get(Kind.NETWORK, network.uuid)), node)


def _choose_macaddr(draft: Draft, context: Context, spec: InterfaceSpec) -> str:
    if spec.macaddr is not None:
        if _is_taken(draft, spec.macaddr):
            raise errors.MacaddrInUse(f"{spec.macaddr} is in use", field=f"{spec.path}macaddr")
        return spec.macaddr
    chosen = pick_free(1 << 24, lambda index: _is_taken(draft, _macaddr(index)), context.random)
    if chosen is None:
        raise errors.NetworkFull("every MAC address is in use", field=f"{spec.path}macaddr")
    return _macaddr(chosen)


def _is_taken(draft: Draft, macaddr: str) -> bool:
    return draft.count(Kind.INTERFACE, "macaddr", macaddr_number(macaddr)) > 0


def _macaddr(index: int) -> str:
    return f"{MACADDR_PREFIX}:{index >> 16:02x}:{index >> 8 & 255:02x}:{index & 255:02x}"


def provide_gateway(draft: Draft, context: Context, network: Network, node: str) -> None:
    if not network.provide_nat or network.gateway_on(node):
        return
    record = addresses.take_gateway(draft, context, network, node)
    if record is not None and record.pool is not None:
        gateway = FloatingGateway(node=node, address=record.address, pool=record.pool)
        draft.put(replace(network, floating_gateways=(*network.floating_gateways, gateway)))
