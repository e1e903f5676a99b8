"""From the contract's messages to the agent's own values, and back. What cannot be read is reported, not programmed."""

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network
from uuid import UUID

from buoy.v1 import agent_pb2, explain_pb2, instance_pb2, repair_pb2

from buoy_agent.core.examining import Counter, Examination
from buoy_agent.core.repairs import RepairReport
from buoy_agent.core.spec import (
    Address,
    Binding,
    Draining,
    Driver,
    InstanceId,
    InterfaceId,
    Network,
    NetworkId,
    NetworkReport,
    Removal,
    Report,
    Update,
    packed,
    text,
)
from buoy_agent.errors import MalformedError

_MAC = re.compile(r"[0-9a-f]{2}(:[0-9a-f]{2}){5}")
_UUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_DRIVERS: dict[int, Driver] = {
    instance_pb2.INSTANCE_DRIVER_UNSPECIFIED: Driver.NETNS,
    instance_pb2.INSTANCE_DRIVER_NETNS: Driver.NETNS,
    instance_pb2.INSTANCE_DRIVER_ADOPT: Driver.ADOPT,
}


@dataclass(frozen=True, slots=True)
class Read:
    """A message as far as it could be read, and a report for each binding that could not."""

    update: Update
    refused: tuple[Report, ...] = ()
    unread: tuple[str, ...] = ()  # what could not be read of networks, in words


def update_from_proto(message: agent_pb2.NodeUpdate) -> Read:
    """Reads one message; a binding that is malformed is left out, and whatever the node has of it stays as it was."""
    good: list[Binding] = []
    refused: list[Report] = []
    removals: list[Removal] = []
    for removal in message.removed:
        try:
            removals.append(_removal(removal))
        except MalformedError as error:
            refused.append(Report(InterfaceId(removal.interface_uuid), removal.generation, nic_error=str(error)))
    for binding in message.upserts:
        try:
            good.append(binding_from_proto(binding))
        except MalformedError as error:
            refused.append(Report(InterfaceId(binding.interface_uuid), binding.generation, nic_error=str(error)))
    networks: list[Network] = []
    unread: list[str] = []
    for network in message.networks:
        try:
            networks.append(network_from_proto(network))
        except MalformedError as error:
            unread.append(str(error))
    update = Update(
        message.revision, message.reset, tuple(good), tuple(removals), tuple(networks), message.synced, message.reannounce
    )
    return Read(update, tuple(refused), tuple(unread))


def binding_from_proto(message: agent_pb2.Binding) -> Binding:
    """Reads one binding; raises MalformedError that names the field."""
    floating = message.floating_address
    return Binding(
        interface=InterfaceId(_uuid("interface_uuid", message.interface_uuid)),
        generation=message.generation,
        instance=InstanceId(_uuid("instance_uuid", message.instance_uuid)),
        driver=_driver(message.driver),
        order=message.order,
        macaddr=_mac(message.macaddr),
        address=_address("ipv4", message.ipv4),
        floating=_address("floating_address", floating) if floating else None,
        network=_network(message.network.SerializeToString()),
        unconfirmed=tuple(map(_unconfirmed, message.unconfirmed_addresses)),
        draining=tuple(map(_draining, message.draining)),
        announce=message.announce,
    )


def network_from_proto(message: agent_pb2.NetworkBinding) -> Network:
    """Reads one network; raises MalformedError that names the field."""
    return _network(message.SerializeToString())


def repair_to_proto(report: RepairReport) -> repair_pb2.Repair:
    """What was put right, as the contract has it."""
    message = repair_pb2.Repair(
        place=report.place,
        found=report.found,
        count=report.count,
        interface_uuids=report.interfaces,
        error=report.error,
    )
    message.time.FromNanoseconds(int(report.time * 1e9))
    return message


def report_to_proto(report: Report) -> agent_pb2.BindingReport:
    """One report as the contract has it."""
    return agent_pb2.BindingReport(
        interface_uuid=report.interface,
        generation=report.generation,
        removed=report.removed,
        nic_error=report.nic_error,
        floating_error=report.floating_error,
        draining_addresses=map(text, report.draining),
    )


def network_report_to_proto(report: NetworkReport) -> agent_pb2.NetworkReport:
    """One report of a network as the contract has it."""
    return agent_pb2.NetworkReport(
        network_uuid=report.network,
        generation=report.generation,
        faults=[agent_pb2.RoutedFault(address=text(address), error=words) for address, words in report.faults],
    )


def examination_to_proto(found: Examination, generation: int, fault: str) -> explain_pb2.Examination:
    """What was found now, with what the agent knows of the interface."""
    message = explain_pb2.Examination(
        generation=generation,
        fault=fault,
        observations=[
            explain_pb2.Observation(link=f"PATH_LINK_{entry.link.name}", seen=entry.seen, flaws=entry.flaws)
            for entry in found.observations
        ],
        incoming=_traffic(found.incoming),
        outgoing=_traffic(found.outgoing),
        incoming_flows=found.flows.incoming,
        outgoing_flows=found.flows.outgoing,
    )
    message.time.GetCurrentTime()
    return message


def _traffic(counter: Counter | None) -> explain_pb2.Traffic | None:
    return None if counter is None else explain_pb2.Traffic(packets=counter.packets, bytes=counter.bytes)


def _removal(message: agent_pb2.Removal) -> Removal:
    return Removal(
        InterfaceId(message.interface_uuid),
        message.generation,
        NetworkId(message.network_uuid),
        tuple(map(_unconfirmed, message.unconfirmed_addresses)),
    )


def _unconfirmed(word: str) -> Address:
    return _address("unconfirmed_addresses", word)


def _draining(message: agent_pb2.DrainingAddress) -> Draining:
    seconds = message.time_left.ToTimedelta().total_seconds()
    return Draining(_address("draining.address", message.address), seconds)


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
        id=NetworkId(_uuid("network.uuid", message.uuid)),
        netblock=netblock,
        provide_nat=message.provide_nat,
        floating_gateway=_address("network.floating_gateway", floating) if floating else None,
        routed=frozenset(_address("network.routed_addresses", word) for word in message.routed_addresses),
        routed_generation=message.routed_generation,
    )


def _uuid(field: str, value: str) -> str:
    if _UUID.fullmatch(value):  # as the server writes it
        return value
    try:
        return str(UUID(value))
    except ValueError as error:
        raise MalformedError(f"{field}: {value!r} is no uuid") from error


def _address(field: str, value: str) -> Address:
    try:
        address = packed(value)
    except ValueError as error:
        raise MalformedError(f"{field}: {value!r} is no address") from error
    if len(address) != 4:
        raise MalformedError(f"{field}: {value} is no IPv4 address")
    return address


def _mac(value: str) -> str:
    lower = value.lower()
    if not _MAC.fullmatch(lower):
        raise MalformedError(f"macaddr: {value!r} is no MAC address")
    return lower


def _driver(value: int) -> Driver:
    try:
        return _DRIVERS[value]
    except KeyError as error:
        raise MalformedError(f"driver: {value} is not known to this version of the agent") from error
