"""All bindings of a node: the first thing on its stream, of which a gateway has a hundred thousand.

Most interfaces are as their node confirmed them. Their bindings are read off the bytes that the view has and sent in columns,
column by column, which costs a twentieth of the way through the core's objects; all others go that way.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import repeat

from buoy.v1 import agent_pb2, instance_pb2, interface_pb2

from buoy_server.codec.columns import Column, Columns, picked, places_of
from buoy_server.core.model import Interface, Network
from buoy_server.core.state import Kind
from buoy_server.feed.view import View
from buoy_server.rpc.bindings import CHUNK, is_bound_to, network_binding, put

_CREATED, _DELETED = interface_pb2.INTERFACE_STATE_CREATED, interface_pb2.INTERFACE_STATE_DELETED
_NONE, _ACTIVE = interface_pb2.FLOATING_PHASE_UNSPECIFIED, interface_pb2.FLOATING_PHASE_ACTIVE
_RELEASING = interface_pb2.FLOATING_PHASE_RELEASING

_SENT = ("uuid", "generation", "instance_uuid", "order", "macaddr", "ipv4")
_ASKED = ("network_uuid", "node", "observed_generation", "state", "state_reason", "draining", "former_nodes", "floating")
_INTERFACES = Columns(interface_pb2.Interface, *_SENT, *_ASKED)
_NETWORKS = Columns(interface_pb2.Interface, "network_uuid")
_FLOATING = Columns(interface_pb2.Floating, "address", "phase", "reason", "held_by")
_DRIVERS = Columns(instance_pb2.Instance, "driver")


def snapshot(view: View, node: str, *, in_columns: bool) -> Iterator[agent_pb2.NodeUpdate]:
    """Yield updates of a bounded size, each as of when it is asked for: the feed has what changes meanwhile.

    Those of a network come together: it is sent, and read, once. While many are put in order, updates are empty.
    """
    keys, networks = list(view.find(Kind.INTERFACE, "node", node)), list[str]()
    for start in range(0, len(keys), CHUNK):
        if start:
            yield agent_pb2.NodeUpdate()  # others have their turn
        (read,) = _NETWORKS.read([view.body(Kind.INTERFACE, key) or b"" for key in keys[start : start + CHUNK]])
        networks += read
    ordered = [keys[place] for together in places_of(networks).values() for place in together]
    for start in range(0, len(ordered), CHUNK):
        update, now = agent_pb2.NodeUpdate(), datetime.now(UTC)
        chunk: Sequence[str] = ordered[start : start + CHUNK]
        for key in _put_settled(update, view, node, chunk) if in_columns else chunk:
            interface = view.get(Kind.INTERFACE, key)
            if isinstance(interface, Interface) and is_bound_to(interface, node):
                put(update, view, node, interface, now)
        yield update


def _put_settled(update: agent_pb2.NodeUpdate, view: View, node: str, keys: Sequence[str]) -> Column:
    """Put the interfaces of which nothing is under way into an update, by network and driver, and return the others."""
    bodies = [view.body(Kind.INTERFACE, key) or b"" for key in keys]
    *sent, networks, nodes, observed, states, reasons, draining, former, floating = _INTERFACES.read(bodies)
    addresses, phases, errors, held_by = _FLOATING.read(floating)
    works = list(map(_works, states, reasons, former, phases, errors))
    settled = places_of(map(_is_settled, repeat(node), nodes, sent[1], observed, states, draining, phases, held_by))
    networks, *columns = picked((networks, *sent, addresses, works), settled[True])
    for (network_uuid, driver), places in places_of(zip(networks, _drivers(view, columns[2]), strict=True)).items():
        network = view.get(Kind.NETWORK, network_uuid)
        if not isinstance(network, Network):
            raise TypeError(f"interfaces lost their network {network_uuid}")
        update.settled.append(_settled(network_binding(network, node), driver, picked(columns, places)))
    (others,) = picked((keys,), settled[False])
    return others


def _drivers(view: View, instances: Column) -> Column:
    bodies = [view.body(Kind.INSTANCE, uuid) for uuid in instances]
    if None in bodies:
        raise TypeError("interfaces lost their instances")
    (drivers,) = _DRIVERS.read([body for body in bodies if body is not None])
    return drivers


def _settled(network: agent_pb2.NetworkBinding, driver: int, columns: Sequence[Column]) -> agent_pb2.SettledBindings:
    uuids, generations, instances, orders, macaddrs, addresses, floating, works = columns
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


def _is_settled(
    node: str, at: str, generation: int, observed: int, state: int, draining: bytes, phase: int, held_by: str
) -> bool:
    """Whether the node has confirmed all that was asked of it for an interface, and nothing of it is on its way."""
    return at == node and observed == generation and state != _DELETED and not draining and not held_by and phase != _RELEASING


def _works(state: int, reason: str, former_nodes: bytes, phase: int, error: str) -> bool:
    """Whether a report that all is well would change nothing."""
    return state == _CREATED and not reason and not former_nodes and phase in (_NONE, _ACTIVE) and not error
