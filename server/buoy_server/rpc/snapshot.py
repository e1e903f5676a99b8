"""All bindings of a node: the first thing on its stream, of which a gateway has a hundred thousand.

Most interfaces are as their node confirmed them. Their bindings are read straight off the bytes that the view has, into
columns, which costs an eighth of the way through the core's objects; all others go that way.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from buoy.v1 import agent_pb2, instance_pb2, interface_pb2

from buoy_server.core.model import Interface, Network
from buoy_server.core.state import Kind
from buoy_server.feed.view import View
from buoy_server.rpc.bindings import CHUNK, is_bound_to, network_binding, put

_Row = tuple[str, int, str, int, str, str, str, bool]
_CREATED, _DELETED = interface_pb2.INTERFACE_STATE_CREATED, interface_pb2.INTERFACE_STATE_DELETED
_NONE, _ACTIVE = interface_pb2.FLOATING_PHASE_UNSPECIFIED, interface_pb2.FLOATING_PHASE_ACTIVE
_RELEASING = interface_pb2.FLOATING_PHASE_RELEASING


def snapshot(view: View, node: str, *, in_columns: bool) -> Iterator[agent_pb2.NodeUpdate]:
    """Yield updates of a bounded size, each as of when it is asked for: the feed has what changes meanwhile."""
    keys = list(view.find(Kind.INTERFACE, "node", node))
    for start in range(0, len(keys), CHUNK):
        update, now = agent_pb2.NodeUpdate(), datetime.now(UTC)
        columns = _Columns(view, node)
        for key in keys[start : start + CHUNK]:
            body = view.body(Kind.INTERFACE, key)
            if body is not None and in_columns and columns.take(interface_pb2.Interface.FromString(body)):
                continue
            interface = view.get(Kind.INTERFACE, key)
            if isinstance(interface, Interface) and is_bound_to(interface, node):
                put(update, view, node, interface, now)
        columns.put(update)
        yield update


class _Columns:
    """The settled bindings of an update, by network and driver, each a row until all are there."""

    def __init__(self, view: View, node: str) -> None:
        self._view, self._node = view, node
        self._rows: dict[tuple[str, int], list[_Row]] = {}

    def take(self, interface: interface_pb2.Interface) -> bool:
        """Take an interface of which nothing is under way; return False for any other."""
        floating = interface.floating
        if not _is_settled(interface, floating, self._node):
            return False
        instance_uuid = interface.instance_uuid
        instance = self._view.body(Kind.INSTANCE, instance_uuid)
        if instance is None:
            raise TypeError(f"interface {interface.uuid} lost its instance")
        place = interface.network_uuid, instance_pb2.Instance.FromString(instance).driver
        row = (
            interface.uuid,
            interface.generation,
            instance_uuid,
            interface.order,
            interface.macaddr,
            interface.ipv4,
            floating.address,
            _works(interface, floating),
        )
        self._rows.setdefault(place, []).append(row)
        return True

    def put(self, update: agent_pb2.NodeUpdate) -> None:
        """Put all of them into an update."""
        for (network_uuid, driver), rows in self._rows.items():
            network = self._view.get(Kind.NETWORK, network_uuid)
            if not isinstance(network, Network):
                raise TypeError(f"interfaces lost their network {network_uuid}")
            update.settled.append(_settled(network_binding(network, self._node), driver, rows))


def _settled(network: agent_pb2.NetworkBinding, driver: int, rows: Sequence[_Row]) -> agent_pb2.SettledBindings:
    uuids, generations, instances, orders, macaddrs, addresses, floating, works = zip(*rows, strict=True)
    return agent_pb2.SettledBindings(
        network=network,
        driver=instance_pb2.InstanceDriver.Name(driver),
        interface_uuids=uuids,
        generations=generations,
        instance_uuids=instances,
        orders=orders,
        macaddrs=macaddrs,
        ipv4_addresses=addresses,
        floating_addresses=floating,
        works=works,
    )


def _is_settled(interface: interface_pb2.Interface, floating: interface_pb2.Floating, node: str) -> bool:
    """Whether the node has confirmed all that was asked of it for an interface, and nothing of it is on its way."""
    return (
        interface.node == node
        and interface.observed_generation == interface.generation
        and interface.state != _DELETED
        and not interface.draining
        and not floating.held_by
        and floating.phase != _RELEASING
    )


def _works(interface: interface_pb2.Interface, floating: interface_pb2.Floating) -> bool:
    """Whether a report that all is well would change nothing."""
    return (
        interface.state == _CREATED
        and not interface.state_reason
        and not interface.former_nodes
        and floating.phase in (_NONE, _ACTIVE)
        and not floating.reason
    )
