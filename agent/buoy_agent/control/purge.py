"""Removes everything of ours from a node's kernel, in the order in which it would be withdrawn."""

from collections.abc import Iterator

from buoy_agent.core.actual import Actual, Parts
from buoy_agent.core.diff import NOWHERE
from buoy_agent.core.spec import Address, NetworkId
from buoy_agent.kernel.port import Kernel

_KEPT = "kept: forwarding and proxy_delay of the external interface, since what they were before is not known"


def purge(kernel: Kernel) -> Iterator[str]:
    """Does it, and says line by line what was removed; raises KernelError."""
    actual = kernel.read()
    routed = _by_network(actual)
    kernel.withdraw(Parts(NOWHERE, proxies=tuple(actual.proxies | actual.elsewhere)))
    for network, addresses in routed.items():
        kernel.withdraw(Parts(network, routes=tuple(addresses)))
    kernel.remove_namespaces(sorted(actual.namespaces))
    networks = len(actual.networks)
    yield _some(len(actual.proxies | actual.elsewhere), "proxy neighbour")
    yield _some(len(actual.routes), "route")
    yield f"{_some(networks, 'network')}, with {_some(len(actual.holders), 'float')} and {_some(_nics(actual), 'NIC')}"
    yield _some(len(actual.namespaces) - networks, "other namespace")
    yield _KEPT


def _by_network(actual: Actual) -> dict[NetworkId, list[Address]]:
    found: dict[NetworkId, list[Address]] = {}
    for address, network in actual.routes.items():
        found.setdefault(network, []).append(address)
    return found


def _some(count: int, what: str) -> str:
    return f"{count} {what}" if count == 1 else f"{count} {what}s"


def _nics(actual: Actual) -> int:
    return sum(len(state.nics) for state in actual.networks.values())
