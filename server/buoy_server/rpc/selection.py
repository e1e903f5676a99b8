"""Which interfaces a list or a watch means."""

from collections.abc import Collection, Hashable
from dataclasses import dataclass, replace

from buoy.v1 import interface_pb2

from buoy_server.core import lookup
from buoy_server.core.lookup import SYSTEM, Caller
from buoy_server.core.model import Interface
from buoy_server.core.state import Kind, State
from buoy_server.feed.entry import Committed
from buoy_server.feed.subscriptions import EVERY_INTERFACE, Topic
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

    def takes(self, interface: Interface | interface_pb2.Interface) -> bool:
        """Whether an interface is meant."""
        return (
            self.caller.sees(interface.namespace)
            and self.interface_uuid in ("", interface.uuid)
            and self.instance_uuid in ("", interface.instance_uuid)
            and self.network_uuid in ("", interface.network_uuid)
            and self.node in ("", interface.node)
            and self.namespace in ("", interface.namespace)
        )

    def identity(self) -> Hashable:
        """What is equal for two filters that mean the same interfaces with the same rights."""
        rights = (self.caller.namespace, self.caller.trusted_by, frozenset(self.caller.since.items()))
        return rights, self.interface_uuid, self.instance_uuid, self.network_uuid, self.node, self.namespace

    def seen_by(self, caller: Caller) -> "InterfaceFilter":
        """The same with the rights of another moment."""
        return replace(self, caller=caller)

    def topics(self) -> tuple[Topic, ...]:
        """What a watch is woken for: the narrowest that holds all that is meant, and changes of the caller's rights."""
        return (*self._narrowest(), ("rights", self.caller.namespace))

    def _narrowest(self) -> tuple[Topic, ...]:
        chosen: tuple[Topic, ...] = (
            ("interface", self.interface_uuid),
            ("instance", self.instance_uuid),
            ("network", self.network_uuid),
            ("node", self.node),
            ("namespace", self.namespace),
        )
        for topic in chosen:
            if topic[1]:
                return (topic,)
        if self.caller.namespace == SYSTEM:
            return (EVERY_INTERFACE,)
        return tuple(("namespace", name) for name in (self.caller.namespace, *self.caller.trusted_by))

    def event_of(self, entry: Committed) -> bytes | None:
        """Return what a watch says of a change; None where it is not meant, or came before the caller's right to see it.

        An interface that moves is new where it comes to, and gone where it leaves.
        """
        interface = entry.after
        if not isinstance(interface, Interface) or not self.caller.sees_change(interface.namespace, entry.revision):
            return None
        if not self.node:
            return entry.event if self.takes(interface) else None
        left = next((former.node for former in interface.former_nodes if former.revision == entry.revision), "")
        if self.takes(interface):
            return entry.event_as(interface_pb2.INTERFACE_EVENT_TYPE_CREATED) if left else entry.event
        if left == self.node and replace(self, node="").takes(interface):
            return entry.event_as(interface_pb2.INTERFACE_EVENT_TYPE_DELETED)
        return None

    def candidates(self, state: State, *, deleted: bool = False) -> Collection[str]:
        """The keys of a few interfaces among which all that are meant are, also the deleted ones if they are asked for."""
        if self.interface_uuid:
            return [self.interface_uuid]
        named = (("instance", self.instance_uuid), ("network", self.network_uuid), ("node", self.node))
        found = [state.find(Kind.INTERFACE, index, value) for index, value in named if value and not deleted]
        if found:
            return min(found, key=len)
        return lookup.visible(state, self.caller, Kind.INTERFACE, self.namespace)


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


def is_live(interface: interface_pb2.Interface) -> bool:
    """Whether the owner of an interface still has it."""
    return interface.state != interface_pb2.INTERFACE_STATE_DELETED
