"""Which interfaces a list or a watch means."""

from collections.abc import Collection
from dataclasses import dataclass

from buoy.v1 import interface_pb2

from buoy_server.core import lookup
from buoy_server.core.lookup import SYSTEM, Caller
from buoy_server.core.model import Interface
from buoy_server.core.state import Kind, State
from buoy_server.feed.entry import Committed
from buoy_server.rpc import checks


@dataclass(frozen=True, slots=True)
class InterfaceFilter:
    """Which interfaces are meant: all that is set must hold."""

    caller: Caller
    interface_uuid: str = ""
    instance_uuid: str = ""
    network_uuid: str = ""
    node: str = ""
    namespace: str = ""

    def takes(self, interface: Interface) -> bool:
        """Whether an interface is meant."""
        return (
            self.caller.sees(interface.namespace)
            and self.interface_uuid in ("", interface.uuid)
            and self.instance_uuid in ("", interface.instance_uuid)
            and self.network_uuid in ("", interface.network_uuid)
            and self.node in ("", interface.node)
            and self.namespace in ("", interface.namespace)
        )

    def since(self, entry: Committed) -> bool:
        """Whether a change came after the caller's right to see it, which a namespace of an older tenant's name has not."""
        return isinstance(entry.after, Interface) and self.caller.sees_change(entry.after.namespace, entry.revision)

    def candidates(self, state: State) -> Collection[str]:
        """The keys of a few interfaces among which all that are meant are."""
        if self.interface_uuid:
            return [self.interface_uuid]
        if self.namespace:
            return state.find(Kind.INTERFACE, "namespace", self.namespace)
        if self.caller.namespace == SYSTEM:
            return state.keys(Kind.INTERFACE)
        visible = (self.caller.namespace, *self.caller.trusted_by)
        return [key for name in visible for key in state.find(Kind.INTERFACE, "namespace", name)]


WatchOrList = interface_pb2.WatchInterfaceRequest | interface_pb2.ListInterfacesRequest


def filter_of(state: State, caller: Caller, request: WatchOrList) -> InterfaceFilter:
    """Read the filter of a request; the objects that it names must be there."""
    namespace = checks.optional_text(checks.name, request.namespace, "namespace")
    uuid = request.interface_uuid if isinstance(request, interface_pb2.WatchInterfaceRequest) else ""
    instance = checks.optional(checks.ref, request.instance_ref, "instance_ref")
    network = checks.optional(checks.ref, request.network_ref, "network_ref")
    return InterfaceFilter(
        caller=caller,
        interface_uuid=lookup.interface(state, caller, checks.uuid(uuid, "interface_uuid")).uuid if uuid else "",
        instance_uuid=lookup.instance(state, caller, instance, namespace).uuid if instance else "",
        network_uuid=lookup.network(state, caller, network, namespace).uuid if network else "",
        node=checks.optional_text(checks.name, request.node, "node"),
        namespace=namespace,
    )
