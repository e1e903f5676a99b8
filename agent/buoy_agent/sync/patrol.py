"""Keeps what we know of the kernel true while others change it: looks where a notification points, and now and then everywhere.

What is found goes into `Actual`, and its place into a scope; the next plan puts it right. A full check goes in small steps,
between which the reconciler does its other work. What was changed meanwhile, by ourselves or others, makes a network's reading
stale: it is read once more, at once.
"""

import math
import random
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from enum import Enum
from typing import TypeVar

import structlog

from buoy_agent.core.actual import Actual, NetworkState
from buoy_agent.core.desired import Scope
from buoy_agent.core.drift import Difference, Patience, Places, Repair, Repairs, compare
from buoy_agent.core.spec import Address, InstanceId, InterfaceId, NetworkId, text
from buoy_agent.errors import KernelError
from buoy_agent.kernel.port import Kernel, at_once

# Seconds that a namespace under a name of ours may stand before its instance is asked for: who carries an instance over to this
# node gives its namespace the name before the move.
GRACE = 30.0
LOOSE = 10.0  # seconds in which a cable that is loose is taken for plugged in once; what is announced then is repeated anyway
_ASKED = 10_000  # routes in a full check
_STEPS = 8  # pieces of a full check in one pass, of about 1 ms each
MANY = 20_000  # elements, of which a listener makes 100 ms where it is 50 without
Deaf = Callable[[], AbstractContextManager[None]]
Result = TypeVar("Result")
log = structlog.get_logger()


class What(Enum):
    """What to look at."""

    TABLE = "table"
    LINKS = "links"
    UPLINK = "uplink"
    ROUTE = "route"
    EXTERNAL = "external interface"
    NODE = "node"
    RULES = "rules"


@dataclass(frozen=True, slots=True)
class Look:
    """One place to look at."""

    what: What
    key: str | bytes = ""

    @property
    def place(self) -> str:
        """In words; a network is one place, whatever of it was changed."""
        if isinstance(self.key, bytes):
            return f"route {text(Address(self.key))}"
        return f"network {self.key}" if self.key else self.what.value


