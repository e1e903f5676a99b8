"""Interfaces to call about and to watch: on a node whose agent said hello and went. Calls are then all that a server does."""

from typing import Any

import grpc
from buoy.v1 import agent_pb2, agent_pb2_grpc
from buoy_client import BuoyClient, InterfaceSpec

NODE, POOL = "node1", "10.200.0.0/15"
NICS = 50  # an instance


def interfaces(target: str, count: int) -> list[str]:
    """Creates so many, and a pool to float them in; returns their uuids."""
    _announce(target)
    uuids: list[str] = []
    with BuoyClient(target) as client:
        client.create_pool("bench", [POOL])
        network = client.create_network("bench", "10.0.0.0/15")
        for start in range(0, count, NICS):
            specs = [InterfaceSpec(network.uuid)] * min(NICS, count - start)
            instance = client.create_instance(f"bench{start}", specs, node=NODE)
            uuids += [interface.uuid for interface in client.get_instance_interfaces(instance.uuid)]
    return uuids


def _announce(target: str) -> None:
    with grpc.insecure_channel(target) as channel:
        stub: Any = agent_pb2_grpc.AgentServiceStub(channel)
        stream = stub.WatchNode(agent_pb2.WatchNodeRequest(node=NODE))
        next(stream)
        stream.cancel()
