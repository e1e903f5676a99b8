"""The asyncio client: the operations themselves, over grpc.aio."""

from collections.abc import Callable
from types import TracebackType
from typing import Self

from buoy_client.config import DEFAULT_TIMEOUT, Config, chosen_target, load
from buoy_client.errors import BuoyError
from buoy_client.following import Follower
from buoy_client.models import InterfaceEvent
from buoy_client.operations import Operations
from buoy_client.operations.base import ignore
from buoy_client.transport.aio import AioWire
from buoy_client.transport.login import LoggedIn, identity_of


class AsyncInterfaceWatch:
    """An endless async iterator over the changes of interfaces; `close` it, or use it as an async context manager."""

    def __init__(self, follower: Follower) -> None:
        """Take what follows the stream; it opens on the first read."""
        self._follower = follower

    @property
    def revision(self) -> int:
        """The last revision seen; a later watch with `start_revision=revision + 1` goes on from here."""
        return self._follower.revision

    @property
    def cluster_id(self) -> str:
        """The cluster that the revision is of; a later watch is told of it, too."""
        return self._follower.cluster_id

    @property
    def synced(self) -> bool:
        """Whether the first snapshot is complete."""
        return self._follower.synced

    def close(self) -> None:
        """End the iteration, also one that another task waits in; safe to repeat."""
        self._follower.close()

    def __aiter__(self) -> Self:
        """Give itself."""
        return self

    async def __anext__(self) -> InterfaceEvent:
        """Give the next event; cancelling this loses none."""
        event = await self._follower.next_event()
        if event is None:
            raise StopAsyncIteration
        return event

    async def __aenter__(self) -> Self:
        """Give itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End the stream."""
        self.close()


class AsyncBuoyClient(Operations):
    """Calls a Buoy server from asyncio; the arguments, calls and errors are those of `BuoyClient`."""

    def __init__(
        self,
        target: str | None = None,
        *,
        namespace: str | None = None,
        key: str | None = None,
        profile: str | None = None,
        timeout: float | None = None,
        connect_timeout: float | None = None,
        config: Config | None = None,
    ) -> None:
        """Take the settings; the channel opens on the first call, in the loop of that call."""
        arguments = Config(server=target, namespace=namespace, key=key, timeout=timeout)
        config = config or load(arguments=arguments, profile=profile)
        limit = config.timeout or DEFAULT_TIMEOUT
        wire = AioWire(chosen_target(None, config), limit, connect_timeout or limit)
        super().__init__(LoggedIn(wire, identity_of(config)), None if config.key else config.namespace)

    def watch_interfaces(
        self,
        *,
        interface_uuid: str | None = None,
        instance: str | None = None,
        network: str | None = None,
        node: str | None = None,
        namespace: str | None = None,
        start_revision: int = 0,
        progress_interval: float = 5.0,
        cluster_id: str = "",
        on_snapshot: Callable[[BuoyError], object] = ignore,
    ) -> AsyncInterfaceWatch:
        """Watch interfaces; see `BuoyClient.watch_interfaces`."""
        return AsyncInterfaceWatch(
            self.follow_interfaces(
                interface_uuid=interface_uuid,
                instance=instance,
                network=network,
                node=node,
                namespace=namespace,
                start_revision=start_revision,
                progress_interval=progress_interval,
                cluster_id=cluster_id,
                on_snapshot=on_snapshot,
            )
        )

    async def close(self) -> None:
        """Close the connection; safe to repeat."""
        await self._transport.close()

    async def __aenter__(self) -> Self:
        """Give itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        await self.close()
