"""Calls of instances."""

from collections.abc import Callable, Iterable, Mapping

from buoy.v1 import instance_pb2 as pb
from google.protobuf.message import Message

from buoy_client import waiting
from buoy_client.call import call
from buoy_client.convert import instance_from_proto, interface_from_proto
from buoy_client.errors import NotFound
from buoy_client.models import Instance, Interface, InterfaceSpec
from buoy_client.operations.base import WAIT_TIMEOUT, BaseOperations, Page, ignore
from buoy_client.operations.interfaces import text
from buoy_client.operations.metadata import encoded
from buoy_client.record import Json
from buoy_client.states import InstanceDriver
from buoy_client.values import struct_from_json, values_from_json
from buoy_client.waiting import Goal
from buoy_client.watching import Batch, Selection

SERVICE = "InstanceService"
DRIVERS = {InstanceDriver.NETNS: pb.INSTANCE_DRIVER_NETNS, InstanceDriver.ADOPT: pb.INSTANCE_DRIVER_ADOPT}


def spec_to_proto(spec: InterfaceSpec | str) -> pb.InterfaceSpec:
    """Give one interface of a new instance; a bare text is its network."""
    if isinstance(spec, str):
        return pb.InterfaceSpec(network_ref=spec)
    return pb.InterfaceSpec(
        network_ref=spec.network,
        address=text(spec.address),
        macaddr=text(spec.macaddr),
        model=text(spec.model),
        float=spec.float,
    )


def page_from_proto(response: pb.ListInstancesResponse) -> Page[Instance]:
    """Give one page of instances."""
    return [instance_from_proto(item) for item in response.instances], response.next_page_token


def interfaces_from_proto(response: pb.ListInstanceInterfacesResponse) -> Page[Interface]:
    """Give one page of interfaces."""
    return [interface_from_proto(item) for item in response.interfaces], response.next_page_token


class InstanceOperations(BaseOperations):
    """Calls of instances; every `instance` is a uuid or a name."""

    async def create_instance(
        self,
        name: str,
        interfaces: Iterable[InterfaceSpec | str] = (),
        *,
        node: str | None = None,
        driver: InstanceDriver | str = InstanceDriver.NETNS,
        default_network: bool = False,
        attributes: Mapping[str, Json] | None = None,
        metadata: Mapping[str, Json] | None = None,
        namespace: str | None = None,
        wait: bool = False,
        timeout: float = WAIT_TIMEOUT,  # noqa: ASYNC109
        on_change: Callable[[Instance], object] = ignore,
    ) -> Instance:
        """Create an instance with its interfaces, all or nothing; `wait` returns when every NIC is there.

        Without interfaces and with `default_network` it gets one on the namespace's network `default`, which is made on first
        need. `attributes` is what the orchestrator says of it, never interpreted.
        """
        request = pb.CreateInstanceRequest(
            name=name,
            namespace=self._in(namespace),
            node=text(node),
            driver=DRIVERS[InstanceDriver(driver)],
            interfaces=[spec_to_proto(spec) for spec in interfaces],
            default_network=default_network,
            attributes=encoded("attributes", attributes, struct_from_json) if attributes else None,
            metadata=encoded("metadata", metadata or {}, values_from_json),
        )
        instance = await self._instance("CreateInstance", request)
        return await self._wait_until(instance, waiting.INSTANCE_CREATED, timeout, on_change) if wait else instance

    async def get_instance(self, instance: str, namespace: str | None = None) -> Instance:
        """Give one instance, also a deleted one for as long as the server keeps it."""
        return await self._instance("GetInstance", pb.GetInstanceRequest(instance_ref=instance, namespace=self._in(namespace)))

    async def get_instances(
        self, *, namespace: str | None = None, node: str | None = None, include_deleted: bool = False
    ) -> list[Instance]:
        """List instances in the order of their uuid."""
        return await self._pages(
            lambda token: call(
                SERVICE,
                "ListInstances",
                pb.ListInstancesRequest(
                    namespace=self._in(namespace), node=text(node), include_deleted=include_deleted, page_token=token
                ),
                pb.ListInstancesResponse,
                page_from_proto,
            )
        )

    async def get_instance_interfaces(self, instance: str, namespace: str | None = None) -> list[Interface]:
        """List the live interfaces of an instance by their order."""
        return await self._pages(
            lambda token: call(
                SERVICE,
                "ListInstanceInterfaces",
                pb.ListInstanceInterfacesRequest(instance_ref=instance, namespace=self._in(namespace), page_token=token),
                pb.ListInstanceInterfacesResponse,
                interfaces_from_proto,
            )
        )

    async def delete_instance(
        self,
        instance: str,
        namespace: str | None = None,
        *,
        wait: bool = False,
        timeout: float = WAIT_TIMEOUT,  # noqa: ASYNC109
        on_change: Callable[[Instance], object] = ignore,
    ) -> Instance:
        """Delete an instance and its interfaces; `wait` returns when its node confirmed that nothing is left."""
        request = pb.DeleteInstanceRequest(instance_ref=instance, namespace=self._in(namespace))
        gone = await self._instance("DeleteInstance", request)
        return await self._wait_until(gone, waiting.INSTANCE_DELETED, timeout, on_change) if wait else gone

    async def move_instance(
        self,
        instance: str,
        node: str,
        namespace: str | None = None,
        *,
        wait: bool = False,
        timeout: float = WAIT_TIMEOUT,  # noqa: ASYNC109
        on_change: Callable[[Instance], object] = ignore,
    ) -> Instance:
        """Move an instance to another node, with its addresses; on that node already: nothing happens.

        `wait` returns when the new node has all its NICs and floats, and the old one has let go of them.
        """
        request = pb.MoveInstanceRequest(instance_ref=instance, namespace=self._in(namespace), node=node)
        moved = await self._instance("MoveInstance", request)
        interfaces: list[Interface] = []

        async def look(_: Batch | None) -> Instance:
            interfaces[:] = await self.get_instance_interfaces(moved.uuid)
            return await self.get_instance(moved.uuid)

        if not wait:
            return moved
        await look(None)
        goal: Goal[Instance] = Goal(
            lambda _: all(map(waiting.is_moved, interfaces)), lambda _: waiting.instance_move_left(interfaces)
        )
        return await self._follow(moved, goal, look, Selection(instance=moved.uuid), timeout, on_change)

    async def _instance(self, method: str, request: Message) -> Instance:
        return await self._transport.unary(call(SERVICE, method, request, pb.Instance, instance_from_proto))

    async def _wait_until(
        self,
        instance: Instance,
        goal: Goal[Instance],
        timeout: float,  # noqa: ASYNC109
        on_change: Callable[[Instance], object],
    ) -> Instance:
        """Look at the instance whenever one of its interfaces changed: its state follows theirs."""

        async def look(_: Batch | None) -> Instance:
            return await self.get_instance(instance.uuid)

        selection = Selection(instance=instance.uuid)
        try:
            return await self._follow(instance, goal, look, selection, timeout, on_change)
        except NotFound:  # its interfaces cannot be watched any more once it is gone: its own state decides
            return await self._poll(instance, goal, lambda: look(None), timeout, on_change)
