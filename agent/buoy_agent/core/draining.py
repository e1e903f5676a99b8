"""Which addresses drain: until when, when to look at their flows again, and which have ended here before the feed knew.

The feed says how much time is left, the node counts it down by its own clock, also while no server is there. A drain that has
ended is not begun again when the feed, which has not heard of it yet, sends the same generation once more.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from buoy_agent.core.retry import backoff
from buoy_agent.core.spec import Address, Binding, InterfaceId, Update

Key = tuple[InterfaceId, Address]
_FIRST, _LONGEST = 0.1, 1.0


@dataclass(slots=True)
class _Drain:
    until: float  # monotonic seconds
    due: float
    looks: int = 0


@dataclass(slots=True)
class Drains:
    """Counts time for the addresses of the feed that drain."""

    _running: dict[InterfaceId, dict[Address, _Drain]] = field(default_factory=dict)
    _ended: dict[InterfaceId, dict[Address, int]] = field(default_factory=dict)  # the generation that asked for it

    def take(self, update: Update, now: float) -> Update:
        """The update without the drains that have ended here; the others run from now on, and are looked at at once."""
        for removal in update.removals:
            self._running.pop(removal.interface, None)
            self._ended.pop(removal.interface, None)
        return replace(update, upserts=tuple(self._taken(binding, now) for binding in update.upserts))

    def end(self, key: Key, generation: int) -> None:
        """One has ended."""
        self.forget(key)
        self._ended.setdefault(key[0], {})[key[1]] = generation

    def forget(self, key: Key) -> None:
        """One is not asked for any more."""
        interface, address = key
        running = self._running[interface]
        del running[address]
        if not running:
            del self._running[interface]

    def look_again(self, key: Key, now: float) -> None:
        """One goes on: look a little later, and at its end."""
        drain = self._running[key[0]][key[1]]
        drain.looks += 1
        drain.due = min(drain.until, now + backoff(drain.looks, first=_FIRST, longest=_LONGEST))

    def due(self, now: float) -> Iterator[tuple[Key, bool]]:
        """Those to be looked at, and whether their time is over."""
        for interface, running in self._running.items():
            for address, drain in running.items():
                if drain.due <= now:
                    yield (interface, address), drain.until <= now

    def next_due(self) -> float | None:
        """When to look next; None when nothing drains."""
        return min((drain.due for running in self._running.values() for drain in running.values()), default=None)

    def _taken(self, binding: Binding, now: float) -> Binding:
        ended = self._ended.pop(binding.interface, {})
        self._running.pop(binding.interface, None)
        if not binding.draining:
            return binding
        over = {
            entry.address: ended[entry.address]
            for entry in binding.draining
            if ended.get(entry.address, -1) >= binding.generation
        }
        running = {entry.address: _Drain(now + entry.seconds, now) for entry in binding.draining if entry.address not in over}
        if over:
            self._ended[binding.interface] = over
        if running:
            self._running[binding.interface] = running
        return binding.without_draining(over)
