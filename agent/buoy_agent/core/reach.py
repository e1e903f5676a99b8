"""What is to be looked at when something failed, or may be tried again: how far each kind of failure reaches."""

from collections.abc import Collection
from collections.abc import Set as AbstractSet

from buoy_agent.core.actual import Actual
from buoy_agent.core.desired import Desired, Scope, Targets
from buoy_agent.core.retry import Faults, Key
from buoy_agent.core.spec import Address, InstanceId, InterfaceId, NetworkId


def forgive(scope: Scope, actual: Actual, faults: Faults) -> None:
    """Something else is wanted now: what failed before is tried at once."""
    if scope.everything:
        faults.clear_all()
    scope.networks |= _networks_with({key for key in scope.interfaces if ("nic", key) in faults.by_key}, actual)
    keys: list[Key] = [("nic", key) for key in scope.interfaces]
    keys += [("float", key) for key in scope.addresses]
    keys += [("network", key) for key in scope.networks]
    keys += [("namespace", key) for key in (*scope.networks, *scope.instances)]
    for key in keys:
        faults.clear(key)


def scope_of(keys: Collection[Key], desired: Desired, actual: Actual) -> Scope:
    """What failed and is to be tried again, as a scope."""
    scope = Scope()
    for kind, value in keys:
        match kind, value:
            case "nic", str():
                scope.interfaces.add(InterfaceId(value))
            case "float", bytes():
                scope.addresses.add(Address(value))
                scope.interfaces |= _interfaces_of(Address(value), desired)
                scope.networks |= _routing_networks(Address(value), desired.targets)
            case "network", str():
                scope.networks.add(NetworkId(value))
                scope.interfaces |= desired.targets.members.get(NetworkId(value), set())
            case _, str():
                scope.instances.add(InstanceId(value))
    scope.networks |= _networks_with({value for kind, value in keys if kind == "nic"}, actual)
    return scope


def addresses_of(network: NetworkId, targets: Targets, actual: Actual) -> set[Address]:
    """Every address that a network should have, or has."""
    bindings = (targets.bindings[interface] for interface in targets.members.get(network, ()))
    wanted = {address for binding in bindings for address in binding.floats}
    spec, state = targets.networks.get(network), actual.networks.get(network)
    wanted |= spec.own_addresses if spec is not None else set()
    return wanted.union(state.forward, state.direct) if state is not None else wanted


def _networks_with(failed: AbstractSet[str | bytes], actual: Actual) -> set[NetworkId]:
    """The networks that have a NIC of interfaces, of which one may have been left by its interface."""
    return {key for key, state in actual.networks.items() if failed and not failed.isdisjoint(state.nics.keys())}


def _interfaces_of(address: Address, desired: Desired) -> set[InterfaceId]:
    left = {interface for interface, addresses in desired.leaving.items() if address in addresses}
    left |= {interface for interface, entry in desired.unconfirmed.items() if address in entry.addresses}
    want = desired.targets.float_of(address)
    return left | ({want.owner} if want is not None and want.owner is not None else set())


def _routing_networks(address: Address, targets: Targets) -> set[NetworkId]:
    """The networks whose report an address nobody wants holds up: all with routed ones, since any may have had it."""
    if address in targets.addresses:
        return set()
    return {network for network, spec in targets.networks.items() if spec.routed_generation}
