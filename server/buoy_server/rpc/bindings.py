"""What a node is told of its interfaces: the bindings that it needs, and what must go."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta

from buoy.v1 import agent_pb2

from buoy_server.codec.records import DRIVERS
from buoy_server.core.model import FLOATING_SPACE, Draining, Instance, Interface, Network
from buoy_server.core.state import Kind
from buoy_server.feed.entry import Committed
from buoy_server.feed.view import View

CHUNK = 1000  # bindings a message


def touched(view: View, node: str, entries: Iterable[Committed]) -> list[Interface]:
    """Return the interfaces of a node for which the entries ask something of it, as they are now."""
    asked: dict[str, None] = {}
    for entry in entries:
        match entry.after:
            case Interface() as after if after.former_node(node) or _lags(after, node):
                asked[entry.key] = None
    found = [view.get(Kind.INTERFACE, key) for key in asked]
    return [interface for interface in found if isinstance(interface, Interface) and is_bound_to(interface, node)]


def is_bound_to(interface: Interface, node: str) -> bool:
    """Whether a node may have something of an interface in its kernel."""
    return interface.bound and node in interface.nodes


def _lags(interface: Interface, node: str) -> bool:
    """Whether something was asked of an interface that its node, which is that one, has not confirmed."""
    return interface.node == node and interface.observed_generation < interface.generation


def touched_networks(view: View, node: str, entries: Iterable[Committed]) -> list[Network]:
    """Return the networks whose outside addresses on a node may have changed, as they are now."""
    asked = dict.fromkeys(
        entry.key for entry in entries if isinstance(entry.after, Network) and node in entry.after.outside_nodes
    )
    found = [view.get(Kind.NETWORK, key) for key in asked]
    return [network for network in found if isinstance(network, Network)]


def updates(
    view: View, node: str, interfaces: Sequence[Interface], revision: int, networks: Sequence[Network] = ()
) -> Iterator[agent_pb2.NodeUpdate]:
    """Yield updates of a bounded size; only the last bears the revision: who loses the stream before it starts before it."""
    now = datetime.now(UTC)
    for start in range(0, max(len(interfaces), bool(networks)), CHUNK):
        update = agent_pb2.NodeUpdate(
            revision=revision if start + CHUNK >= len(interfaces) else 0,
            networks=[network_binding(network, node) for network in networks] if start == 0 else (),
        )
        for interface in interfaces[start : start + CHUNK]:
            put(update, view, node, interface, now)
        yield update


def put(update: agent_pb2.NodeUpdate, view: View, node: str, interface: Interface, now: datetime) -> None:
    """Put into an update what a node is told of an interface."""
    if interface.live and interface.node == node:
        update.upserts.append(binding_of(view, interface, now))
    else:
        update.removed.append(_removal(view, node, interface))


def _removal(view: View, node: str, interface: Interface) -> agent_pb2.Removal:
    former = interface.former_node(node)
    return agent_pb2.Removal(
        interface_uuid=interface.uuid,
        generation=former.generation if former else interface.generation,
        network_uuid=interface.network_uuid,
        unconfirmed_addresses=_floating_addresses(view, interface),
    )


def binding_of(view: View, interface: Interface, now: datetime) -> agent_pb2.Binding:
    """Return all that its node needs for an interface."""
    instance = view.get(Kind.INSTANCE, interface.instance_uuid)
    network = view.get(Kind.NETWORK, interface.network_uuid)
    if not isinstance(instance, Instance) or not isinstance(network, Network):
        raise TypeError(f"interface {interface.uuid} lost its instance or network")
    floating = interface.floating
    if floating and (floating.phase == "releasing" or floating.held_by):
        floating = None
    return agent_pb2.Binding(
        interface_uuid=interface.uuid,
        generation=interface.generation,
        instance_uuid=interface.instance_uuid,
        driver=DRIVERS.to_proto(instance.driver),
        order=interface.order,
        macaddr=interface.macaddr,
        ipv4=str(interface.ipv4),
        floating_address=str(floating.address) if floating else "",
        network=network_binding(network, interface.node),
        unconfirmed_addresses=_uncut(view, interface) if interface.observed_generation < _changed_by(interface) else (),
        draining=[_draining(entry, now) for entry in interface.draining],
        announce=bool(floating and floating.announce_generation > interface.observed_generation),
    )


def network_binding(network: Network, node: str) -> agent_pb2.NetworkBinding:
    """Return all that a node needs for a network."""
    gateway = network.gateway_on(node)
    return agent_pb2.NetworkBinding(
        uuid=network.uuid,
        netblock=str(network.netblock),
        provide_nat=network.provide_nat,
        floating_gateway=str(gateway.address) if gateway else "",
        routed_addresses=[str(routed.address) for routed in network.routed if routed.serving_node == node],
        routed_generation=network.routed_generation,
    )


def _draining(entry: Draining, now: datetime) -> agent_pb2.DrainingAddress:
    """Return the time that is left, not the moment: the node's clock may be another."""
    message = agent_pb2.DrainingAddress(address=str(entry.address))
    message.time_left.FromTimedelta(max(entry.until - now, timedelta()))
    return message


def _changed_by(interface: Interface) -> int:
    """Return the last generation that changed something: asking for another announcement does not, and cuts no flow."""
    announces = interface.floating is not None and interface.floating.announce_generation == interface.generation
    return interface.generation - announces


def _uncut(view: View, interface: Interface) -> list[str]:
    """Return the addresses of which no flow may be left from before: not those that drain."""
    draining = {str(entry.address) for entry in interface.draining}
    return [address for address in _floating_addresses(view, interface) if address not in draining]


def _floating_addresses(view: View, interface: Interface) -> list[str]:
    """Return the addresses of pools that an interface has or has yet to let go of, read off the keys of their records."""
    keys = view.find(Kind.RESERVATION, "owner", interface.uuid)
    return [address for space, _, address in (key.partition("/") for key in keys) if space == FLOATING_SPACE]
