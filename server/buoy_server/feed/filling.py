"""Filling the view from a snapshot: of objects that are alike, the rows of its indexes are asked once.

What is read stays in the order of the database: an object is read while the processor has its bytes at hand. Going through
a hundred thousand in the order of their keys costs as much again.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any

from buoy_server.codec.outlines import reading_of
from buoy_server.core.state import COUNTS, INDEXES, Kind
from buoy_server.feed.index import Counts, Index

CHUNK = 2_500  # objects that are grouped together: what is read of each is kept as long

Group = tuple[Any, list[str], list[tuple[str, ...]]]  # objects that are alike: an outline, the keys, and what is each one's own


class Filling:
    """The objects of a kind on their way into the view; strings are kept as the equal ones that `same` has."""

    def __init__(self, kind: Kind, places: Mapping[str, Index | Counts], same: Mapping[Any, str]) -> None:
        self._reading = reading_of(kind)
        self._rows: Mapping[str, Callable[[Any], Hashable | None]] = {**INDEXES[kind], **COUNTS[kind]}
        self._places = places
        self._same = same

    def take(self, objects: Iterable[tuple[str, bytes]], bodies: dict[str, bytes]) -> None:
        """Take in all objects: keep their bytes, and let them stand where the rows say."""
        left = iter(objects)
        while groups := self._groups(islice(left, CHUNK), bodies):
            for group in groups:
                self._gather(*group)
        for place in self._places.values():
            if isinstance(place, Index):
                place.settle()

    def _groups(self, objects: Iterator[tuple[str, bytes]], bodies: dict[str, bytes]) -> Sequence[Group]:
        """Read objects, and return them in groups."""
        parse, likeness, own = self._reading.parse, self._reading.likeness, self._reading.own
        groups: dict[Hashable, Group] = {}
        alone: list[Group] = []
        for key, body in objects:
            bodies[key] = body
            message = parse(body)
            alike = likeness(message)
            if alike is None:
                alone.append((self._reading.outline(message), [key], []))
                continue
            group = groups.get(alike)
            if group is None:
                group = groups[alike] = self._reading.outline(message), [], []
            group[1].append(key)
            group[2].append(own(message))
        return [*groups.values(), *alone]

    def _gather(self, outline: Any, keys: Sequence[str], own: Sequence[tuple[str, ...]]) -> None:
        """Let objects that are alike stand where the rows say, or the answers."""
        answers = self._reading.answers if own else {}
        columns = tuple(zip(*own, strict=True))
        for name, row in self._rows.items():
            value = row(outline)
            if value is None:
                continue
            if name in answers:
                self._places[name].gather_each(answers[name](outline, columns), keys, self._same)
            else:
                for each in value if isinstance(value, frozenset) else (value,):
                    self._places[name].gather(each, keys, self._same)
