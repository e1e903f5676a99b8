"""What somebody else changed of ours: which places to look at, what was found there, and how often a place is put right.

The kernel's notifications say only where to look. What is there is read, and compared with what we knew; our own changes
are known, so whatever differs is somebody else's.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field

from buoy_agent.core.actual import NetworkState, Pair
from buoy_agent.core.retry import backoff
from buoy_agent.core.spec import Address, InterfaceId, text

KEPT = 20
_FREE, _QUIET, _LONGEST = 3, 60.0, 10.0


@dataclass(slots=True)
class Places:
    """Where something changed that we did not do."""

    tables: set[int] = field(default_factory=set)  # namespaces, by the number that the host's has for them
    links: set[int] = field(default_factory=set)  # likewise: links, addresses, routes or settings in them
    uplinks: set[str] = field(default_factory=set)  # links of the host, by name
    routes: set[Address] = field(default_factory=set)
    external: bool = False
    names: bool = False  # of namespaces
    node_links: bool = False  # any link of the host: one to adopt may have come
    rules: bool = False  # of the host, by which packets may take other routes than ours (ip rule)
    lost: bool = False  # notifications were lost: look everywhere

    def merge(self, other: "Places") -> None:
        """Adds others to these."""
        self.tables |= other.tables
        self.links |= other.links
        self.uplinks |= other.uplinks
        self.routes |= other.routes
        self.external = self.external or other.external
        self.names = self.names or other.names
        self.node_links = self.node_links or other.node_links
        self.rules = self.rules or other.rules
        self.lost = self.lost or other.lost

    def __bool__(self) -> bool:
        named = self.tables or self.links or self.uplinks or self.routes
        return bool(named) or self.external or self.names or self.node_links or self.rules or self.lost


@dataclass(frozen=True, slots=True)
class Difference:
    """What a network has otherwise than we knew."""

    words: tuple[str, ...]
    addresses: frozenset[Address]
    interfaces: frozenset[InterfaceId]

    def __bool__(self) -> bool:
        return bool(self.words)


def compare(known: NetworkState, seen: NetworkState) -> Difference:
    """What is seen otherwise than it was known."""
    nics = {key for key, _ in known.nics.items() ^ seen.nics.items()}
    addresses = set(dict(_apart(known.forward, seen.forward))) | (known.direct ^ seen.direct)
    addresses |= {floating for _, floating in _apart(known.backward, seen.backward)}
    lines = list(seen.flaws) if seen.flaws != known.flaws else []
    if not lines and seen.digest != known.digest:
        lines.append("the rules are not ours any more")
    lines += _changes("element", known.forward, seen.forward)
    lines += _changes("element back", known.backward, seen.backward)
    for words, changed in (("gone", known.direct - seen.direct), ("foreign", seen.direct - known.direct)):
        lines += [f"route on the bridge {words}: {text(address)}" for address in sorted(changed)[:1]]
    lines += [f"the NIC of {interface} is not as it was made" for interface in sorted(nics)]
    return Difference(tuple(lines), frozenset(addresses), frozenset(nics))


def _apart(known: dict[Address, Address], seen: dict[Address, Address]) -> set[Pair]:
    """The pairs that only one has; equal maps, the usual case, are compared in one go."""
    return set() if known == seen else known.items() ^ seen.items()


def _changes(what: str, known: dict[Address, Address], seen: dict[Address, Address]) -> Iterator[str]:
    """A line for each kind of change, with the first address as an example."""
    if known == seen:
        return
    for words, keys in (
        ("gone", known.keys() - seen.keys()),
        ("foreign", seen.keys() - known.keys()),
        ("changed", {key for key in known.keys() & seen.keys() if known[key] != seen[key]}),
    ):
        if keys:
            more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
            yield f"{what} {words}: {text(min(keys))}{more}"


@dataclass(frozen=True, slots=True)
class Repair:
    """Something of ours that somebody else changed, and that was seen and put right."""

    time: float  # seconds since the epoch
    place: str
    words: tuple[str, ...]
    addresses: frozenset[Address] = frozenset()
    interfaces: frozenset[InterfaceId] = frozenset()


@dataclass(slots=True)
class Repairs:
    """How many there were, and the last of them."""

    count: int = 0
    last: deque[Repair] = field(default_factory=lambda: deque(maxlen=KEPT))
    news: list[Repair] = field(default_factory=list)  # since they were last taken

    def add(self, repair: Repair) -> None:
        """Notes one."""
        self.count += 1
        self.last.append(repair)
        self.news.append(repair)

    def take(self) -> list[Repair]:
        """Those since the last time."""
        news, self.news = self.news, []
        return news


@dataclass(slots=True)
class Patience:
    """Keeps two parties from fighting at full speed: the first repairs of a place are free, then each one waits longer."""

    _places: dict[str, tuple[int, float]] = field(default_factory=dict)  # how many in a row, when the last one was

    def note(self, place: str, now: float) -> None:
        """A place was put right."""
        count, last = self._places.get(place, (0, now))
        self._places[place] = (count + 1 if now - last < _QUIET else 1, now)

    def due(self, place: str) -> float:
        """When a place may be looked at again, in the seconds of `note`."""
        count, last = self._places.get(place, (0, 0.0))
        return last + backoff(count - _FREE + 1, longest=_LONGEST) if count >= _FREE else 0.0

    def forget(self, now: float) -> None:
        """Drops places that have been quiet for long."""
        self._places = {place: entry for place, entry in self._places.items() if now - entry[1] < _QUIET}
