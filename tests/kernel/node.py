"""A node of its own for each test: a host namespace with an external interface, and a client on the same LAN."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface
from typing import Any, TypeVar
from uuid import uuid4

from buoy_agent.core.spec import Binding, Network, Removal, Update
from buoy_agent.kernel.linux import LinuxKernel
from buoy_agent.sync.reconciler import Outcome, Reconciler, StreamBegun

from tests.support import netns

EXTERNAL = "ext0"
CLIENT_ADDRESS = IPv4Address("192.0.2.9")
Result = TypeVar("Result")


@dataclass
class Node:
    """A node with the agent's kernel side, but without an agent process."""

    name: str
    kernel: LinuxKernel = field(init=False)
    reconciler: Reconciler = field(init=False)

    def __post_init__(self) -> None:
        self._start()

    @property
    def host(self) -> str:
        """The host namespace."""
        return f"{self.name}-host"

    @property
    def client(self) -> str:
        """The namespace of the client on the external LAN."""
        return f"{self.name}-client"

    @property
    def prefix(self) -> str:
        """What the namespaces of networks and instances begin with."""
        return f"{self.name}-"

    @property
    def salt(self) -> str:
        """Makes uuids of this node's own."""
        return self.name

    def restart(self, external: str = EXTERNAL) -> None:
        """Forgets everything and reads the kernel, as an agent that was killed and started again."""
        self.kernel.close()
        self._start(external)

    def _start(self, external: str = EXTERNAL) -> None:
        self.kernel = self.do(LinuxKernel, external, self.prefix)
        self.reconciler = Reconciler(self.kernel)
        self.do(self.reconciler.start)

    def do(self, function: Callable[..., Result], *arguments: Any) -> Result:
        """Runs a function in the host namespace."""
        return netns.call(self.host, function, *arguments)

    def snapshot(self, *bindings: Binding, now: float = 0.0) -> Outcome:
        """The feed begins anew with these bindings and nothing else."""
        return self.do(self.reconciler.work, [StreamBegun(), Update(1, reset=True, upserts=bindings, synced=True)], now)

    def change(
        self,
        *bindings: Binding,
        removed: tuple[Binding, ...] = (),
        networks: tuple[Network, ...] = (),
        now: float = 0.0,
    ) -> Outcome:
        """The feed goes on."""
        gone = tuple(Removal(binding.interface, binding.generation + 1) for binding in removed)
        return self.do(self.reconciler.work, [Update(2, upserts=bindings, removals=gone, networks=networks)], now)

    def inside(self, what: Network | Binding) -> str:
        """The name of the namespace of a network or of a binding's instance."""
        return self.prefix + (what.id if isinstance(what, Network) else what.instance)

    def await_carriers(self) -> None:
        """Waits until the kernel has told of all carriers of the node and of its networks."""
        networks = [self.prefix + network for network in self.reconciler.actual.networks]
        netns.await_carriers(self.host, *filter(netns.exists, networks))

    def show(self, namespace: str, *argv: str) -> Any:
        """What a program that speaks JSON says in a namespace."""
        return json.loads(netns.run(namespace, argv).stdout or "[]")

    def elements(self, network: Network, name: str = "floating_to_fixed") -> dict[str, str]:
        """A map's pairs, as nft shows them."""
        shown = self.show(self.inside(network), "nft", "--json", "list", "map", "ip", "buoy", name)
        entries = next(entry["map"] for entry in shown["nftables"] if "map" in entry)
        return dict(entries.get("elem", []))

    def routes(self) -> dict[str, str]:
        """Our routes in the host namespace: address and device, as ip shows them."""
        return {route["dst"]: route["dev"] for route in self.show(self.host, "ip", "-j", "route", "show", "proto", "98")}

    def proxies(self) -> set[str]:
        """The proxy neighbours of the external interface, as ip shows them."""
        shown = self.show(self.host, "ip", "-j", "neigh", "show", "proxy", "dev", EXTERNAL)
        return {entry["dst"] for entry in shown}


@contextmanager
def lan_node(name: str | None = None) -> Iterator[Node]:
    """A node with a client, for the length of a `with`; everything is taken away at the end."""
    name = name or f"t{uuid4().hex[:8]}"
    host, client = f"{name}-host", f"{name}-client"
    netns.create(host)
    netns.create(client)
    try:
        netns.veth(
            netns.Nic(host, EXTERNAL, IPv4Interface("192.0.2.1/24")),
            netns.Nic(client, "eth0", IPv4Interface(f"{CLIENT_ADDRESS}/24")),
        )
        netns.await_carriers(host, client)
        node = Node(name)
        try:
            yield node
        finally:
            node.kernel.close()
    finally:
        for left in netns.names(f"{name}-"):
            netns.delete(left)
