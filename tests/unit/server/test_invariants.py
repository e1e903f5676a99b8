"""Whatever is asked and whatever nodes say, in any order: no address twice, none lost, every record has its owner."""

from collections import Counter
from contextlib import suppress
from ipaddress import IPv4Address
from typing import cast

from buoy_server.core import addresses, errors, levels, lookup
from buoy_server.core.changes import changes_of
from buoy_server.core.commands.floating import DefloatInterface, FloatInterface
from buoy_server.core.commands.housekeeping import ExpireQuarantine
from buoy_server.core.commands.instances import DeleteInstance
from buoy_server.core.commands.interfaces import DeleteInterface
from buoy_server.core.commands.move_floating import MoveFloating
from buoy_server.core.commands.moving import MoveInstance
from buoy_server.core.commands.nodes import BindingReport, NetworkReport, ReportNode
from buoy_server.core.commands.reserving import ReleaseAddress, ReserveAddress
from buoy_server.core.commands.routing import RouteAddress, UnrouteAddress
from buoy_server.core.events import event_of
from buoy_server.core.fsck import violations
from buoy_server.core.model import Floating, FlowPolicy, Interface, Reservation, ReservationType
from buoy_server.core.state import Kind
from buoy_server.core.states import FloatingPhase
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.support.soak import ROUNDS
from tests.unit.server.world import SYSTEM, World

CHOICE = st.integers(0, 1 << 16)
ADDRESSES = st.sampled_from([None, *(IPv4Address(f"192.0.2.{index}") for index in range(8))])


