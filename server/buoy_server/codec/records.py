"""Each object of the core to and from its message in `buoy.v1`."""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import timedelta
from ipaddress import IPv4Network
from typing import Any

from buoy.v1 import instance_pb2, interface_pb2, namespace_pb2, network_pb2, node_pb2, pool_pb2
from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message

from buoy_server.codec.leaving import (
    draining_from_proto,
    draining_to_proto,
    former_node_from_proto,
    former_node_to_proto,
)
from buoy_server.codec.scalars import (
    EnumTable,
    address,
    duration_seconds,
    metadata_from,
    moment,
    moment_or_none,
    put_metadata,
    timestamp,
)
from buoy_server.core import model, states
from buoy_server.core.ranges import AddressRange
from buoy_server.core.state import Kind

INTERFACE_STATES = EnumTable(interface_pb2.InterfaceState, "INTERFACE_STATE", states.InterfaceState)
FLOATING_PHASES = EnumTable(interface_pb2.FloatingPhase, "FLOATING_PHASE", states.FloatingPhase)
INSTANCE_STATES = EnumTable(instance_pb2.InstanceState, "INSTANCE_STATE", states.InstanceState)
DRIVERS = EnumTable(instance_pb2.InstanceDriver, "INSTANCE_DRIVER", model.Driver)
NETWORK_STATES = EnumTable(network_pb2.NetworkState, "NETWORK_STATE", states.NetworkState)
ROUTED_PHASES = EnumTable(network_pb2.RoutedPhase, "ROUTED_PHASE", states.RoutedPhase)
NODE_STATES = EnumTable(node_pb2.NodeState, "NODE_STATE", states.NodeState)
RESERVATION_TYPES = EnumTable(pool_pb2.ReservationType, "RESERVATION_TYPE", model.ReservationType)


def _common(record: model.Record) -> dict[str, Any]:
    return {
        "revision": record.revision,
        "create_time": timestamp(record.create_time),
        "update_time": timestamp(record.update_time),
    }


def _common_from(message: Any) -> dict[str, Any]:
    return {
        "revision": message.revision,
        "create_time": moment_or_none(message, "create_time"),
        "update_time": moment_or_none(message, "update_time"),
    }


def floating_to_proto(floating: model.Floating | None) -> interface_pb2.Floating | None:
    """Return a floating address as its message."""
    if floating is None:
        return None
    return interface_pb2.Floating(
        address=str(floating.address),
        pool=floating.pool,
        phase=FLOATING_PHASES.to_proto(floating.phase),
        reason=floating.reason,
        requested_time=timestamp(floating.requested_time),
        active_time=timestamp(floating.active_time),
        generation=floating.generation,
        observed_generation=floating.observed_generation,
        announce_generation=floating.announce_generation,
        held_by=floating.held_by or "",
    )


def floating_from_proto(message: interface_pb2.Floating) -> model.Floating:
    """Return a floating address from its message."""
    return model.Floating(
        address=address(message.address),
        pool=model.PoolId(message.pool),
        phase=FLOATING_PHASES.from_proto(message.phase),
        reason=message.reason,
        requested_time=moment(message.requested_time),
        active_time=moment_or_none(message, "active_time"),
        generation=message.generation,
        observed_generation=message.observed_generation,
        announce_generation=message.announce_generation,
        held_by=model.InterfaceId(message.held_by) if message.held_by else None,
    )


def interface_to_proto(interface: model.Interface) -> interface_pb2.Interface:
    """Return an interface as its message."""
    message = interface_pb2.Interface(
        uuid=interface.uuid,
        namespace=interface.namespace,
        instance_uuid=interface.instance_uuid,
        network_uuid=interface.network_uuid,
        node=interface.node,
        macaddr=interface.macaddr,
        ipv4=str(interface.ipv4),
        order=interface.order,
        model=interface.model,
        state=INTERFACE_STATES.to_proto(interface.state),
        state_reason=interface.state_reason,
        floating=floating_to_proto(interface.floating),
        version=model.INTERFACE_VERSION,
        generation=interface.generation,
        observed_generation=interface.observed_generation,
        former_nodes=map(former_node_to_proto, interface.former_nodes),
        draining=map(draining_to_proto, interface.draining),
        observed_time=timestamp(interface.observed_time),
        **_common(interface),
    )
    put_metadata(interface.metadata, message.metadata)
    return message


def interface_from_proto(message: interface_pb2.Interface) -> model.Interface:
    """Return an interface from its message."""
    return model.Interface(
        uuid=model.InterfaceId(message.uuid),
        namespace=message.namespace,
        instance_uuid=model.InstanceId(message.instance_uuid),
        network_uuid=model.NetworkId(message.network_uuid),
        node=message.node,
        macaddr=message.macaddr,
        ipv4=address(message.ipv4),
        order=message.order,
        model=message.model,
        state=INTERFACE_STATES.from_proto(message.state),
        state_reason=message.state_reason,
        floating=floating_from_proto(message.floating) if message.HasField("floating") else None,
        metadata=metadata_from(message.metadata),
        generation=message.generation,
        observed_generation=message.observed_generation,
        former_nodes=tuple(map(former_node_from_proto, message.former_nodes)),
        draining=tuple(map(draining_from_proto, message.draining)),
        observed_time=moment_or_none(message, "observed_time"),
        **_common_from(message),
    )


