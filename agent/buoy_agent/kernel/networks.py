"""A network's namespace and its links: bridge `br0` with the gateway address, and a veth `uplink` to the host namespace.

The veth's outer end `buoy-<10 hex digits of the network>` is in the host namespace, with the network's uuid as its alias, set
once the pair is complete. All MACs follow from the uuid: whoever knows the gateway of a network knows it on every node.
"""

import errno
from collections.abc import Callable, Collection, Generator, Iterable, Iterator
from contextlib import closing
from dataclasses import replace

from buoy_agent.core.actual import NetworkState
from buoy_agent.core.ruleset import BRIDGE, FIXED_TO_FLOATING, FLOATING_TO_FIXED, UPLINK, rules
from buoy_agent.core.spec import Address, Network, NetworkId
from buoy_agent.errors import KernelError
from buoy_agent.kernel import links, nics, routes, sysctl
from buoy_agent.kernel.channels import Channels
from buoy_agent.kernel.inspection import (
    INSIDE,
    OPTIONAL,
    Outer,
    Outers,
    elements_in_steps,
    inner_state,
    outer_flaws,
    outside,
    read_outer,
    with_elements,
)
from buoy_agent.kernel.links import End, Link
from buoy_agent.kernel.namespaces import Namespaces
from buoy_agent.kernel.naming import bridge_mac, inner_mac, outer_mac, outer_name
from buoy_agent.kernel.netlink import NETFILTER, ROUTE, Channel, Message
from buoy_agent.kernel.nft import Table
from buoy_agent.kernel.procfs import OwnProc

GONE = "the namespace is gone"
_ABSENT = (errno.ENOENT, errno.ESRCH, errno.ENODEV)
_READS = 3  # at most, of a table that others change all the time
_DOOMED = 0x62756F79  # a group of links that only ever holds what is about to be removed


