"""Callers that keep a server busy with changes, write down what they were answered, and repeat what they do not know of."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from random import Random
from typing import Any
from uuid import UUID

import grpc
from buoy.v1 import (
    agent_pb2,
    agent_pb2_grpc,
    instance_pb2,
    instance_pb2_grpc,
    interface_pb2_grpc,
    network_pb2,
    network_pb2_grpc,
    pool_pb2,
    pool_pb2_grpc,
)
from buoy.v1 import interface_pb2 as i
from google.protobuf.struct_pb2 import Value
from grpc_status import rpc_status

from tests.faults.history import Operation, Outcome

PATIENCE = 120.0  # seconds that a call may take, which is as long as a server may be away
KEPT = 6  # interfaces that a caller has, about
FLOATS = (i.FLOATING_PHASE_PENDING, i.FLOATING_PHASE_ACTIVE)


async def furnish(channel: grpc.aio.Channel, *nodes: str) -> None:
    """Create a pool and a network that are large enough for a long run, and let the agents of some nodes say hello."""
    pools: Any = pool_pb2_grpc.PoolServiceStub(channel)
    networks: Any = network_pb2_grpc.NetworkServiceStub(channel)
    pool = pool_pb2.CreatePoolRequest(name="floating", ranges=["198.18.0.0/16"])
    await pools.CreatePool(pool, wait_for_ready=True)
    await networks.CreateNetwork(network_pb2.CreateNetworkRequest(name="net", netblock="10.0.0.0/8"))
    agents: Any = agent_pb2_grpc.AgentServiceStub(channel)
    for node in nodes:
        call = agents.WatchNode(agent_pb2.WatchNodeRequest(node=node, agent_version="1", external_interface="eth0"))
        await call.read()
        call.cancel()


class Caller:
    """One client that makes one change after the other; each of them changes something."""

    def __init__(self, channel: grpc.aio.Channel, name: str, chance: Random) -> None:
        self.operations: list[Operation] = []
        self.answers = 0
        self._instances: Any = instance_pb2_grpc.InstanceServiceStub(channel)
        self._interfaces: Any = interface_pb2_grpc.InterfaceServiceStub(channel)
        self._name = name
        self._chance = chance
        self._mine: dict[str, i.Interface] = {}
        self._stopping = False

    async def prepare(self, node: str) -> None:
        """Create the instance that the interfaces are plugged into."""
        request = instance_pb2.CreateInstanceRequest(name=self._name, node=node)
        await self._instances.CreateInstance(request, wait_for_ready=True)

    async def run(self) -> None:
        """Ask for changes until it is told to stop, which it does with an answer to everything that it asked."""
        while not self._stopping:
            await self.change()

    def stop(self) -> None:
        """Let the change under way be the last."""
        self._stopping = True

    async def change(self) -> None:
        """Ask for one change; repeat it, as the same attempt, until it is known what became of it."""
        method, request = self._choose()
        request.request_id = str(UUID(int=self._chance.getrandbits(128), version=4))
        while (await self._attempt(method, request)).outcome is not Outcome.OK:
            pass

    def _choose(self) -> tuple[str, Any]:
        if len(self._mine) < KEPT:
            return "CreateInterface", i.CreateInterfaceRequest(instance_ref=self._name, network_ref="net")
        uuid = self._chance.choice(sorted(self._mine))
        dice = self._chance.random()
        if dice < 0.05:
            return "DeleteInterface", i.DeleteInterfaceRequest(interface_uuid=uuid)
        if dice < 0.5:
            value = Value(string_value=f"{len(self.operations)}")
            return "SetInterfaceMetadataItem", i.SetInterfaceMetadataItemRequest(interface_uuid=uuid, key="k", value=value)
        if self._mine[uuid].floating.phase in FLOATS:
            return "DefloatInterface", i.DefloatInterfaceRequest(interface_uuid=uuid)
        return "FloatInterface", i.FloatInterfaceRequest(interface_uuid=uuid)

    async def _attempt(self, method: str, request: Any) -> Operation:
        start = time.monotonic()
        uuid, revision, outcome = getattr(request, "interface_uuid", ""), 0, Outcome.OK
        try:
            answer = await getattr(self._interfaces, method)(request, timeout=PATIENCE, wait_for_ready=True)
        except grpc.aio.AioRpcError as error:
            refused = rpc_status.from_call(error) is not None  # type: ignore[no-untyped-call] # by the server itself
            if refused and error.code() is not grpc.StatusCode.UNAVAILABLE:
                raise
            outcome = Outcome.FAIL if refused else Outcome.UNKNOWN
        else:
            uuid, revision = answer.uuid, answer.revision
            self.answers += 1
            self._keep(answer)
        operation = Operation(request.request_id, method, uuid, start, time.monotonic(), outcome, revision)
        self.operations.append(operation)
        return operation

    def _keep(self, answer: i.Interface) -> None:
        self._mine[answer.uuid] = answer
        if answer.state == i.INTERFACE_STATE_DELETED:
            del self._mine[answer.uuid]


@asynccontextmanager
async def under_load(callers: Sequence[Caller]) -> AsyncIterator[None]:
    """Callers that call for the length of a `with`; what went wrong with one of them is raised at its end."""
    async with asyncio.TaskGroup() as tasks:
        for caller in callers:
            tasks.create_task(caller.run())
        yield
        for caller in callers:
            caller.stop()


class VoidError(AssertionError):
    """So little happened around a fault that a run proves nothing."""


LEAST = 50  # answers; etcd asks for as many in a second, which says more of the machine than of the run


def refuse_void(operations: Sequence[Operation], begin: float, end: float) -> None:
    """Raise VoidError unless enough was acknowledged between two moments, all of it while something else was under way."""
    answered = sorted((one.start, one.end) for one in operations if one.outcome is Outcome.OK and begin <= one.end <= end)
    beside = sum(before > start or following < ended for (start, ended), before, following in _neighbours(answered))
    if beside < LEAST:
        raise VoidError(f"{beside} of {LEAST} operations side by side, of {len(answered)}: the run is void")


def _neighbours(spans: Sequence[tuple[float, float]]) -> Iterator[tuple[tuple[float, float], float, float]]:
    """Yield each span, in the order of their starts, with the last end before it and the next start after it."""
    before = -math.inf
    for span, following in zip(spans, [*(start for start, _ in spans[1:]), math.inf], strict=False):
        yield span, before, following
        before = max(before, span[1])
