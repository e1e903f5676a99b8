"""What the kernels of nodes have of active floats: their agents are asked, as for an explanation of one."""

import asyncio
import random
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import cast

from buoy_server.core.fsck import Invariant, Violation
from buoy_server.core.model import Interface
from buoy_server.core.state import Kind
from buoy_server.core.states import FloatingPhase
from buoy_server.rpc.backend import Backend
from buoy_server.rpc.explaining import explain_interface

MOST = 500  # floats that are asked about in one check
AT_A_TIME = 16  # fewer than the questions that a node may have open
KERNEL = Invariant(
    "NODE_KERNEL",
    "each active float has exactly its place in the kernel of its node",
    "see `buoy interface explain` for the whole chain; the agent puts right what it sees: `buoy-agent status` on the node",
)


@dataclass(frozen=True, slots=True)
class Kernels:
    """What kernels have wrong, and of how many floats, of all, that is known."""

    violations: tuple[Violation, ...] = ()
    looked_at: int = 0
    floats: int = 0


async def look_at_kernels(backend: Backend) -> Kernels:
    """Return what connected nodes say is broken of their active floats; one that does not answer says nothing."""
    places = asyncio.Semaphore(AT_A_TIME)

    async def look(interface: Interface) -> list[Violation] | None:
        async with places:
            explanation = (await explain_interface(backend, interface)).explanation
        if not explanation.HasField("examination"):
            return None
        now = backend.view.get(Kind.INTERFACE, interface.uuid)
        if not explanation.broken or now != interface:
            return []  # what changed meanwhile is asked about the next time
        return [KERNEL.violated(f"interface {interface.uuid}", explanation.summary)]

    answers = await asyncio.gather(*map(look, islice(_floating(backend), MOST)))
    answered = [found for found in answers if found is not None]
    floats = sum(backend.view.count(Kind.INTERFACE, "floating_node", node) for node in backend.view.keys(Kind.NODE))
    return Kernels(tuple(violation for found in answered for violation in found), len(answered), floats)


def _floating(backend: Backend) -> Iterator[Interface]:
    """Yield active floats of connected nodes, in an order of chance: who checks again and again comes to all."""
    nodes = backend.presence.connected
    keys = [(node, key) for node in nodes for key in backend.view.find(Kind.INTERFACE, "node", node)]
    random.shuffle(keys)
    for node, key in keys:
        interface = cast("Interface", backend.view.get(Kind.INTERFACE, key))
        if interface.node == node and interface.floating and interface.floating.phase is FloatingPhase.ACTIVE:
            yield interface
