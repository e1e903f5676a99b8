"""Finding what a request names, within what its caller may see.

Absent and not the caller's are the same answer.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import cast
from uuid import UUID

from buoy_server.core import errors
from buoy_server.core.model import Instance, Interface, Namespace, Network, Node, Pool, Reservation, reservation_key
from buoy_server.core.state import Kind, State

SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls: a namespace, by one of its keys. `system` sees everything, others themselves and whoever trusts them.

    `node` is set for the key of a node's agent, which may speak for that node and do nothing else. `key_nonce` is of the key
    that the caller's token rests on; empty for the server itself and without tokens. `since` is the revision that each
    namespace was made at: what another one of the same name had before is not this one's.
    """

    namespace: str
    trusted_by: frozenset[str] = frozenset()
    key_nonce: str = field(default="", repr=False)
    node: str = ""
    since: Mapping[str, int] = field(default_factory=dict)

    def sees(self, namespace: str) -> bool:
        """Whether what belongs to that namespace is this caller's to see and to change."""
        return self.namespace in (SYSTEM, namespace) or namespace in self.trusted_by

    def sees_change(self, namespace: str, revision: int) -> bool:
        """Whether a change at a revision of what belongs to that namespace is this caller's to see."""
        return self.sees(namespace) and revision >= self.since.get(namespace, 0)

    def within(self, namespace: str) -> str:
        """The namespace that a request means: the one it names, else the caller's."""
        return namespace or self.namespace


def interface(state: State, caller: Caller, uuid: str, field: str = "interface_uuid") -> Interface:
    """Return an interface by uuid, also a deleted one, or raise InterfaceNotFound."""
    found = cast("Interface | None", state.get(Kind.INTERFACE, uuid))
    if found is None or not caller.sees(found.namespace):
        raise errors.InterfaceNotFound(uuid, field=field)
    return found


def instance(state: State, caller: Caller, ref: str, namespace: str = "") -> Instance:
    """Return an instance by uuid (also a deleted one) or by name (a live one), or raise InstanceNotFound."""
    found = _by_ref(state, Kind.INSTANCE, caller, ref, namespace, "instance_ref")
    if found is None:
        raise errors.InstanceNotFound(ref, field="instance_ref")
    return cast("Instance", found)


def network(state: State, caller: Caller, ref: str, namespace: str = "", field: str = "network_ref") -> Network:
    """Return a network by uuid (also a deleted one) or by name (a live one), or raise NetworkNotFound."""
    found = _by_ref(state, Kind.NETWORK, caller, ref, namespace, field)
    if found is None:
        raise errors.NetworkNotFound(ref, field=field)
    return cast("Network", found)


def pool(state: State, ref: str, field: str = "pool_ref") -> Pool:
    """Return a pool by uuid or name, or raise PoolNotFound."""
    named = next(iter(state.find(Kind.POOL, "name", ref)), ref)
    found = state.get(Kind.POOL, named)
    if found is None:
        raise errors.PoolNotFound(ref, field=field)
    return cast("Pool", found)


def pools(state: State) -> list[Pool]:
    """Return all pools, oldest first."""
    found = [cast("Pool", state.get(Kind.POOL, key)) for key in state.keys(Kind.POOL)]
    return sorted(found, key=lambda pool: (pool.create_time, pool.uuid))


def node(state: State, name: str, field: str = "node") -> Node:
    """Return a node by name, or raise NodeNotFound."""
    found = state.get(Kind.NODE, name)
    if found is None:
        raise errors.NodeNotFound(name, field=field)
    return cast("Node", found)


def namespace(state: State, caller: Caller, name: str, field: str = "namespace") -> Namespace:
    """Return a namespace by name, the caller's own by default, or raise NamespaceNotFound."""
    wanted = caller.within(name)
    found = state.get(Kind.NAMESPACE, wanted)
    if found is None or not caller.sees(wanted):
        raise errors.NamespaceNotFound(wanted, field=field)
    return cast("Namespace", found)


def own_namespace(state: State, caller: Caller, name: str) -> Namespace:
    """Return a namespace that the caller may change: its own, any for system; being trusted is not enough."""
    found = namespace(state, caller, name)
    if caller.namespace not in (SYSTEM, found.name):
        raise errors.PermissionDenied(f"namespace {found.name} is not yours: it only trusts you", field="namespace")
    return found


