"""NICs to adopt that nobody has made yet. There may be as many as there are interfaces, and any link of the host may be one.

So they are found by the words that their links would bear: looking for all of them costs one list of the host's links and a
look-up for each of those, however many NICs are missing.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from buoy_agent.core.spec import InterfaceId, Nic

AGAIN = 30.0  # seconds; a link that comes is heard of, and looked at at once


def missing_words(macaddr: str) -> str:
    """That a NIC is missing, in words."""
    return f"no NIC with MAC {macaddr} on this node"


@dataclass(slots=True)
class Missing:
    """Which NICs are missing, and when to look for them again (monotonic seconds; None: none is missing)."""

    nics: dict[InterfaceId, Nic] = field(default_factory=dict)
    due: float | None = None
    _by_name: dict[str, tuple[InterfaceId, ...]] = field(default_factory=dict)

    def add(self, nic: Nic, now: float) -> None:
        """A NIC was looked for and is not there."""
        self.forget(nic.interface)
        self.nics[nic.interface] = nic
        for name in nic.names:
            self._by_name[name] = (*self._by_name.get(name, ()), nic.interface)
        self.due = now + AGAIN if self.due is None else self.due

    def forget(self, interface: InterfaceId) -> None:
        """A NIC is there, or nobody wants it any more; one that was not missing is no error."""
        nic = self.nics.pop(interface, None)
        for name in nic.names if nic is not None else ():
            if left := tuple(other for other in self._by_name.pop(name, ()) if other != interface):
                self._by_name[name] = left
        self.due = self.due if self.nics else None

    def clear(self) -> None:
        """None is missing, as far as is known."""
        self.nics.clear()
        self._by_name.clear()
        self.due = None

    def hurry(self) -> None:
        """Some link has come: they are to be looked for at once."""
        self.due = 0.0 if self.nics else None

    def find(self, names: Iterable[str], now: float) -> set[InterfaceId]:
        """Those that are there now, by the names of the host's links; the others are looked for again later."""
        self.due = now + AGAIN if self.nics else None
        return {interface for name in names for interface in self._by_name.get(name, ())}
