"""From the contract's messages to the agent's own values, and back. What cannot be read is reported, not programmed."""

from collections.abc import Iterable
from dataclasses import dataclass

from buoy.v1 import agent_pb2, explain_pb2, repair_pb2

from buoy_agent.core.examining import Counter, Examination
from buoy_agent.core.repairs import RepairReport
from buoy_agent.core.spec import (
    Address,
    Binding,
    Draining,
    InstanceId,
    InterfaceId,
    Network,
    NetworkId,
    NetworkReport,
    Removal,
    Report,
    Settled,
    Update,
    text,
)
from buoy_agent.errors import MalformedError
from buoy_agent.sync import fields
from buoy_agent.sync.columns import rows_of, settled_from_proto


@dataclass(frozen=True, slots=True)
class Read:
    """A message as far as it could be read, and a report for each binding that could not."""

    update: Update
    refused: tuple[Report, ...] = ()
    unread: tuple[str, ...] = ()  # what could not be read of networks, in words


def update_from_proto(message: agent_pb2.NodeUpdate) -> Read:
    """Reads one message; a binding that is malformed is left out, and whatever the node has of it stays as it was.

    Raises MalformedError where it makes no sense as a whole.
    """
    good: list[Binding] = []
    refused: list[Report] = []
    removals: list[Removal] = []
    for removal in message.removed:
        try:
            removals.append(_removal(removal))
        except MalformedError as error:
            refused.append(Report(InterfaceId(removal.interface_uuid), removal.generation, nic_error=str(error)))
    settled, rows = _settled(message.settled)
    for binding in (*message.upserts, *rows):
        try:
            good.append(binding_from_proto(binding))
        except MalformedError as error:
            refused.append(Report(InterfaceId(binding.interface_uuid), binding.generation, nic_error=str(error)))
    networks: list[Network] = []
    unread: list[str] = []
    for network in message.networks:
        try:
            networks.append(fields.network(network))
        except MalformedError as error:
            unread.append(str(error))
    update = Update(
        revision=message.revision,
        reset=message.reset,
        upserts=tuple(good),
        settled=settled,
        removals=tuple(removals),
        networks=tuple(networks),
        synced=message.synced,
        reannounce=message.reannounce,
    )
    return Read(update, tuple(refused), tuple(unread))


def binding_from_proto(message: agent_pb2.Binding) -> Binding:
    """Reads one binding; raises MalformedError that names the field."""
    floating = message.floating_address
    return Binding(
        interface=InterfaceId(fields.uuid("interface_uuid", message.interface_uuid)),
        generation=message.generation,
        instance=InstanceId(fields.uuid("instance_uuid", message.instance_uuid)),
        driver=fields.driver(message.driver),
        order=message.order,
        macaddr=fields.mac("macaddr", message.macaddr),
        address=fields.address("ipv4", message.ipv4),
        floating=fields.address("floating_address", floating) if floating else None,
        network=fields.network(message.network),
        unconfirmed=tuple(map(_unconfirmed, message.unconfirmed_addresses)),
        draining=tuple(map(_draining, message.draining)),
        announce=message.announce,
    )


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


def _settled(listed: Iterable[agent_pb2.SettledBindings]) -> tuple[tuple[Settled, ...], list[agent_pb2.Binding]]:
    """Those that can be read as they are, and the rows of the others: of these each stands for itself."""
    whole: list[Settled] = []
    rows: list[agent_pb2.Binding] = []
    for columns in listed:
        try:
            whole.append(settled_from_proto(columns))
        except MalformedError:
            rows += rows_of(columns)
    return tuple(whole), rows


def _removal(message: agent_pb2.Removal) -> Removal:
    return Removal(
        InterfaceId(message.interface_uuid),
        message.generation,
        NetworkId(message.network_uuid),
        tuple(map(_unconfirmed, message.unconfirmed_addresses)),
    )


def _unconfirmed(word: str) -> Address:
    return fields.address("unconfirmed_addresses", word)


def _draining(message: agent_pb2.DrainingAddress) -> Draining:
    seconds = message.time_left.ToTimedelta().total_seconds()
    return Draining(fields.address("draining.address", message.address), seconds)
