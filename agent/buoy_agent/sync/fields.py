"""Fields of the contract's messages as the agent's own values; MalformedError names the one that cannot be read."""

import re
from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network
from socket import AF_INET, inet_pton
from uuid import UUID

from buoy.v1 import agent_pb2, instance_pb2

from buoy_agent.core.spec import Address, Driver, Network, NetworkId, packed
from buoy_agent.errors import MalformedError

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DRIVERS: dict[int, Driver] = {
    instance_pb2.INSTANCE_DRIVER_UNSPECIFIED: Driver.NETNS,
    instance_pb2.INSTANCE_DRIVER_NETNS: Driver.NETNS,
    instance_pb2.INSTANCE_DRIVER_ADOPT: Driver.ADOPT,
}


def network(message: agent_pb2.NetworkBinding) -> Network:
    """A network."""
    return _network(message.SerializeToString())


@lru_cache(maxsize=1 << 12)  # a network comes with each of its bindings
def _network(serialized: bytes) -> Network:
    message = agent_pb2.NetworkBinding.FromString(serialized)
    try:
        netblock = IPv4Network(message.netblock)
    except ValueError as error:
        raise MalformedError(f"network.netblock: {error}") from error
    if netblock.num_addresses < 2:
        raise MalformedError(f"network.netblock: {netblock} has no room for a gateway")
    floating = message.floating_gateway
    return Network(
        id=NetworkId(uuid("network.uuid", message.uuid)),
        netblock=netblock,
        provide_nat=message.provide_nat,
        floating_gateway=address("network.floating_gateway", floating) if floating else None,
        routed=frozenset(address("network.routed_addresses", word) for word in message.routed_addresses),
        routed_generation=message.routed_generation,
    )


def uuid(field: str, value: str) -> str:
    """A uuid, as the server writes it."""
    if _UUID.fullmatch(value):
        return value
    try:
        return str(UUID(value))
    except ValueError as error:
        raise MalformedError(f"{field}: {value!r} is no uuid") from error


def uuids(field: str, values: Iterable[str]) -> list[str]:
    """A column of them."""
    found = list(values)
    return found if all(map(_UUID.fullmatch, found)) else [uuid(field, value) for value in found]


def address(field: str, value: str) -> Address:
    """An address of the family that the agent programs."""
    try:
        found = packed(value)
    except ValueError as error:
        raise MalformedError(f"{field}: {value!r} is no address") from error
    if len(found) != 4:
        raise MalformedError(f"{field}: {value} is no IPv4 address")
    return found


def addresses(field: str, values: Iterable[str]) -> list[Address | None]:
    """A column of them; None where it is empty."""
    try:
        return [_packed(value) if value else None for value in values]
    except OSError:
        return [address(field, value) if value else None for value in values]


@lru_cache(maxsize=1 << 12)  # networks of many a node have the same block: what they share need not be there once for each
def _packed(value: str) -> Address:
    return Address(inet_pton(AF_INET, value))


def mac(field: str, value: str) -> str:
    """A MAC address."""
    lower = value.lower()
    if not _MAC.fullmatch(lower):
        raise MalformedError(f"{field}: {value!r} is no MAC address")
    return lower


def macs(field: str, values: Iterable[str]) -> list[str]:
    """A column of them."""
    found = list(values)
    return found if all(map(_MAC.fullmatch, found)) else [mac(field, value) for value in found]


def driver(value: int) -> Driver:
    """Who makes a NIC."""
    try:
        return _DRIVERS[value]
    except KeyError as error:
        raise MalformedError(f"driver: {value} is not known to this version of the agent") from error