def instance_to_proto(instance: model.Instance) -> instance_pb2.Instance:
    """Return an instance as its message."""
    message = instance_pb2.Instance(
        uuid=instance.uuid,
        namespace=instance.namespace,
        name=instance.name,
        node=instance.node,
        driver=DRIVERS.to_proto(instance.driver),
        state=INSTANCE_STATES.to_proto(instance.state),
        state_reason=instance.state_reason,
        **_common(instance),
    )
    put_metadata(instance.metadata, message.metadata)
    put_metadata(instance.attributes, message.attributes.fields)
    return message


def instance_from_proto(message: instance_pb2.Instance) -> model.Instance:
    """Return an instance from its message."""
    return model.Instance(
        uuid=model.InstanceId(message.uuid),
        namespace=message.namespace,
        name=message.name,
        node=message.node,
        driver=DRIVERS.from_proto(message.driver),
        state=INSTANCE_STATES.from_proto(message.state),
        state_reason=message.state_reason,
        metadata=metadata_from(message.metadata),
        attributes=metadata_from(message.attributes.fields),
        **_common_from(message),
    )


def routed_to_proto(routed: model.RoutedAddress) -> network_pb2.RoutedAddress:
    """Return a routed address as its message."""
    return network_pb2.RoutedAddress(
        address=str(routed.address),
        pool=routed.pool,
        node=routed.node,
        former_node=routed.former_node,
        phase=ROUTED_PHASES.to_proto(routed.phase),
        reason=routed.reason,
        requested_time=timestamp(routed.requested_time),
        active_time=timestamp(routed.active_time),
        generation=routed.generation,
    )


def routed_from_proto(message: network_pb2.RoutedAddress) -> model.RoutedAddress:
    """Return a routed address from its message."""
    return model.RoutedAddress(
        address=address(message.address),
        pool=model.PoolId(message.pool),
        node=message.node,
        former_node=message.former_node,
        phase=ROUTED_PHASES.from_proto(message.phase),
        reason=message.reason,
        requested_time=moment(message.requested_time),
        active_time=moment_or_none(message, "active_time"),
        generation=message.generation,
    )


def network_to_proto(network: model.Network) -> network_pb2.Network:
    """Return a network as its message."""
    message = network_pb2.Network(
        uuid=network.uuid,
        namespace=network.namespace,
        name=network.name,
        netblock=str(network.netblock),
        provide_nat=network.provide_nat,
        state=NETWORK_STATES.to_proto(network.state),
        state_reason=network.state_reason,
        floating_gateways=[
            network_pb2.FloatingGateway(node=gateway.node, address=str(gateway.address), pool=gateway.pool)
            for gateway in network.floating_gateways
        ],
        vxid=network.vxid,
        provide_dhcp=network.provide_dhcp,
        provide_dns=network.provide_dns,
        routed_addresses=map(routed_to_proto, network.routed),
        routed_generation=network.routed_generation,
        **_common(network),
    )
    put_metadata(network.metadata, message.metadata)
    return message


def network_from_proto(message: network_pb2.Network) -> model.Network:
    """Return a network from its message."""
    return model.Network(
        uuid=model.NetworkId(message.uuid),
        namespace=message.namespace,
        name=message.name,
        netblock=IPv4Network(message.netblock),
        provide_nat=message.provide_nat,
        state=NETWORK_STATES.from_proto(message.state),
        state_reason=message.state_reason,
        floating_gateways=tuple(
            model.FloatingGateway(node=gateway.node, address=address(gateway.address), pool=model.PoolId(gateway.pool))
            for gateway in message.floating_gateways
        ),
        vxid=message.vxid,
        provide_dhcp=message.provide_dhcp,
        provide_dns=message.provide_dns,
        routed=tuple(map(routed_from_proto, message.routed_addresses)),
        routed_generation=message.routed_generation,
        metadata=metadata_from(message.metadata),
        **_common_from(message),
    )


def pool_to_proto(pool: model.Pool) -> pool_pb2.Pool:
    """Return a pool as its message, without its usage."""
    quarantine = Duration()
    quarantine.FromTimedelta(pool.quarantine)
    return pool_pb2.Pool(
        uuid=pool.uuid,
        name=pool.name,
        ranges=[str(range_) for range_ in pool.ranges],
        exclusions=[str(range_) for range_ in pool.exclusions],
        quarantine=quarantine,
        drain=pool.drain,
        low_percent=pool.low_percent,
        warning=pool.warning,
        **_common(pool),
    )


