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
    networks = _Networks(view, node)
    keys = list(view.find(Kind.INTERFACE, "node", node))
    for start in range(0, len(keys), CHUNK):
        update, settled = agent_pb2.NodeUpdate(), []
        now = datetime.now(UTC)
        for key in keys[start : start + CHUNK]:
            body = view.body(Kind.INTERFACE, key)
            binding = None if body is None else _settled_binding(view, body, networks)
            if binding is not None:
                settled.append(binding)
                continue
            interface = view.get(Kind.INTERFACE, key)
            if isinstance(interface, Interface) and is_bound_to(interface, node):
                put(update, view, node, interface, now)
        yield packing.concatenated(update, packing.joined(_UPSERTS, settled))


class _Networks:
    """The networks of a node's bindings, serialized as they stand in one; each is made once, and anew where it has changed."""

    def __init__(self, view: View, node: str) -> None:
        self.node = node
        self._view = view
        self._made: dict[str, tuple[bytes | None, bytes]] = {}

    def of(self, uuid: str) -> bytes:
        """The network of that name as a field of a binding."""
        body = self._view.body(Kind.NETWORK, uuid)
        made_of, made = self._made.get(uuid, (None, b""))
        if made_of is not body or body is None:
            made = self._field(uuid)
            self._made[uuid] = body, made
        return made

    def _field(self, uuid: str) -> bytes:
        network = self._view.get(Kind.NETWORK, uuid)
        if not isinstance(network, Network):
            raise TypeError(f"interfaces lost their network {uuid}")
        return packing.field(_NETWORK, network_binding(network, self.node).SerializeToString())


def _settled_binding(view: View, body: bytes, networks: _Networks) -> bytes | None:
    """Return the binding of an interface of which nothing is under way; None for any other."""
    interface = interface_pb2.Interface.FromString(body)
    is_settled = (
        interface.node == networks.node
        and interface.observed_generation == interface.generation
        and interface.state != interface_pb2.INTERFACE_STATE_DELETED
        and not interface.draining
    )
    floating = interface.floating
    if not is_settled or floating.held_by or floating.phase == interface_pb2.FLOATING_PHASE_RELEASING:
        return None
    instance = view.body(Kind.INSTANCE, interface.instance_uuid)
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
    return binding.SerializeToString() + networks.of(interface.network_uuid)
