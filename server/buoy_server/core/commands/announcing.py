"""Asking nodes to announce floating addresses on their LAN again."""

from dataclasses import dataclass, replace

from buoy_server.core import errors, lookup
from buoy_server.core.command import Context
from buoy_server.core.model import Interface, Node
from buoy_server.core.state import Draft
from buoy_server.core.states import FloatingPhase


@dataclass(frozen=True, slots=True, kw_only=True)
class ReannounceInterface:
    """Announce an interface's floating address again."""

    interface_uuid: str

    def decide(self, draft: Draft, context: Context) -> Interface:
        """Return the interface; where an announcement is on its way already, it is as it was."""
        interface = lookup.interface(draft, context.caller, self.interface_uuid)
        floating = interface.floating
        if floating is None or floating.phase is FloatingPhase.RELEASING:
            raise errors.NotFloating("the interface does not float: float it first", field="interface_uuid")
        asked = floating.announce_generation > interface.observed_generation
        if asked or floating.phase is FloatingPhase.PENDING:  # a float that comes is announced
            return interface
        generation = interface.generation + 1
        floating = replace(floating, announce_generation=generation)
        note = f"another announcement of {floating.address} asked for"
        return draft.put(replace(interface, floating=floating, generation=generation), note)


@dataclass(frozen=True, slots=True, kw_only=True)
class ReannounceNode:
    """Announce all floating addresses of a node again."""

    node: str
    connected: bool

    def decide(self, draft: Draft, context: Context) -> Node:
        """Return the node; its agent hears of it by the entry itself."""
        del context
        node = lookup.node(draft, self.node)
        if not self.connected:
            raise errors.NotReady(f"the agent of node {node.name} is not connected: start it first", field="node")
        return draft.put(replace(node, reannounce_time=draft.now), "another announcement of all floating addresses asked for")
