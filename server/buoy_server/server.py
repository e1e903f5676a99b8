"""The composition root: everything put together, started in order, and stopped in the order that loses nothing.

Stopping: health says NOT_SERVING, streams end with UNAVAILABLE, calls under way finish, the writer commits what waits, the
database closes.
"""

import asyncio
import gc
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Network
from typing import TYPE_CHECKING, Any

import structlog
from buoy.v1 import admin_pb2, agent_pb2, instance_pb2, interface_pb2, namespace_pb2, network_pb2, node_pb2, pool_pb2
from google.protobuf.descriptor import ServiceDescriptor
from grpc_health.v1 import health_pb2_grpc
from grpc_reflection.v1alpha import reflection

from buoy_server.auth.authenticator import Authenticator
from buoy_server.auth.keys import Keys
from buoy_server.auth.throttle import Throttle
from buoy_server.auth.tokens import Tokens
from buoy_server.core.commands.fencing import FenceNode
from buoy_server.core.commands.housekeeping import ExpireQuarantine, ForgetDeleted
from buoy_server.core.commands.nodes import MissNode
from buoy_server.core.lookup import SYSTEM, Caller
from buoy_server.core.state import Kind
from buoy_server.feed.compactor import Compactor
from buoy_server.feed.feed import Feed
from buoy_server.feed.view import View
from buoy_server.feed.writer import Writer
from buoy_server.nodes import LEASE, SILENCE, Presence
from buoy_server.rpc.admin import AdminService
from buoy_server.rpc.agents import AgentService
from buoy_server.rpc.backend import Backend
from buoy_server.rpc.dispatch import Dispatcher
from buoy_server.rpc.health import HEALTH_SERVICE, Health
from buoy_server.rpc.instances import InstanceService
from buoy_server.rpc.interfaces import InterfaceService
from buoy_server.rpc.listening import listening
from buoy_server.rpc.namespaces import NamespaceService
from buoy_server.rpc.networks import NetworkService
from buoy_server.rpc.nodes import NodeService
from buoy_server.rpc.pools import PoolService
from buoy_server.rpc.register import CLUSTER_ID, register
from buoy_server.storage.retention import Past, Retention
from buoy_server.storage.store import SqlStore

if TYPE_CHECKING:
    from buoy_server.http.serve import HttpServer

log = structlog.get_logger()

GRACE = 10.0  # seconds that calls under way get to finish
HOUSEKEEPING_SECONDS = 5.0
HOUSEKEEPER = Caller(SYSTEM)

