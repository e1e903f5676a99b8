"""Calls of metadata: the owner's own keys and values, never interpreted."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from buoy_client.errors import FieldViolation, InvalidArgument
from buoy_client.models import Instance, Interface, Namespace, Network
from buoy_client.operations.base import BaseOperations
from buoy_client.operations.kinds import INSTANCE, INTERFACE, NAMESPACE, NETWORK
from buoy_client.record import Json
from buoy_client.values import json_to_value

Given = TypeVar("Given")
Encoded = TypeVar("Encoded")


def encoded(field: str, value: Given, encode: Callable[[Given], Encoded]) -> Encoded:
    """Encode a field's JSON; InvalidArgument for what JSON cannot say."""
    try:
        return encode(value)
    except ValueError as error:
        wrong = FieldViolation(field, str(error))
        raise InvalidArgument(f"{field}: {error}", reason="MALFORMED", field_violations=(wrong,)) from None


def item(key: str, value: Json) -> Mapping[str, object]:
    """Give the fields of one item."""
    return {"key": key, "value": encoded("value", value, json_to_value)}


class MetadataOperations(BaseOperations):
    """Calls of metadata: any JSON value under each key; deleting an absent key is no error."""

    async def get_interface_metadata(self, interface_uuid: str) -> dict[str, Json]:
        """Give all keys and values."""
        return await self._transport.unary(INTERFACE.metadata(interface_uuid=interface_uuid))

    async def set_interface_metadata_item(self, interface_uuid: str, key: str, value: Json) -> Interface:
        """Set one key to any JSON value; InvalidArgument for what JSON cannot say."""
        asked = INTERFACE.changes("SetInterfaceMetadataItem", interface_uuid=interface_uuid, **item(key, value))
        return await self._transport.unary(asked)

    async def delete_interface_metadata_item(self, interface_uuid: str, key: str) -> Interface:
        """Delete one key; an absent key is no error."""
        asked = INTERFACE.changes("DeleteInterfaceMetadataItem", interface_uuid=interface_uuid, key=key)
        return await self._transport.unary(asked)

    async def get_instance_metadata(self, instance: str, namespace: str | None = None) -> dict[str, Json]:
        """Give all keys and values."""
        return await self._transport.unary(INSTANCE.metadata(instance_ref=instance, namespace=self._in(namespace)))

    async def set_instance_metadata_item(self, instance: str, key: str, value: Json, namespace: str | None = None) -> Instance:
        """Set one key to any JSON value; InvalidArgument for what JSON cannot say."""
        which = {"instance_ref": instance, "namespace": self._in(namespace)}
        return await self._transport.unary(INSTANCE.changes("SetInstanceMetadataItem", **which, **item(key, value)))

    async def delete_instance_metadata_item(self, instance: str, key: str, namespace: str | None = None) -> Instance:
        """Delete one key; an absent key is no error."""
        which = {"instance_ref": instance, "namespace": self._in(namespace)}
        return await self._transport.unary(INSTANCE.changes("DeleteInstanceMetadataItem", **which, key=key))

    async def get_network_metadata(self, network: str, namespace: str | None = None) -> dict[str, Json]:
        """Give all keys and values."""
        return await self._transport.unary(NETWORK.metadata(network_ref=network, namespace=self._in(namespace)))

    async def set_network_metadata_item(self, network: str, key: str, value: Json, namespace: str | None = None) -> Network:
        """Set one key to any JSON value; InvalidArgument for what JSON cannot say."""
        which = {"network_ref": network, "namespace": self._in(namespace)}
        return await self._transport.unary(NETWORK.changes("SetNetworkMetadataItem", **which, **item(key, value)))

    async def delete_network_metadata_item(self, network: str, key: str, namespace: str | None = None) -> Network:
        """Delete one key; an absent key is no error."""
        which = {"network_ref": network, "namespace": self._in(namespace)}
        return await self._transport.unary(NETWORK.changes("DeleteNetworkMetadataItem", **which, key=key))

    async def get_namespace_metadata(self, namespace: str | None = None) -> dict[str, Json]:
        """Give all keys and values; of your own namespace by default."""
        return await self._transport.unary(NAMESPACE.metadata(namespace=self._in(namespace)))

    async def set_namespace_metadata_item(self, namespace: str, key: str, value: Json) -> Namespace:
        """Set one key to any JSON value; InvalidArgument for what JSON cannot say."""
        asked = NAMESPACE.changes("SetNamespaceMetadataItem", namespace=namespace, **item(key, value))
        return await self._transport.unary(asked)

    async def delete_namespace_metadata_item(self, namespace: str, key: str) -> Namespace:
        """Delete one key; an absent key is no error."""
        return await self._transport.unary(NAMESPACE.changes("DeleteNamespaceMetadataItem", namespace=namespace, key=key))
