"""Nodes of which it is known that they are off.

A node that the server does not hear of answers for its addresses all the same: neither a partition nor the death of its agent
takes anything out of its kernel. So an address that it was asked to let go of stays in use for as long as the node is away,
and time alone frees none. What does is somebody's word that the machine is off (docs/decisions/0024-fencing.md): then there is
nothing in its kernel, and all that waits for it is settled, now and as long as it is STOPPED.
"""

from dataclasses import dataclass, replace
from typing import cast

from buoy_server.core import errors, lookup
from buoy_server.core.command import Context
from buoy_server.core.commands import routing
from buoy_server.core.commands.nodes import release_others, say_what_waits, settle_addresses
from buoy_server.core.commands.plug import confirm_unplugged
from buoy_server.core.model import Interface, Network, Node
from buoy_server.core.state import Draft, Kind
from buoy_server.core.states import NODE_MOVES, FloatingPhase, NodeState, move


@dataclass(frozen=True, slots=True, kw_only=True)
class FenceNode:
    """Take it that a missing node's machine is off."""

    node: str

    def decide(self, draft: Draft, context: Context) -> Node:
        """Return the node, STOPPED; nothing waits for it to let go of anything any more."""
        del context
        node = lookup.node(draft, self.node)
        if node.state is NodeState.STOPPED:
            return node
        if node.state is not NodeState.MISSING:
            raise errors.NotReady(f"node {node.name} is {node.state}: only one that is missing can be fenced", field="node")
        stopped = draft.put(replace(node, state=move(NODE_MOVES, node.state, NodeState.STOPPED)))
        for key in list(draft.find(Kind.INTERFACE, "node", node.name)):
            _let_go(draft, key, node.name)
        for key in list(draft.find(Kind.NETWORK, "outside_node", node.name)):
            routing.let_go(draft, cast("Network", draft.get(Kind.NETWORK, key)), node.name)
        say_what_waits(draft, node.name)
        return stopped


def settle(draft: Draft) -> None:
    """Settle what a draft asks of nodes that are off; what that changes in turn is gone through as well."""
    for entry in draft.entries:
        match entry.after:
            case Interface() as interface:
                for name in sorted(interface.nodes):
                    if _is_off(draft, name):
                        _let_go(draft, entry.key, name)
            case Network() as network:
                for name in sorted({routed.former_node for routed in network.routed if routed.former_node}):
                    if _is_off(draft, name):
                        routing.let_go(draft, cast("Network", draft.get(Kind.NETWORK, entry.key)), name)


def _is_off(draft: Draft, name: str) -> bool:
    node = cast("Node | None", draft.get(Kind.NODE, name))
    return node is not None and node.state is NodeState.STOPPED


def _let_go(draft: Draft, key: str, node: str) -> None:
    """Take it that a node has nothing in its kernel of an interface that it does not have to have there."""
    interface = cast("Interface | None", draft.get(Kind.INTERFACE, key))
    if interface is None or not interface.bound:
        return
    if interface.former_node(node):
        confirm_unplugged(draft, interface, node)
        settle_addresses(draft, key)
    elif not interface.live and interface.node == node:
        if interface.observed_generation < interface.generation:
            confirm_unplugged(draft, interface, node)
    elif interface.node == node:
        drained, floating = interface.draining, interface.floating
        if floating and floating.phase is FloatingPhase.RELEASING:
            floating = None
        if (floating, ()) != (interface.floating, drained):
            interface = draft.put(replace(interface, floating=floating, draining=()))
        release_others(draft, interface, drained)
