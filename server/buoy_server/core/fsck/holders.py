"""Whoever has an address has its record, and nobody else has the address."""

from collections import defaultdict
from collections.abc import Iterator
from ipaddress import IPv4Address
from typing import cast

from buoy_server.core import addresses
from buoy_server.core.fsck.violation import Check, Found
from buoy_server.core.model import Interface, Network, NetworkId, ReservationType
from buoy_server.core.state import Kind, State

Holding = tuple[NetworkId | None, IPv4Address, ReservationType, str]  # of which network, what, as what, whose


def interfaces(state: State) -> Iterator[Interface]:
    """Yield all interfaces."""
    for key in state.keys(Kind.INTERFACE):
        yield cast("Interface", state.get(Kind.INTERFACE, key))


def networks(state: State) -> Iterator[Network]:
    """Yield all networks."""
    for key in state.keys(Kind.NETWORK):
        yield cast("Network", state.get(Kind.NETWORK, key))


def _holdings(state: State) -> Iterator[tuple[str, Holding]]:
    """Yield whatever has an address, in words, with the record that there must be of it."""
    for interface in interfaces(state):
        name = f"interface {interface.uuid}"
        if interface.bound:
            yield name, (interface.network_uuid, interface.ipv4, ReservationType.INSTANCE, interface.uuid)
        if interface.floating is not None:
            owner = interface.floating.held_by or interface.uuid
            yield name, (None, interface.floating.address, ReservationType.FLOATING, owner)
        for address in _draining(interface):
            yield name, (None, address, ReservationType.FLOATING, interface.uuid)
    for network in networks(state):
        name = f"network {network.uuid}"
        for gateway in network.floating_gateways:
            yield name, (None, gateway.address, ReservationType.GATEWAY, network.uuid)
        for routed in network.routed:
            yield name, (None, routed.address, ReservationType.ROUTED, network.uuid)
        if network.state != "deleted":
            for address, type_ in addresses.reserved_of(addresses.netblock_range(network.netblock)).items():
                yield name, (network.uuid, address, type_, network.uuid)


def _draining(interface: Interface) -> list[IPv4Address]:
    """Return the addresses that it holds beside the one that it floats at."""
    current = interface.floating.address if interface.floating else None
    return [entry.address for entry in interface.draining if entry.address != current]


def _records(state: State) -> Found:
    for name, (network, address, type_, owner) in _holdings(state):
        record = addresses.record_of(state, network, address)
        if record is None:
            yield name, f"it has {address} as {type_}, of which there is no record: somebody else may get it"
        elif (record.type, record.owner) != (type_, owner):
            yield name, f"it has {address} as {type_}, which is recorded as {record.type} of {record.owner or record.namespace}"


def _once(state: State) -> Found:
    first: dict[tuple[NetworkId | None, IPv4Address], str] = {}
    for name, (network, address, *_) in _holdings(state):
        other = first.setdefault((network, address), name)
        if other != name:
            yield name, f"it has {address}, which {other} has, too"


def _macaddrs(state: State) -> Found:
    holders: dict[str, list[str]] = defaultdict(list)
    for interface in interfaces(state):
        if interface.bound:
            holders[interface.macaddr].append(interface.uuid)
    for macaddr, uuids in holders.items():
        for uuid in uuids[1:]:
            yield f"interface {uuid}", f"it has MAC address {macaddr}, which interface {uuids[0]} has, too"


CHECKS = (
    Check(
        "HOLDER_RECORD",
        "whoever has an address has its record",
        "have it give the address back (`buoy interface defloat`, `buoy network unroute`, or delete it), or two will have it",
        _records,
    ),
    Check(
        "ADDRESS_TWICE",
        "no two have the same address",
        "have one of the two give it back at once (`buoy interface defloat`, `buoy network unroute`, or delete it)",
        _once,
    ),
    Check("MACADDR_TWICE", "no two interfaces have the same MAC address", "delete one of the two interfaces", _macaddrs),
)
