"""Protobuf messages to the SDK's objects (`x_from_proto`) and JSON values both ways. Pure."""

import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from ipaddress import IPv4Address, IPv4Network
from typing import TypeVar

from buoy.v1 import instance_pb2, interface_pb2, network_pb2, node_pb2, pool_pb2
from google.protobuf import json_format, message
from google.protobuf.duration_pb2 import Duration
from google.protobuf.struct_pb2 import Value
from google.protobuf.timestamp_pb2 import Timestamp

from buoy_client import models
from buoy_client.record import Json
from buoy_client.states import (
    EventType,
    FloatingPhase,
    InstanceDriver,
    InstanceState,
    InterfaceState,
    NetworkState,
    NodeState,
    ReservationType,
)

Word = TypeVar("Word", bound=StrEnum)


def word_from_enum(kind: type[Word], name_of: Callable[[int], str], prefix: str, number: int) -> Word:
    """Give an enum value as a word of ours; one from a newer server is UNKNOWN rather than an error."""
    try:
        return kind(name_of(number).removeprefix(prefix).lower().replace("_", "-"))
    except ValueError:
        return kind("unknown")


def time_from_proto(owner: message.Message, field: str) -> datetime | None:
    """Give a timestamp field as an aware datetime in UTC, None where it is absent."""
    if not owner.HasField(field):
        return None
    stamp: Timestamp = getattr(owner, field)
    return stamp.ToDatetime(tzinfo=UTC)


def duration_to_proto(seconds: float | timedelta) -> Duration:
    """Give seconds, or a timedelta, as a Duration."""
    duration = Duration()
    duration.FromTimedelta(seconds if isinstance(seconds, timedelta) else timedelta(seconds=seconds))
    return duration


def json_from_value(value: Value) -> Json:
    """Give a protobuf Value as Python's JSON; whole numbers become int, as JSON has them."""
    match value.WhichOneof("kind"):
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "string_value":
            return value.string_value
        case "bool_value":
            return value.bool_value
        case "struct_value":
            return metadata_from_proto(value.struct_value.fields)
        case "list_value":
            return [json_from_value(item) for item in value.list_value.values]
    return None


def json_to_value(value: Json) -> Value:
    """Give Python's JSON as a protobuf Value; raises ValueError for what JSON cannot say (NaN, bytes)."""
    try:
        json.dumps(value, allow_nan=False)
        return json_format.ParseDict(value, Value())  # type: ignore[arg-type]  # any JSON value is allowed here
    except (json_format.ParseError, TypeError, ValueError) as error:
        raise ValueError(f"not a JSON value: {error}") from None


def metadata_from_proto(metadata: Mapping[str, Value]) -> dict[str, Json]:
    """Give metadata as a dictionary, its keys in order."""
    return {key: json_from_value(metadata[key]) for key in sorted(metadata)}


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
    )


def event_from_proto(event: interface_pb2.InterfaceEvent) -> models.InterfaceEvent:
    """Give one event of a watch."""
    return models.InterfaceEvent(
        type=word_from_enum(EventType, interface_pb2.InterfaceEventType.Name, "INTERFACE_EVENT_TYPE_", event.type),
        interface=interface_from_proto(event.interface),
        cause=models.Cause(method=event.cause.method, actor=event.cause.actor),
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
    )


def pool_from_proto(pool: pool_pb2.Pool) -> models.Pool:
    """Give a pool with its usage."""
    usage = pool.usage
    return models.Pool(
        uuid=pool.uuid,
        name=pool.name,
        ranges=tuple(pool.ranges),
        exclusions=tuple(pool.exclusions),
        quarantine=pool.quarantine.ToTimedelta(),
        usage=models.PoolUsage(usage.size, usage.free, usage.in_use, usage.reserved, usage.quarantined),
        revision=pool.revision,
        create_time=time_from_proto(pool, "create_time"),
        update_time=time_from_proto(pool, "update_time"),
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
    )
