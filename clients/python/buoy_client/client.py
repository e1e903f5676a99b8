"""The blocking client."""

from collections.abc import Iterator
from types import TracebackType
from typing import Self

from buoy_client.config import DEFAULT_TIMEOUT, chosen_target, load
from buoy_client.driving import Blocking, run
from buoy_client.following import Follower
from buoy_client.models import InterfaceEvent
from buoy_client.operations import Operations
from buoy_client.transport.blocking import BlockingTransport


class InterfaceWatch:
    """An endless iterator over the changes of interfaces; `close` it, or use it as a context manager."""

    def __init__(self, follower: Follower) -> None:
        """Take what follows the stream; it opens on the first read."""
        self._follower = follower

    @property
    def revision(self) -> int:
        """The last revision seen; a later watch with `start_revision=revision + 1` goes on from here."""
        return self._follower.revision

    @property
    def synced(self) -> bool:
        """Whether the first snapshot is complete."""
        return self._follower.synced

    def close(self) -> None:
        """End the iteration, also from another thread; safe to repeat."""
        self._follower.close()

    def __iter__(self) -> Iterator[InterfaceEvent]:
        """Iterate over the events; it is closed when the loop ends, however it ends."""
        try:
            while (event := run(self._follower.next_event())) is not None:
                yield event
        finally:
            self.close()

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """End the stream."""
        self.close()


class BuoyClient:
    """Calls a Buoy server and waits for each answer; safe to share among threads.

    `target` is HOST:PORT or unix:///PATH; without it BUOY_SERVER, the user's config.toml, or 127.0.0.1:7117. `namespace` is
    what calls name by default. `timeout` is the seconds that one call may take, `connect_timeout` those for the first
    connection (as long as `timeout` by default). All errors are BuoyErrors.
    """

    def __init__(
        self,
        target: str | None = None,
        *,
        namespace: str | None = None,
        timeout: float | None = None,
        connect_timeout: float | None = None,
    ) -> None:
        """Take the settings; nothing is sent until the first call."""
        config = load()
        limit = timeout or config.timeout or DEFAULT_TIMEOUT
        self._transport = BlockingTransport(chosen_target(target, config), limit, connect_timeout or limit)
        self.operations = Operations(self._transport, namespace or config.namespace)

    @property
    def target(self) -> str:
        """The server's address, as grpc writes it."""
        return self._transport.target

    create_interface = Blocking(Operations.create_interface)
    get_interface = Blocking(Operations.get_interface)
    get_interfaces = Blocking(Operations.get_interfaces)
    delete_interface = Blocking(Operations.delete_interface)
    float_interface = Blocking(Operations.float_interface)
    defloat_interface = Blocking(Operations.defloat_interface)
    get_interface_metadata = Blocking(Operations.get_interface_metadata)
    set_interface_metadata_item = Blocking(Operations.set_interface_metadata_item)
    delete_interface_metadata_item = Blocking(Operations.delete_interface_metadata_item)

    create_instance = Blocking(Operations.create_instance)
    get_instance = Blocking(Operations.get_instance)
    get_instances = Blocking(Operations.get_instances)
    get_instance_interfaces = Blocking(Operations.get_instance_interfaces)
    delete_instance = Blocking(Operations.delete_instance)

    create_network = Blocking(Operations.create_network)
    allocate_network = Blocking(Operations.allocate_network)
    get_network = Blocking(Operations.get_network)
    get_networks = Blocking(Operations.get_networks)
    get_network_interfaces = Blocking(Operations.get_network_interfaces)
    delete_network = Blocking(Operations.delete_network)

    create_pool = Blocking(Operations.create_pool)
    get_pool = Blocking(Operations.get_pool)
    get_pools = Blocking(Operations.get_pools)
    get_pool_addresses = Blocking(Operations.get_pool_addresses)
    delete_pool = Blocking(Operations.delete_pool)

    get_node = Blocking(Operations.get_node)
    get_nodes = Blocking(Operations.get_nodes)

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
    ) -> InterfaceWatch:
        """Watch all interfaces for which everything given holds.

        With `start_revision` 0 it starts with SNAPSHOT events of what is there, else with the changes from that revision on.
        It reconnects and resumes by itself, without gap or repeat. Where the server's history no longer reaches back, it
        compares a fresh snapshot with what it had delivered, and yields the differences; a watch that had delivered nothing
        yet yields the snapshot itself.
        """
        return InterfaceWatch(
            self.operations.follow_interfaces(
                interface_uuid=interface_uuid,
                instance=instance,
                network=network,
                node=node,
                namespace=namespace,
                start_revision=start_revision,
                progress_interval=progress_interval,
            )
        )

    def close(self) -> None:
        """Close the connection; safe to repeat."""
        run(self._transport.close())

    def __enter__(self) -> Self:
        """Give itself."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        """Close the connection."""
        self.close()
