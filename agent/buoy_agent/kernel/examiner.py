"""Reads what the kernel has for one interface now, link by link, as a packet meets them; it changes nothing.

To be called from one thread of its own, in the node's host namespace: what is programmed meanwhile does not wait for it.
Single elements, routes and neighbours are looked up as a packet would, so that one float costs the same among 100,000; only
conntrack can but be walked. Its sockets are few, since each keeps a namespace alive.
"""

from collections.abc import Iterator
from contextlib import closing

from buoy_agent.core.examining import Counter, Examination, Flows, Link, Observation
from buoy_agent.core.ruleset import BRIDGE, COUNTED_IN, COUNTED_OUT, FIXED_TO_FLOATING, FLOATING_TO_FIXED, UPLINK, rules
from buoy_agent.core.spec import Address, Binding, Driver, NetworkId, Nic, text
from buoy_agent.errors import KernelError
from buoy_agent.kernel import conntrack, foreign_routes, inspection, links, lookup, nics, routes
from buoy_agent.kernel.channels import Channels
from buoy_agent.kernel.conntrack import Direction
from buoy_agent.kernel.links import Link as Device
from buoy_agent.kernel.namespaces import Namespaces
from buoy_agent.kernel.naming import outer_name
from buoy_agent.kernel.netlink import ROUTE, Channel
from buoy_agent.kernel.nft import Table
from buoy_agent.kernel.reader import external_settings

_KEPT = 8  # sockets


class LinuxExaminer:
    """Looks at interfaces and traffic on a real Linux kernel."""

    def __init__(self, external_interface: str, prefix: str, protocol: int = routes.PROTOCOL, *, by_arp: bool = True) -> None:
        self._external, self._protocol, self._by_arp = external_interface, protocol, by_arp
        self._namespaces = Namespaces(prefix)
        self._channels = Channels(self._namespaces, _KEPT)

    def close(self) -> None:
        """Gives descriptors back."""
        self._channels.close()
        self._namespaces.close()

    def examine(self, binding: Binding) -> Examination:
        """What there is for one interface, against what its binding asks for."""
        with closing(Channel(ROUTE)) as host:
            found = [*_readable(self._outside(binding, host)), *_readable(self._inside(binding, host))]
        observations = tuple(sorted(found, key=lambda observation: observation.link.value))
        if binding.floating is None or not self._namespaces.exists(binding.network.id):
            return Examination(observations)
        return self._with_traffic(observations, binding.network.id, binding.floating, binding.address)

    def traffic(self, network: NetworkId) -> tuple[dict[Address, Counter], dict[Address, Counter]]:
        """What was counted in a network, in and out, by fixed address, of those that have met a packet; a dump."""
        if not self._namespaces.exists(network):
            return {}, {}
        table = Table(self._channels.of(network))
        return table.read_counters(COUNTED_IN), table.read_counters(COUNTED_OUT)

    def _outside(self, binding: Binding, host: Channel) -> Iterator[Observation]:
        """The host's side."""
        external = links.read_link(host, self._external)
        yield Observation(Link.EXTERNAL_INTERFACE, self._external, tuple(self._external_flaws(external)))
        if binding.floating is not None:
            yield self._announcement(binding.floating, host, external)
            yield self._route(binding.network.id, binding.floating, host)

    def _external_flaws(self, external: Device | None) -> list[str]:
        flaws = inspection.state_flaws(self._external, external)
        if external is not None and external.is_up and not external.has_carrier:
            flaws.append(f"{self._external} has no carrier")
        return flaws + (inspection.setting_flaws(external_settings(self._external), {}) if external is not None else [])

    def _announcement(self, address: Address, host: Channel, external: Device | None) -> Observation:
        if not self._by_arp:
            return Observation(Link.ANNOUNCEMENT, "left to a routing daemon, which exports the route")
        answered = external is not None and routes.has_proxy(host, address, external.index, self._protocol)
        if answered:
            return Observation(Link.ANNOUNCEMENT, f"ARP answered on {self._external}")
        return Observation(Link.ANNOUNCEMENT, "", (f"nothing answers ARP for {text(address)} on {self._external}",))

    def _route(self, network: NetworkId, address: Address, host: Channel) -> Observation:
        uplink, found = links.read_link(host, outer_name(network)), lookup.match(host, address, self._external)
        if not found.is_ours(address, self._protocol):
            return Observation(Link.ROUTE, "", (foreign_routes.flaw(address, found),))
        if uplink is not None and found.link == uplink.index:
            return Observation(Link.ROUTE, f"{text(address)} by {uplink.name}")
        return Observation(Link.ROUTE, "", (f"the route to {text(address)} leads elsewhere",))

    def _inside(self, binding: Binding, host: Channel) -> Iterator[Observation]:
        """The network's side; nothing but that it is gone, where it is."""
        network = binding.network.id
        there = self._namespaces.exists(network)
        yield Observation(Link.NETWORK, f"namespace of {network}" if there else "", () if there else ("the namespace is gone",))
        if not there:
            return
        outer = inspection.outer_flaws(network, inspection.read_outer(network, host))
        with self._namespaces.inside(network), closing(Channel(ROUTE)) as channel:
            yield from self._links(binding, channel, outer)
            yield from _table(binding, Table(self._channels.of(network)))

    def _links(self, binding: Binding, channel: Channel, outer: list[str]) -> Iterator[Observation]:
        network = binding.network
        uplink, bridge = links.read_link(channel, UPLINK), links.read_link(channel, BRIDGE)
        flaws = [*outer, *inspection.state_flaws("the uplink in the network", uplink)]
        if uplink is not None:
            flaws += inspection.inner_flaws(network.id, channel, uplink) if uplink.is_up else []
            flaws += inspection.setting_flaws(inspection.OF_UPLINK, {UPLINK: uplink})
        yield Observation(Link.UPLINK, f"{outer_name(network.id)} to {UPLINK}", tuple(flaws))
        gone = (
            ["the uplink is down"]
            if uplink is None or not uplink.is_up
            else inspection.way_out_flaws(routes.read_ways(channel), uplink)
        )
        yield Observation(Link.WAY_OUT, f"default by {UPLINK}", tuple(gone))
        yield _bridge(binding, channel, bridge)
        yield self._nic(binding, channel, bridge)

    def _nic(self, binding: Binding, channel: Channel, bridge: Device | None) -> Observation:
        if binding.driver is Driver.ADOPT:
            port = nics.port_of(links.read_links(channel), binding.interface)
        else:
            port = links.read_link(channel, nics.port_name(binding.interface))
        if port is None:
            return Observation(Link.NIC, "", ("the NIC is not there",))
        flaws = inspection.state_flaws("the NIC's port", port)
        flaws += [] if bridge is not None and port.master == bridge.index else ["the NIC's port is not plugged into the bridge"]
        flaws += [] if nics.mark_of(port).rpartition(":")[0] == _unmarked(binding) else ["the NIC's port has lost its mark"]
        if port.is_up and not port.has_carrier:
            flaws.append("the NIC has no carrier: it is down on the instance's side")
        if binding.driver is Driver.NETNS:
            flaws += self._in_instance(binding)
        return Observation(Link.NIC, f"{port.name}, {binding.macaddr}", tuple(flaws))

    def _in_instance(self, binding: Binding) -> list[str]:
        """What is wrong with the NIC's other end, where it is ours too."""
        if not self._namespaces.exists(binding.instance):
            return ["the instance's namespace is gone"]
        name = f"eth{binding.order}"
        with self._namespaces.inside(binding.instance), closing(Channel(ROUTE)) as channel:
            device = links.read_link(channel, name)
            have = links.read_addresses(channel, device.index) if device is not None else []
        if device is None or device.macaddr != binding.macaddr:
            return [f"the instance has no {name} with MAC {binding.macaddr}"]
        want = (binding.address, binding.network.netblock.prefixlen)
        return [] if want in have else [f"{name} of the instance has not the address {text(binding.address)}/{want[1]}"]

    def _with_traffic(
        self, observations: tuple[Observation, ...], network: NetworkId, floating: Address, fixed: Address
    ) -> Examination:
        channel = self._channels.of(network)
        table = Table(channel)
        incoming, outgoing = table.find(COUNTED_IN, fixed), table.find(COUNTED_OUT, fixed)
        with self._namespaces.inside(network):
            flows = Flows(*(conntrack.count(channel, floating, way) for way in (Direction.INBOUND, Direction.OUTBOUND)))
        return Examination(
            observations,
            (incoming and incoming.counter) or Counter(),  # none yet is none counted
            (outgoing and outgoing.counter) or Counter(),
            flows,
        )


