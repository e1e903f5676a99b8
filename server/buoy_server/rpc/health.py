"""grpc.health.v1: SERVING for each service while the database takes writes and the server is not stopping."""

import asyncio
from collections.abc import Iterable

from grpc_health.v1 import _async as health_aio
from grpc_health.v1 import health_pb2
from grpc_health.v1.health_pb2 import HealthCheckResponse

from buoy_server.feed.writer import Writer

PROBE_SECONDS = 1.0


class Health:
    """The health of each service; all of them stand and fall with the writer."""

    def __init__(self, writer: Writer, services: Iterable[str]) -> None:
        self.servicer = health_aio.HealthServicer()
        self._writer = writer
        self._services = ("", *services)
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Say SERVING, and follow the writer from now on."""
        await self._set(serving=True)
        self._task = asyncio.create_task(self._follow(), name="health")

    async def stop(self) -> None:
        """Say NOT_SERVING for good."""
        if self._task is not None:
            self._task.cancel()
        await self._set(serving=False)

    async def _follow(self) -> None:
        serving = True
        while True:
            await asyncio.sleep(PROBE_SECONDS)
            healthy = self._writer.failure is None or await self._writer.probe()
            if healthy is not serving:
                serving = healthy
                await self._set(serving=serving)

    async def _set(self, *, serving: bool) -> None:
        status = HealthCheckResponse.SERVING if serving else HealthCheckResponse.NOT_SERVING
        for service in self._services:
            await self.servicer.set(service, status)


HEALTH_SERVICE = health_pb2.DESCRIPTOR.services_by_name["Health"].full_name
