"""Pools, tenants, nodes and time in any order, with the kernels of the nodes: what no kernel may have, no record may promise.

The model of a node is what its agent would have in its kernel: it applies what the server's stream says when it is connected,
reports later or never, keeps everything while it is away, and has nothing once its machine is off.
"""

from collections import Counter
from contextlib import suppress
from datetime import timedelta
from ipaddress import IPv4Address
from typing import Any, cast

from buoy_server.core import errors, fsck, levels, lookup
from buoy_server.core.allocation import POOL_LEVELS, block_of
from buoy_server.core.commands.fencing import FenceNode
from buoy_server.core.commands.floating import DefloatInterface, FloatInterface
from buoy_server.core.commands.housekeeping import ExpireQuarantine
from buoy_server.core.commands.instances import DeleteInstance
from buoy_server.core.commands.interfaces import DeleteInterface
from buoy_server.core.commands.move_floating import MoveFloating
from buoy_server.core.commands.moving import MoveInstance
from buoy_server.core.commands.nodes import BindingReport, MissNode, NetworkReport, ReportNode
from buoy_server.core.commands.pools import UpdatePool
from buoy_server.core.commands.quarantine import ExtendQuarantine, LiftQuarantine
from buoy_server.core.commands.reserving import ReleaseAddress, ReserveAddress
from buoy_server.core.commands.routing import RouteAddress, UnrouteAddress
from buoy_server.core.model import FlowPolicy, Interface, Network, Node, Pool, Reservation, ReservationType
from buoy_server.core.ranges import AddressRange
from buoy_server.core.state import Kind
from buoy_server.core.states import NodeState
from buoy_server.rpc.bindings import updates
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from tests.support.soak import ROUNDS
from tests.unit.server.snapshots import at_once, said_at_once, said_one_by_one
from tests.unit.server.world import SYSTEM, World

CHOICE = st.integers(0, 1 << 16)
NODES = st.sampled_from(["n1", "n2"])
POOLS = st.sampled_from(["", "one", "two"])
ADDRESSES = st.sampled_from([None, *(IPv4Address(f"192.0.2.{index}") for index in range(9))])
RANGES = {
    "one": ["192.0.2.1-192.0.2.4", "192.0.2.2-192.0.2.4", "192.0.2.0/30", "192.0.2.3"],
    "two": ["192.0.2.5-192.0.2.6", "192.0.2.5-192.0.2.8", "192.0.2.8"],
}
REFUSED = (errors.Precondition, errors.Conflict, errors.Exhausted, errors.NotFound, errors.AddressOutsidePool)


