"""What the agent asks of a kernel: the port that `LinuxKernel` and `FakeKernel` both fill.

All calls block, come from one thread, and raise KernelError, after which the caller must take what it knew of the network for
stale and read it again. Every call may be repeated: after a crash between any two of its steps the same call heals.
"""

from collections.abc import Collection, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from buoy_agent.core.actual import Actual, NetworkState, Parts
from buoy_agent.core.drift import Places
from buoy_agent.core.examining import Counter, Examination
from buoy_agent.core.spec import Address, Binding, InterfaceId, Network, NetworkId, Nic

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class External:
    """The external interface: why it cannot be used (empty when it can), what is wrong with its settings, our neighbours.

    Without a carrier it can be used, but nobody hears it.
    """

    words: str = ""
    flaws: tuple[str, ...] = ()
    proxies: frozenset[Address] = frozenset()
    has_carrier: bool = True


@dataclass(frozen=True, slots=True)
class Located:
    """Networks of which the table, something inside, or the uplink may have changed."""

    tables: set[NetworkId] = field(default_factory=set)
    links: set[NetworkId] = field(default_factory=set)
    uplinks: set[NetworkId] = field(default_factory=set)


def at_once(steps: Generator[None, None, Result]) -> Result:
    """The end of a reading in pieces."""
    while True:
        try:
            next(steps)
        except StopIteration as end:
            result: Result = end.value
            return result


class Reader(Protocol):
    """What is read, and never changes anything."""

    def read(self) -> Actual:
        """Everything that is ours; a surprise: a namespace whose link to the host is gone is no network, just a namespace."""

    def read_node(self) -> Generator[None, None, Actual]:
        """Namespaces and routes alone, in pieces of about 1 ms; what is changed meanwhile may or may not be in it."""

    def read_external(self) -> External:
        """The external interface."""

    def read_network(self, network: NetworkId, known: NetworkState | None = None) -> NetworkState:
        """What one network has; with `known`, its elements are taken from there and not read. Flaws where there is none."""

    def read_in_steps(self, network: NetworkId) -> Generator[None, None, NetworkState | None]:
        """The same, all of it, in pieces of about 1 ms; None where its table was changed meanwhile: read it at once then."""

    def read_missing(self, nics: Collection[Nic]) -> set[InterfaceId]:
        """Which of these NICs to adopt are not on the node; asking for all at once costs hardly more than for one.

        Where the others are is remembered for `ensure_nic`: so many are adopted with one look through the node's links.
        """

    def read_names(self) -> set[str]:
        """What the host's links are known by, words and MACs: of a NIC to adopt that is missing, none is among them."""

    def read_route(self, address: Address) -> NetworkId | None:
        """The network that our route to an address leads to."""

    def read_routes(self, network: NetworkId) -> set[Address]:
        """The addresses that are routed into a network."""

    def read_overruled(self, addresses: Sequence[Address]) -> Generator[None, None, set[Address]]:
        """Of addresses that we route, those whose packets another route takes, or a rule leads elsewhere; in pieces of 1 ms."""

    def flowing(self, network: NetworkId, addresses: Collection[Address]) -> set[Address]:
        """Of some addresses, those with live flows in a network that is there; a TCP connection that was closed is none."""

    def locate(self, places: Places, networks: Collection[NetworkId]) -> Located:
        """Which of these networks the places of a notification are in."""


class Kernel(Reader, Protocol):
    """One node's kernel, as far as it is ours."""

    @property
    def writes(self) -> int:
        """How many changes were sent to the kernel since the start; reading is none."""

    def prepare(self) -> None:
        """Sets what the external interface needs (forwarding, proxy_delay), if it is there. What is right is not written."""

    def ensure_network(self, network: Network) -> NetworkState:
        """Makes or repairs namespace, links, table, maps and rules, and returns what is there then.

        Map elements and NICs that are there already stay; when only rules differ, nothing else is touched.
        """

    def remove_namespaces(self, uuids: Collection[str]) -> None:
        """Removes namespaces of networks and instances with all that is in them; adopted NICs are handed back.

        Their names and their links to the host are gone on return; the rest the kernel cleans up a moment later.
        """

    def ensure_nic(self, nic: Nic) -> None:
        """Makes or repairs a NIC in a network that is there; NicMissingError for one to adopt that is not on the node."""

    def remove_nic(self, network: NetworkId, interface: InterfaceId) -> None:
        """Removes a NIC; an adopted one is handed back, down. One that is not there is no error."""

    def publish(self, parts: Parts) -> None:
        """Adds entries: elements at once, leftovers in conntrack cut, routes on the bridge, routes, proxy neighbours.

        Flows of addresses in `parts.flowing` are not cut: they are the same interface's.
        """

    def withdraw(self, parts: Parts) -> None:
        """Removes entries: proxy neighbours, routes, those on the bridge, elements at once, then live flows, both ways.

        Entries that are not there any more are an error for elements only. On return no flow of the addresses is left, but for
        those in `parts.flowing`, of which none is touched.
        """

    def cut(self, network: NetworkId, addresses: Collection[Address]) -> None:
        """Cuts the live flows of addresses, both ways, in a network that is there; on return none is left."""

    def announce(self, addresses: Iterable[Address]) -> None:
        """Tells the neighbours on the external LAN once that the addresses are here (gratuitous ARP, request and reply)."""


class Examiner(Protocol):
    """Looks at single interfaces, beside what is programmed; to be called from one thread, which need not be the kernel's."""

    def examine(self, binding: Binding) -> Examination:
        """What there is for an interface, against what its binding asks for; what cannot be read is not in it."""

    def traffic(self, network: NetworkId) -> tuple[dict[Address, Counter], dict[Address, Counter]]:
        """What was counted in a network, in and out, by fixed address, of those that have met a packet."""
