"""An agent that confirms everything at once, over real grpc, without a kernel: for tests of the clients only."""

import threading
from types import TracebackType
from typing import Self

import grpc
from buoy.v1 import agent_pb2 as pb
from buoy.v1 import agent_pb2_grpc, node_pb2, node_pb2_grpc

from tests.support.waiting import PATIENCE, wait_for


class ObligingAgent:
    """Announces a node, and reports each binding as done."""

    def __init__(self, target: str, node: str = "n1") -> None:
        """Take the server and the node's name."""
        self._node = node
        self._channel = grpc.insecure_channel(target, options=[("grpc.max_reconnect_backoff_ms", 200)])
        self._stub = agent_pb2_grpc.AgentServiceStub(self._channel)
        self._stopped = threading.Event()
        self._synced = threading.Event()
        self._call: grpc.Call | None = None
        self._thread = threading.Thread(target=self._run, name="obliging-agent")

    def __enter__(self) -> Self:
        """Start, and return when the node is known."""
        self._thread.start()
        assert self._synced.wait(PATIENCE), "the server never synced the agent"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End the stream and the thread, and return when the server knows."""
        self._stopped.set()
        if self._call is not None:
            self._call.cancel()
        self._thread.join(PATIENCE)
        wait_for(f"the server to know that {self._node} is away", self._is_away)
        self._channel.close()

    def _is_away(self) -> bool:
        """Whether the server has no stream of the node; also where it does not know the node, or has gone itself."""
        try:
            return not node_pb2_grpc.NodeServiceStub(self._channel).GetNode(node_pb2.GetNodeRequest(node=self._node)).connected
        except grpc.RpcError:
            return True

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                self._follow()
            except grpc.RpcError:
                self._stopped.wait(0.1)

    def _follow(self) -> None:
        request = pb.WatchNodeRequest(node=self._node, agent_version="0.1.0", external_interface="eth0")
        stream = self._stub.WatchNode(request, wait_for_ready=True)
        self._call = stream
        if self._stopped.is_set():  # the end came between, and cancelled the stream before
            stream.cancel()
        for update in stream:
            reports = [pb.BindingReport(interface_uuid=it.interface_uuid, generation=it.generation) for it in update.upserts]
            reports += [
                pb.BindingReport(interface_uuid=it.interface_uuid, generation=it.generation, removed=True)
                for it in update.removed
            ]
            routed = {
                it.uuid: it.routed_generation for it in (*(binding.network for binding in update.upserts), *update.networks)
            }
            networks = [pb.NetworkReport(network_uuid=uuid, generation=generation) for uuid, generation in routed.items()]
            self._stub.ReportNode(pb.ReportNodeRequest(node=self._node, reports=reports, networks=networks), timeout=PATIENCE)
            if update.synced:
                self._synced.set()