class Networks:
    """Makes, reads and removes networks; counts what it writes."""

    def __init__(self, namespaces: Namespaces, channels: Channels, adopted: nics.Nics) -> None:
        self._namespaces, self._channels, self._nics = namespaces, channels, adopted
        self.writes = 0

    def ensure(self, network: Network) -> NetworkState:
        """Makes or repairs a network, and returns what its namespace then holds."""
        if not self._namespaces.exists(network.id):
            self._namespaces.create(network.id)
            self.writes += 1
        self._links(network)
        with self._namespaces.inside(network.id):
            self._sysctls(INSIDE)
            self.writes += sum(sysctl.set_value(*setting, optional=True) for setting in OPTIONAL)
            table = Table(self._channels.of(network.id))
            if table.flaws() or sorted(table.read_rules()) != sorted((rule.chain, rule.comment) for rule in rules(network)):
                table.ensure(network)
                self.writes += table.writes
        return self.read(network.id)

    def read(self, network: NetworkId, *, known: NetworkState | None = None) -> NetworkState:
        """What a network has; with `known`, all but the elements is read, and those are taken from there."""
        if not self._namespaces.exists(network):
            return NetworkState(flaws=(GONE,))
        table = Table(self._channels.of(network))
        for _ in range(_READS):
            before, state = table.generation(), self._read(network, table, known)
            if table.generation() == before:
                break  # else half of it may be of before a transaction, and half of after
        return state

    def read_all(
        self, networks: Iterable[NetworkId], outers: Outers, shared: dict[Address, Address]
    ) -> Iterator[tuple[NetworkId, NetworkState]]:
        """What many have, of which no transaction is under way: each is entered once, and its sockets are closed at once."""
        with closing(OwnProc()) as proc:
            for network in networks:
                yield network, self._read_passing(network, outers.of(network), shared, proc.read)

    def read_in_steps(self, network: NetworkId) -> Generator[None, None, NetworkState | None]:
        """The same through a socket of its own, piece by piece; None where a transaction came in between.

        The kernel goes on in a map by counting elements: it passes over as many as went that it had shown.
        """
        if not self._namespaces.exists(network):
            return NetworkState(flaws=(GONE,))
        outer = self._outer(network)
        with self._channels.apart(network) as channel:
            table = Table(channel)
            before, state = table.generation(), self._read_shape(network, outer, table)
            yield
            elements = yield from elements_in_steps(table)
            return with_elements(state, elements) if table.generation() == before else None

    def _read_passing(
        self, network: NetworkId, outer: Outer, shared: dict[Address, Address], setting: Callable[[str], str | None]
    ) -> NetworkState:
        if not self._namespaces.exists(network):
            return NetworkState(flaws=(GONE,))
        with self._namespaces.inside(network), closing(Channel(ROUTE)) as inner, closing(Channel(NETFILTER)) as channel:
            table = Table(channel, shared)
            return with_elements(_whole(network, outer, inner_state(network, inner, table, setting)), _elements(table))

    def _read(self, network: NetworkId, table: Table, known: NetworkState | None) -> NetworkState:
        state = self._read_shape(network, self._outer(network), table)
        return with_elements(state, known if known is not None else _elements(table))

    def _outer(self, network: NetworkId) -> Outer:
        with closing(Channel(ROUTE)) as host:
            return read_outer(network, host)

    def _read_shape(self, network: NetworkId, outer: Outer, table: Table) -> NetworkState:
        with self._namespaces.inside(network), closing(Channel(ROUTE)) as channel:
            return _whole(network, outer, inner_state(network, channel, table))

    def remove(self, uuids: Collection[str]) -> None:
        """Removes namespaces of networks and instances: first their links to the host, at once; the kernel cleans up later."""
        for uuid in uuids:
            if self._namespaces.exists(uuid):
                self._hand_back(uuid)
        with closing(Channel(ROUTE)) as host:
            found = (links.read_link(host, outer_name(NetworkId(uuid))) for uuid in uuids)
            doomed = [links.set_group(link.index, _DOOMED) for link in found if link is not None and link.kind == "veth"]
            if doomed:
                self._send(host, *doomed, links.delete_group(_DOOMED))
        for uuid in uuids:
            self._channels.drop(uuid)
            self._namespaces.delete(uuid)
            self.writes += 1

    def route_on_bridge(self, network: NetworkId, addresses: Collection[Address]) -> None:
        """Lets routed addresses be found on the bridge."""
        with self._namespaces.inside(network), closing(Channel(ROUTE)) as channel:
            bridge = links.read_link(channel, BRIDGE)
            if bridge is None:
                raise KernelError(f"the bridge of network {network} is gone", errno.ENODEV)
            self._send(channel, *(routes.add_direct_route(address, bridge.index) for address in addresses))

    def unroute_on_bridge(self, network: NetworkId, addresses: Collection[Address]) -> None:
        """Takes that back; a route that is gone is no error."""
        with self._namespaces.inside(network), closing(Channel(ROUTE)) as channel:
            for error in channel.send([routes.delete_route(address) for address in addresses]).values():
                if error.number not in _ABSENT:
                    raise error
        self.writes += len(addresses)

    def _hand_back(self, uuid: str) -> None:
        with self._namespaces.inside(uuid), closing(Channel(ROUTE)) as channel:
            adopted = [link for link in links.read_links(channel).values() if nics.is_adopted(link)]
        for link in adopted:
            self._nics.hand_back(uuid, link)

    def _links(self, network: Network) -> None:
        with closing(Channel(ROUTE)) as host:
            outer = links.read_link(host, outer_name(network.id))
            with self._namespaces.inside(network.id), closing(Channel(ROUTE)) as inner:
                self._inside(network, inner, host, outer)
            outer = links.read_link(host, outer_name(network.id))
            if outer is None:
                raise KernelError(f"the uplink of network {network.id} vanished while it was made", errno.ENODEV)
            if outer_flaws(network.id, read_outer(network.id, host)):
                self._outside(network.id, host, outer)

    def _inside(self, network: Network, channel: Channel, host: Channel, outer: Link | None) -> None:
        present = links.read_links(channel)
        if BRIDGE not in present:
            self._send(channel, links.new_bridge(BRIDGE, bridge_mac(network.id)))
        if UPLINK not in present or outer is None:
            if UPLINK in present:
                links.remove_link(channel, present[UPLINK].index)
            elif outer is not None:  # its other end is in a namespace that is being cleaned up
                links.remove_link(host, outer.index)
            near, far = End(UPLINK, inner_mac(network.id)), End(outer_name(network.id), outer_mac(network.id))
            self._send(channel, links.new_veth(near, far, self._namespaces.host))
        present = links.read_links(channel)
        bridge, uplink = present[BRIDGE].index, present[UPLINK].index
        want = (network.gateway, network.netblock.prefixlen)
        have = links.read_addresses(channel, bridge)
        changes = [links.delete_address(bridge, *pair) for pair in have if pair != want]
        changes += [links.new_address(bridge, *want)] if want not in have else []
        changes += [links.set_link(index, up=True) for index in (1, bridge, uplink)]
        changes += [routes.add_neighbour(routes.HOST_SIDE, uplink, outer_mac(network.id))]
        self._send(channel, *changes, routes.default_route(routes.HOST_SIDE, uplink))

    def _outside(self, network: NetworkId, channel: Channel, outer: Link) -> None:
        """The host's side; the alias comes last and says that the rest is done."""
        self._sysctls(outside(outer.name))
        neighbour = routes.add_neighbour(routes.NETWORK_SIDE, outer.index, inner_mac(network))
        self._send(channel, links.set_link(outer.index, up=True), neighbour, links.set_link(outer.index, alias=network))

    def _sysctls(self, wanted: tuple[tuple[str, str], ...]) -> None:
        self.writes += sum(sysctl.set_value(name, value) for name, value in wanted)

    def _send(self, channel: Channel, *messages: Message) -> None:
        channel.request(*messages)
        self.writes += len(messages)


def _whole(network: NetworkId, outer: Outer, inner: NetworkState) -> NetworkState:
    """What is inside, with what is wrong with the host's end."""
    flaws = outer_flaws(network, outer)
    return replace(inner, digest="", flaws=(*flaws, *inner.flaws)) if flaws else inner


def _elements(table: Table) -> NetworkState:
    return NetworkState(forward=table.read_map(FLOATING_TO_FIXED), backward=table.read_map(FIXED_TO_FLOATING))


def is_outer(link: Link) -> bool:
    """Whether a link of the host namespace is a complete uplink of ours."""
    return link.kind == "veth" and link.is_up and link.name == outer_name(NetworkId(link.alias))
