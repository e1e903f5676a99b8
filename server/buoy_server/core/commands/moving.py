"""Moving an instance to another node: the new node takes over, the old one lets go."""

from dataclasses import dataclass, replace
from typing import cast

from buoy_server.core import errors, lookup
from buoy_server.core.command import Context
from buoy_server.core.commands.instances import refuse_drained
from buoy_server.core.commands.plug import provide_gateway
from buoy_server.core.commands.routing import arrive
from buoy_server.core.model import FormerNode, Instance, Interface, Network
from buoy_server.core.state import Draft, Kind
from buoy_server.core.states import FLOATING_MOVES, FloatingPhase, NodeState, move


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveInstance:
    """Move an instance and its interfaces to a node."""

    instance_ref: str
    namespace: str
    node: str

    def decide(self, draft: Draft, context: Context) -> Instance:
        """Return the instance on its new node; the floats of its interfaces are PENDING until that node has them."""
        instance = lookup.instance(draft, context.caller, self.instance_ref, self.namespace)
        node = lookup.node(draft, self.node)
        if not instance.live:
            raise errors.NotReady(f"instance {instance.name} is {instance.state}", field="instance_ref")
        if instance.node == node.name:
            return instance
        refuse_drained(node)
        if node.state is not NodeState.CREATED:
            raise errors.NotReady(f"node {node.name} is {node.state}: no instance can be moved there", field="node")
        for interface in lookup.live_interfaces(draft, instance):
            draft.put(_moved(interface, node.name, draft.revision + 1))
            network = cast("Network", draft.get(Kind.NETWORK, interface.network_uuid))
            provide_gateway(draft, context, network, node.name)
            arrive(draft, network.uuid, node.name)
        return draft.put(replace(instance, node=node.name))


def _moved(interface: Interface, node: str, revision: int) -> Interface:
    """Return the interface as the move at that revision leaves it."""
    generation = interface.generation + 1
    left = FormerNode(node=interface.node, generation=generation, revision=revision)
    floating = interface.floating
    if floating is None or floating.held_by:
        pass  # the old node knows of none
    elif floating.phase is not FloatingPhase.RELEASING:
        phase = move(FLOATING_MOVES, floating.phase, FloatingPhase.PENDING)
        floating = replace(floating, phase=phase, reason="", active_time=None, generation=generation)
    else:
        floating = replace(floating, reason="", generation=generation)
    return replace(
        interface,
        node=node,
        state_reason="",
        floating=floating,
        generation=generation,
        draining=(),  # what drains has no translation on another node: it ends with the removal
        former_nodes=(*(former for former in interface.former_nodes if former.node != node), left),
    )