class Patrol:
    """To be called from the reconciler's thread."""

    def __init__(self, kernel: Kernel, deaf: Deaf = nullcontext) -> None:
        """`deaf` is a time without notifications of what happens to tables."""
        self.actual = Actual()
        self.repairs = Repairs()
        self.full_checks = 0
        self._kernel, self._deaf = kernel, deaf
        self._patience = Patience()
        self._pending: dict[Look, float] = {}
        self._round: Iterator[Scope] | None = None
        self._come_upon = Scope()
        self._is_heard, self._is_plugged_in, self._plugged_in_at = True, False, -math.inf
        self._strangers: dict[str, float] = {}  # namespaces that somebody else made, and when they go if nobody wants them

    def heed(self, places: Places) -> None:
        """Notes where to look; a place that was put right too often waits."""
        if places.lost:
            log.warning("notifications were lost: checking everything")
            self.check_everything()
        located = self._kernel.locate(places, self.actual.networks)
        looks = [Look(What.TABLE, network) for network in located.tables]
        looks += [Look(What.LINKS, network) for network in located.links - located.tables]
        looks += [Look(What.UPLINK, network) for network in located.uplinks]
        looks += [Look(What.ROUTE, bytes(address)) for address in places.routes if address in self.actual.routes]
        looks += [Look(What.EXTERNAL)] if places.external else []
        looks += [Look(What.RULES)] if places.rules else []
        looks += [Look(What.NODE)] if places.names or places.routes - self.actual.routes.keys() else []
        for look in looks:
            self._pending.setdefault(look, self._patience.due(look.place))

    @contextmanager
    def unheard(self, elements: int) -> Iterator[None]:
        """While so many are changed, if they are many, nobody listens; what others did meanwhile is found by a full check."""
        if elements < MANY:
            yield
            return
        with self._deaf():
            yield
        self._round = self._check()  # anew: one that is under way may have passed what was changed

    def check_everything(self) -> None:
        """Begins a full check, if none is under way."""
        self._patience.forget(time.monotonic())
        if self._round is None:
            self._round = self._check()

    def plugged_in(self) -> bool:
        """Whether the external interface has its carrier back since this was asked: what is behind it may be another switch."""
        plugged_in, self._is_plugged_in = self._is_plugged_in, False
        return plugged_in

    def next_due(self) -> float | None:
        """When there is something to do here; 0 for at once."""
        dues = (*self._pending.values(), *self._strangers.values())
        return 0.0 if self._round is not None or self._come_upon else min(dues, default=None)

    def work(self, now: float) -> Scope:
        """Looks where it is time to, and goes on with a full check; returns what has changed."""
        scope, self._come_upon = self._come_upon, Scope()
        for uuid in [uuid for uuid, due in self._strangers.items() if due <= now]:
            del self._strangers[uuid]
            scope.merge(Scope(networks={NetworkId(uuid)}, instances={InstanceId(uuid)}))
        for look in [look for look, due in self._pending.items() if due <= now]:
            del self._pending[look]
            scope.merge(self._looked(look, now))
        for _ in range(_STEPS):
            if self._round is None:
                break
            found = next(self._round, None)
            if found is None:
                self._round = None
                self.full_checks += 1
            else:
                scope.merge(found)
        return scope

    def come_upon(self, network: NetworkId, state: NetworkState, now: float) -> None:
        """A network as read after a failure: what others did to it is looked after now, for a later look finds nothing new.

        What we did by halves is among it, and no repair.
        """
        known = self.actual.networks[network]
        difference = compare(known, state)
        self.actual.put_network(network, state)
        if (state.flaws, state.digest) != (known.flaws, known.digest):
            self._note(f"network {network}", state.flaws or ("the rules are not ours any more",), now)
        if difference:
            self._come_upon.merge(_scope(network, difference))

    def _looked(self, look: Look, now: float) -> Scope:
        try:
            return self._look(look, now)
        except KernelError as error:
            log.warning("cannot look", at=look.place, error=str(error))
            self._patience.note(look.place, now)
            self._pending[look] = max(now + 1.0, self._patience.due(look.place))
            return Scope()

    def _look(self, look: Look, now: float) -> Scope:
        network = NetworkId(look.key) if isinstance(look.key, str) else NetworkId("")
        known = self.actual.networks.get(network)
        match look.what:
            case What.TABLE if known is not None:
                return self._seen(network, self._kernel.read_network(network), now)
            case What.LINKS if known is not None:
                return self._seen(network, self._kernel.read_network(network, known), now)
            case What.UPLINK if known is not None:
                scope = self._seen(network, self._kernel.read_network(network, known), now)
                scope.merge(self._uplink_routes(network, now))
                return scope
            case What.ROUTE if isinstance(look.key, bytes):
                return self._route(Address(look.key), now)
            case What.EXTERNAL:
                return self._external(now)
            case What.NODE:
                return self._node(at_once(self._kernel.read_node()), now)
            case What.RULES:
                self._patience.note(look.place, now)  # as they may be changed all the time
                self._round = self._check()
        return Scope()

    def _check(self) -> Iterator[Scope]:
        """The full check: a scope after each step."""
        yield self._looked(Look(What.EXTERNAL), time.monotonic())
        writes = self._kernel.writes
        node = yield from self._in_steps("node", self._kernel.read_node())
        if writes != self._kernel.writes:
            yield self._looked(Look(What.NODE), time.monotonic())
        elif node is not None:
            yield self._node(node, time.monotonic())
        yield from self._routes_taken()
        for network in list(self.actual.networks):
            writes = self._kernel.writes
            state = yield from self._in_steps(f"network {network}", self._kernel.read_in_steps(network))
            if network not in self.actual.networks:
                continue  # removed meanwhile
            if state is None or writes != self._kernel.writes:
                scope = self._looked(Look(What.TABLE, network), time.monotonic())
            else:
                scope = self._seen(network, state, time.monotonic())
            if self.actual.has_strays(network):
                scope.strays.add(network)  # to take them away has failed, and no address leads to them for another try
            yield scope

    def _routes_taken(self) -> Iterator[Scope]:
        """Whether packets take our routes; of very many, some are asked for, by chance."""
        asked = random.sample(list(self.actual.routes), min(len(self.actual.routes), _ASKED))
        seen = yield from self._in_steps("routes", self._kernel.read_overruled(asked))
        if seen:
            yield self._overruled(seen & self.actual.routes.keys(), time.monotonic())

    def _in_steps(self, place: str, steps: Generator[None, None, Result]) -> Generator[Scope, None, Result | None]:
        """What the steps lead to; None where the kernel cannot be read."""
        while True:
            try:
                next(steps)
            except StopIteration as end:
                result: Result = end.value
                return result
            except KernelError as error:
                log.warning("cannot look", at=place, error=str(error))
                return None
            yield Scope()

    def _seen(self, network: NetworkId, state: NetworkState, now: float) -> Scope:
        difference = compare(self.actual.networks[network], state)
        if not difference:
            return Scope()
        self.actual.put_network(network, state)
        self._note(f"network {network}", difference.words, now, difference.addresses, difference.interfaces)
        return _scope(network, difference)

    def _uplink_routes(self, network: NetworkId, now: float) -> Scope:
        known = {address for address, other in self.actual.routes.items() if other == network}
        seen = self._kernel.read_routes(network)
        self.actual.put_routes(network, seen)
        return self._changed("route", f"network {network}", known, seen, now)

    def _route(self, address: Address, now: float) -> Scope:
        known, seen = self.actual.routes.get(address), self._kernel.read_route(address)
        if known == seen or (seen is None and address in self.actual.overruled):
            return Scope()
        if seen is None:
            self.actual.overruled.add(address)  # gone, or behind another: to add it again will tell
        else:
            self.actual.routes[address] = seen
        self._note(f"route {text(address)}", ("gone" if seen is None else "not as it was made",), now, {address})
        return Scope(addresses={address})

    def _external(self, now: float) -> Scope:
        seen, known = self._kernel.read_external(), self.actual
        scope = self._changed("proxy neighbour", What.EXTERNAL.value, known.proxies, seen.proxies, now)
        if seen.words != known.external:
            log.warning("external interface", state=seen.words or "back")
            scope.everything = True
        if seen.flaws and not seen.words:
            self._note(What.EXTERNAL.value, seen.flaws, now)
            self._kernel.prepare()
        known.proxies, known.external = set(seen.proxies), seen.words
        if seen.has_carrier != self._is_heard:
            log.warning("external interface", state="has its carrier back" if seen.has_carrier else "has no carrier")
            self._is_heard = seen.has_carrier
            if seen.has_carrier and now >= self._plugged_in_at + LOOSE:
                self._is_plugged_in, self._plugged_in_at = True, now
        return scope

    def _node(self, seen: Actual, now: float) -> Scope:
        """The names of namespaces, and all routes of ours."""
        gone = self.actual.namespaces - seen.namespaces
        scope = Scope(networks={NetworkId(uuid) for uuid in gone})
        self._strangers |= dict.fromkeys(seen.namespaces - self.actual.namespaces, now + GRACE)
        for uuid in gone:
            if NetworkId(uuid) in self.actual.networks:
                self._note(f"network {uuid}", ("the namespace is gone",), now)
            self.actual.drop_namespace(uuid)
        self.actual.namespaces = set(seen.namespaces)
        for address in self.actual.overruled - seen.routes.keys():
            self.actual.routes.pop(address, None)  # which has been said
        self.actual.overruled &= seen.routes.keys()
        scope.merge(self._overruled(seen.overruled, now))
        if seen.routes == self.actual.routes:
            return scope
        known = {address for address, network in self.actual.routes.items() if seen.routes.get(address, network) == network}
        foreign = {address for address in self.actual.routes if address not in known}
        scope.merge(self._changed("route", What.NODE.value, known | foreign, seen.routes.keys() - foreign, now))
        self.actual.routes = dict(seen.routes)
        return scope

    def _overruled(self, seen: Iterable[Address], now: float) -> Scope:
        """Routes that packets do not take: the node itself has the address, or another route or a rule comes before."""
        fresh = set(seen) - self.actual.overruled
        if fresh:
            self._note(What.NODE.value, (_line("route", "overruled", fresh),), now, fresh)
        self.actual.overruled |= fresh
        return Scope(addresses=fresh)

    def _changed(self, what: str, place: str, known: Iterable[Address], seen: Iterable[Address], now: float) -> Scope:
        """The addresses that are in one of two sets."""
        known, seen = set(known), set(seen)
        lines = [_line(what, word, some) for word, some in (("gone", known - seen), ("foreign", seen - known)) if some]
        if lines:
            self._note(place, tuple(lines), now, known ^ seen)
        return Scope(addresses=known ^ seen)

    def _note(
        self,
        place: str,
        words: tuple[str, ...],
        now: float,
        addresses: Iterable[Address] = (),
        interfaces: Iterable[InterfaceId] = (),
    ) -> None:
        log.warning("changed by somebody else, putting it right", place=place, found=list(words))
        self.repairs.add(Repair(time.time(), place, words, frozenset(addresses), frozenset(interfaces)))
        self._patience.note(place, now)


def _scope(network: NetworkId, difference: Difference) -> Scope:
    """What is to be looked after where a network is otherwise than it was known."""
    return Scope(
        networks={network},
        addresses=set(difference.addresses),
        interfaces=set(difference.interfaces),
        strays={network} if difference.addresses else set(),
    )


def _line(what: str, word: str, addresses: set[Address]) -> str:
    more = f" and {len(addresses) - 1} more" if len(addresses) > 1 else ""
    return f"{what} {word}: {text(min(addresses))}{more}"
