"""A real server in this process, over a real SQLite file, with stubs for every service."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import grpc
from buoy.v1 import (
    admin_pb2_grpc,
    agent_pb2_grpc,
    instance_pb2,
    instance_pb2_grpc,
    interface_pb2,
    interface_pb2_grpc,
    namespace_pb2_grpc,
    network_pb2,
    network_pb2_grpc,
    node_pb2_grpc,
    pool_pb2,
    pool_pb2_grpc,
)
from buoy_server.server import Options, Server
from buoy_server.storage.database import open_database
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from grpc_status import rpc_status


@dataclass(frozen=True)
class Running:
    """A server that serves, and stubs on a channel to it."""

    server: Server
    channel: grpc.aio.Channel
    interfaces: Any
    instances: Any
    networks: Any
    pools: Any
    nodes: Any
    agents: Any
    namespaces: Any
    admin: Any
    target: str = ""

    async def furnish(self, **pool: Any) -> None:
        """Create the pool `floating` and the network `net`."""
        await self.pools.CreatePool(pool_pb2.CreatePoolRequest(name="floating", ranges=["192.0.2.0/24"], **pool))
        await self.networks.CreateNetwork(network_pb2.CreateNetworkRequest(name="net", netblock="10.0.0.0/24"))

    async def interface(self, name: str = "web", node: str = "n1", **spec: Any) -> interface_pb2.Interface:
        """Create an instance with one interface on `net`, and return the interface."""
        specs = [instance_pb2.InterfaceSpec(network_ref="net", **spec)]
        await self.instances.CreateInstance(instance_pb2.CreateInstanceRequest(name=name, node=node, interfaces=specs))
        request = instance_pb2.ListInstanceInterfacesRequest(instance_ref=name)
        response: Any = await self.instances.ListInstanceInterfaces(request)
        only: interface_pb2.Interface = response.interfaces[0]
        return only


# A scripted agent says nothing by itself, and a test may take its time: no node is missed unless a test wants that.
OPTIONS: dict[str, Any] = {"insecure": True, "node_lease": 3600.0, "node_silence": 3600.0}


@asynccontextmanager
async def running(path: Path, **options: Any) -> AsyncIterator[Running]:
    """Run a server on a database file, and stop it as SIGTERM would."""
    database = open_database(f"sqlite:///{path}")
    server = Server(database.store, Options(**{**OPTIONS, **options}), ["127.0.0.1:0"])
    try:
        (target,) = await server.start()
        async with grpc.aio.insecure_channel(target) as channel:
            yield Running(
                server,
                channel,
                interface_pb2_grpc.InterfaceServiceStub(channel),
                instance_pb2_grpc.InstanceServiceStub(channel),
                network_pb2_grpc.NetworkServiceStub(channel),
                pool_pb2_grpc.PoolServiceStub(channel),
                node_pb2_grpc.NodeServiceStub(channel),
                agent_pb2_grpc.AgentServiceStub(channel),
                namespace_pb2_grpc.NamespaceServiceStub(channel),
                admin_pb2_grpc.AdminServiceStub(channel),
                target,
            )
    finally:
        await server.stop()
        database.close()


@dataclass(frozen=True)
class Refusal:
    """What a refused call said."""

    code: grpc.StatusCode
    reason: str
    field: str
    message: str


def refusal(error: grpc.RpcError) -> Refusal:
    """Read the details of a refused call."""
    status = rpc_status.from_call(error)  # type: ignore[no-untyped-call]
    assert status is not None, error
    info, bad = ErrorInfo(), BadRequest()
    for detail in status.details:
        if detail.Is(ErrorInfo.DESCRIPTOR):
            detail.Unpack(info)
        if detail.Is(BadRequest.DESCRIPTOR):
            detail.Unpack(bad)
    assert info.domain == "buoy"
    field = bad.field_violations[0].field if bad.field_violations else ""
    return Refusal(error.code(), info.reason, field, status.message)
