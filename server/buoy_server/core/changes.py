"""What changed of an object, property by property, in short texts. Metadata is named by its key, its values are never shown."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from buoy_server.core.model import AnyRecord, Instance, Interface, Metadata, Network, Node, Pool, RoutedAddress

MAX_TEXT = 80


@dataclass(frozen=True, slots=True)
class Change:
    """One property before and after; empty where it was not set, and for metadata."""

    property: str
    before: str = ""
    after: str = ""


# What is told of an object: each gives a value, None where it is not set, or a mapping for several by name.
PROPERTIES: Mapping[type, Mapping[str, Callable[[Any], object]]] = {
    Node: {
        "state": lambda node: node.state,
        "agent_version": lambda node: node.agent_version,
        "external_interface": lambda node: node.external_interface,
        "drain": lambda node: "true" if node.drain else "",
    },
    Interface: {
        "state": lambda interface: interface.state,
        "state_reason": lambda interface: interface.state_reason,
        "node": lambda interface: interface.node,
        "floating.address": lambda interface: interface.floating and interface.floating.address,
        "floating.pool": lambda interface: interface.floating and interface.floating.pool,
        "floating.phase": lambda interface: interface.floating and interface.floating.phase,
        "floating.reason": lambda interface: interface.floating and interface.floating.reason,
        "floating.held_by": lambda interface: interface.floating and interface.floating.held_by,
        "draining": lambda interface: {
            str(entry.address): f"{entry.flows} until {entry.until:%H:%M:%S}" for entry in interface.draining
        },
    },
    Instance: {
        "state": lambda instance: instance.state,
        "state_reason": lambda instance: instance.state_reason,
        "node": lambda instance: instance.node,
    },
    Network: {
        "state": lambda network: network.state,
        "state_reason": lambda network: network.state_reason,
        "routed_addresses": lambda network: {str(routed.address): _routed(routed) for routed in network.routed},
        "floating_gateways": lambda network: {gateway.node: gateway.address for gateway in network.floating_gateways},
    },
    Pool: {
        "ranges": lambda pool: ", ".join(map(str, pool.ranges)),
        "exclusions": lambda pool: ", ".join(map(str, pool.exclusions)),
        "quarantine": lambda pool: f"{pool.quarantine.total_seconds():g} s",
        "drain": lambda pool: pool.drain,
        "low_percent": lambda pool: pool.low_percent,
        "warning": lambda pool: pool.warning,
    },
}


def changes_of(before: AnyRecord | None, after: AnyRecord | None) -> tuple[Change, ...]:
    """Return what a change made another of an object that is told of; nothing for a new or forgotten one."""
    if (
        before is None
        or not isinstance(after, Interface | Instance | Network | Pool | Node)
        or not isinstance(before, type(after))
    ):
        return ()
    changes: list[Change] = []
    for name, read in PROPERTIES[type(after)].items():
        old, new = read(before), read(after)
        if (old or None) != (new or None):
            changes += _told(name, old, new)
    if isinstance(before, Pool | Node) or isinstance(after, Pool | Node):
        return tuple(changes)
    if before.metadata is not after.metadata:
        changes += (Change(f"metadata.{key}") for key in changed_keys(before.metadata, after.metadata))
    return tuple(changes)


def changed_keys(before: Metadata, after: Metadata) -> Iterator[str]:
    """Yield the keys that were set, then those that were deleted."""
    yield from (key for key in after if key not in before or before[key] != after[key])
    yield from (key for key in before if key not in after)


def short(text: str, most: int = MAX_TEXT) -> str:
    """Return a text, cut where it is longer than `most`."""
    return text if len(text) <= most else f"{text[: most - 3]}..."


def _routed(routed: RoutedAddress) -> str:
    where = f" on {routed.node or routed.former_node}" if routed.node or routed.former_node else ""
    return f"{routed.phase}{where}"


def _told(name: str, before: object, after: object) -> Iterator[Change]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        for key in sorted({*before, *after}):
            if before.get(key) != after.get(key):
                yield from _told(f"{name}.{key}", before.get(key), after.get(key))
    else:
        yield Change(name, _text(before), _text(after))


def _text(value: object) -> str:
    return "" if value is None else short(str(value))
