"""What a node's stream says at its start, the quick way and the way of all later changes, in a form that can be compared."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import Any, cast

from buoy.v1 import agent_pb2
from buoy_agent.sync.columns import rows_of
from buoy_server.codec.packing import pack
from buoy_server.core import lookup
from buoy_server.core.state import Draft, Kind
from buoy_server.feed.view import View
from buoy_server.rpc.bindings import updates
from buoy_server.rpc.snapshot import snapshot

Said = tuple[dict[str, agent_pb2.Binding], dict[str, agent_pb2.Removal]]


def said_at_once(draft: Draft, node: str, *, in_columns: bool = True) -> Said:
    """Its bindings and removals by interface, as the snapshot has them."""
    return _said(at_once(draft, node, in_columns=in_columns))


def at_once(draft: Draft, node: str, *, in_columns: bool = True) -> Iterator[agent_pb2.NodeUpdate]:
    """The snapshot, message by message, but for the empty ones."""
    parts = snapshot(cast("View", _Packed(draft)), node, in_columns=in_columns)
    return (part for part in parts if part.ByteSize())


def said_one_by_one(draft: Draft, node: str) -> Said:
    """The same as they would be sent after a change."""
    view = cast("View", _Packed(draft))
    return _said(updates(view, node, list(lookup.interfaces(draft, "node", node)), 0))


@dataclass(frozen=True)
class _Packed:
    """A draft that has the bytes of its objects, as the view does."""

    draft: Draft

    def body(self, kind: Kind, key: str) -> bytes | None:
        record = self.draft.get(kind, key)
        return None if record is None else pack(record)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.draft, name)


def _said(parts: Iterable[agent_pb2.NodeUpdate]) -> Said:
    """Without the time that is left to drain, which runs."""
    messages = list(parts)
    rows = (row for message in messages for columns in message.settled for row in rows_of(columns))
    upserts = (binding for message in messages for binding in message.upserts)
    bindings = {binding.interface_uuid: binding for binding in chain(upserts, rows)}
    for binding in bindings.values():
        for entry in binding.draining:
            entry.ClearField("time_left")
    return bindings, {removal.interface_uuid: removal for message in messages for removal in message.removed}
