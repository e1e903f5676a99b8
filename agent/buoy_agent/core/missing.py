"""NICs to adopt that nobody has made yet. There may be as many as there are interfaces, and any link of the host may be one.

So they are found the other way round, by the names of the host's links: no NIC is planned, looked for or reported anew that has
none of them.
"""

from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from buoy_agent.core.spec import Binding, InterfaceId

AGAIN = 30.0  # seconds; a link that comes is heard of, and looked at at once


def missing_words(macaddr: str) -> str:
    """That a NIC is missing, in words."""
    return f"no NIC with MAC {macaddr} on this node"


def named(bindings: Iterable[Binding], names: AbstractSet[str]) -> set[InterfaceId]:
    """The interfaces whose NIC may be among links of these names, which are words and MACs: a tap differs in the first byte."""
    tails = {name[2:] for name in names}
    return {binding.interface for binding in bindings if binding.interface in names or binding.macaddr[2:] in tails}


@dataclass(slots=True)
class Missing:
    """Which NICs are missing, and when to look for them again (monotonic seconds; None: none is missing)."""

    interfaces: set[InterfaceId] = field(default_factory=set)
    due: float | None = None

    def add(self, interfaces: AbstractSet[InterfaceId], now: float) -> None:
        """NICs were looked for and are not there."""
        self.interfaces |= interfaces
        if self.interfaces and self.due is None:
            self.due = now + AGAIN

    def forget(self, interface: InterfaceId) -> None:
        """A NIC is there, or nobody wants it any more; one that was not missing is no error."""
        self.interfaces.discard(interface)
        self.due = self.due if self.interfaces else None

    def clear(self) -> None:
        """None is missing, as far as is known."""
        self.interfaces.clear()
        self.due = None

    def hurry(self) -> None:
        """Some link has come: they are to be looked for at once."""
        self.due = 0.0 if self.interfaces else None

    def find(self, names: AbstractSet[str], bindings: Mapping[InterfaceId, Binding], now: float) -> set[InterfaceId]:
        """Those that may be there now, by the names of the host's links; the others are missing still, and looked for later."""
        found = named((bindings[interface] for interface in self.interfaces & bindings.keys()), names)
        self.interfaces -= found
        self.due = now + AGAIN if self.interfaces else None
        return found

    def words(self, binding: Binding) -> str:
        """That the NIC of an interface is missing, in words; empty where it is not."""
        return missing_words(binding.macaddr) if binding.interface in self.interfaces else ""
