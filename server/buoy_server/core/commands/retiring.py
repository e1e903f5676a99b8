"""Nodes that leave: first nothing new is placed on them, in the end they are forgotten."""

from dataclasses import dataclass, replace
from typing import cast

from buoy_server.core import errors, lookup
from buoy_server.core.command import Context
from buoy_server.core.commands.nodes import settle_addresses
from buoy_server.core.commands.plug import confirm_unplugged, settle_network
from buoy_server.core.model import Interface, Network, Node
from buoy_server.core.state import Draft, Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class DrainNode:
    """Place nothing new on a node, or place instances there again."""

    node: str
    drain: bool = True

    def decide(self, draft: Draft, context: Context) -> Node:
        """Return the node; saying the same again changes nothing."""
        del context
        node = lookup.node(draft, self.node)
        return node if node.drain is self.drain else draft.put(replace(node, drain=self.drain))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteNode:
    """Forget a node that is gone for good, as if it had confirmed that nothing is left on it."""

    node: str
    connected: bool

    def decide(self, draft: Draft, context: Context) -> None:
        """Release what waited for the node, and forget it."""
        del context
        node = lookup.node(draft, self.node)
        if self.connected:
            words = f"the agent of node {node.name} is connected: stop it, and purge the node with `buoy-agent purge`"
            raise errors.NodeInUse(words, field="node")
        if count := draft.count(Kind.INSTANCE, "live_node", node.name):
            words = f"{count} instance{'s are' if count > 1 else ' is'} on node {node.name}: delete or move them first"
            raise errors.NodeInUse(words, field="node")
        for key in sorted(draft.find(Kind.INTERFACE, "node", node.name)):
            confirm_unplugged(draft, cast("Interface", draft.get(Kind.INTERFACE, key)), node.name)
            settle_addresses(draft, key)
        for _ in range(2):  # what moves to another node leaves this one in two steps
            for key in sorted(draft.find(Kind.NETWORK, "outside_node", node.name)):
                settle_network(draft, cast("Network", draft.get(Kind.NETWORK, key)), node.name)
        draft.forget(node)