def interfaces(state: State, index: str, value: object) -> Iterator[Interface]:
    """Yield the interfaces under a value of an index, in no order."""
    for key in state.find(Kind.INTERFACE, index, cast("str", value)):
        yield cast("Interface", state.get(Kind.INTERFACE, key))


def interfaces_on(state: State, network: str, node: str) -> list[str]:
    """Return the keys of the interfaces that a network has on a node."""
    found = state.find(Kind.INTERFACE, "network", network), state.find(Kind.INTERFACE, "node", node)
    fewer, more = sorted(found, key=len)
    return [key for key in fewer if key in more]


def live_interfaces(state: State, instance_: Instance) -> list[Interface]:
    """Return the interfaces that an instance has, by their order."""
    found = (interface_ for interface_ in interfaces(state, "instance", instance_.uuid) if interface_.live)
    return sorted(found, key=lambda interface_: interface_.order)


def visible(state: State, caller: Caller, kind: Kind, namespace: str = "") -> Collection[str]:
    """Return the keys of the interfaces, instances or networks that a caller sees, of one namespace where it is named."""
    if caller.namespace == SYSTEM and not namespace:
        return state.keys(kind)
    names = [name for name in ([namespace] if namespace else [caller.namespace, *caller.trusted_by]) if caller.sees(name)]
    if len(names) == 1:
        return state.find(kind, "namespace", names[0])
    return {key for name in names for key in state.find(kind, "namespace", name)}


def address(state: State, caller: Caller, wanted: IPv4Address, field: str = "address") -> Reservation:
    """Return the record of an address of a pool that is not free, or raise AddressNotFound."""
    found = cast("Reservation | None", state.get(Kind.RESERVATION, reservation_key(None, wanted)))
    if found is None or not caller.sees_change(found.namespace, found.revision):
        raise errors.AddressNotFound(str(wanted), field=field)
    return found


def reservations(state: State, owner: str) -> list[Reservation]:
    """Return the records of the addresses that an owner has; those that rest since it gave them up are not among them."""
    return [cast("Reservation", state.get(Kind.RESERVATION, key)) for key in state.find(Kind.RESERVATION, "owner", owner)]


def kept_addresses(state: State, caller: Caller, namespace: str = "") -> list[str]:
    """Return the keys of the addresses that namespaces reserved and a caller sees, of one namespace where it is named."""
    if namespace and not caller.sees(namespace):
        raise errors.NamespaceNotFound(namespace, field="namespace")
    names = cast("Collection[str]", [namespace] if namespace else state.values(Kind.RESERVATION, "kept"))
    return [key for name in names if caller.sees(name) for key in state.find(Kind.RESERVATION, "kept", name)]


def resting(state: State, pool: Pool) -> list[str]:
    """Return the keys of the records of a pool's addresses that rest after their release."""
    values = [value for value in state.values(Kind.RESERVATION, "resting") if cast("tuple[str, int]", value)[0] == pool.uuid]
    return [key for value in values for key in state.find(Kind.RESERVATION, "resting", value)]


def _by_ref(state: State, kind: Kind, caller: Caller, ref: str, namespace: str, field: str) -> Instance | Network | None:
    if _is_uuid(ref):
        found = cast("Instance | Network | None", state.get(kind, ref))
        if found is None or not caller.sees(found.namespace) or namespace not in ("", found.namespace):
            return None
        return found
    keys = state.find(kind, "name", (caller.within(namespace), ref))
    if not caller.sees(caller.within(namespace)):
        return None
    if not keys and not namespace and caller.namespace == SYSTEM:
        keys = state.find(kind, "any_name", ref)
    if len(keys) > 1:
        raise errors.AmbiguousName(f"several namespaces have a {kind} named {ref}: give its namespace or uuid", field=field)
    return cast("Instance | Network | None", state.get(kind, next(iter(keys)))) if keys else None


def _is_uuid(ref: str) -> bool:
    try:
        return str(UUID(ref)) == ref
    except ValueError:
        return False
