"""An index of the view: under each value, the keys of the objects that stand there; or only how many there are.

With a million interfaces most values have one key or a few, so that what holds them is what costs memory: one key is kept as
itself, up to FEW as a tuple, and more in a sorted list, from which a page is read without sorting. A value of two parts is kept
on two levels: a dictionary for each first part costs a third of a pair for each value.
"""

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from sortedcontainers import SortedList

FEW = 32  # a sorted list costs as much as some hundred keys


class _ByValue:
    """What is held under each value."""

    __slots__ = ("_parts", "_plain")

    def __init__(self) -> None:
        self._plain: dict[Hashable, Any] = {}
        self._parts: dict[Hashable, dict[Hashable, Any]] = {}

    def values(self) -> Collection[Hashable]:
        """The values under which something stands."""
        return [*self._plain, *((first, second) for first, level in self._parts.items() for second in level)]

    def _level(self, value: Hashable) -> tuple[dict[Hashable, Any], Hashable]:
        """Return where what stands under a value is held, and as what."""
        if not isinstance(value, tuple):
            return self._plain, value
        first, second = value
        return self._parts.get(first) or self._parts.setdefault(first, {}), second

    def _held(self, value: Hashable) -> Any:
        if isinstance(value, tuple):
            return self._parts.get(value[0], {}).get(value[1])
        return self._plain.get(value)

    def _drop(self, value: Hashable) -> None:
        level, last = self._level(value)
        del level[last]
        if isinstance(value, tuple) and not level:
            del self._parts[value[0]]


class Index(_ByValue):
    """Keys by value."""

    __slots__ = ()

    def add(self, value: Hashable, key: str) -> None:
        """Let a key stand under a value."""
        level, last = self._level(value)
        held = level.get(last)
        if held is None:
            level[last] = key
        elif isinstance(held, str):
            level[last] = (held, key)
        elif isinstance(held, tuple):
            level[last] = (*held, key) if len(held) < FEW else SortedList((*held, key))
        else:
            held.add(key)

    def remove(self, value: Hashable, key: str) -> None:
        """Let a key that stands under a value stand there no more."""
        level, last = self._level(value)
        held = level[last]
        if isinstance(held, str):
            self._drop(value)
        elif isinstance(held, tuple):
            left = tuple(other for other in held if other != key)
            level[last] = left if len(left) > 1 else left[0]
        else:
            held.remove(key)
            if len(held) <= FEW // 2:
                level[last] = tuple(held)

    def gather(self, value: Hashable, keys: Sequence[str], same: Mapping[Any, str]) -> None:
        """Add keys of a snapshot; strings in the value are kept as the equal ones that `same` has. `settle` ends it."""
        level, last = self._level(value)
        held = level.get(last)
        if isinstance(held, list):
            held += keys
            return
        together = keys if held is None else (held, *keys) if isinstance(held, str) else (*held, *keys)
        level[same.get(last, last)] = _held_as(together)

    def gather_each(self, values: Iterable[Hashable], keys: Iterable[str], same: Mapping[Any, str]) -> None:
        """Add keys of a snapshot, each under its own value, like `gather`."""
        for value, key in zip(values, keys, strict=True):
            level, last = self._level(value) if isinstance(value, tuple) else (self._plain, value)
            held = level.get(last)
            if held is None:
                level[same.get(last, last)] = key
            elif isinstance(held, list):
                held.append(key)
            else:
                level[last] = _held_as((held, key) if isinstance(held, str) else (*held, key))

    def settle(self) -> None:
        """Bring what was gathered into order."""
        for level in (self._plain, *self._parts.values()):
            for value, held in level.items():
                if isinstance(held, list):
                    level[value] = SortedList(held)

    def find(self, value: Hashable) -> Collection[str]:
        """The keys that stand under a value."""
        held: Collection[str] | None = self._held(value)
        return () if held is None else (held,) if isinstance(held, str) else held


class Counts(_ByValue):
    """How many keys stand under a value, and not which."""

    __slots__ = ()

    def add(self, value: Hashable, key: str) -> None:
        """Count one more."""
        del key
        level, last = self._level(value)
        level[last] = level.get(last, 0) + 1

    def remove(self, value: Hashable, key: str) -> None:
        """Count one less."""
        del key
        level, last = self._level(value)
        level[last] -= 1
        if not level[last]:
            self._drop(value)

    def gather(self, value: Hashable, keys: Sequence[str], same: Mapping[Any, str]) -> None:
        """Count keys of a snapshot, as `Index.gather` adds them."""
        self._gather(value, len(keys), same)

    def gather_each(self, values: Iterable[Hashable], keys: Iterable[str], same: Mapping[Any, str]) -> None:
        """Count keys of a snapshot, as `Index.gather_each` adds them."""
        del keys
        for value, number in Counter(values).items():
            self._gather(value, number, same)

    def _gather(self, value: Hashable, number: int, same: Mapping[Any, str]) -> None:
        level, last = self._level(value) if isinstance(value, tuple) else (self._plain, value)
        count = level.get(last)
        if count is None:
            level[same.get(last, last)] = number
        else:
            level[last] = count + number

    def count(self, value: Hashable) -> int:
        """How many there are."""
        return self._held(value) or 0


def _held_as(keys: Sequence[str]) -> Any:
    """Return what is held for some keys while a snapshot is taken in."""
    if len(keys) > FEW:
        return list(keys)
    return tuple(keys) if len(keys) > 1 else keys[0]


def keys_after(keys: SortedList, last: str) -> Iterator[str]:
    """The keys that come after one, in order; not to be read on after a change."""
    found: Iterator[str] = keys.irange(minimum=last, inclusive=(False, True))
    return found
