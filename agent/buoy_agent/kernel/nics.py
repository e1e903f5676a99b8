"""NICs of instances, by two drivers. The link in the network's namespace bears the NIC's mark as its alias, set last.

NETNS: the agent makes a namespace `<prefix><instance uuid>` with lo up and a veth end `eth<order>`, which has the MAC, the
address and, on the NIC of lowest order, the default route. The other end is `nic-<10 hex digits of the interface>`, a port of
the network's bridge.

ADOPT: the NIC is there already, made by somebody else. In the host namespace we look for its link, in this order:
1. a link whose alias or alternative name is the interface's uuid (say so where nothing else is certain);
2. a link with the NIC's MAC but fe as its first octet, as libvirt gives its taps;
3. a link with the very MAC of the NIC: of a veth whose other end is in the host namespace too, that other end is taken. Never a
   bridge, which has the MAC of one of its ports.
That link becomes a port of the network's bridge, up, under its own name; if it bears the NIC's own MAC, it gets the fe form,
for a bridge answers for the MACs of its ports itself. When the binding goes, the link goes back to the host namespace, down,
with its alias and MAC as they were. It is never deleted. Addresses inside the instance are the business of who made it.
"""

import errno
import os
from collections.abc import Collection, Iterable
from contextlib import closing

from buoy_agent.core.ruleset import BRIDGE
from buoy_agent.core.spec import Driver, InterfaceId, NetworkId, Nic, tap_mac
from buoy_agent.errors import KernelError, NicMissingError
from buoy_agent.kernel import links, routes
from buoy_agent.kernel.links import End, Link
from buoy_agent.kernel.namespaces import Namespaces
from buoy_agent.kernel.netlink import ROUTE, Channel, Message

ADOPTED = "adopted"
_NO_ROUTE = 3


