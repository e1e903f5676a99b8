"""A real AgentService in this process, that says what the test wants and remembers what it hears."""

import asyncio
import threading
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import grpc
from buoy.v1 import agent_pb2, agent_pb2_grpc, instance_pb2
from buoy_agent.core.spec import Binding, Driver, text

from tests.support.waiting import PATIENCE, wait_for

DRIVERS = {Driver.NETNS: instance_pb2.INSTANCE_DRIVER_NETNS, Driver.ADOPT: instance_pb2.INSTANCE_DRIVER_ADOPT}


def to_proto(binding: Binding) -> agent_pb2.Binding:
    """A binding as the server sends it."""
    net = binding.network
    return agent_pb2.Binding(
        interface_uuid=binding.interface,
        generation=binding.generation,
        instance_uuid=binding.instance,
        driver=DRIVERS[binding.driver],
        order=binding.order,
        macaddr=binding.macaddr,
        ipv4=text(binding.address),
        floating_address=text(binding.floating) if binding.floating else "",
        network=agent_pb2.NetworkBinding(
            uuid=net.id,
            netblock=str(net.netblock),
            provide_nat=net.provide_nat,
            floating_gateway=text(net.floating_gateway) if net.floating_gateway else "",
        ),
    )


class ScriptedServer(agent_pb2_grpc.AgentServiceServicer):
    """Sends a snapshot of `bindings` to each stream, then whatever is pushed."""

    def __init__(self) -> None:
        self.bindings: list[agent_pb2.Binding] = []
        self.revision = 1
        self.requests: list[agent_pb2.WatchNodeRequest] = []
        self.reports: list[agent_pb2.BindingReport] = []
        self.answers: list[agent_pb2.AnswerNodeRequest] = []
        self.heartbeats = 0
        self.refuse_reports = False
        self.hold_snapshot = False
        self.refused = 0
        self._queues: list[asyncio.Queue[agent_pb2.NodeUpdate | None]] = []
        self._loop = asyncio.new_event_loop()

    async def WatchNode(  # noqa: N802 - the name is the contract's
        self,
        request: agent_pb2.WatchNodeRequest,
        context: grpc.aio.ServicerContext[object, object],  # noqa: ARG002 - the signature is the library's
    ) -> AsyncIterator[agent_pb2.NodeUpdate]:
        """One stream: what is pushed or ended from here on reaches it, however far it has come."""
        queue: asyncio.Queue[agent_pb2.NodeUpdate | None] = asyncio.Queue()
        revision, bindings = self.revision, [] if request.resume_revision == self.revision else list(self.bindings)
        reset = request.resume_revision != revision and not bindings
        self._queues.append(queue)
        self.requests.append(request)
        for position, binding in enumerate(bindings):
            yield agent_pb2.NodeUpdate(reset=position == 0, upserts=[binding])
        while bindings and self.hold_snapshot and (update := await queue.get()) is not None:
            yield update
        yield agent_pb2.NodeUpdate(revision=revision, reset=reset, synced=True)
        while (update := await queue.get()) is not None:
            yield update

    async def ReportNode(  # noqa: N802 - likewise
        self, request: agent_pb2.ReportNodeRequest, context: grpc.aio.ServicerContext[object, object]
    ) -> agent_pb2.ReportNodeResponse:
        """One batch of reports."""
        if self.refuse_reports:
            self.refused += 1
            await context.abort(grpc.StatusCode.UNAVAILABLE, "not now")
        self.heartbeats += not request.reports
        self.reports += request.reports
        return agent_pb2.ReportNodeResponse()

    async def AnswerNode(  # noqa: N802 - likewise
        self,
        request: agent_pb2.AnswerNodeRequest,
        context: grpc.aio.ServicerContext[object, object],  # noqa: ARG002 - the signature is the library's
    ) -> agent_pb2.AnswerNodeResponse:
        """One answer."""
        self.answers.append(request)
        return agent_pb2.AnswerNodeResponse()

    def ask(self, *questions: agent_pb2.NodeQuestion) -> None:
        """Asks down every stream."""
        self._to_all(agent_pb2.NodeUpdate(revision=self.revision, questions=questions))

    def push(self, upserts: Iterable[Binding] = (), removed: Iterable[agent_pb2.Removal] = ()) -> None:
        """Sends one change down every stream."""
        self.revision += 1
        update = agent_pb2.NodeUpdate(revision=self.revision, upserts=map(to_proto, upserts), removed=removed)
        self._to_all(update)

    def end_streams(self) -> None:
        """Ends every stream; one whose snapshot is held has the rest of that first, and goes on."""
        self._to_all(None)

    def next_stream(self, before: int) -> agent_pb2.WatchNodeRequest:
        """What the first stream after so many asked for, waited for."""
        wait_for("another stream", lambda: len(self.requests) > before)
        return self.requests[before]

    def report_of(self, binding: Binding, *, after: int = 0) -> agent_pb2.BindingReport:
        """The report of a binding's generation, waited for; only those beyond the first `after` count."""

        def look() -> agent_pb2.BindingReport | None:
            heard = (entry for entry in self.reports[after:] if entry.interface_uuid == binding.interface)
            return next((entry for entry in heard if entry.generation == binding.generation), None)

        return wait_for(f"a report of {binding.interface} at {binding.generation}", look) or agent_pb2.BindingReport()

    def _to_all(self, update: agent_pb2.NodeUpdate | None) -> None:
        self._loop.call_soon_threadsafe(self._tell_all, update)

    def _tell_all(self, update: agent_pb2.NodeUpdate | None) -> None:
        """In the server's own thread, in which streams begin as well: none is passed over."""
        for queue in self._queues:
            queue.put_nowait(update)
        if update is None:
            self._queues.clear()

    def run(self, path: Path, ready: threading.Event, stop: asyncio.Event) -> None:
        """Serves on a unix socket until stopped; the body of a thread."""

        async def serve() -> None:
            server = grpc.aio.server()
            agent_pb2_grpc.add_AgentServiceServicer_to_server(self, server)
            server.add_insecure_port(f"unix://{path}")
            await server.start()
            ready.set()
            await stop.wait()
            await server.stop(None)

        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(serve())

    def halt(self, stop: asyncio.Event) -> None:
        """Ends `run`."""
        self._loop.call_soon_threadsafe(stop.set)


@contextmanager
def serving(path: Path) -> Iterator[ScriptedServer]:
    """A server on a unix socket for the length of a `with`."""
    server = ScriptedServer()
    ready, stop = threading.Event(), asyncio.Event()
    thread = threading.Thread(target=server.run, args=(path, ready, stop))
    thread.start()
    if not ready.wait(PATIENCE):
        raise TimeoutError("the scripted server did not start")
    try:
        yield server
    finally:
        server.halt(stop)
        thread.join()
        server._loop.close()
