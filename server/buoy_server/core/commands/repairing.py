"""What others changed in a node's kernel, and its agent put right: told in the events of the node and of the interfaces."""

from collections.abc import Sequence
from dataclasses import dataclass

from buoy_server.core.events import CHANGED_BY_OTHERS
from buoy_server.core.model import Interface, Node
from buoy_server.core.state import Draft, Kind

MOST_INTERFACES = 50  # of one report; for all others the node's event stands


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """Something that was found at one place, how often, and what keeps it from being put right."""

    place: str
    found: tuple[str, ...]
    count: int = 1
    interfaces: tuple[str, ...] = ()
    error: str = ""

    @property
    def words(self) -> str:
        """What happened, in words."""
        often = f", {self.count} times" if self.count > 1 else ""
        end = f"; not put right yet: {self.error}" if self.error else "; put right"
        return f"{CHANGED_BY_OTHERS}{often}: {'; '.join(self.found) or 'something'}{end}"


def tell(draft: Draft, node: Node, repairs: Sequence[Repair]) -> None:
    """Write an event of the node for each repair, and one for each interface that it concerns, within bounds."""
    left = MOST_INTERFACES
    for repair in repairs:
        node = draft.put(node, f"{repair.place} {repair.words}")
        for uuid in repair.interfaces[:left]:
            interface = draft.get(Kind.INTERFACE, uuid)
            if isinstance(interface, Interface) and node.name in interface.nodes:
                draft.put(interface, f"on node {node.name}, {repair.place} {repair.words}")
                left -= 1
