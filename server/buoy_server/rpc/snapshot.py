"""All bindings of a node, serialized: the first thing on its stream, of which a gateway has a hundred thousand.

Most interfaces are as their node confirmed them. Their bindings are read straight off the bytes that the view has, which costs
an eighth of the way through the core's objects; all others go that way.
"""

from collections.abc import Iterator
from datetime import UTC, datetime

from buoy.v1 import agent_pb2, instance_pb2, interface_pb2

from buoy_server.codec import packing
from buoy_server.core.model import Interface, Network
from buoy_server.core.state import Kind
from buoy_server.feed.view import View
from buoy_server.rpc.bindings import CHUNK, is_bound_to, network_binding, put

_UPSERTS = agent_pb2.NodeUpdate.DESCRIPTOR.fields_by_name["upserts"].number
_NETWORK = agent_pb2.Binding.DESCRIPTOR.fields_by_name["network"].number


def snapshot(view: View, node: str) -> Iterator[bytes]:
    """Yield updates of a bounded size, each as of when it is asked for: the feed has what changes meanwhile."""
    networks: dict[str, bytes] = {}
    keys = list(view.find(Kind.INTERFACE, "node", node))
    for start in range(0, len(keys), CHUNK):
        update, settled = agent_pb2.NodeUpdate(), []
        now = datetime.now(UTC)
        for key in keys[start : start + CHUNK]:
            body = view.body(Kind.INTERFACE, key)
            binding = None if body is None else _settled_binding(view, node, body, networks)
            if binding is not None:
                settled.append(binding)
                continue
            interface = view.get(Kind.INTERFACE, key)
            if isinstance(interface, Interface) and is_bound_to(interface, node):
                put(update, view, node, interface, now)
        yield packing.concatenated(update, packing.joined(_UPSERTS, settled))


def _settled_binding(view: View, node: str, body: bytes, networks: dict[str, bytes]) -> bytes | None:
    """Return the binding of an interface of which nothing is under way; None for any other."""
    interface = interface_pb2.Interface.FromString(body)
    is_settled = (
        interface.node == node
        and interface.observed_generation == interface.generation
        and interface.state != interface_pb2.INTERFACE_STATE_DELETED
        and not interface.draining
    )
    floating = interface.floating
    if not is_settled or floating.held_by or floating.phase == interface_pb2.FLOATING_PHASE_RELEASING:
        return None
    uuid = interface.network_uuid
    instance = view.body(Kind.INSTANCE, interface.instance_uuid)
    network = networks.get(uuid) or networks.setdefault(uuid, _network(view, node, uuid))
    if instance is None:
        raise TypeError(f"interface {interface.uuid} lost its instance")
    binding = agent_pb2.Binding(
        interface_uuid=interface.uuid,
        generation=interface.generation,
        instance_uuid=interface.instance_uuid,
        driver=instance_pb2.Instance.FromString(instance).driver,
        order=interface.order,
        macaddr=interface.macaddr,
        ipv4=interface.ipv4,
        floating_address=floating.address,
    )
    return binding.SerializeToString() + network


def _network(view: View, node: str, uuid: str) -> bytes:
    network = view.get(Kind.NETWORK, uuid)
    if not isinstance(network, Network):
        raise TypeError(f"interfaces lost their network {uuid}")
    return packing.field(_NETWORK, network_binding(network, node).SerializeToString())
