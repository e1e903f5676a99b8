"""Protobuf messages to the SDK's objects (`x_from_proto`). Pure."""

from ipaddress import IPv4Address, IPv4Network

from buoy.v1 import (
    admin_pb2,
    event_pb2,
    instance_pb2,
    interface_pb2,
    leaving_pb2,
    namespace_pb2,
    network_pb2,
    node_pb2,
    pool_pb2,
)

from buoy_client import models, server_models
from buoy_client.states import (
    EventKind,
    EventType,
    FloatingPhase,
    FlowPolicy,
    InstanceDriver,
    InstanceState,
    InterfaceState,
    NetworkState,
    NodeState,
    ReservationType,
    RoutedPhase,
)
from buoy_client.values import metadata_from_proto, time_from_proto, word_from_enum


def floating_from_proto(floating: interface_pb2.Floating) -> models.Floating:
    """Give a floating address."""
    return models.Floating(
        address=IPv4Address(floating.address),
        pool=floating.pool,
        phase=word_from_enum(FloatingPhase, interface_pb2.FloatingPhase.Name, "FLOATING_PHASE_", floating.phase),
        reason=floating.reason,
        requested_time=time_from_proto(floating, "requested_time"),
        active_time=time_from_proto(floating, "active_time"),
        generation=floating.generation,
        observed_generation=floating.observed_generation,
        held_by=floating.held_by,
    )


def draining_from_proto(entry: leaving_pb2.Draining) -> models.Draining:
    """Give an address that was given up and whose live connections go on."""
    return models.Draining(
        address=IPv4Address(entry.address),
        flows=word_from_enum(FlowPolicy, leaving_pb2.FlowPolicy.Name, "FLOW_POLICY_", entry.flows),
        since=time_from_proto(entry, "since"),
        until=time_from_proto(entry, "until"),
        generation=entry.generation,
    )


def interface_from_proto(interface: interface_pb2.Interface) -> models.Interface:
    """Give an interface."""
    return models.Interface(
        uuid=interface.uuid,
        namespace=interface.namespace,
        instance_uuid=interface.instance_uuid,
        network_uuid=interface.network_uuid,
        node=interface.node,
        macaddr=interface.macaddr,
        ipv4=IPv4Address(interface.ipv4) if interface.ipv4 else None,
        order=interface.order,
        model=interface.model,
        state=word_from_enum(InterfaceState, interface_pb2.InterfaceState.Name, "INTERFACE_STATE_", interface.state),
        state_reason=interface.state_reason,
        floating=floating_from_proto(interface.floating) if interface.HasField("floating") else None,
        metadata=metadata_from_proto(interface.metadata),
        version=interface.version,
        revision=interface.revision,
        create_time=time_from_proto(interface, "create_time"),
        update_time=time_from_proto(interface, "update_time"),
        generation=interface.generation,
        observed_generation=interface.observed_generation,
        former_nodes=tuple(models.FormerNode(it.node, it.generation, it.revision) for it in interface.former_nodes),
        draining=tuple(map(draining_from_proto, interface.draining)),
        observed_time=time_from_proto(interface, "observed_time"),
    )


def cause_from_proto(cause: event_pb2.Cause) -> models.Cause:
    """Give what caused a change."""
    return models.Cause(cause.method, cause.actor, cause.request_id)


def interface_event_from_proto(event: interface_pb2.InterfaceEvent) -> models.InterfaceEvent:
    """Give one event of a watch."""
    return models.InterfaceEvent(
        type=word_from_enum(EventType, interface_pb2.InterfaceEventType.Name, "INTERFACE_EVENT_TYPE_", event.type),
        interface=interface_from_proto(event.interface),
        cause=cause_from_proto(event.cause),
        revision=event.revision,
        time=time_from_proto(event, "time"),
    )


def instance_from_proto(instance: instance_pb2.Instance) -> models.Instance:
    """Give an instance."""
    return models.Instance(
        uuid=instance.uuid,
        namespace=instance.namespace,
        name=instance.name,
        node=instance.node,
        driver=word_from_enum(InstanceDriver, instance_pb2.InstanceDriver.Name, "INSTANCE_DRIVER_", instance.driver),
        state=word_from_enum(InstanceState, instance_pb2.InstanceState.Name, "INSTANCE_STATE_", instance.state),
        state_reason=instance.state_reason,
        metadata=metadata_from_proto(instance.metadata),
        revision=instance.revision,
        create_time=time_from_proto(instance, "create_time"),
        update_time=time_from_proto(instance, "update_time"),
        attributes=metadata_from_proto(instance.attributes.fields),
    )


def routed_from_proto(routed: network_pb2.RoutedAddress) -> models.RoutedAddress:
    """Give a routed address."""
    return models.RoutedAddress(
        address=IPv4Address(routed.address),
        pool=routed.pool,
        node=routed.node,
        former_node=routed.former_node,
        phase=word_from_enum(RoutedPhase, network_pb2.RoutedPhase.Name, "ROUTED_PHASE_", routed.phase),
        reason=routed.reason,
        requested_time=time_from_proto(routed, "requested_time"),
        active_time=time_from_proto(routed, "active_time"),
        generation=routed.generation,
    )


