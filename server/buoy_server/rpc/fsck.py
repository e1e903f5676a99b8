"""What the kernels of nodes have of active floats: their agents are asked, as for an explanation of one."""

import asyncio
from collections.abc import Iterator
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


async def kernel_violations(backend: Backend) -> list[Violation]:
    """Return what connected nodes say is broken of their active floats; one that does not answer says nothing."""
    places = asyncio.Semaphore(AT_A_TIME)

    async def look(interface: Interface) -> Violation | None:
        async with places:
            explanation = (await explain_interface(backend, interface)).explanation
        now = backend.view.get(Kind.INTERFACE, interface.uuid)
        if not explanation.broken or not explanation.HasField("examination") or now != interface:
            return None  # what changed meanwhile is asked about the next time
        return KERNEL.violated(f"interface {interface.uuid}", explanation.summary)

    found = await asyncio.gather(*map(look, islice(_floating(backend), MOST)))
    return [violation for violation in found if violation is not None]


def _floating(backend: Backend) -> Iterator[Interface]:
    for node in backend.presence.connected:
        for key in list(backend.view.find(Kind.INTERFACE, "node", node)):
            interface = cast("Interface", backend.view.get(Kind.INTERFACE, key))
            if interface.node == node and interface.floating and interface.floating.phase is FloatingPhase.ACTIVE:
                yield interface
