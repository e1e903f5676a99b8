"""The kernel port on a real Linux kernel, through netlink, /proc/sys and a raw socket; nothing else is called."""

import errno
from collections.abc import Collection, Iterable, Sequence
from contextlib import nullcontext

from buoy_agent.core.actual import NetworkState, Parts
from buoy_agent.core.spec import Address, InterfaceId, Network, NetworkId, Nic, text
from buoy_agent.errors import KernelError, kernel_error
from buoy_agent.kernel import arp, conntrack, foreign_routes, lookup, routes, sysctl
from buoy_agent.kernel.channels import HOST, Channels
from buoy_agent.kernel.namespaces import Namespaces
from buoy_agent.kernel.naming import outer_name
from buoy_agent.kernel.netlink import ROUTE, Channel, Message, index_of
from buoy_agent.kernel.networks import Networks
from buoy_agent.kernel.nft import Table
from buoy_agent.kernel.nics import Nics
from buoy_agent.kernel.reader import LinuxReader, external_settings

_GONE = (2, 3, 19)  # ENOENT, ESRCH, ENODEV: what was to be removed is not there
_CHUNK = 1000
_LOOKED_AT = 16  # routes, of 10 us each
_TRIES = 3  # to add a route where there was one that was gone a moment later


class LinuxKernel(LinuxReader):
    """The node's kernel. To be made, and called, in a thread that is in the node's host namespace."""

    def __init__(self, external_interface: str, prefix: str = "buoy-", protocol: int = routes.PROTOCOL) -> None:
        namespaces = Namespaces(prefix)
        self._nics = Nics(namespaces)
        self._channels = Channels(namespaces)
        super().__init__(external_interface, protocol, namespaces, Networks(namespaces, self._channels, self._nics))
        self._host = Channel(ROUTE)  # of the host namespace; to open one is a fifth of what a float's route costs
        self._own_writes = 0

    @property
    def writes(self) -> int:
        """How many changes were sent to the kernel since the start."""
        return self._own_writes + self._nics.writes + self._networks.writes

    def close(self) -> None:
        """Gives descriptors back; the kernel's state stays as it is."""
        self._host.close()
        self._channels.close()
        self._namespaces.close()

    def prepare(self) -> None:
        """Forwarding and an immediate ARP answer on the external interface."""
        if index_of(self._external):
            self._own_writes += sum(sysctl.set_value(name, value) for name, value in external_settings(self._external))

    def ensure_network(self, network: Network) -> NetworkState:
        """Makes or repairs a network."""
        return self._networks.ensure(network)

    def remove_namespaces(self, uuids: Collection[str]) -> None:
        """Removes namespaces of networks and instances."""
        self._networks.remove(uuids)

    def read_missing(self, nics: Collection[Nic]) -> set[InterfaceId]:
        """By the links of the host namespace."""
        return self._nics.missing(nics)

    def ensure_nic(self, nic: Nic) -> None:
        """Makes or repairs a NIC."""
        self._nics.ensure(nic)

    def remove_nic(self, network: NetworkId, interface: InterfaceId) -> None:
        """Removes a NIC, or hands it back."""
        self._nics.remove(network, interface)

    def publish(self, parts: Parts) -> None:
        """Elements, leftovers cut, routes on the bridge, routes, proxy neighbours."""
        if parts.forward or parts.backward:
            channel = self._channels.of(parts.network)
            table = Table(channel)
            table.add(parts.forward, parts.backward)
            fresh = [floating for floating, _ in parts.forward if floating not in parts.flowing]
            few = len(fresh) <= conntrack.FEW  # then nothing is read of the namespace, and entering it would be for nothing
            with nullcontext() if few else self._namespaces.inside(parts.network):
                cut = conntrack.cut(channel, fresh, conntrack.INBOUND)
            self._own_writes += table.writes + cut
        if parts.direct:
            self._networks.route_on_bridge(parts.network, parts.direct)
        if parts.routes:
            self._route(parts.routes, self._index(outer_name(parts.network), "the network's uplink"))
        external = self._index(self._external, "the external interface") if parts.proxies else 0
        self._in_host(
            [routes.add_proxy(address, external, self._protocol) for address in parts.proxies],
            parts.proxies,
            "answering ARP for",
        )

    def withdraw(self, parts: Parts) -> None:
        """Proxy neighbours, routes, routes on the bridge, elements, then every flow."""
        external = index_of(self._external)
        self._in_host([routes.delete_proxy(address, external) for address in parts.proxies], parts.proxies, "", fine=_GONE)
        others = [(address, link) for address in parts.proxies for link in self._elsewhere.get(address, ())]
        self._in_host([routes.delete_proxy(*other) for other in others], [address for address, _ in others], "", fine=_GONE)
        for address, _ in others:
            self._elsewhere.pop(address, None)
        self._in_host([routes.delete_route(address, self._protocol) for address in parts.routes], parts.routes, "", fine=_GONE)
        if parts.direct and self._namespaces.exists(parts.network):
            self._networks.unroute_on_bridge(parts.network, parts.direct)
        if self._namespaces.exists(parts.network):
            channel = self._channels.of(parts.network)
            table = Table(channel)
            table.delete([floating for floating, _ in parts.forward], [fixed for fixed, _ in parts.backward])
            self._own_writes += table.writes
        self.cut(parts.network, parts.but_proxies.addresses - parts.flowing)  # a proxy neighbour alone ends no flow

    def cut(self, network: NetworkId, addresses: Collection[Address]) -> None:
        """Every flow, in the network's namespace and in the host's, which tracks too where its owner's rules ask for it."""
        if self._namespaces.exists(network):
            with self._namespaces.inside(network):
                self._own_writes += conntrack.cut(self._channels.of(network), addresses, verify=True)
        self._own_writes += conntrack.cut(self._channels.of(HOST), addresses)

    def flowing(self, network: NetworkId, addresses: Collection[Address]) -> set[Address]:
        """By the network's conntrack."""
        with self._namespaces.inside(network):
            return conntrack.flowing(self._channels.of(network), addresses)

    def announce(self, addresses: Iterable[Address]) -> None:
        """Gratuitous ARP, once."""
        try:
            arp.announce(self._external, addresses)
        except OSError as error:
            raise kernel_error(f"announcing on {self._external}", error.errno or 0) from error

    def _index(self, name: str, what: str) -> int:
        index = index_of(name)
        if not index:
            raise KernelError(f"{what} {name} is gone", errno.ENODEV)
        return index

    def _route(self, addresses: Sequence[Address], link: int) -> None:
        """Adds routes, of which each is what packets take then; of very many, the next full check finds those that are not.

        None is added, or left, where the node itself has the address: a routing daemon would tell of it.
        """
        few = addresses if len(addresses) <= _LOOKED_AT else ()
        for address in few:
            found = self._match(address)
            if found.kind == lookup.LOCAL:
                self._own_writes += not self._host.send([routes.delete_route(address, self._protocol)])
                raise KernelError(foreign_routes.flaw(address, found), errno.EEXIST)
        self._add_routes(addresses, link)
        for address in few:
            found = self._match(address)
            if found.link != link:
                self._in_host([routes.delete_route(address, self._protocol)], [address], "", fine=_GONE)
                raise KernelError(foreign_routes.flaw(address, found), errno.EEXIST)

    def _match(self, address: Address) -> lookup.Match:
        return lookup.match(self._host, address, self._external)

    def _add_routes(self, addresses: Sequence[Address], link: int) -> None:
        """One of ours may be there already, and lead elsewhere, and one of somebody else's is left alone."""
        doing, left = "adding the route to", list(addresses)
        for _ in range(_TRIES):
            there = self._in_host(
                [routes.add_route(one, link, self._protocol) for one in left], left, doing, fine=(errno.EEXIST,)
            )
            if not there:
                return
            astray, left = foreign_routes.sort_out(self._host, self._external, there, link, self._protocol)
            self._in_host([routes.replace_route(address, link, self._protocol) for address in astray], astray, doing)
        for address in left:
            raise KernelError(foreign_routes.hindrance(address, self._match(address)), errno.EEXIST)

    def _in_host(
        self, messages: Sequence[Message], about: Sequence[Address], doing: str, fine: Collection[int] = ()
    ) -> list[Address]:
        """Sends many requests to the host namespace; raises the first error, but returns what those in `fine` were about."""
        met: list[Address] = []
        if not messages:
            return met
        for start in range(0, len(messages), _CHUNK):
            part = messages[start : start + _CHUNK]
            self._own_writes += len(part)
            for position, error in self._host.send(part).items():
                if error.number not in fine:
                    raise KernelError(f"{doing or 'removing'} {text(about[start + position])}: {error}", error.number)
                met.append(about[start + position])
        return met