def network_from_proto(network: network_pb2.Network) -> models.Network:
    """Give a network."""
    gateways = [models.FloatingGateway(gw.node, IPv4Address(gw.address), gw.pool) for gw in network.floating_gateways]
    return models.Network(
        uuid=network.uuid,
        namespace=network.namespace,
        name=network.name,
        netblock=IPv4Network(network.netblock, strict=False),
        provide_nat=network.provide_nat,
        state=word_from_enum(NetworkState, network_pb2.NetworkState.Name, "NETWORK_STATE_", network.state),
        state_reason=network.state_reason,
        floating_gateways=tuple(gateways),
        metadata=metadata_from_proto(network.metadata),
        revision=network.revision,
        create_time=time_from_proto(network, "create_time"),
        update_time=time_from_proto(network, "update_time"),
        vxid=network.vxid,
        provide_dhcp=network.provide_dhcp,
        provide_dns=network.provide_dns,
        routed_addresses=tuple(map(routed_from_proto, network.routed_addresses)),
        routed_generation=network.routed_generation,
    )


def pool_from_proto(pool: pool_pb2.Pool) -> models.Pool:
    """Give a pool with its usage."""
    usage = pool.usage
    counts = (usage.size, usage.free, usage.in_use, usage.reserved, usage.quarantined, usage.kept)
    return models.Pool(
        uuid=pool.uuid,
        name=pool.name,
        ranges=tuple(pool.ranges),
        exclusions=tuple(pool.exclusions),
        quarantine=pool.quarantine.ToTimedelta(),
        usage=models.PoolUsage(*counts),
        revision=pool.revision,
        create_time=time_from_proto(pool, "create_time"),
        update_time=time_from_proto(pool, "update_time"),
        drain=pool.drain,
        low_percent=pool.low_percent,
        warning=pool.warning,
    )


def reservation_from_proto(reservation: pool_pb2.Reservation) -> models.Reservation:
    """Give the record of an address that is not free."""
    return models.Reservation(
        address=IPv4Address(reservation.address),
        type=word_from_enum(ReservationType, pool_pb2.ReservationType.Name, "RESERVATION_TYPE_", reservation.type),
        owner=reservation.owner,
        namespace=reservation.namespace,
        pool=reservation.pool,
        network_uuid=reservation.network_uuid,
        since=time_from_proto(reservation, "since"),
        until=time_from_proto(reservation, "until"),
        comment=reservation.comment,
        revision=reservation.revision,
        request_id=reservation.request_id,
        reason=reservation.reason,
        extended=reservation.extended,
        kept=reservation.kept,
        promised_to=reservation.promise.interface_uuid,
    )


def period_from_proto(period: pool_pb2.AddressPeriod) -> models.AddressPeriod:
    """Give a time during which somebody had an address."""
    return models.AddressPeriod(
        address=IPv4Address(period.address),
        type=word_from_enum(ReservationType, pool_pb2.ReservationType.Name, "RESERVATION_TYPE_", period.type),
        namespace=period.namespace,
        node=period.node,
        interface_uuid=period.interface_uuid,
        instance_uuid=period.instance_uuid,
        instance_name=period.instance_name,
        network_uuid=period.network_uuid,
        network_name=period.network_name,
        pool=period.pool,
        since=time_from_proto(period, "since"),
        until=time_from_proto(period, "until"),
        asked=cause_from_proto(period.asked),
        ended=cause_from_proto(period.ended) if period.HasField("ended") else None,
        revision=period.revision,
    )


def node_from_proto(node: node_pb2.Node) -> models.Node:
    """Give a node."""
    return models.Node(
        name=node.name,
        state=word_from_enum(NodeState, node_pb2.NodeState.Name, "NODE_STATE_", node.state),
        connected=node.connected,
        agent_version=node.agent_version,
        external_interface=node.external_interface,
        interfaces=node.interfaces,
        floats=node.floats,
        instances=node.instances,
        revision=node.revision,
        create_time=time_from_proto(node, "create_time"),
        update_time=time_from_proto(node, "update_time"),
        drain=node.drain,
        reannounce_time=time_from_proto(node, "reannounce_time"),
    )


def event_from_proto(event: event_pb2.Event) -> models.Event:
    """Give one event of an object's history."""
    return models.Event(
        revision=event.revision,
        time=time_from_proto(event, "time"),
        type=word_from_enum(EventKind, event_pb2.EventType.Name, "EVENT_TYPE_", event.type),
        method=event.method,
        actor=event.actor,
        message=event.message,
        request_id=event.request_id,
        changes=tuple(models.Change(change.property, change.before, change.after) for change in event.changes),
    )


def server_from_proto(server: admin_pb2.ServerInfo) -> server_models.ServerInfo:
    """Give a server."""
    return server_models.ServerInfo(
        version=server.version,
        cluster_id=server.cluster_id,
        revision=server.revision,
        compact_revision=server.compact_revision,
        start_time=time_from_proto(server, "start_time"),
        interfaces=server.interfaces,
        watches=server.watches,
        agents=server.agents,
        storage_problem=server.storage_problem,
    )


def check_from_proto(checked: admin_pb2.CheckLedgerResponse) -> server_models.LedgerCheck:
    """Give what a check found."""
    violations = (server_models.LedgerViolation(each.check, each.about, each.found, each.advice) for each in checked.violations)
    return server_models.LedgerCheck(
        checked.revision, checked.objects, tuple(violations), checked.more, checked.floats_looked_at, checked.floats
    )


def namespace_from_proto(namespace: namespace_pb2.Namespace) -> models.Namespace:
    """Give a namespace."""
    quota = namespace.quota
    return models.Namespace(
        name=namespace.name,
        keys=tuple(models.NamespaceKey(key.name, key.node) for key in namespace.keys),
        trusts=tuple(namespace.trusts),
        quota=models.NamespaceQuota(quota.interfaces, quota.floats, quota.addresses, quota.metadata_bytes),
        metadata=metadata_from_proto(namespace.metadata),
        revision=namespace.revision,
        create_time=time_from_proto(namespace, "create_time"),
        update_time=time_from_proto(namespace, "update_time"),
        default_pool=namespace.default_pool,
    )
