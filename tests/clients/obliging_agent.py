"""An agent that confirms everything at once, over real grpc, without a kernel: for tests of the clients only."""

import threading
from types import TracebackType
from typing import Self

import grpc
from buoy.v1 import agent_pb2 as pb
from buoy.v1 import agent_pb2_grpc


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
        assert self._synced.wait(20), "the server never synced the agent"
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End the stream and the thread."""
        self._stopped.set()
        if self._call is not None:
            self._call.cancel()
        self._thread.join(20)
        self._channel.close()

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
            self._stub.ReportNode(pb.ReportNodeRequest(node=self._node, reports=reports, networks=networks), timeout=10)
            if update.synced:
                self._synced.set()
