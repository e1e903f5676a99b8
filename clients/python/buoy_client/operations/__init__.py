"""All calls of the SDK, one file a topic, written once as coroutines over the transport port."""

from buoy_client.operations.addresses import AddressOperations
from buoy_client.operations.admin import AdminOperations
from buoy_client.operations.events import EventOperations
from buoy_client.operations.instances import InstanceOperations
from buoy_client.operations.metadata import MetadataOperations
from buoy_client.operations.namespaces import NamespaceOperations
from buoy_client.operations.networks import NetworkOperations
from buoy_client.operations.nodes import NodeOperations
from buoy_client.operations.pools import PoolOperations


class Operations(
    NetworkOperations,
    InstanceOperations,
    MetadataOperations,
    EventOperations,
    NamespaceOperations,
    PoolOperations,
    AddressOperations,
    NodeOperations,
    AdminOperations,
):
    """Every call of a Buoy server."""


__all__ = ["Operations"]
