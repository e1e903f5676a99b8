"""Commands on interfaces: hot-plug and unplug."""

from dataclasses import dataclass

from buoy_server.core import errors, lookup
from buoy_server.core.command import Context
from buoy_server.core.commands.plug import MAX_INTERFACES, InterfaceSpec, plug, settle_instance, unplug
from buoy_server.core.model import Interface
from buoy_server.core.state import Draft


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
        if not interface.live:
            return interface
        deleted = unplug(draft, interface)
        settle_instance(draft, lookup.instance(draft, context.caller, interface.instance_uuid))
        return deleted