def pool_from_proto(message: pool_pb2.Pool) -> model.Pool:
    """Return a pool from its message."""
    return model.Pool(
        uuid=model.PoolId(message.uuid),
        name=message.name,
        ranges=tuple(AddressRange.parse(text) for text in message.ranges),
        exclusions=tuple(AddressRange.parse(text) for text in message.exclusions),
        quarantine=timedelta(seconds=duration_seconds(message.quarantine)),
        drain=message.drain,
        low_percent=message.low_percent,
        warning=message.warning,
        **_common_from(message),
    )


def node_to_proto(node: model.Node) -> node_pb2.Node:
    """Return a node as its message, without what changes by the moment."""
    return node_pb2.Node(
        name=node.name,
        state=NODE_STATES.to_proto(node.state),
        agent_version=node.agent_version,
        external_interface=node.external_interface,
        drain=node.drain,
        reannounce_time=timestamp(node.reannounce_time),
        **_common(node),
    )


def node_from_proto(message: node_pb2.Node) -> model.Node:
    """Return a node from its message."""
    return model.Node(
        name=message.name,
        state=NODE_STATES.from_proto(message.state),
        agent_version=message.agent_version,
        external_interface=message.external_interface,
        drain=message.drain,
        reannounce_time=moment_or_none(message, "reannounce_time"),
        **_common_from(message),
    )


def reservation_to_proto(record: model.Reservation) -> pool_pb2.Reservation:
    """Return the record of an address as its message."""
    return pool_pb2.Reservation(
        address=str(record.address),
        type=RESERVATION_TYPES.to_proto(record.type),
        owner=record.owner,
        namespace=record.namespace,
        pool=record.pool or "",
        network_uuid=record.network_uuid or "",
        since=timestamp(record.since),
        until=timestamp(record.until),
        comment=record.comment,
        revision=record.revision,
        kept=record.kept,
        request_id=record.request_id,
        reason=record.reason,
        extended=record.extended,
        promise=_promise_to_proto(record.promise) if record.promise else None,
    )


def reservation_from_proto(message: pool_pb2.Reservation) -> model.Reservation:
    """Return the record of an address from its message."""
    return model.Reservation(
        address=address(message.address),
        type=RESERVATION_TYPES.from_proto(message.type),
        owner=message.owner,
        namespace=message.namespace,
        pool=model.PoolId(message.pool) if message.pool else None,
        network_uuid=model.NetworkId(message.network_uuid) if message.network_uuid else None,
        since=moment(message.since),
        until=moment_or_none(message, "until"),
        comment=message.comment,
        revision=message.revision,
        kept=message.kept,
        request_id=message.request_id,
        reason=message.reason,
        extended=message.extended,
        promise=_promise_from_proto(message.promise) if message.HasField("promise") else None,
    )


def _promise_to_proto(promise: model.Promise) -> pool_pb2.AddressPromise:
    return pool_pb2.AddressPromise(interface_uuid=promise.interface, actor=promise.actor, request_id=promise.request_id)


def _promise_from_proto(message: pool_pb2.AddressPromise) -> model.Promise:
    interface = model.InterfaceId(message.interface_uuid)
    return model.Promise(interface=interface, actor=message.actor, request_id=message.request_id)


def namespace_to_proto(namespace: model.Namespace) -> namespace_pb2.Namespace:
    """Return a namespace as its message, without the hashes of its keys."""
    message = namespace_pb2.Namespace(
        name=namespace.name,
        keys=[namespace_pb2.NamespaceKey(name=key.name, node=key.node) for key in namespace.keys],
        trusts=namespace.trusts,
        default_pool=namespace.default_pool or "",
        **_common(namespace),
    )
    if namespace.quota != model.Quota():
        message.quota.CopyFrom(namespace_pb2.NamespaceQuota(**asdict(namespace.quota)))
    put_metadata(namespace.metadata, message.metadata)
    return message


ToProto = Callable[[Any], Message]
FromProto = Callable[[Any], model.AnyRecord]

# A namespace is not among them: its message has no hashes, so it is stored in another form.
CONVERTERS: Mapping[Kind, tuple[type[Message], ToProto, FromProto]] = {
    Kind.INTERFACE: (interface_pb2.Interface, interface_to_proto, interface_from_proto),
    Kind.INSTANCE: (instance_pb2.Instance, instance_to_proto, instance_from_proto),
    Kind.NETWORK: (network_pb2.Network, network_to_proto, network_from_proto),
    Kind.POOL: (pool_pb2.Pool, pool_to_proto, pool_from_proto),
    Kind.NODE: (node_pb2.Node, node_to_proto, node_from_proto),
    Kind.RESERVATION: (pool_pb2.Reservation, reservation_to_proto, reservation_from_proto),
}
