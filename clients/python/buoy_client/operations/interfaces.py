"""Calls of interfaces: their life, their floating address, and the stream of their changes."""

from collections.abc import Callable
from datetime import timedelta
from ipaddress import IPv4Address

from buoy.v1 import address_pb2, announcing_pb2, explain_pb2, leaving_pb2
from buoy.v1 import interface_pb2 as pb
from google.protobuf.message import Message

from buoy_client import waiting
from buoy_client.call import call
from buoy_client.convert import interface_from_proto
from buoy_client.errors import BuoyError
from buoy_client.explanation import Explanation, explanation_from_proto
from buoy_client.following import Follower
from buoy_client.models import Interface
from buoy_client.operations.base import WAIT_TIMEOUT, BaseOperations, Page, ignore
from buoy_client.states import FlowPolicy
from buoy_client.waiting import Goal
from buoy_client.watching import Batch, Selection, WatchState

SERVICE = "InterfaceService"
FLOWS = {
    FlowPolicy.CUT: leaving_pb2.FLOW_POLICY_CUT,
    FlowPolicy.DRAIN: leaving_pb2.FLOW_POLICY_DRAIN,
    FlowPolicy.KEEP: leaving_pb2.FLOW_POLICY_KEEP,
}


def text(value: IPv4Address | str | None) -> str:
    """Give an optional argument as a proto field has it."""
    return str(value) if value is not None else ""


def page_from_proto(response: pb.ListInterfacesResponse) -> Page[Interface]:
    """Give one page of interfaces."""
    return [interface_from_proto(item) for item in response.interfaces], response.next_page_token


def new_holder_from_proto(response: pb.MoveFloatingResponse) -> Interface:
    """Give the interface that an address was moved to."""
    return interface_from_proto(response.to_interface)


