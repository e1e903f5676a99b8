"""The kinds of objects, for the calls that all of them have by the same names: metadata and events."""

from collections.abc import Callable
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Generic, TypeVar

from buoy.v1 import instance_pb2, interface_pb2, namespace_pb2, network_pb2, node_pb2, pool_pb2

from buoy_client.call import Call, call
from buoy_client.convert import (
    event_from_proto,
    instance_from_proto,
    interface_from_proto,
    namespace_from_proto,
    network_from_proto,
    node_from_proto,
    pool_from_proto,
)
from buoy_client.models import Event, Instance, Interface, Namespace, Network, Node, Pool
from buoy_client.operations.base import Page
from buoy_client.record import Json
from buoy_client.values import metadata_from_proto

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Kind(Generic[Item]):
    """One kind: "Interface" has GetInterfaceMetadata in InterfaceService, and so on."""

    noun: str
    messages: ModuleType
    from_proto: Callable[[Any], Item]

    def changes(self, method: str, **fields: object) -> Call[Any, Item]:
        """Describe a call that answers with the object."""
        return self._call(method, getattr(self.messages, self.noun), self.from_proto, fields)

    def metadata(self, **fields: object) -> Call[Any, dict[str, Json]]:
        """Describe the call for the metadata."""
        method = f"Get{self.noun}Metadata"
        return self._call(method, getattr(self.messages, f"{method}Response"), metadata_of, fields)

    def events(self, **fields: object) -> Call[Any, Page[Event]]:
        """Describe the call for one page of events."""
        method = f"List{self.noun}Events"
        return self._call(method, getattr(self.messages, f"{method}Response"), events_from_proto, fields)

    def _call(self, method: str, response: Any, parse: Callable[[Any], Any], fields: dict[str, object]) -> Call[Any, Any]:
        request = getattr(self.messages, f"{method}Request")(**fields)
        return call(f"{self.noun}Service", method, request, response, parse)


def metadata_of(response: Any) -> dict[str, Json]:
    """Give the metadata of an answer."""
    return metadata_from_proto(response.metadata)


def events_from_proto(response: Any) -> Page[Event]:
    """Give one page of events."""
    return [event_from_proto(event) for event in response.events], response.next_page_token


INTERFACE: Kind[Interface] = Kind("Interface", interface_pb2, interface_from_proto)
INSTANCE: Kind[Instance] = Kind("Instance", instance_pb2, instance_from_proto)
NETWORK: Kind[Network] = Kind("Network", network_pb2, network_from_proto)
POOL: Kind[Pool] = Kind("Pool", pool_pb2, pool_from_proto)
NAMESPACE: Kind[Namespace] = Kind("Namespace", namespace_pb2, namespace_from_proto)
NODE: Kind[Node] = Kind("Node", node_pb2, node_from_proto)