def _readable(found: Iterator[Observation]) -> Iterator[Observation]:
    """As many as can be read: what goes away meanwhile ends it."""
    try:
        yield from found
    except KernelError:
        return


def _bridge(binding: Binding, channel: Channel, bridge: Device | None) -> Observation:
    want = (binding.network.gateway, binding.network.netblock.prefixlen)
    flaws = inspection.state_flaws("the bridge", bridge)
    if bridge is not None:
        has = links.read_addresses(channel, bridge.index) == [want]
        flaws += [] if has else [f"the bridge has not just its own address {text(want[0])}/{want[1]}"]
        flaws += inspection.setting_flaws((*inspection.OF_BRIDGE, *inspection.OPTIONAL), {BRIDGE: bridge})
    return Observation(Link.BRIDGE, f"{BRIDGE} {text(want[0])}/{want[1]}", tuple(flaws))


def _table(binding: Binding, table: Table) -> Iterator[Observation]:
    flaws = table.flaws()
    wanted = sorted((rule.chain, rule.comment) for rule in rules(binding.network))
    if not flaws and sorted(table.read_rules()) != wanted:
        flaws = ["the rules are not as they were made"]
    yield Observation(Link.RULES, f"table ip buoy, {len(wanted)} rules", tuple(flaws))
    if binding.floating is not None:
        pair = (binding.floating, binding.address)
        yield _element(Link.FLOATING_TO_FIXED, table, FLOATING_TO_FIXED, *pair)
        yield _element(Link.FIXED_TO_FLOATING, table, FIXED_TO_FLOATING, *reversed(pair))


def _element(link: Link, table: Table, name: str, key: Address, value: Address) -> Observation:
    found = table.find(name, key)
    if found is None or found.value is None:
        return Observation(link, "", (f"{name} has no element {text(key)}",))
    flaws = () if found.value == value else (f"{name} leads {text(key)} to {text(found.value)} and not to {text(value)}",)
    return Observation(link, f"{text(key)} to {text(found.value)}", flaws)


def _unmarked(binding: Binding) -> str:
    """The NIC's mark but for its last word, which depends on the instance's other NICs."""
    network = binding.network
    place = (binding.address, network.id, network.netblock.prefixlen, network.gateway)
    nic = Nic(binding.interface, binding.instance, binding.driver, binding.order, binding.macaddr, *place, is_default=True)
    return nic.mark.rpartition(":")[0]
