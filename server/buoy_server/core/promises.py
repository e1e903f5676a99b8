"""Addresses that move: promised to their new holder, who gets them when the node of the old one has let go of them.

Until then the record of the address is the old holder's, its node cuts the flows of the address and confirms that, and the new
holder's node is not told of it: no two nodes ever have it. Only the interfaces change at once: the old holder floats no more,
and the new one is PENDING, `held_by` the old one.
"""

from dataclasses import replace
from ipaddress import IPv4Address
from typing import cast

from buoy_server.core import draining
from buoy_server.core.model import Floating, Interface, Node, Promise, Reservation, reservation_key
from buoy_server.core.state import Draft, Kind, State
from buoy_server.core.states import NodeState


def promise(draft: Draft, record: Reservation, heir: Interface) -> None:
    """Promise an address to an interface; what was promised before is not any more."""
    to = Promise(interface=heir.uuid, actor=draft.cause.actor, request_id=draft.cause.request_id)
    draft.put(replace(record, promise=to))


def withdraw(draft: Draft, address: IPv4Address) -> None:
    """Leave an address with its holder, to whom it goes back or of whom it is released, as if it had not been promised."""
    record = cast("Reservation", draft.get(Kind.RESERVATION, reservation_key(None, address)))
    draft.put(replace(record, promise=None))


def redeem(draft: Draft, record: Reservation, promised: Promise) -> Reservation:
    """Give an address that its old holder's node has let go of to whom it was promised: its node is asked for it now."""
    heir = cast("Interface", draft.get(Kind.INTERFACE, promised.interface))
    taken = replace(record, owner=heir.uuid, since=draft.now, request_id=promised.request_id, promise=None)
    given = draft.put(taken)
    generation = heir.generation + 1
    reason = why_it_waits(draft, heir.node)
    floating = replace(cast("Floating", heir.floating), held_by=None, reason=reason, generation=generation)
    draft.put(replace(heir, floating=floating, generation=generation))
    return given


def why_it_waits(state: State, node: str) -> str:
    """Return what a float waits for on its own node, in words; empty when there is nothing to say."""
    return f"node {node} is away" if _is_away(state, node) else ""


def why_it_is_held(state: State, holder: Interface, error: str = "") -> str:
    """Return what a float that was moved waits for, in words, with what its old node says of it."""
    nodes = sorted(holder.nodes)
    away = [node for node in nodes if _is_away(state, node)]
    words = f"waits until node {' and node '.join(nodes)} let{'s' if len(nodes) == 1 else ''} go of it"
    why = f"node {' and node '.join(away)} {'is' if len(away) == 1 else 'are'} away" if away else error
    return f"{words}: {why}" if why else words


def say_what_waits(draft: Draft, node: str) -> None:
    """Say of the floats that wait for a node, which went away or came back, what they wait for."""
    for key in list(draft.find(Kind.INTERFACE, "waiting", node)):
        interface = cast("Interface", draft.get(Kind.INTERFACE, key))
        if interface.floating is not None and not interface.floating.held_by:
            holds = draining.held_up(interface, interface.draining)
            _say(draft, interface, why_it_waits(draft, node) or (draining.words(holds) if holds else ""))
    for owner in list(draft.values(Kind.RESERVATION, "promised")):
        holder = cast("Interface", draft.get(Kind.INTERFACE, cast("str", owner)))
        if node in holder.nodes:
            say_why_held(draft, holder)


def say_why_held(draft: Draft, holder: Interface, error: str = "") -> None:
    """Say of the floats that wait for what an interface had before what they wait for, with what its node says of that."""
    for key in list(draft.find(Kind.RESERVATION, "promised", holder.uuid)):
        record = cast("Reservation", draft.get(Kind.RESERVATION, key))
        heir = cast("Interface", draft.get(Kind.INTERFACE, cast("Promise", record.promise).interface))
        _say(draft, heir, why_it_is_held(draft, holder, error))


def _say(draft: Draft, interface: Interface, reason: str) -> None:
    floating = cast("Floating", interface.floating)
    if floating.reason != reason:
        draft.put(replace(interface, floating=replace(floating, reason=reason)))


def _is_away(state: State, node: str) -> bool:
    found = state.get(Kind.NODE, node)
    return isinstance(found, Node) and found.state in (NodeState.MISSING, NodeState.STOPPED)
