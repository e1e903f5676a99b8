"""Commands on networks."""

from dataclasses import dataclass, replace
from ipaddress import IPv4Network

from buoy_server.core import addresses, errors, lookup
from buoy_server.core.allocation import pick_free
from buoy_server.core.command import Context
from buoy_server.core.commands.namespaces import ensure_namespace
from buoy_server.core.commands.plug import settle_network
from buoy_server.core.commands.routing import unroute_all
from buoy_server.core.model import Network, NetworkId
from buoy_server.core.state import Draft, Kind
from buoy_server.core.states import NETWORK_MOVES, NetworkState, move

MAX_VXID = (1 << 24) - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateNetwork:
    """Create a private network; two may have the same netblock."""

    name: str
    namespace: str
    netblock: IPv4Network
    provide_nat: bool
    provide_dhcp: bool = False
    provide_dns: bool = False

    def decide(self, draft: Draft, context: Context) -> Network:
        """Return the new network, CREATED at once: nodes make their part when they need it."""
        namespace = ensure_namespace(draft, context.caller, self.namespace)
        if draft.find(Kind.NETWORK, "name", (namespace, self.name)):
            raise errors.NameInUse(f"namespace {namespace} has a network named {self.name}", field="name")
        block = addresses.netblock_range(self.netblock)
        for pool in lookup.pools(draft):
            if any(range_.overlaps(block) for range_ in pool.ranges):
                raise errors.NetblockOverlapsPool(f"{self.netblock} overlaps pool {pool.name}", field="netblock")
        network = draft.put(
            Network(
                uuid=NetworkId(context.new_uuid()),
                namespace=namespace,
                name=self.name,
                netblock=self.netblock,
                provide_nat=self.provide_nat,
                vxid=_choose_vxid(draft, context),
                provide_dhcp=self.provide_dhcp,
                provide_dns=self.provide_dns,
                state=NetworkState.CREATED,
                metadata={},
            )
        )
        addresses.reserve_block(draft, network)
        return network


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteNetwork:
    """Delete a network that has no live interfaces."""

    network_ref: str
    namespace: str

    def decide(self, draft: Draft, context: Context) -> Network:
        """Return the network, DELETE_WAIT until it is gone from every node."""
        network = lookup.network(draft, context.caller, self.network_ref, self.namespace)
        if not network.live:
            return network
        used = sum(interface.live for interface in lookup.interfaces(draft, "network", network.uuid))
        if used:
            things = "1 interface: delete it" if used == 1 else f"{used} interfaces: delete them"
            raise errors.NetworkInUse(f"network {network.name} has {things} first", field="network_ref")
        state = move(NETWORK_MOVES, network.state, NetworkState.DELETE_WAIT)
        return settle_network(draft, draft.put(unroute_all(draft, replace(network, state=state))))


def _choose_vxid(draft: Draft, context: Context) -> int:
    chosen = pick_free(MAX_VXID, lambda index: bool(draft.find(Kind.NETWORK, "vxid", index + 1)), context.random)
    if chosen is None:
        raise errors.NetworkFull("every VXLAN number is in use")
    return chosen + 1
