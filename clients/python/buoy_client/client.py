"""The blocking client."""

from collections.abc import Callable, Iterator
from types import TracebackType
from typing import Self

from buoy_client.config import DEFAULT_TIMEOUT, Config, chosen_target, load
from buoy_client.driving import Blocking, run
from buoy_client.errors import BuoyError
from buoy_client.following import Follower
from buoy_client.models import InterfaceEvent
from buoy_client.operations import Operations
from buoy_client.operations.base import ignore
from buoy_client.transport.blocking import BlockingWire
from buoy_client.transport.login import LoggedIn, identity_of


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
    def cluster_id(self) -> str:
        """The cluster that the revision is of; a later watch is told of it, too."""
        return self._follower.cluster_id

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

    `target` is HOST:PORT or unix:///PATH. `namespace` is the one that you are, and `key` one of its keys: the client then asks
    for tokens and renews them by itself. What is not given is taken from BUOY_SERVER, BUOY_NAMESPACE and BUOY_KEY, else from
    the user's config.toml (or a `profile` of it), else it is 127.0.0.1:7117 and no key. `timeout` is the seconds that one call
    may take, `connect_timeout` those for the first connection (as long as `timeout` by default). All errors are BuoyErrors,
    except ConfigError for settings that cannot be used.
    """

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
        """Take the settings, or all of them from a `config`; nothing is sent until the first call."""
        arguments = Config(server=target, namespace=namespace, key=key, timeout=timeout)
        config = config or load(arguments=arguments, profile=profile)
        limit = config.timeout or DEFAULT_TIMEOUT
        wire = BlockingWire(chosen_target(None, config), limit, connect_timeout or limit)
        self._transport = LoggedIn(wire, identity_of(config))
        self.operations = Operations(self._transport, None if config.key else config.namespace)

    @property
    def target(self) -> str:
        """The server's address, as grpc writes it."""
        return self._transport.target

    create_interface = Blocking(Operations.create_interface)
    get_interface = Blocking(Operations.get_interface)
    get_interfaces = Blocking(Operations.get_interfaces)
    explain_interface = Blocking(Operations.explain_interface)
    delete_interface = Blocking(Operations.delete_interface)
    float_interface = Blocking(Operations.float_interface)
    defloat_interface = Blocking(Operations.defloat_interface)
    reannounce_interface = Blocking(Operations.reannounce_interface)
    move_floating = Blocking(Operations.move_floating)
    get_interface_metadata = Blocking(Operations.get_interface_metadata)
    set_interface_metadata_item = Blocking(Operations.set_interface_metadata_item)
    delete_interface_metadata_item = Blocking(Operations.delete_interface_metadata_item)
    get_interface_events = Blocking(Operations.get_interface_events)

    create_instance = Blocking(Operations.create_instance)
    get_instance = Blocking(Operations.get_instance)
    get_instances = Blocking(Operations.get_instances)
    get_instance_interfaces = Blocking(Operations.get_instance_interfaces)
    delete_instance = Blocking(Operations.delete_instance)
    move_instance = Blocking(Operations.move_instance)
    get_instance_metadata = Blocking(Operations.get_instance_metadata)
    set_instance_metadata_item = Blocking(Operations.set_instance_metadata_item)
    delete_instance_metadata_item = Blocking(Operations.delete_instance_metadata_item)
    get_instance_events = Blocking(Operations.get_instance_events)

    create_network = Blocking(Operations.create_network)
    allocate_network = Blocking(Operations.allocate_network)
    get_network = Blocking(Operations.get_network)
    get_networks = Blocking(Operations.get_networks)
    get_network_interfaces = Blocking(Operations.get_network_interfaces)
    get_network_addresses = Blocking(Operations.get_network_addresses)
    route_address = Blocking(Operations.route_address)
    unroute_address = Blocking(Operations.unroute_address)
    route_network_address = Blocking(Operations.route_network_address)
    unroute_network_address = Blocking(Operations.unroute_network_address)
    delete_network = Blocking(Operations.delete_network)
    get_network_metadata = Blocking(Operations.get_network_metadata)
    set_network_metadata_item = Blocking(Operations.set_network_metadata_item)
    delete_network_metadata_item = Blocking(Operations.delete_network_metadata_item)
    get_network_events = Blocking(Operations.get_network_events)

    whoami = Blocking(Operations.whoami)
    create_namespace = Blocking(Operations.create_namespace)
    get_namespace = Blocking(Operations.get_namespace)
    get_namespaces = Blocking(Operations.get_namespaces)
    delete_namespace = Blocking(Operations.delete_namespace)
    get_namespace_keynames = Blocking(Operations.get_namespace_keynames)
    add_namespace_key = Blocking(Operations.add_namespace_key)
    delete_namespace_key = Blocking(Operations.delete_namespace_key)
    add_namespace_trust = Blocking(Operations.add_namespace_trust)
    remove_namespace_trust = Blocking(Operations.remove_namespace_trust)
    set_namespace_quota = Blocking(Operations.set_namespace_quota)
    set_namespace_pool = Blocking(Operations.set_namespace_pool)
    get_namespace_metadata = Blocking(Operations.get_namespace_metadata)
    set_namespace_metadata_item = Blocking(Operations.set_namespace_metadata_item)
    delete_namespace_metadata_item = Blocking(Operations.delete_namespace_metadata_item)

    create_pool = Blocking(Operations.create_pool)
    update_pool = Blocking(Operations.update_pool)
    get_pool = Blocking(Operations.get_pool)
    get_pools = Blocking(Operations.get_pools)
    get_pool_addresses = Blocking(Operations.get_pool_addresses)
    get_pool_quarantine = Blocking(Operations.get_pool_quarantine)
    lift_quarantine = Blocking(Operations.lift_quarantine)
    extend_quarantine = Blocking(Operations.extend_quarantine)
    get_pool_events = Blocking(Operations.get_pool_events)
    delete_pool = Blocking(Operations.delete_pool)

    reserve_address = Blocking(Operations.reserve_address)
    release_address = Blocking(Operations.release_address)
    get_address = Blocking(Operations.get_address)
    get_reserved_addresses = Blocking(Operations.get_reserved_addresses)
    get_address_history = Blocking(Operations.get_address_history)

    get_node = Blocking(Operations.get_node)
    get_nodes = Blocking(Operations.get_nodes)
    fence_node = Blocking(Operations.fence_node)
    drain_node = Blocking(Operations.drain_node)
    undrain_node = Blocking(Operations.undrain_node)
    reannounce_node = Blocking(Operations.reannounce_node)
    delete_node = Blocking(Operations.delete_node)
    get_node_events = Blocking(Operations.get_node_events)

    get_server = Blocking(Operations.get_server)
    check_ledger = Blocking(Operations.check_ledger)
    compact_ledger = Blocking(Operations.compact_ledger)

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
    ) -> InterfaceWatch:
        """Watch all interfaces for which everything given holds.

        With `start_revision` 0 it starts with SNAPSHOT events of what is there, else with the changes from that revision on.
        It reconnects and resumes by itself, without gap or repeat. Where the server's history no longer reaches back, or its
        database was restored (`cluster_id` says which one `start_revision` is of), it compares a fresh snapshot with what it
        had delivered, and yields the differences; a watch that had delivered nothing yet yields the snapshot itself.
        `on_snapshot` is told of it, with the reason.
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
                cluster_id=cluster_id,
                on_snapshot=on_snapshot,
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