class InterfaceOperations(BaseOperations):
    """Calls of interfaces."""

    async def create_interface(
        self,
        instance: str,
        network: str,
        *,
        address: IPv4Address | str | None = None,
        macaddr: str | None = None,
        model: str | None = None,
        float: bool = False,  # noqa: A002  the field's own word
        namespace: str | None = None,
        wait: bool = False,
        timeout: float = WAIT_TIMEOUT,  # noqa: ASYNC109
        on_change: Callable[[Interface], object] = ignore,
    ) -> Interface:
        """Plug one more interface into an instance; `wait` returns when the NIC is there, and the float works if asked."""
        request = pb.CreateInterfaceRequest(
            instance_ref=instance,
            network_ref=network,
            namespace=self._in(namespace),
            address=text(address),
            macaddr=text(macaddr),
            model=text(model),
            float=float,
        )
        interface = await self._interface("CreateInterface", request)
        if not wait:
            return interface
        interface = await self._wait_for(interface, waiting.INTERFACE_CREATED, timeout, on_change)
        return await self._wait_for(interface, waiting.ACTIVE, timeout, on_change) if float else interface

    async def get_interface(self, interface_uuid: str) -> Interface:
        """Give one interface, also a deleted one for as long as the server keeps it."""
        return await self._interface("GetInterface", pb.GetInterfaceRequest(interface_uuid=interface_uuid))

    async def explain_interface(self, interface_uuid: str) -> Explanation:
        """Say what a packet meets on its way to an interface and back, as its node has it now, and what is broken there.

        It takes some seconds where the node's agent does not answer; what only that knows is then unknown.
        """
        request = explain_pb2.ExplainInterfaceRequest(interface_uuid=interface_uuid)
        return await self._transport.unary(
            call(SERVICE, "ExplainInterface", request, pb.ExplainInterfaceResponse, explanation_from_proto)
        )

    async def get_interfaces(
        self,
        *,
        instance: str | None = None,
        network: str | None = None,
        node: str | None = None,
        namespace: str | None = None,
        include_deleted: bool = False,
    ) -> list[Interface]:
        """List interfaces in the order of their uuid; all that is given must hold."""
        return await self._pages(
            lambda token: call(
                SERVICE,
                "ListInterfaces",
                pb.ListInterfacesRequest(
                    instance_ref=text(instance),
                    network_ref=text(network),
                    node=text(node),
                    namespace=self._in(namespace),
                    include_deleted=include_deleted,
                    page_token=token,
                ),
                pb.ListInterfacesResponse,
                page_from_proto,
            )
        )

    async def delete_interface(
        self,
        interface_uuid: str,
        *,
        wait: bool = False,
        timeout: float = WAIT_TIMEOUT,  # noqa: ASYNC109
        on_change: Callable[[Interface], object] = ignore,
    ) -> Interface:
        """Unplug and delete an interface; `wait` returns when its node confirmed that nothing is left."""
        interface = await self._interface("DeleteInterface", pb.DeleteInterfaceRequest(interface_uuid=interface_uuid))
        return await self._wait_for(interface, waiting.INTERFACE_DELETED, timeout, on_change) if wait else interface

    async def float_interface(
        self,
        interface_uuid: str,
        address: IPv4Address | str | None = None,
        pool: str | None = None,
        *,
        wait: bool = False,
        timeout: float = WAIT_TIMEOUT,  # noqa: ASYNC109
        on_change: Callable[[Interface], object] = ignore,
    ) -> Interface:
        """Give an interface an address of the outside world; `wait` returns when packets flow.

        Without `wait` the phase is PENDING at first. Repeating the call is safe. With it, WaitFailed says why the node could
        not, and WaitTimeout that nothing was heard in time (the float may still come).
        """
        request = pb.FloatInterfaceRequest(interface_uuid=interface_uuid, address=text(address), pool=text(pool))
        interface = await self._interface("FloatInterface", request)
        return await self._wait_for(interface, waiting.ACTIVE, timeout, on_change) if wait else interface

    async def defloat_interface(
        self,
        interface_uuid: str,
        *,
        keep_address: bool = False,
        flows: FlowPolicy | str = FlowPolicy.CUT,
        drain_time: timedelta | float | None = None,
        wait: bool = False,
        timeout: float = WAIT_TIMEOUT,  # noqa: ASYNC109
        on_change: Callable[[Interface], object] = ignore,
    ) -> Interface:
        """Take the floating address away; `wait` returns when its node confirmed. Not floating: nothing happens.

        With `keep_address` it stays reserved for the namespace, as after `reserve_address`, instead of resting in quarantine.
        `flows` is what becomes of its live connections: CUT ends them, DRAIN lets them go on until the last has ended, at most
        for `drain_time` (seconds, or a timedelta; 60 s by default), which the interface stays RELEASING for. KEEP lets them go
        on while the address rests. With `wait` and DRAIN, give a `timeout` beyond the `drain_time`.
        """
        request = pb.DefloatInterfaceRequest(
            interface_uuid=interface_uuid, keep_address=keep_address, flows=FLOWS[FlowPolicy(flows)]
        )
        if drain_time is not None:
            request.drain_time.FromTimedelta(drain_time if isinstance(drain_time, timedelta) else timedelta(seconds=drain_time))
        interface = await self._interface("DefloatInterface", request)
        return await self._wait_for(interface, waiting.DEFLOATED, timeout, on_change) if wait else interface

    async def move_floating(
        self,
        address: IPv4Address | str,
        from_interface: str,
        to_interface: str,
        *,
        if_revision: int = 0,
        wait: bool = False,
        timeout: float = WAIT_TIMEOUT,  # noqa: ASYNC109
        on_change: Callable[[Interface], object] = ignore,
    ) -> Interface:
        """Move a floating address to another interface of the namespace, and give that; `wait` returns when packets flow there.

        Its old holder floats no more at once; the new one is PENDING until the old one's node has let go of the address. With
        `if_revision` nothing happens, and Aborted is raised, unless the old holder is at that revision.
        """
        request = address_pb2.MoveFloatingRequest(
            address=str(address),
            from_interface_uuid=from_interface,
            to_interface_uuid=to_interface,
            if_revision=if_revision,
        )
        interface = await self._transport.unary(
            call(SERVICE, "MoveFloating", request, pb.MoveFloatingResponse, new_holder_from_proto)
        )
        return await self._wait_for(interface, waiting.ACTIVE, timeout, on_change) if wait else interface

    async def reannounce_interface(self, interface_uuid: str) -> Interface:
        """Have its node announce the floating address on its LAN again, for neighbours that lost it."""
        request = announcing_pb2.ReannounceInterfaceRequest(interface_uuid=interface_uuid)
        return await self._interface("ReannounceInterface", request)

    def follow_interfaces(
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
    ) -> Follower:
        """Prepare a watch of all interfaces for which everything given holds; nothing is opened yet."""
        selection = Selection(text(interface_uuid), text(instance), text(network), text(node), self._in(namespace))
        return Follower(self._transport, WatchState(selection, start_revision, progress_interval, cluster_id), on_snapshot)

    async def _interface(self, method: str, request: Message) -> Interface:
        return await self._transport.unary(call(SERVICE, method, request, pb.Interface, interface_from_proto))

    async def _wait_for(
        self,
        interface: Interface,
        goal: Goal[Interface],
        timeout: float,  # noqa: ASYNC109
        on_change: Callable[[Interface], object],
    ) -> Interface:
        async def look(batch: Batch | None) -> Interface:
            if batch is not None and batch.events:
                return batch.events[-1].interface
            return await self.get_interface(interface.uuid)

        return await self._follow(interface, goal, look, Selection(interface_uuid=interface.uuid), timeout, on_change)