class Cluster(RuleBasedStateMachine):
    """Two pools of a few addresses, two nodes, and interfaces that want more than there is."""

    @initialize()
    def start(self) -> None:
        self.world = World()
        self.world.pool("one", RANGES["one"][0])
        self.world.pool("two", RANGES["two"][0], quarantine=40)
        self.world.network("net", "10.0.0.0/28", nat=True)
        self.world.network("open", "10.1.0.0/28")
        self.kernels: dict[str, dict[str, set[IPv4Address]]] = {"n1": {}, "n2": {}}
        self.outside: dict[str, dict[str, set[IPv4Address]]] = {"n1": {}, "n2": {}}  # what each network has there
        self.unsaid: dict[str, list[BindingReport]] = {"n1": [], "n2": []}
        self.unsaid_networks: dict[str, list[NetworkReport]] = {"n1": [], "n2": []}
        for name in self.kernels:
            self.world.node(name)
        for number in range(3):
            self.world.instance(f"i{number}", "net", "open", node=f"n{number % 2 + 1}")

    def _node(self, name: str) -> Node:
        return lookup.node(self.world.draft, name)

    def _interfaces(self) -> list[Interface]:
        draft = self.world.draft
        return [cast("Interface", draft.get(Kind.INTERFACE, key)) for key in sorted(draft.keys(Kind.INTERFACE))]

    def _pick(self, choice: int) -> Interface:
        interfaces = self._interfaces()
        return interfaces[choice % len(interfaces)]

    def _records(self) -> list[Reservation]:
        draft = self.world.draft
        found = [cast("Reservation", draft.get(Kind.RESERVATION, key)) for key in sorted(draft.keys(Kind.RESERVATION))]
        return [record for record in found if record.pool]

    def _try(self, command: object) -> None:
        before = self.world.draft.revision
        try:
            self.world.run(command)  # type: ignore[arg-type]
        except REFUSED:
            assert self.world.draft.revision == before

    @rule(choice=CHOICE, address=ADDRESSES, pool=POOLS)
    def float_(self, choice: int, address: IPv4Address | None, pool: str) -> None:
        self._try(FloatInterface(interface_uuid=self._pick(choice).uuid, address=address, pool_ref=pool))

    @rule(choice=CHOICE, keep=st.booleans(), flows=st.sampled_from(FlowPolicy))
    def defloat(self, choice: int, flows: FlowPolicy, *, keep: bool) -> None:
        self._try(DefloatInterface(interface_uuid=self._pick(choice).uuid, keep_address=keep, flows=flows))

    @rule(choice=CHOICE, other=CHOICE)
    def move_address(self, choice: int, other: int) -> None:
        source, target = self._pick(choice), self._pick(other)
        if source.floating and source.uuid != target.uuid:
            self._try(MoveFloating(address=source.floating.address, source=source.uuid, target=target.uuid))

    @rule(choice=CHOICE, node=NODES)
    def move_instance(self, choice: int, node: str) -> None:
        self._try(MoveInstance(instance_ref=self._pick(choice).instance_uuid, namespace="", node=node))

    @rule(choice=CHOICE, whole=st.booleans())
    def delete_and_make_another(self, choice: int, *, whole: bool) -> None:
        interface = self._pick(choice)
        command = DeleteInstance(instance_ref=interface.instance_uuid, namespace="")
        self._try(command if whole else DeleteInterface(interface_uuid=interface.uuid))
        with suppress(errors.NetworkFull, errors.NotReady):
            self.world.instance(f"j{self.world.draft.revision}", node=interface.node)

    @rule(address=ADDRESSES, node=st.sampled_from(["", "n1", "n2"]))
    def route(self, address: IPv4Address | None, node: str) -> None:
        self._try(RouteAddress(network_ref="open", namespace="", address=address, node=node))

    @rule(address=ADDRESSES.filter(bool))
    def unroute(self, address: IPv4Address) -> None:
        self._try(UnrouteAddress(network_ref="open", namespace="", address=address))

    @rule(address=ADDRESSES, pool=POOLS)
    def reserve(self, address: IPv4Address | None, pool: str) -> None:
        self._try(ReserveAddress(namespace="", address=address, pool_ref=pool))

    @rule(address=ADDRESSES.filter(bool))
    def give_up(self, address: IPv4Address) -> None:
        self._try(ReleaseAddress(address=address))

    @rule(address=ADDRESSES.filter(bool), longer=st.booleans())
    def end_or_extend_its_rest(self, address: IPv4Address, *, longer: bool) -> None:
        extend = ExtendQuarantine(address=address, duration=timedelta(seconds=100))
        self._try(extend if longer else LiftQuarantine(address=address))

    @rule(name=st.sampled_from(["one", "two"]), choice=CHOICE, drain=st.booleans())
    def change_pool(self, name: str, choice: int, *, drain: bool) -> None:
        ranges = (AddressRange.parse(RANGES[name][choice % len(RANGES[name])]),)
        self._try(UpdatePool(pool_ref=name, ranges=ranges, drain=drain and choice % 3 == 0))

    @rule(seconds=st.sampled_from([1, 29, 31, 400]))
    def time_goes_by(self, seconds: int) -> None:
        self.world.later(seconds=seconds)
        self.world.run(ExpireQuarantine())

    @precondition(lambda self: self._node("n1").state is NodeState.CREATED or self._node("n2").state is NodeState.CREATED)
    @rule(node=NODES, report=st.booleans(), flowing=st.booleans())
    def apply(self, node: str, *, report: bool, flowing: bool) -> None:
        """A connected agent does what its stream says now, and reports at once or later; flows that may go on do, or ended."""
        if self._node(node).state is not NodeState.CREATED:
            return
        draft = self.world.draft
        bound = list(lookup.interfaces(draft, "node", node))
        networks = [cast("Network", draft.get(Kind.NETWORK, key)) for key in draft.find(Kind.NETWORK, "outside_node", node)]
        for update in updates(draft, node, bound, 0, networks):  # type: ignore[arg-type]  # a draft reads like the view
            for binding in update.upserts:
                had = self.kernels[node].get(binding.interface_uuid, set())
                going_on = frozenset(IPv4Address(entry.address) for entry in binding.draining if flowing) & had
                floating = {IPv4Address(text) for text in [binding.floating_address] if text}
                self.kernels[node][binding.interface_uuid] = floating | going_on
                self._say(node, binding.interface_uuid, binding.generation, draining=going_on)
            for network in [*update.networks, *(binding.network for binding in update.upserts)]:
                texts = [network.floating_gateway, *network.routed_addresses]
                self.outside[node][network.uuid] = {IPv4Address(text) for text in texts if text}
                said = NetworkReport(network_uuid=network.uuid, generation=network.routed_generation)
                self.unsaid_networks[node].append(said)
            for removal in update.removed:
                self.kernels[node].pop(removal.interface_uuid, None)
                self._say(node, removal.interface_uuid, removal.generation, removed=True)
        for uuid in list(self.outside[node]):
            if not any(self._network_of(interface) == uuid for interface in self.kernels[node]):
                del self.outside[node][uuid]  # the last NIC takes the network along
        if report:
            self.report(node)

    def _network_of(self, interface: str) -> str:
        return lookup.interface(self.world.draft, SYSTEM, interface).network_uuid

    def _say(self, node: str, uuid: str, generation: int, **outcome: Any) -> None:
        self.unsaid[node].append(BindingReport(interface_uuid=uuid, generation=generation, **outcome))

    def report(self, node: str) -> None:
        said, self.unsaid[node] = tuple(self.unsaid[node]), []
        networks, self.unsaid_networks[node] = tuple(self.unsaid_networks[node]), []
        self.world.run(ReportNode(node=node, reports=said, networks=networks))

    @rule(node=NODES)
    def goes_away(self, node: str) -> None:
        self.world.run(MissNode(name=node))

    @rule(node=NODES)
    def comes_back(self, node: str) -> None:
        """Its agent opens a stream again; from a machine that was off, it knows of nothing that it did before."""
        state = self._node(node).state
        self.world.node(node)
        if state is NodeState.STOPPED:
            self.unsaid[node].clear()
            self.unsaid_networks[node].clear()
        self.apply(node, report=True, flowing=False)

    @precondition(lambda self: any(self._node(name).state is NodeState.MISSING for name in self.kernels))
    @rule(node=NODES)
    def is_switched_off(self, node: str) -> None:
        if self._node(node).state is NodeState.MISSING:
            self.kernels[node].clear()
            self.outside[node].clear()
            self.world.run(FenceNode(node=node))

    def _in_kernels(self) -> list[tuple[str, str, IPv4Address]]:
        return [
            (node, uuid, address)
            for node, kernel in self.kernels.items()
            for uuid, addresses in kernel.items()
            for address in addresses
        ]

    def _of_networks(self) -> list[IPv4Address]:
        return [address for networks in self.outside.values() for addresses in networks.values() for address in addresses]

    @invariant()
    def a_snapshot_says_what_the_updates_say(self) -> None:
        if hasattr(self, "world"):
            for node in ("n1", "n2"):
                assert said_at_once(self.world.draft, node) == said_one_by_one(self.world.draft, node)

    @invariant()
    def what_a_snapshot_says_works_is_no_news(self) -> None:
        if hasattr(self, "world"):
            for node in ("n1", "n2"):
                reports = [
                    BindingReport(interface_uuid=uuid, generation=generation)
                    for update in at_once(self.world.draft, node)
                    for columns in update.settled
                    for uuid, generation, works in zip(columns.interface_uuids, columns.generations, columns.works, strict=True)
                    if works
                ]
                before = self.world.draft.revision
                self.world.run(ReportNode(node=node, reports=tuple(reports)))
                assert self.world.draft.revision == before

    @invariant()
    def no_address_is_in_kernels_for_two(self) -> None:
        """An interface that moves to another node may be in two kernels for a moment, with the address that it has."""
        if hasattr(self, "world"):
            had = Counter(address for _, address in {(uuid, address) for _, uuid, address in self._in_kernels()})
            had.update(self._of_networks())
            assert not [address for address, count in had.items() if count > 1]

    @invariant()
    def what_a_kernel_may_have_is_not_handed_out_and_does_not_rest(self) -> None:
        if hasattr(self, "world"):
            held = {record.address: record for record in self._records()}
            for node, uuid, address in self._in_kernels():
                assert (held[address].type, held[address].owner) == (ReservationType.FLOATING, uuid), (node, address)
            for address in self._of_networks():
                assert held[address].type in (ReservationType.GATEWAY, ReservationType.ROUTED)

    @invariant()
    def usage_adds_up(self) -> None:
        if not hasattr(self, "world"):
            return
        for pool in lookup.pools(self.world.draft):
            usage = levels.usage(self.world.draft, pool)
            records = [record for record in self._records() if record.pool == pool.uuid]
            assert all(record.address in pool.space for record in records)
            assert usage["free"] == usage["size"] - len(records) >= 0
            assert usage["size"] == usage["free"] + usage["in_use"] + usage["reserved"] + usage["quarantined"]
            self._blocks_are_counted(pool, records)

    def _blocks_are_counted(self, pool: Pool, records: list[Reservation]) -> None:
        taken = self.world.draft.count(
            Kind.RESERVATION, "taken_in_pool", (pool.uuid, block_of(IPv4Address("192.0.2.0"), POOL_LEVELS[-1]))
        )
        assert taken == len(records)

    @invariant()
    def a_pool_is_said_to_run_low_when_it_does(self) -> None:
        if hasattr(self, "world"):
            for pool in lookup.pools(self.world.draft):
                free = levels.usage(self.world.draft, pool)["free"]
                assert pool.warning or free or pool.space.size == 0, pool
                assert not pool.warning or free < 2, pool

    @invariant()
    def every_record_has_an_owner_that_points_back(self) -> None:
        if hasattr(self, "world"):
            assert not list(fsck.violations(self.world.draft))
            assert all(record.reason for record in self._records() if record.type is ReservationType.DELETION_HALO)

    @invariant()
    def nothing_waits_for_a_machine_that_is_off(self) -> None:
        if not hasattr(self, "world"):
            return
        for interface in self._interfaces():
            for name in interface.nodes:
                if interface.bound and self._node(name).state is NodeState.STOPPED:
                    assert interface.live or interface.node != name or interface.observed_generation == interface.generation
                    assert not interface.former_node(name)


TestCluster = Cluster.TestCase
TestCluster.settings = settings(max_examples=60 * ROUNDS, stateful_step_count=40)
