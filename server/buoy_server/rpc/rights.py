"""What a watch is told when other namespaces begin or cease to trust its caller's.

What ceases to be the caller's to see arrives as DELETED, as it was at that moment. What begins to be the caller's, and what
cannot be told any more without showing more than that, is for a fresh snapshot.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from buoy.v1 import interface_pb2

from buoy_server.core.errors import RightsChanged
from buoy_server.core.lookup import Caller
from buoy_server.core.model import Interface, Namespace
from buoy_server.core.state import Kind
from buoy_server.feed.entry import Committed
from buoy_server.feed.view import View
from buoy_server.rpc.audience import joined_events, mark
from buoy_server.rpc.backend import Backend
from buoy_server.rpc.selection import InterfaceFilter


@dataclass(frozen=True, slots=True)
class Turn:
    """Entries to be told with the old rights, messages of what was lost then, and the rest with the rights of now."""

    before: Sequence[Committed]
    lost: Sequence[bytes]
    wanted: InterfaceFilter
    after: Sequence[Committed]


def turned(backend: Backend, wanted: InterfaceFilter, entries: Sequence[Committed]) -> Turn:
    """Return how entries, among them some of namespaces, are told; raises RightsChanged where that takes a snapshot."""
    then, now = wanted.caller, backend.authenticator.renew(wanted.caller)
    if now.trusted_by - then.trusted_by:
        raise RightsChanged("another namespace trusts this one since: start with a snapshot")
    if now.trusted_by == then.trusted_by:
        return Turn((), (), wanted.seen_by(now), entries)
    change = _only_change(backend.view, then, entries)
    lost = list(_lost(backend.view, wanted, then.trusted_by - now.trusted_by))
    if any(interface.revision > change.revision for interface, _ in lost):
        raise RightsChanged("a namespace that trusts this one no more has changed since: start with a snapshot")
    events = [
        change.event_about(body, interface_pb2.INTERFACE_EVENT_TYPE_DELETED) for interface, body in lost if interface.live
    ]
    split = change.revision - entries[0].revision + 1
    return Turn(
        entries[:split],
        [message + mark(change.revision) for message in joined_events(events)],
        wanted.seen_by(now),
        entries[split:],
    )


def refuse_resumption(view: View, caller: Caller, start_revision: int) -> None:
    """Raise RightsChanged where the caller's rights have changed since it was sent what came before a revision."""
    own = view.get(Kind.NAMESPACE, caller.namespace)
    if caller.key_nonce and isinstance(own, Namespace) and own.rights_revision >= start_revision:
        raise RightsChanged(
            "other namespaces trust this one than at that revision: start with a snapshot", field="start_revision"
        )


def _only_change(view: View, caller: Caller, entries: Sequence[Committed]) -> Committed:
    """Return the entry that changed the caller's rights, where it is the last one that did and the only one of these."""
    own = view.get(Kind.NAMESPACE, caller.namespace)
    changes = [entry for entry in entries if _changes_rights(entry, caller)]
    if len(changes) != 1 or not isinstance(own, Namespace) or own.rights_revision != changes[0].revision:
        raise RightsChanged("other namespaces trust this one than before, several times over: start with a snapshot")
    return changes[0]


def _changes_rights(entry: Committed, caller: Caller) -> bool:
    after = entry.after
    return isinstance(after, Namespace) and after.name == caller.namespace and after.rights_revision == entry.revision


def _lost(view: View, wanted: InterfaceFilter, namespaces: frozenset[str]) -> Iterator[tuple[Interface, bytes]]:
    """Yield what was meant of some namespaces, also what is deleted, with its bytes."""
    for name in namespaces & {wanted.namespace} if wanted.namespace else namespaces:
        narrowed = replace(wanted, namespace=name)
        for key in narrowed.candidates(view, deleted=True):
            interface, body = view.get(Kind.INTERFACE, key), view.body(Kind.INTERFACE, key)
            if isinstance(interface, Interface) and body is not None and narrowed.takes(interface):
                yield interface, body
