"""Moving a floating address from one interface to another."""

from dataclasses import dataclass, replace
from ipaddress import IPv4Address
from typing import cast

from buoy_server.core import addresses, errors, lookup, promises
from buoy_server.core.command import Context
from buoy_server.core.commands.floating import refuse_unready
from buoy_server.core.model import Floating, Interface, Reservation
from buoy_server.core.state import Draft, Kind
from buoy_server.core.states import FloatingPhase


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveFloating:
    """Move a floating address: one change, never two holders. `if_revision` is the source's that its caller has seen."""

    address: IPv4Address
    source: str
    target: str
    if_revision: int = 0

    def decide(self, draft: Draft, context: Context) -> tuple[Interface, Interface]:
        """Return the old holder, which floats no more, and the new one, PENDING until the old node let go of the address."""
        source = lookup.interface(draft, context.caller, self.source, field="from_interface_uuid")
        target = lookup.interface(draft, context.caller, self.target, field="to_interface_uuid")
        if self.if_revision not in (0, source.revision):
            words = f"interface {source.uuid} is at revision {source.revision}, not {self.if_revision}: look at it again"
            raise errors.RevisionChanged(words, field="if_revision")
        floating = self._floating_of(source)
        self._refuse_target(draft, source, target)
        holder = floating.held_by or source.uuid  # the one whose node may have it in the kernel
        record = cast("Reservation", addresses.record_of(draft, None, self.address))
        note = f"floating address {self.address} moved to interface {target.uuid}"
        asked = source.generation if floating.held_by else source.generation + 1
        source = draft.put(replace(source, floating=None, generation=asked), note)
        if holder == target.uuid:
            promises.withdraw(draft, self.address)
        else:
            promises.promise(draft, record, target)
        return source, self._given(draft, source, target, floating, holder)

    def _floating_of(self, source: Interface) -> Floating:
        floating = source.floating
        if floating is None or floating.address != self.address:
            raise errors.NotFloating(f"interface {source.uuid} does not float at {self.address}", field="address")
        if floating.phase is FloatingPhase.RELEASING:
            words = f"interface {source.uuid} gave {self.address} back: it floats no more when its node has confirmed"
            raise errors.NotFloating(words, field="address")
        return floating

    def _refuse_target(self, draft: Draft, source: Interface, target: Interface) -> None:
        field = "to_interface_uuid"
        if target.uuid == source.uuid:
            raise errors.Malformed("the address would stay where it is: name another interface", field=field)
        if target.namespace != source.namespace:
            words = f"interface {target.uuid} is of namespace {target.namespace}: an address moves within {source.namespace}"
            raise errors.OtherNamespace(words, field=field)
        refuse_unready(draft, target, field)
        if target.floating is not None and target.floating.phase is not FloatingPhase.RELEASING:
            words = f"interface {target.uuid} floats at {target.floating.address}: defloat it first"
            raise errors.AlreadyFloating(words, field=field)

    def _given(self, draft: Draft, source: Interface, target: Interface, floating: Floating, holder: str) -> Interface:
        """Return the target with the address, which its node is told of at once only where it has it still."""
        moved = Floating(
            address=self.address,
            pool=floating.pool,
            phase=FloatingPhase.PENDING,
            requested_time=draft.now,
            generation=target.generation,
            observed_generation=target.observed_generation,
        )
        note = f"floating address {self.address} comes from interface {source.uuid}"
        if holder == target.uuid:
            generation = target.generation + 1
            moved = replace(moved, generation=generation, reason=promises.why_it_waits(draft, target.node))
            return draft.put(replace(target, floating=moved, generation=generation), note)
        keeper = cast("Interface", draft.get(Kind.INTERFACE, holder))
        reason = promises.why_it_is_held(draft, keeper)
        return draft.put(replace(target, floating=replace(moved, held_by=keeper.uuid, reason=reason)), f"{note}, and {reason}")
