"""Calls of an interface's metadata."""

from buoy.v1 import interface_pb2 as pb

from buoy_client.call import call
from buoy_client.convert import interface_from_proto, json_to_value, metadata_from_proto
from buoy_client.errors import FieldViolation, InvalidArgument
from buoy_client.models import Interface
from buoy_client.operations.base import BaseOperations
from buoy_client.operations.interfaces import SERVICE
from buoy_client.record import Json


class MetadataOperations(BaseOperations):
    """Calls of an interface's metadata: the owner's own keys and values, never interpreted."""

    async def get_interface_metadata(self, interface_uuid: str) -> dict[str, Json]:
        """Give all keys and values."""
        request = pb.GetInterfaceMetadataRequest(interface_uuid=interface_uuid)
        return await self._transport.unary(
            call(SERVICE, "GetInterfaceMetadata", request, pb.GetInterfaceMetadataResponse, metadata_of)
        )

    async def set_interface_metadata_item(self, interface_uuid: str, key: str, value: Json) -> Interface:
        """Set one key to any JSON value; InvalidArgument for what JSON cannot say."""
        try:
            encoded = json_to_value(value)
        except ValueError as error:
            wrong = FieldViolation("value", str(error))
            raise InvalidArgument(f"value: {error}", reason="MALFORMED", field_violations=(wrong,)) from None
        request = pb.SetInterfaceMetadataItemRequest(interface_uuid=interface_uuid, key=key, value=encoded)
        return await self._transport.unary(
            call(SERVICE, "SetInterfaceMetadataItem", request, pb.Interface, interface_from_proto)
        )

    async def delete_interface_metadata_item(self, interface_uuid: str, key: str) -> Interface:
        """Delete one key; an absent key is no error."""
        request = pb.DeleteInterfaceMetadataItemRequest(interface_uuid=interface_uuid, key=key)
        return await self._transport.unary(
            call(SERVICE, "DeleteInterfaceMetadataItem", request, pb.Interface, interface_from_proto)
        )


def metadata_of(response: pb.GetInterfaceMetadataResponse) -> dict[str, Json]:
    """Give the metadata of an answer."""
    return metadata_from_proto(response.metadata)
