"""ExplainInterface: asks the node, and puts what it answers together with what is known here."""

from datetime import UTC, datetime, timedelta

from buoy.v1 import explain_pb2, interface_pb2

from buoy_server.codec.records import interface_to_proto
from buoy_server.codec.scalars import EnumTable
from buoy_server.core.explaining import Examined, Explained, LinkState, Observation, PathLink, Situation, explain
from buoy_server.core.model import Interface
from buoy_server.rpc.backend import Backend
from buoy_server.rpc.bindings import binding_of
from buoy_server.rpc.questions import UnansweredError

LINKS = EnumTable(explain_pb2.PathLink, "PATH_LINK", PathLink)
STATES = EnumTable(explain_pb2.PathLinkState, "PATH_LINK_STATE", LinkState)
MAX_WORDS = 1024  # characters of an agent's words that are shown
MAX_OBSERVATIONS = 64


async def explain_interface(backend: Backend, interface: Interface) -> interface_pb2.ExplainInterfaceResponse:
    """Return the explanation of an interface; an agent that does not answer makes it a partial one, not an error."""
    examination, unanswered = await _ask(backend, interface)
    presence, silent = backend.presence, backend.presence.silence(interface.node)
    situation = Situation(
        interface=interface,
        connected=interface.node in presence.connected,
        silent=silent,
        examined=examined_from_proto(examination) if examination is not None else None,
        unanswered=unanswered,
    )
    found = explain(situation)
    explanation = explain_pb2.Explanation(
        links=map(_to_proto, found.links),
        broken=LINKS.to_proto(found.broken) if found.broken else explain_pb2.PATH_LINK_UNSPECIFIED,
        summary=found.summary,
        advice=found.advice,
        node=explain_pb2.ExplainedNode(name=interface.node, connected=situation.connected),
        examination=examination,
    )
    if silent is not None:
        explanation.node.heard_time.FromDatetime(datetime.now(UTC) - timedelta(seconds=silent))
    return interface_pb2.ExplainInterfaceResponse(interface=interface_to_proto(interface), explanation=explanation)


async def _ask(backend: Backend, interface: Interface) -> tuple[explain_pb2.Examination | None, str]:
    """Return what the node's agent has found, or why there is nothing."""
    if not interface.live:
        return None, ""
    try:
        answer = await backend.questions.ask(interface.node, binding_of(backend.view, interface, datetime.now(UTC)))
    except UnansweredError as error:
        return None, str(error)
    if not answer.HasField("examination"):
        return None, f"the agent of {interface.node} could not look: {answer.error[:MAX_WORDS] or 'it does not say why'}"
    return answer.examination, ""


def examined_from_proto(message: explain_pb2.Examination) -> Examined:
    """Return what is understood of an answer: a link that only newer agents know is passed over."""
    known = set(explain_pb2.PathLink.values()) - {explain_pb2.PATH_LINK_UNSPECIFIED}
    observations = (entry for entry in message.observations[:MAX_OBSERVATIONS] if entry.link in known)
    return Examined(
        generation=message.generation,
        fault=message.fault[:MAX_WORDS],
        observations={
            LINKS.from_proto(entry.link): Observation(
                entry.seen[:MAX_WORDS], tuple(flaw[:MAX_WORDS] for flaw in entry.flaws[:MAX_OBSERVATIONS])
            )
            for entry in observations
        },
        packets_in=message.incoming.packets,
        packets_out=message.outgoing.packets,
    )


def _to_proto(link: Explained) -> explain_pb2.ExplainedLink:
    return explain_pb2.ExplainedLink(
        link=LINKS.to_proto(link.link),
        state=STATES.to_proto(link.finding.state),
        title=link.title,
        seen=link.finding.seen,
        wrong=link.finding.wrong,
        advice=link.advice,
    )
