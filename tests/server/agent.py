"""A node's agent as far as the server can tell: a stream that is read, and reports that are sent when the test says so."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from types import MappingProxyType
from typing import Any

from buoy.v1 import agent_pb2

from tests.server.running import Running
from tests.server.waiting import wait_until_async
from tests.support.waiting import PATIENCE


class ScriptedAgent:
    """One node's stream, folded as an agent folds it."""

    def __init__(self, running: Running, node: str, call: Any) -> None:
        self._running = running
        self.node = node
        self.call = call
        self.bindings: dict[str, agent_pb2.Binding] = {}
        self.removed: dict[str, agent_pb2.Removal] = {}
        self.networks: dict[str, agent_pb2.NetworkBinding] = {}
        self.revision = 0
        self.resets = 0

    async def until_synced(self) -> None:
        """Read the stream until it is in sync."""
        while not (await self.hear()).synced:
            pass

    async def read(self) -> agent_pb2.NodeUpdate:
        """Read the next message of the stream that asks for something, past the marks of a stream that is quiet."""
        update = await self.hear()
        while {field.name for field, _ in update.ListFields()} <= {"revision"}:
            update = await self.hear()
        return update

    async def hear(self) -> agent_pb2.NodeUpdate:
        """Read one message of the stream and take it in; it may be a mark alone."""
        update: agent_pb2.NodeUpdate = await asyncio.wait_for(self.call.read(), PATIENCE)
        if update.reset:
            self.resets += 1
            self.bindings.clear()
            self.removed.clear()
        for binding in update.upserts:
            self.bindings[binding.interface_uuid] = binding
            self.networks[binding.network.uuid] = binding.network
        for network in update.networks:
            self.networks[network.uuid] = network
        for removal in update.removed:
            self.removed[removal.interface_uuid] = removal
            self.bindings.pop(removal.interface_uuid, None)
        self.revision = update.revision or self.revision
        return update

    async def confirm(self, metadata: Any = None, **outcome: Any) -> None:
        """Report everything that was asked as done, or with an outcome."""
        reports = [
            agent_pb2.BindingReport(interface_uuid=uuid, generation=binding.generation, **outcome)
            for uuid, binding in self.bindings.items()
        ]
        reports += [
            agent_pb2.BindingReport(interface_uuid=uuid, generation=removal.generation, removed=True)
            for uuid, removal in self.removed.items()
        ]
        await self._running.agents.ReportNode(agent_pb2.ReportNodeRequest(node=self.node, reports=reports), metadata=metadata)

    async def until_routed(self, address: str, metadata: Any = None) -> None:
        """Read until an address is to be routed here, and report it as done."""
        while not any(address in network.routed_addresses for network in self.networks.values()):
            await self.read()
        await self.confirm_networks(metadata)

    async def until_unrouted(self, address: str, metadata: Any = None) -> None:
        """Read until an address is not to be routed here any more, and report it as done."""
        while any(address in network.routed_addresses for network in self.networks.values()):
            await self.read()
        await self.confirm_networks(metadata)

    async def confirm_networks(self, metadata: Any = None, faults: Mapping[str, str] = MappingProxyType({})) -> None:
        """Report what was asked of routed addresses as done, but for faults in words by address."""
        listed = [agent_pb2.RoutedFault(address=address, error=words) for address, words in faults.items()]
        reports = [
            agent_pb2.NetworkReport(network_uuid=network.uuid, generation=network.routed_generation, faults=listed)
            for network in self.networks.values()
            if network.routed_generation
        ]
        await self._running.agents.ReportNode(agent_pb2.ReportNodeRequest(node=self.node, networks=reports), metadata=metadata)


@asynccontextmanager
async def agent(running: Running, node: str = "n1", resume: int = 0, metadata: Any = None) -> AsyncIterator[ScriptedAgent]:
    """Open a node's stream and read it until it is in sync; in the end the server knows that it is gone."""
    request = agent_pb2.WatchNodeRequest(node=node, resume_revision=resume, agent_version="1", external_interface="eth0")
    call = running.agents.WatchNode(request, metadata=metadata)
    sessions = running.server._backend.presence._sessions
    session = None

    async def is_gone() -> bool:
        return session is None or sessions.get(node) is not session

    try:
        scripted = ScriptedAgent(running, node, call)
        await scripted.until_synced()
        session = sessions.get(node)
        yield scripted
    finally:
        call.cancel()
        await wait_until_async(is_gone, f"the server knows that the stream of {node} has ended")
