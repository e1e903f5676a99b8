"""Commands on interfaces: hot-plug, unplug, metadata."""

import json
from dataclasses import dataclass, replace

from buoy_server.core import errors, lookup
from buoy_server.core.command import Context
from buoy_server.core.commands.plug import MAX_INTERFACES, InterfaceSpec, plug, settle_instance, unplug
from buoy_server.core.model import Interface, Json
from buoy_server.core.state import Draft

MAX_METADATA_VALUE = 64 << 10
MAX_METADATA = 256 << 10


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateInterface:
    """Plug one more interface into an instance."""

    instance_ref: str
    namespace: str
    spec: InterfaceSpec

    def decide(self, draft: Draft, context: Context) -> Interface:
        """Return the new interface, INITIAL until its node has the NIC."""
        instance = lookup.instance(draft, context.caller, self.instance_ref, self.namespace)
        if not instance.live:
            raise errors.NotReady(f"instance {instance.name} is {instance.state}", field="instance_ref")
        orders = [interface.order for interface in lookup.live_interfaces(draft, instance)]
        if len(orders) >= MAX_INTERFACES:
            raise errors.NotReady(f"instance {instance.name} has {MAX_INTERFACES} interfaces, the most", field="instance_ref")
        return plug(draft, context, instance, self.spec, max(orders, default=-1) + 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteInterface:
    """Unplug an interface."""

    interface_uuid: str

    def decide(self, draft: Draft, context: Context) -> Interface:
        """Return the deleted interface."""
        interface = lookup.interface(draft, context.caller, self.interface_uuid)
        deleted = unplug(draft, interface)
        settle_instance(draft, lookup.instance(draft, context.caller, interface.instance_uuid))
        return deleted


@dataclass(frozen=True, slots=True, kw_only=True)
class SetInterfaceMetadataItem:
    """Set one metadata key."""

    interface_uuid: str
    key: str
    value: Json

    def decide(self, draft: Draft, context: Context) -> Interface:
        """Return the interface with the key set; the same value again changes nothing."""
        interface = _live(draft, context, self.interface_uuid)
        metadata = {**interface.metadata, self.key: self.value}
        if _json_size(self.value) > MAX_METADATA_VALUE:
            raise errors.MetadataTooLarge(f"the value is larger than {MAX_METADATA_VALUE >> 10} KiB", field="value")
        if _json_size(metadata) > MAX_METADATA:
            raise errors.MetadataTooLarge(f"all metadata together is larger than {MAX_METADATA >> 10} KiB", field="value")
        if metadata == interface.metadata:
            return interface
        return draft.put(replace(interface, metadata=metadata))


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteInterfaceMetadataItem:
    """Delete one metadata key."""

    interface_uuid: str
    key: str

    def decide(self, draft: Draft, context: Context) -> Interface:
        """Return the interface without the key; an absent key changes nothing."""
        interface = _live(draft, context, self.interface_uuid)
        if self.key not in interface.metadata:
            return interface
        kept = {key: value for key, value in interface.metadata.items() if key != self.key}
        return draft.put(replace(interface, metadata=kept))


def _live(draft: Draft, context: Context, uuid: str) -> Interface:
    interface = lookup.interface(draft, context.caller, uuid)
    if not interface.live:
        raise errors.NotReady("the interface is deleted", field="interface_uuid")
    return interface


def _json_size(value: object) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())
