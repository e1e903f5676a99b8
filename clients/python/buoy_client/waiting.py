"""When a wait is over, and with what: pure functions from an object to done, not yet, or WaitFailed."""

from collections.abc import Callable
from ipaddress import IPv4Address

from buoy_client.errors import WaitFailed
from buoy_client.models import Instance, Interface, Network
from buoy_client.states import FloatingPhase, InstanceState, InterfaceState, NetworkState, RoutedPhase


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


def routes(address: IPv4Address) -> Callable[[Network], bool]:
    """Give whether a network's node has a routed address; raises WaitFailed when it could not, or the address is gone."""

    def done(network: Network) -> bool:
        routed = next((routed for routed in network.routed_addresses if routed.address == address), None)
        if routed is None or routed.phase is RoutedPhase.RELEASING:
            raise WaitFailed(f"{address} was taken away again", reason="NOT_ROUTED")
        if routed.phase is RoutedPhase.FAILED:
            words = f"{address} is not routed{because(routed.reason)}; its node tries again by itself"
            raise WaitFailed(words, reason="ROUTE_FAILED")
        return routed.phase is RoutedPhase.ACTIVE

    return done


def routes_no_more(address: IPv4Address) -> Callable[[Network], bool]:
    """Give whether nothing of a routed address is left."""
    return lambda network: all(routed.address != address for routed in network.routed_addresses)


def is_network_deleted(network: Network) -> bool:
    """Whether every node confirmed that nothing is left."""
    return network.state is NetworkState.DELETED


def because(reason: str) -> str:
    """Give a reason as the end of a sentence."""
    return f": {reason}" if reason else ""
