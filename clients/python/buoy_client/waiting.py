"""When a wait is over, and with what: pure functions from an object to done, not yet, or WaitFailed, and to what is left."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Generic, TypeVar

from buoy_client.errors import WaitFailed
from buoy_client.models import Instance, Interface, Network, RoutedAddress
from buoy_client.states import FloatingPhase, InstanceState, InterfaceState, NetworkState, RoutedPhase

Subject = TypeVar("Subject", Interface, Instance, Network)


@dataclass(frozen=True, slots=True)
class Goal(Generic[Subject]):
    """What is waited for: whether it is there, and if not, who has not done what yet."""

    is_done: Callable[[Subject], bool]
    left: Callable[[Subject], str]


def is_active(interface: Interface) -> bool:
    """Whether packets flow to the floating address; raises WaitFailed when the node could not, or the float is gone."""
    if interface.state in {InterfaceState.DELETED, InterfaceState.ERROR}:
        raise WaitFailed(f"the interface became {interface.state}{because(interface.state_reason)}", reason="INTERFACE_GONE")
    if interface.floating is None:
        raise WaitFailed("the floating address was taken away again", reason="NOT_FLOATING")
    if interface.floating.phase is FloatingPhase.FAILED:
        words = (
            f"{interface.floating.address} does not float{because(interface.floating.reason)}; its node tries again by itself"
        )
        raise WaitFailed(words, reason="FLOAT_FAILED")
    return interface.floating.phase is FloatingPhase.ACTIVE


def is_defloated(interface: Interface) -> bool:
    """Whether the floating address is gone."""
    return interface.floating is None


def is_interface_created(interface: Interface) -> bool:
    """Whether the NIC is there; raises WaitFailed when it never will be."""
    if interface.state in {InterfaceState.DELETED, InterfaceState.ERROR}:
        raise WaitFailed(f"the interface became {interface.state}{because(interface.state_reason)}", reason="INTERFACE_GONE")
    return interface.state is InterfaceState.CREATED


def is_interface_deleted(interface: Interface) -> bool:
    """Whether the node confirmed that the NIC and the floating address are gone."""
    confirmed = interface.observed_generation >= interface.generation
    return interface.state is InterfaceState.DELETED and interface.floating is None and confirmed


def is_moved(interface: Interface) -> bool:
    """Whether its node has all of it, and those that had it before let go. A float that fails meanwhile is tried again."""
    has_all = interface.observed_generation >= interface.generation and not interface.former_nodes
    return has_all and (interface.floating is None or interface.floating.phase is FloatingPhase.ACTIVE)


def is_instance_created(instance: Instance) -> bool:
    """Whether all NICs are there; raises WaitFailed when they never will be."""
    if instance.state in {InstanceState.DELETE_WAIT, InstanceState.DELETED, InstanceState.ERROR}:
        raise WaitFailed(f"the instance became {instance.state}{because(instance.state_reason)}", reason="INSTANCE_GONE")
    return instance.state is InstanceState.CREATED


def is_instance_deleted(instance: Instance) -> bool:
    """Whether the node confirmed that nothing is left."""
    return instance.state is InstanceState.DELETED


def routes(address: IPv4Address) -> Goal[Network]:
    """Give the goal that a network's node has a routed address; raises WaitFailed when it could not, or the address is gone."""

    def done(network: Network) -> bool:
        routed = _routed(network, address)
        if routed is None or routed.phase is RoutedPhase.RELEASING:
            raise WaitFailed(f"{address} was taken away again", reason="NOT_ROUTED")
        if routed.phase is RoutedPhase.FAILED:
            words = f"{address} is not routed{because(routed.reason)}; its node tries again by itself"
            raise WaitFailed(words, reason="ROUTE_FAILED")
        return routed.phase is RoutedPhase.ACTIVE

    return Goal(done, lambda network: routed_left(_routed(network, address)))


