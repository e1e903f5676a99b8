"""Why a packet gets to an interface, or does not: what `explain_interface` returns."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from buoy.v1 import explain_pb2, interface_pb2

from buoy_client.convert import interface_from_proto
from buoy_client.models import Interface
from buoy_client.record import Record
from buoy_client.values import time_from_proto, word_from_enum


class LinkState(StrEnum):
    """How a link is."""

    UNKNOWN = "unknown"
    OK = "ok"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class ExplainedLink(Record):
    """One link of the chain that a packet meets; `link` names it for programs, such as "floating-to-fixed"."""

    link: str
    state: LinkState
    title: str
    seen: str
    wrong: str
    advice: str


@dataclass(frozen=True, slots=True)
class Traffic(Record):
    """What was counted under a floating address since it is on its node."""

    packets: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Observation(Record):
    """One link as the node's agent saw it in the kernel; without flaws it is as it should be."""

    link: str
    seen: str
    flaws: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Examination(Record):
    """What the node's agent read for this answer; flows are connections in conntrack, by who began them."""

    time: datetime | None
    generation: int
    fault: str
    observations: tuple[Observation, ...]
    incoming: Traffic | None
    outgoing: Traffic | None
    incoming_flows: int
    outgoing_flows: int


@dataclass(frozen=True, slots=True)
class Explanation(Record):
    """The links in the order in which a packet meets them, the first broken one (empty: none), how it is and what to do.

    `examination` is None when the node's agent did not answer; what only it knows is UNKNOWN then. `heard_time` is when it last
    said something, None where the server has heard nothing of it since it started.
    """

    interface: Interface
    links: tuple[ExplainedLink, ...]
    broken: str
    summary: str
    advice: str
    node: str
    connected: bool
    heard_time: datetime | None
    examination: Examination | None


def explanation_from_proto(response: interface_pb2.ExplainInterfaceResponse) -> Explanation:
    """Give an explanation."""
    found = response.explanation
    return Explanation(
        interface=interface_from_proto(response.interface),
        links=tuple(map(_link, found.links)),
        broken=_name(found.broken) if found.broken else "",
        summary=found.summary,
        advice=found.advice,
        node=found.node.name,
        connected=found.node.connected,
        heard_time=time_from_proto(found.node, "heard_time"),
        examination=_examination(found.examination) if found.HasField("examination") else None,
    )


def _link(link: explain_pb2.ExplainedLink) -> ExplainedLink:
    state = word_from_enum(LinkState, explain_pb2.PathLinkState.Name, "PATH_LINK_STATE_", link.state)
    return ExplainedLink(_name(link.link), state, link.title, link.seen, link.wrong, link.advice)


def _examination(found: explain_pb2.Examination) -> Examination:
    return Examination(
        time=time_from_proto(found, "time"),
        generation=found.generation,
        fault=found.fault,
        observations=tuple(Observation(_name(entry.link), entry.seen, tuple(entry.flaws)) for entry in found.observations),
        incoming=_traffic(found.incoming) if found.HasField("incoming") else None,
        outgoing=_traffic(found.outgoing) if found.HasField("outgoing") else None,
        incoming_flows=found.incoming_flows,
        outgoing_flows=found.outgoing_flows,
    )


def _traffic(traffic: explain_pb2.Traffic) -> Traffic:
    return Traffic(traffic.packets, traffic.bytes)


def _name(number: int) -> str:
    """Give a link's name; of one that is newer than this SDK, its number."""
    try:
        return explain_pb2.PathLink.Name(number).removeprefix("PATH_LINK_").lower().replace("_", "-")
    except ValueError:
        return str(number)
