"""Filling the view from a snapshot: of objects that are alike, the rows of its indexes are asked once.

What is read stays in the order of the database: an object is read while the processor has its bytes at hand. Going through
a hundred thousand in the order of their keys costs as much again.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from itertools import islice, repeat
from typing import Any

from buoy_server.codec.columns import Column, picked, places_of
from buoy_server.codec.outlines import reading_of
from buoy_server.core.state import COUNTS, INDEXES, Kind
from buoy_server.feed.index import Counts, Index

CHUNK = 2_500  # objects that are grouped together: what is read of each is kept as long

Group = tuple[Any, Sequence[str], Sequence[Column]]  # objects that are alike: an outline, the keys, and what is each one's own


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
        while chunk := list(islice(left, CHUNK)):
            bodies.update(chunk)
            for group in self._groups(*zip(*chunk, strict=True)):
                self._gather(*group)
        for place in self._places.values():
            if isinstance(place, Index):
                place.settle()

    def _groups(self, keys: Sequence[str], bodies: Sequence[bytes]) -> Iterator[Group]:
        """Read objects, and yield them in groups."""
        likenesses, own = self._reading.columns(bodies) if self._reading.columns else (repeat(None, len(keys)), ())
        for alike, places in places_of(likenesses).items():
            if alike is None:
                yield from ((self._reading.outline(bodies[place]), [keys[place]], ()) for place in places)
            else:
                of_group, *own_of_group = picked((keys, *own), places)
                yield self._reading.outline(bodies[places[0]]), of_group, own_of_group

    def _gather(self, outline: Any, keys: Sequence[str], own: Sequence[Column]) -> None:
        """Let objects that are alike stand where the rows say, or the answers."""
        answers = self._reading.answers if own else {}
        for name, row in self._rows.items():
            value = row(outline)
            if value is None:
                continue
            if name in answers:
                self._places[name].gather_each(answers[name](outline, own), keys, self._same)
            else:
                for each in value if isinstance(value, frozenset) else (value,):
                    self._places[name].gather(each, keys, self._same)