def routes_no_more(address: IPv4Address) -> Goal[Network]:
    """Give the goal that nothing of a routed address is left."""
    return Goal(lambda network: _routed(network, address) is None, lambda network: routed_left(_routed(network, address)))


def _routed(network: Network, address: IPv4Address) -> RoutedAddress | None:
    return next((routed for routed in network.routed_addresses if routed.address == address), None)


def is_network_deleted(network: Network) -> bool:
    """Whether every node confirmed that nothing is left."""
    return network.state is NetworkState.DELETED


def float_left(interface: Interface) -> str:
    """Say what a floating address waits for: to come, or to go."""
    floating, node = interface.floating, interface.node
    if floating is None:
        return nic_left(interface)
    if floating.phase is FloatingPhase.RELEASING:
        return f"node {node} has not let go of {floating.address} yet{because(floating.reason)}"
    if floating.phase is FloatingPhase.ACTIVE:
        return move_left(interface)
    return f"{floating.address} is {floating.phase} on node {node}{because(floating.reason)}"


def nic_left(interface: Interface) -> str:
    """Say what a NIC waits for."""
    return f"node {interface.node} has not made the NIC yet{because(interface.state_reason)}"


def removal_left(interface: Interface) -> str:
    """Say who has not let go of an interface that is deleted."""
    nodes = [interface.node] if interface.observed_generation < interface.generation else []
    return _not_let_go([*nodes, *(former.node for former in interface.former_nodes)], "it")


def move_left(interface: Interface) -> str:
    """Say who has to do what for an interface that moves; empty when all is done."""
    if interface.observed_generation < interface.generation:
        return f"node {interface.node} has not confirmed it yet{because(interface.state_reason)}"
    if interface.former_nodes:
        return _not_let_go((former.node for former in interface.former_nodes), "it")
    return "" if is_moved(interface) else float_left(interface)


def instance_move_left(interfaces: Iterable[Interface]) -> str:
    """Say what the interfaces of an instance that moves wait for, each that is not done."""
    return "; ".join(f"interface {interface.uuid}: {left}" for interface in interfaces if (left := move_left(interface)))


def instance_left(instance: Instance) -> str:
    """Say what an instance waits for: its NICs to come, or to go."""
    goes = instance.state in {InstanceState.DELETE_WAIT, InstanceState.DELETED}
    doing = "let go of its NICs" if goes else "made all its NICs"
    return f"node {instance.node} has not {doing} yet{because(instance.state_reason)}"


def network_left(network: Network) -> str:
    """Say what a network that is deleted waits for."""
    return f"it is {network.state}: a node has not let go of it yet{because(network.state_reason)}"


def routed_left(routed: RoutedAddress | None) -> str:
    """Say what a routed address waits for."""
    if routed is None:
        return ""
    if routed.phase is RoutedPhase.RELEASING or routed.former_node:
        return _not_let_go([routed.former_node or routed.node], str(routed.address)) + because(routed.reason)
    return f"{routed.address} is {routed.phase} on node {routed.node}{because(routed.reason)}"


def _not_let_go(nodes: Iterable[str], what: str) -> str:
    names = sorted(set(nodes))
    return (
        f"node{'s' if len(names) > 1 else ''} {', '.join(names)} {'have' if len(names) > 1 else 'has'} not let go of {what} yet"
    )


def because(reason: str) -> str:
    """Give a reason as the end of a sentence."""
    return f": {reason}" if reason else ""


ACTIVE = Goal(is_active, float_left)
DEFLOATED = Goal(is_defloated, float_left)
INTERFACE_CREATED = Goal(is_interface_created, nic_left)
INTERFACE_DELETED = Goal(is_interface_deleted, removal_left)
INSTANCE_CREATED = Goal(is_instance_created, instance_left)
INSTANCE_DELETED = Goal(is_instance_deleted, instance_left)
NETWORK_DELETED = Goal(is_network_deleted, network_left)
