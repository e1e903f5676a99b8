"""The settled bindings of a snapshot, which come in columns: each column is read as a whole, by what Python has in C."""

from collections.abc import Iterator, Sequence
from itertools import compress, repeat
from typing import Any

from buoy.v1 import agent_pb2

from buoy_agent.core.spec import Binding, InterfaceId, Settled
from buoy_agent.errors import MalformedError
from buoy_agent.sync import fields


def settled_from_proto(message: agent_pb2.SettledBindings) -> Settled:
    """Reads all columns; raises MalformedError that names the first one in which something cannot be read."""
    _check(message)
    network = fields.network(message.network)
    interfaces = fields.uuids("interface_uuids", message.interface_uuids)
    fixed = fields.addresses("ipv4_addresses", message.ipv4_addresses)
    if None in fixed:
        raise MalformedError("ipv4_addresses: one is empty")
    rows = zip(
        interfaces,
        message.generations,
        fields.uuids("instance_uuids", message.instance_uuids),
        repeat(fields.driver(message.driver)),
        message.orders,
        fields.macs("macaddrs", message.macaddrs),
        fixed,
        fields.addresses("floating_addresses", message.floating_addresses),
        repeat(network),
        repeat(()),
        repeat(()),
        repeat(False),
    )
    working = frozenset(map(InterfaceId, compress(interfaces, message.works)))
    return Settled(network, tuple(map(Binding._make, rows)), working)


def rows_of(message: agent_pb2.SettledBindings) -> Iterator[agent_pb2.Binding]:
    """The same as bindings, one by one: of some that cannot be read the others can."""
    for interface, generation, instance, order, macaddr, fixed, floating, _ in zip(*_check(message), strict=True):
        yield agent_pb2.Binding(
            interface_uuid=interface,
            generation=generation,
            instance_uuid=instance,
            driver=message.driver,
            order=order,
            macaddr=macaddr,
            ipv4=fixed,
            floating_address=floating,
            network=message.network,
        )


def _check(message: agent_pb2.SettledBindings) -> tuple[Sequence[Any], ...]:
    columns = (
        message.interface_uuids,
        message.generations,
        message.instance_uuids,
        message.orders,
        message.macaddrs,
        message.ipv4_addresses,
        message.floating_addresses,
        message.works,
    )
    if len({len(column) for column in columns}) > 1:
        raise MalformedError("settled: its columns are not of one length")
    return columns