class Nics:
    """Makes and removes NICs; counts what it writes."""

    def __init__(self, namespaces: Namespaces) -> None:
        self._namespaces = namespaces
        self._found: dict[InterfaceId, Link] = {}  # what the last look found; each is used once
        self.writes = 0

    def missing(self, nics: Collection[Nic]) -> set[InterfaceId]:
        """Which NICs to adopt are not there; of the others it is remembered where, for `ensure`."""
        with closing(Channel(ROUTE)) as channel:
            present = HostLinks(links.read_links(channel).values())
        found = {nic.interface: present.of(nic) for nic in nics}
        self._found = {interface: link for interface, link in found.items() if link is not None}
        return found.keys() - self._found.keys()

    def ensure(self, nic: Nic) -> None:
        """Makes or repairs a NIC in a network that is there."""
        made_by_us = nic.driver is Driver.NETNS
        present = self._links(nic.network, BRIDGE, port_name(nic.interface)) if made_by_us else self._links(nic.network)
        port = port_of(present, nic.interface)
        if port is not None and (port.master != present[BRIDGE].index or not port.is_up):
            self._plug(nic.network, port, present[BRIDGE])
        if not made_by_us:
            if port is None:
                self._adopt(nic, present)
            return
        self._namespaces.create(nic.instance)
        if port is None or mark_of(port).rpartition(":")[0] != nic.mark.rpartition(":")[0] or not self._has_inside(nic):
            self._make_veth(nic, present)
        self._configure(nic)
        self._alias(nic.network, port_name(nic.interface), nic.mark)

    def remove(self, network: NetworkId, interface: InterfaceId) -> None:
        """Removes a NIC, or hands it back; one that is not there is no error."""
        name = port_name(interface)
        port = self._links(network, name).get(name) or port_of(self._links(network), interface)
        if port is None:
            return
        if is_adopted(port):
            self.hand_back(network, port)
            return
        with self._namespaces.inside(network), closing(Channel(ROUTE)) as channel:
            links.remove_link(channel, port.index)
            self.writes += 1

    def hand_back(self, uuid: str, port: Link) -> None:
        """Gives an adopted link back to the host namespace, as it was, down."""
        _, interface, _, _, _, alias, macaddr = port.alias.split(":", 6)
        former = interface if alias == "alias" else ""
        changes = links.set_link(
            port.index, up=False, alias=former, macaddr=_colons(macaddr), master=0, namespace=self._namespaces.host
        )
        with self._namespaces.inside(uuid), closing(Channel(ROUTE)) as channel:
            self._send(channel, changes)

    def _links(self, network: NetworkId, *names: str) -> dict[str, Link]:
        """The links of a network with these names, or all, of which there may be a thousand."""
        with self._namespaces.inside(network), closing(Channel(ROUTE)) as channel:
            if not names:
                return links.read_links(channel)
            found = (links.read_link(channel, name) for name in names)
            return {link.name: link for link in found if link is not None}

    def _plug(self, network: NetworkId, port: Link, bridge: Link) -> None:
        """Makes a link a port of the bridge again, and up, after somebody took it out, set it down, or took the bridge away."""
        with self._namespaces.inside(network), closing(Channel(ROUTE)) as channel:
            self._send(channel, links.set_link(port.index, master=bridge.index), links.set_link(port.index, up=True))

    def _has_inside(self, nic: Nic) -> bool:
        with self._namespaces.inside(nic.instance), closing(Channel(ROUTE)) as channel:
            inside = links.read_links(channel).get(f"eth{nic.order}")
        return inside is not None and inside.macaddr == nic.macaddr

    def _make_veth(self, nic: Nic, present: dict[str, Link]) -> None:
        self._clear_inside(nic)
        instance = self._namespaces.open(nic.instance)
        try:
            with self._namespaces.inside(nic.network), closing(Channel(ROUTE)) as channel:
                if old := present.get(port_name(nic.interface)):
                    links.remove_link(channel, old.index)
                far = End(f"eth{nic.order}", nic.macaddr)
                master = present[BRIDGE].index
                try:
                    self._send(channel, links.new_veth(End(port_name(nic.interface)), far, instance, master=master))
                except KernelError as error:
                    raise KernelError(
                        f"making the NIC {far.name} in the instance's namespace: {error}", error.number
                    ) from error
        finally:
            os.close(instance)

    def _clear_inside(self, nic: Nic) -> None:
        """Takes away the NIC's former end, whose other one is in a namespace that has lost its name."""
        with self._namespaces.inside(nic.instance), closing(Channel(ROUTE)) as channel:
            left = links.read_link(channel, f"eth{nic.order}")
            if left is not None:
                links.remove_link(channel, left.index)

    def _configure(self, nic: Nic) -> None:
        """Gives the NIC its address; others on it are its owner's, who has put routed ones there."""
        with self._namespaces.inside(nic.instance), closing(Channel(ROUTE)) as channel:
            present = links.read_links(channel)
            index = present[f"eth{nic.order}"].index
            changes = (links.set_link(1, up=True), links.set_link(index, up=True))
            self._send(channel, *changes, links.new_address(index, nic.address, nic.prefixlen))
            if nic.is_default:
                self._send(channel, routes.default_route(nic.gateway, index))
            else:
                self._forget_default(channel, index)

    def _forget_default(self, channel: Channel, index: int) -> None:
        for error in channel.send([routes.no_default_route(index)]).values():
            if error.number != _NO_ROUTE:
                raise error

    def _adopt(self, nic: Nic, present: dict[str, Link]) -> None:
        with closing(Channel(ROUTE)) as channel:
            link = self._remembered(channel, nic) or HostLinks(links.read_links(channel).values()).of(nic)
            if link is None:
                raise NicMissingError(nic.macaddr)
            own = link.macaddr == nic.macaddr
            former = ("alias" if link.alias == nic.interface else "", link.macaddr.replace(":", "") if own else "")
            mark, macaddr = ":".join((nic.mark, ADOPTED, *former)), tap_mac(nic.macaddr) if own else None
            target = self._namespaces.open(nic.network)
            try:
                self._send(
                    channel,
                    links.set_link(link.index, alias=mark, macaddr=macaddr, master=present[BRIDGE].index, namespace=target),
                )
            finally:
                os.close(target)
        with self._namespaces.inside(nic.network), closing(Channel(ROUTE)) as channel:
            moved = links.read_link(channel, link.name)
            if moved is None:
                raise KernelError(f"the NIC {link.name} vanished while it was adopted", errno.ENODEV)
            self._send(channel, links.set_link(moved.index, up=True))

    def _remembered(self, channel: Channel, nic: Nic) -> Link | None:
        """The link that the last look found, if it is the same still."""
        found = self._found.pop(nic.interface, None)
        now = links.read_link(channel, found.name) if found is not None else None
        return now if found is not None and now is not None and now.identity == found.identity else None

    def _alias(self, network: NetworkId, name: str, mark: str) -> None:
        with self._namespaces.inside(network), closing(Channel(ROUTE)) as channel:
            port = links.read_link(channel, name)
            if port is None:
                raise KernelError(f"the NIC {name} vanished while it was made", errno.ENODEV)
            self._send(channel, links.set_link(port.index, alias=mark))

    def _send(self, channel: Channel, *messages: Message) -> None:
        channel.request(*messages)
        self.writes += len(messages)


