"""What an interface has left or gives up, to and from its messages in `buoy.v1`."""

from buoy.v1 import leaving_pb2

from buoy_server.codec.scalars import EnumTable, address, moment, timestamp
from buoy_server.core import model

FLOW_POLICIES = EnumTable(leaving_pb2.FlowPolicy, "FLOW_POLICY", model.FlowPolicy)


def draining_to_proto(entry: model.Draining) -> leaving_pb2.Draining:
    """Return an address whose live connections go on as its message."""
    return leaving_pb2.Draining(
        address=str(entry.address),
        flows=FLOW_POLICIES.to_proto(entry.flows),
        since=timestamp(entry.since),
        until=timestamp(entry.until),
        generation=entry.generation,
    )


def draining_from_proto(message: leaving_pb2.Draining) -> model.Draining:
    """Return an address whose live connections go on from its message."""
    return model.Draining(
        address=address(message.address),
        flows=FLOW_POLICIES.from_proto(message.flows),
        since=moment(message.since),
        until=moment(message.until),
        generation=message.generation,
    )


def former_node_to_proto(former: model.FormerNode) -> leaving_pb2.FormerNode:
    """Return a node that an interface was moved away from as its message."""
    return leaving_pb2.FormerNode(node=former.node, generation=former.generation, revision=former.revision)


def former_node_from_proto(message: leaving_pb2.FormerNode) -> model.FormerNode:
    """Return a node that an interface was moved away from from its message."""
    return model.FormerNode(node=message.node, generation=message.generation, revision=message.revision)