class Addresses(RuleBasedStateMachine):
    """A pool of six addresses, a network of five, and more that want them than there are."""

    @initialize()
    def start(self) -> None:
        self.world = World()
        self.world.pool("tiny", "192.0.2.1-192.0.2.6")
        self.world.network("net", "10.0.0.0/29", nat=True)
        self.world.node()
        self.world.node("n2")
        self.made = 0
        self.told = 0

    def _interfaces(self) -> list[Interface]:
        keys = sorted(self.world.draft.keys(Kind.INTERFACE))
        return [cast("Interface", self.world.draft.get(Kind.INTERFACE, key)) for key in keys]

    def _pick(self, choice: int) -> Interface:
        interfaces = self._interfaces()
        return interfaces[choice % len(interfaces)]

    @rule(count=st.integers(1, 2))
    def create(self, count: int) -> None:
        self.made += 1
        try:
            self.world.instance(f"i{self.made}", *["net"] * count)
        except errors.NetworkFull:
            assert len(self._records("net")) + count > 8

    @precondition(lambda self: self.made and self._interfaces())
    @rule(choice=CHOICE, address=ADDRESSES)
    def float_(self, choice: int, address: IPv4Address | None) -> None:
        interface = self._pick(choice)
        try:
            self.world.run(FloatInterface(interface_uuid=interface.uuid, address=address))
        except (errors.Precondition, errors.AddressInUse, errors.AddressOutsidePool, errors.PoolExhausted):
            assert self.world.now(interface) == interface

    @rule(address=ADDRESSES, node=st.sampled_from(["", "n1", "n2"]))
    def route(self, address: IPv4Address | None, node: str) -> None:
        refusals = (errors.Precondition, errors.AddressInUse, errors.AddressOutsidePool, errors.PoolExhausted)
        with suppress(*refusals):
            self.world.run(RouteAddress(network_ref="net", namespace="", address=address, node=node))

    @precondition(lambda self: self._routed())
    @rule(choice=CHOICE)
    def unroute(self, choice: int) -> None:
        address = self._routed()[choice % len(self._routed())]
        self.world.run(UnrouteAddress(network_ref="net", namespace="", address=address))

    @precondition(lambda self: self._routed())
    @rule(choice=CHOICE, node=st.sampled_from(["n1", "n2"]), behind=st.integers(0, 2), faulty=st.booleans())
    def report_routed(self, choice: int, node: str, behind: int, *, faulty: bool) -> None:
        network = lookup.network(self.world.draft, SYSTEM, "net")
        faults = {self._routed()[choice % len(self._routed())]: "no room"} if faulty else {}
        generation = network.routed_generation - behind
        report = NetworkReport(network_uuid=network.uuid, generation=generation, faults=faults)
        self.world.run(ReportNode(node=node, reports=(), networks=(report,)))

    def _routed(self) -> list[IPv4Address]:
        if not hasattr(self, "world"):
            return []
        return [routed.address for routed in lookup.network(self.world.draft, SYSTEM, "net").routed]

    @precondition(lambda self: self.made and self._interfaces())
    @rule(choice=CHOICE, keep=st.booleans(), flows=st.sampled_from(FlowPolicy))
    def defloat(self, choice: int, *, keep: bool, flows: FlowPolicy) -> None:
        self.world.run(DefloatInterface(interface_uuid=self._pick(choice).uuid, keep_address=keep, flows=flows))

    @rule(address=ADDRESSES)
    def reserve(self, address: IPv4Address | None) -> None:
        with suppress(errors.AddressInUse, errors.AddressOutsidePool, errors.PoolExhausted, errors.AddressReserved):
            assert self.world.run(ReserveAddress(namespace="", address=address)).kept

    @rule(address=ADDRESSES.filter(bool))
    def release(self, address: IPv4Address) -> None:
        try:
            assert not self.world.run(ReleaseAddress(address=address)).kept
        except (errors.AddressNotFound, errors.NotReady):
            record = addresses.record_of(self.world.draft, None, address)
            assert record is None or not record.kept

    @precondition(lambda self: self.made and self._interfaces())
    @rule(choice=CHOICE, whole=st.booleans())
    def delete(self, choice: int, *, whole: bool) -> None:
        interface = self._pick(choice)
        if whole:
            self.world.run(DeleteInstance(instance_ref=interface.instance_uuid, namespace=""))
        else:
            self.world.run(DeleteInterface(interface_uuid=interface.uuid))

    @precondition(lambda self: self.made and self._interfaces())
    @rule(
        choice=CHOICE,
        behind=st.integers(0, 2),
        removed=st.booleans(),
        error=st.sampled_from(["", "no room"]),
        flowing=st.booleans(),
    )
    def report(self, choice: int, behind: int, *, removed: bool, error: str, flowing: bool) -> None:
        interface = self._pick(choice)
        generation = max(interface.generation - behind, 1)
        draining = frozenset(entry.address for entry in interface.draining) if flowing else frozenset()
        self.world.report(interface, generation=generation, removed=removed, floating_error=error, draining=draining)

    @precondition(lambda self: self.made and self._interfaces())
    @rule(choice=CHOICE, node=st.sampled_from(["n1", "n2"]))
    def move(self, choice: int, node: str) -> None:
        instance = self._pick(choice).instance_uuid
        try:
            self.world.run(MoveInstance(instance_ref=instance, namespace="", node=node))
        except errors.NotReady:
            assert not lookup.instance(self.world.draft, SYSTEM, instance).live

    @precondition(lambda self: any(interface.floating for interface in self._interfaces()) if self.made else False)
    @rule(choice=CHOICE, to=CHOICE)
    def move_floating(self, choice: int, to: int) -> None:
        floating = [interface for interface in self._interfaces() if interface.floating]
        source = floating[choice % len(floating)]
        address = cast("Floating", source.floating).address
        with suppress(errors.Precondition, errors.Malformed):
            command = MoveFloating(address=address, source=source.uuid, target=self._pick(to).uuid)
            assert self.world.run(command)[1].floating

    @precondition(lambda self: any(interface.former_nodes for interface in self._interfaces()) if self.made else False)
    @rule(choice=CHOICE)
    def let_go(self, choice: int) -> None:
        moved = [interface for interface in self._interfaces() if interface.former_nodes]
        interface = moved[choice % len(moved)]
        former = interface.former_nodes[0]
        report = BindingReport(interface_uuid=interface.uuid, generation=former.generation, removed=True)
        self.world.run(ReportNode(node=former.node, reports=(report,)))

    @rule(seconds=st.sampled_from([1, 29, 31, 400]))
    def time_goes_by(self, seconds: int) -> None:
        self.world.later(seconds=seconds)
        self.world.run(ExpireQuarantine())

    def _records(self, scope: str) -> list[Reservation]:
        draft = self.world.draft
        records = [cast("Reservation", draft.get(Kind.RESERVATION, key)) for key in draft.keys(Kind.RESERVATION)]
        return [record for record in records if (record.network_uuid is None) == (scope == "pool")]

    @invariant()
    def the_pool_accounts_for_every_address(self) -> None:
        if not hasattr(self, "world"):
            return
        pool = lookup.pool(self.world.draft, "tiny")
        usage = levels.usage(self.world.draft, pool)
        assert usage["size"] == 6 == usage["free"] + usage["in_use"] + usage["reserved"] + usage["quarantined"]
        assert usage["free"] >= 0
        assert usage["in_use"] + usage["quarantined"] + usage["kept"] == len(self._records("pool"))

    @invariant()
    def whatever_changed_is_told_in_words(self) -> None:
        if not hasattr(self, "world"):
            return
        entries = self.world.draft.entries
        for entry in entries[self.told :]:
            assert event_of(entry) or not changes_of(entry.before, entry.after), entry
        self.told = len(entries)

    @invariant()
    def fsck_finds_nothing(self) -> None:
        if hasattr(self, "world"):
            assert list(violations(self.world.draft)) == []

    @invariant()
    def no_address_twice(self) -> None:
        if not hasattr(self, "world"):
            return
        interfaces = self._interfaces()
        network = lookup.network(self.world.draft, SYSTEM, "net")
        floating = [interface.floating.address for interface in interfaces if interface.floating]
        floating += [gateway.address for gateway in network.floating_gateways]
        floating += [routed.address for routed in network.routed]
        fixed = [interface.ipv4 for interface in interfaces if interface.bound]
        assert not [address for address, count in Counter(floating).items() if count > 1]
        assert not [address for address, count in Counter(fixed).items() if count > 1]

    @invariant()
    def every_holder_has_its_record_and_every_record_its_holder(self) -> None:
        if not hasattr(self, "world"):
            return
        draft = self.world.draft
        for interface in self._interfaces():
            if interface.floating:
                record = addresses.record_of(draft, None, interface.floating.address)
                assert record is not None
                assert (record.type, record.owner) == (ReservationType.FLOATING, interface.floating.held_by or interface.uuid)
                assert (record.promise.interface if record.promise else None) == (interface.floating.held_by and interface.uuid)
            for entry in interface.draining:
                record = addresses.record_of(draft, None, entry.address)
                assert record is not None
                assert (record.type, record.owner) == (ReservationType.FLOATING, interface.uuid)
                floating = interface.floating
                assert floating is None or floating.phase is FloatingPhase.RELEASING or floating.address != entry.address
            fixed = addresses.record_of(draft, interface.network_uuid, interface.ipv4)
            assert (fixed is not None and fixed.owner == interface.uuid) == interface.bound
        routed = [record.address for record in self._records("pool") if record.type is ReservationType.ROUTED]
        assert sorted(routed) == sorted(self._routed())
        for record in self._records("pool"):
            assert (record.owner == "") == (record.type is ReservationType.RESERVED) or record.until
            if record.type is ReservationType.FLOATING:
                owner = cast("Interface", draft.get(Kind.INTERFACE, record.owner))
                current = owner.floating is not None and owner.floating.address == record.address
                current = current or record.address in {entry.address for entry in owner.draining}
                waits = owner.observed_generation < owner.generation or owner.former_nodes or owner.floating is not None
                assert current or waits
                assert owner.bound


TestAddresses = Addresses.TestCase
TestAddresses.settings = settings(max_examples=60 * ROUNDS, stateful_step_count=40)