class HostLinks:
    """The links of the host namespace, among which that of a NIC to adopt is found by the rules at the top."""

    def __init__(self, present: Iterable[Link]) -> None:
        self._by_index: dict[int, Link] = {}
        self._by_word: dict[str, Link] = {}
        self._by_mac: dict[str, Link] = {}
        for link in present:
            self._by_index[link.index] = link
            if link.kind != "bridge":
                self._by_mac.setdefault(link.macaddr, link)
            for word in (link.alias, *link.altnames):
                self._by_word.setdefault(word, link)

    def names(self) -> set[str]:
        """Every word and MAC that a NIC could be found by."""
        return {*self._by_word, *self._by_mac}

    def of(self, nic: Nic) -> Link | None:
        """The link of a NIC; None where there is none."""
        if link := self._by_word.get(nic.interface) or self._by_mac.get(tap_mac(nic.macaddr)):
            return link
        own = self._by_mac.get(nic.macaddr)
        return self._by_index.get(own.peer, own) if own is not None and own.kind == "veth" and own.peer else own


def marks(present: Iterable[Link]) -> dict[InterfaceId, str]:
    """The marks of all NICs among the links of a network's namespace."""
    listed = list(present)
    bridge = next((link.index for link in listed if link.name == BRIDGE), 0)
    found = (mark_of(link) if link.master == bridge and link.is_up else _unplugged(link) for link in listed if _owner(link))
    return {InterfaceId(mark.split(":")[1]): mark for mark in found}


def _unplugged(link: Link) -> str:
    """The mark of a NIC that is no port of the bridge any more, or down: still the same NIC, but not as it should be."""
    return f"{mark_of(link).rpartition(':')[0]}:unplugged"


def _owner(link: Link) -> str:
    """The interface whose mark a link bears; empty when it bears none."""
    words = link.alias.split(":")
    return words[1] if words[0] == "buoy" and len(words) >= 4 else ""


def mark_of(link: Link) -> str:
    """The mark of a NIC, without what an adopted one must get back."""
    return ":".join(link.alias.split(":")[:4])


def is_adopted(link: Link) -> bool:
    """Whether the link was made by somebody else."""
    return link.alias.split(":")[4:5] == [ADOPTED]


def port_of(present: dict[str, Link], interface: InterfaceId) -> Link | None:
    """The marked port of an interface."""
    return next((link for link in present.values() if link.alias.startswith(f"buoy:{interface}:")), None)


def port_name(interface: InterfaceId) -> str:
    """The name of the port of a NIC that we make; 15 characters are the limit."""
    return f"nic-{interface.replace('-', '')[:10]}"


def _colons(digits: str) -> str | None:
    return bytes.fromhex(digits).hex(":") if digits else None