DEFAULT_NETBLOCK = IPv4Network("10.0.0.0/20")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a server behaves, beside where it listens."""

    insecure: bool = False
    quarantine: timedelta = timedelta(seconds=300)
    keep_deleted: timedelta = timedelta(hours=1)
    node_lease: float = LEASE
    node_silence: float = SILENCE
    fence_delay: float = 0
    default_netblock: IPv4Network = DEFAULT_NETBLOCK
    retention: Retention = field(default_factory=Retention)


class Server:
    """A control plane over an open store, that listens on its targets from the beginning; raises ListenError."""

    def __init__(self, store: SqlStore, options: Options, targets: Sequence[str]) -> None:
        self._grpc, self._bound = listening(targets)
        view = _loaded(store)
        feed = Feed(store, view.revision, store.oldest())
        writer = Writer(store, view, feed)
        presence = Presence(
            lambda node: writer.submit(MissNode(name=node), HOUSEKEEPER, "MissNode", "server"),
            lambda node: writer.submit(FenceNode(node=node), HOUSEKEEPER, "FenceNode", "server"),
            options.node_lease,
            options.fence_delay,
            options.node_silence,
        )
        self._tokens = Tokens(*store.signing_key(), lambda: datetime.now(UTC))
        self._keys = Keys()
        authenticator = Authenticator(view, self._tokens, insecure=options.insecure)
        self._backend = Backend(view, writer, feed, presence, authenticator, store, store.cluster_id())
        self._options = options
        self._compactor = Compactor(Past(store), writer, feed, options.retention)
        self.dispatcher = Dispatcher(authenticator, feed, self._backend.cluster_id, self._services())
        self._http: HttpServer | None = None
        register(self._grpc, self.dispatcher)
        names = [name for name, _ in self.dispatcher.services()]
        self._health = Health(writer, names)
        health_pb2_grpc.add_HealthServicer_to_server(self._health.servicer, self._grpc)  # type: ignore[no-untyped-call]
        names_shown = [*names, HEALTH_SERVICE, reflection.SERVICE_NAME]
        reflection.enable_server_reflection(names_shown, self._grpc)  # type: ignore[no-untyped-call]
        self._housekeeping: list[asyncio.Task[None]] = []

    async def start(self, http: str | None = None) -> list[str]:
        """Serve gRPC, and REST, and return all targets with the ports that were bound, or raise ListenError."""
        bound = list(self._bound)
        if http:
            self._http = self._http_server()
        await self._grpc.start()
        if http and self._http:
            bound.append(f"http://{await self._http.start(http)}")
        for node in self._backend.view.keys(Kind.NODE):
            self._backend.presence.expect(node)
        self._housekeeping = [
            asyncio.create_task(self._keep_house(), name="housekeeping"),
            asyncio.create_task(self._compactor.run(), name="compactor"),
        ]
        await self._health.start()
        return bound

    async def stop(self) -> None:
        """Stop in the order that loses nothing."""
        await self._health.stop()
        for task in self._housekeeping:
            task.cancel()
        await self._backend.presence.stop()
        stopping = asyncio.gather(self._grpc.stop(GRACE), *([self._http.stop()] if self._http else []))
        await asyncio.sleep(0)  # gRPC says goodbye first: a stream that comes back at once would be cancelled here
        self._backend.feed.close()
        await stopping
        await self._backend.presence.stop()
        await self._compactor.stop()
        await self._backend.writer.close()
        self._keys.close()

    def _http_server(self) -> "HttpServer":
        # Imported where REST is served: a tenth of the start of a server that does not.
        from buoy_server.http import app, serve  # noqa: PLC0415

        return serve.HttpServer(app.build(self.dispatcher), [(CLUSTER_ID, self._backend.cluster_id)])

    def _services(self) -> dict[ServiceDescriptor, object]:
        backend = self._backend
        throttle = Throttle(time.monotonic)
        services: tuple[tuple[Any, str, object], ...] = (
            (interface_pb2, "InterfaceService", InterfaceService(backend)),
            (instance_pb2, "InstanceService", InstanceService(backend, self._options.default_netblock)),
            (network_pb2, "NetworkService", NetworkService(backend)),
            (pool_pb2, "PoolService", PoolService(backend, self._options.quarantine)),
            (node_pb2, "NodeService", NodeService(backend)),
            (agent_pb2, "AgentService", AgentService(backend)),
            (admin_pb2, "AdminService", AdminService(backend, self._compactor)),
            (namespace_pb2, "NamespaceService", NamespaceService(backend, self._keys, self._tokens, throttle)),
        )
        return {module.DESCRIPTOR.services_by_name[name]: service for module, name, service in services}

    async def _keep_house(self) -> None:
        while True:
            await asyncio.sleep(HOUSEKEEPING_SECONDS)
            for command in (ExpireQuarantine(), ForgetDeleted(keep=self._options.keep_deleted)):
                try:
                    await self._backend.writer.submit(command, HOUSEKEEPER, type(command).__name__, "server")
                except Exception as error:  # noqa: BLE001 - logged; the next round tries again
                    log.warning("housekeeping failed", command=type(command).__name__, error=str(error))


def _loaded(store: SqlStore) -> View:
    """Return the view of a store, out of the sight of the garbage collector: it would go through all of it again and again."""
    gc.disable()
    try:
        view = View()
        view.load(store)
    finally:
        gc.enable()
    gc.freeze()
    return view
