"""Objects among each other: an interface's instance, network and node; generations; and what waits for nothing any more."""

from itertools import pairwise
from typing import cast

from buoy_server.core import addresses, lookup
from buoy_server.core.fsck.holders import interfaces, networks
from buoy_server.core.fsck.violation import Check, Found
from buoy_server.core.model import Instance, Interface, Network, Node
from buoy_server.core.state import Kind, State
from buoy_server.core.states import FloatingPhase, InstanceState, InterfaceState, NetworkState, RoutedPhase


def _places(state: State) -> Found:
    for interface in interfaces(state):
        if interface.bound:
            for wrong in _wrong_places(state, interface):
                yield f"interface {interface.uuid}", wrong


def _wrong_places(state: State, interface: Interface) -> list[str]:
    """Return what is wrong with where an interface is, in words."""
    instance, network = state.get(Kind.INSTANCE, interface.instance_uuid), state.get(Kind.NETWORK, interface.network_uuid)
    wrong = [f"its node {name} is not known" for name in sorted(interface.nodes) if state.get(Kind.NODE, name) is None]
    if not isinstance(instance, Instance):
        wrong.append(f"its instance {interface.instance_uuid} is not there")
    elif interface.live and (not instance.live or instance.node != interface.node):
        wrong.append(f"it is live on node {interface.node}, and its instance {instance.state} on node {instance.node}")
    if not isinstance(network, Network):
        wrong.append(f"its network {interface.network_uuid} is not there")
    elif interface.live and network.state is not NetworkState.CREATED:
        wrong.append(f"it is live on network {network.uuid}, which is {network.state}")
    return wrong


def _generations(state: State) -> Found:
    for interface in interfaces(state):
        about, floating = f"interface {interface.uuid}", interface.floating
        if not 0 <= interface.observed_generation <= interface.generation:
            yield about, f"its node confirmed generation {interface.observed_generation} of {interface.generation}"
        if floating is None:
            continue
        if floating.generation > interface.generation:
            yield about, f"its float is of generation {floating.generation}, and the interface of {interface.generation}"
        confirmed = floating.observed_generation >= floating.generation and floating.active_time is not None
        if floating.phase is FloatingPhase.ACTIVE and (not confirmed or floating.held_by):
            yield about, f"it floats at {floating.address} as active, and no node has confirmed that"
    for network in networks(state):
        for routed in network.routed:
            wrong = routed.phase is RoutedPhase.ACTIVE and (not routed.serving_node or routed.active_time is None)
            if wrong or routed.generation > network.routed_generation:
                yield f"network {network.uuid}", f"{routed.address} is routed as {routed.phase}, and no node has confirmed that"


def _ends(state: State) -> Found:
    """What only waits for nodes ends with the last confirmation."""
    for key in state.keys(Kind.INSTANCE):
        instance = cast("Instance", state.get(Kind.INSTANCE, key))
        live = lookup.live_interfaces(state, instance)
        if instance.state is InstanceState.DELETE_WAIT and not state.find(Kind.INTERFACE, "instance", key):
            yield f"instance {key}", "it waits to be deleted, and nothing of it is left"
        elif instance.state is InstanceState.DELETED and live:
            yield f"instance {key}", "it is deleted, and has live interfaces"
        elif instance.state is InstanceState.CREATING and all(nic.state is InterfaceState.CREATED for nic in live):
            yield f"instance {key}", "it is being created, and all its interfaces are there"
    for network in networks(state):
        left = state.find(Kind.INTERFACE, "network", network.uuid)
        if network.state is NetworkState.DELETE_WAIT and not left:
            yield f"network {network.uuid}", "it waits to be deleted, and nothing of it is left"
        elif network.state is NetworkState.DELETED and (left or network.outside_nodes):
            yield f"network {network.uuid}", "it is deleted, and has interfaces or addresses"


def _nodes(state: State) -> Found:
    """A network's own addresses outside are on nodes where it has interfaces."""
    for network in networks(state):
        for name in sorted(network.outside_nodes):
            node = cast("Node | None", state.get(Kind.NODE, name))
            if node is None or not state.count(Kind.INTERFACE, "network_node", (network.uuid, name)):
                yield f"network {network.uuid}", f"it has addresses on node {name}, where it has no interface"


def _overlaps(state: State) -> Found:
    blocks = [(range_, f"pool {pool.name}") for pool in lookup.pools(state) for range_ in pool.ranges]
    for (range_, pool), (following, other) in pairwise(sorted(blocks, key=lambda block: block[0].first)):
        if range_.overlaps(following):
            yield pool, f"{range_} overlaps {following} of {other}"
    for network in networks(state):
        netblock = addresses.netblock_range(network.netblock)
        for range_, pool in blocks:
            if network.live and range_.overlaps(netblock):
                yield f"network {network.uuid}", f"{network.netblock} overlaps {range_} of {pool}"


DELETE_IT = "delete it and make it anew; if that is refused, restore a backup from before its revision"
CHECKS = (
    Check("INTERFACE_PLACE", "each interface has its instance, its network and its node", DELETE_IT, _places),
    Check(
        "GENERATION",
        "nothing is confirmed that was not asked, and nothing active that was not confirmed",
        "defloat and float it, or unroute and route it: its node is asked anew",
        _generations,
    ),
    Check("WAITS_FOR_NOTHING", "what waits for nodes ends when the last one confirmed", DELETE_IT, _ends),
    Check("NETWORK_NODE", "a network has outside addresses only where it has interfaces", DELETE_IT, _nodes),
    Check("OVERLAP", "no two pools overlap, nor a pool and a network", "shrink the pool (`buoy pool update`)", _overlaps),
)
