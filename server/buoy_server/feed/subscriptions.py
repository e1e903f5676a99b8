"""Who waits for what: a published entry wakes those that it concerns, and costs nothing for all others.

Waking is bounded by an adaptive tick. Writing to a stream costs about the same whether it carries one event or fifty, so that
streams which are woken for every commit would do nothing else. After waking some, the next are woken no earlier than it takes
to serve those and half as long again, which is left to whoever makes changes: on a quiet server an event leaves at once, on a
busy one what gathers meanwhile leaves joined. How long serving one takes is measured, since it differs by machine and load.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from buoy_server.core.model import Interface, Namespace, Network
from buoy_server.core.state import Kind
from buoy_server.feed.entry import Committed

SERVING = 25e-6  # seconds that serving one stream takes, as long as nothing was measured
REST = (0.75, 2.0)  # the next are woken after so many times what serving the last ones takes: on a quiet server, on a busy one
MAX_TICK = 0.25  # seconds
SLICE = 32  # readers that are woken in one turn of the event loop: a gRPC server takes one call a turn
NEARLY_ALL = 7 / 8  # of those that were woken, at least so many are back before the time is taken: some are slow readers

Topic = tuple[str, str]
EVERY_INTERFACE: Topic = ("interfaces", "")


def topics_of(entry: Committed) -> Iterator[Topic]:
    """Yield what an entry is about."""
    match entry.after:
        case Interface() as interface:
            yield EVERY_INTERFACE
            yield "interface", interface.uuid
            yield "instance", interface.instance_uuid
            yield "network", interface.network_uuid
            for node in interface.nodes:
                yield "node", node
            yield "namespace", interface.namespace
        case Network() as network:
            for node in network.outside_nodes:
                yield "networks", node
        case Namespace() as namespace:
            yield "rights", namespace.name
        case None if entry.kind is Kind.NAMESPACE:
            yield "rights", entry.key


class Subscription:
    """A reader's place in the feed: `position` is the last revision that it has seen or that does not concern it."""

    __slots__ = ("_waiting", "eager", "fresh", "position", "topics", "woken_in")

    def __init__(self, topics: Collection[Topic], position: int, *, eager: bool) -> None:
        self.topics = topics
        self.position = position
        self.eager = eager  # not held back by the tick
        self.fresh: int | None = None  # the first revision after the position that concerns it
        self.woken_in = 0  # the round of waking that it has not come back from, 0: none
        self._waiting: asyncio.Future[None] | None = None

    def wake(self) -> None:
        """End its wait."""
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    async def wait(self, seconds: float) -> None:
        """Return when it is woken, or when the time is over."""
        loop = asyncio.get_running_loop()
        self._waiting = loop.create_future()
        timer = loop.call_later(seconds, self.wake)
        try:
            await self._waiting
        finally:
            timer.cancel()
            self._waiting = None


@dataclass(slots=True)
class _Round:
    """Some readers that were woken at once, and how many of them are back."""

    number: int
    begin: float
    woken: int
    back: int = 0


class Subscriptions:
    """All readers by what they want."""

    def __init__(self, head: int) -> None:
        self._by_topic: dict[Topic, set[Subscription]] = defaultdict(set)
        self._due: list[Subscription] = []
        self._free_at = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._head = head
        self._flushed = head
        self._serving = SERVING
        self._rest = min(REST)
        self._round = _Round(0, 0.0, 0)

    def add(self, subscription: Subscription) -> None:
        """Wake a reader from now on for what it wants."""
        for topic in subscription.topics:
            self._by_topic[topic].add(subscription)

    def remove(self, subscription: Subscription) -> None:
        """Forget a reader."""
        for topic in subscription.topics:
            waiting = self._by_topic[topic]
            waiting.discard(subscription)
            if not waiting:
                del self._by_topic[topic]

    def limit(self, subscription: Subscription) -> int:
        """How far a reader may read now."""
        return self._head if subscription.eager else self._flushed

    def publish(self, entries: Sequence[Committed]) -> None:
        """Note whom the newest entries concern; wake those that are eager at once, the others with the tick."""
        self._head = entries[-1].revision
        for topic, revision in _first_of_each(entries).items():
            for subscription in self._by_topic.get(topic, ()):
                if subscription.fresh is None:
                    subscription.fresh = revision
                    if subscription.eager:
                        subscription.wake()
                    else:
                        self._due.append(subscription)
        loop = asyncio.get_running_loop()
        if self._timer is None and loop.time() >= self._free_at:
            self._rest = max(min(REST), self._rest / 2)
            self._flush()
        elif self._timer is None:
            self._rest = min(max(REST), self._rest * 1.5)
            self._timer = loop.call_at(self._free_at, self._flush)

    def took(self, subscription: Subscription, position: int) -> None:
        """Note how far a reader has read; what was published meanwhile may concern it."""
        subscription.position = position
        subscription.fresh = position + 1 if position < self._head else None
        if self.limit(subscription) <= position < self._head:
            self._due.append(subscription)

    def returned(self, subscription: Subscription) -> None:
        """Note that a reader has served what it was woken for and asks for more."""
        last = self._round
        if subscription.woken_in == last.number:
            last.back += 1
            if last.back == max(1, round(last.woken * NEARLY_ALL)):
                took = asyncio.get_running_loop().time() - last.begin
                self._serving += (took / last.back - self._serving) / 4
        subscription.woken_in = 0

    def wake_all(self) -> None:
        """End every wait."""
        for subscriptions in self._by_topic.values():
            for subscription in subscriptions:
                subscription.wake()

    def _flush(self) -> None:
        self._timer = None
        self._flushed = self._head
        due, self._due = self._due, []
        now = asyncio.get_running_loop().time()
        self._free_at = now + min(MAX_TICK, self._rest * self._serving * len(due))
        self._round = _Round(self._round.number + 1, now, len(due))
        self._wake(due, self._round.number)

    def _wake(self, due: Sequence[Subscription], number: int) -> None:
        """Wake some readers now and the rest in the next turns of the loop, which does other things between."""
        for subscription in due[:SLICE]:
            subscription.woken_in = number
            subscription.wake()
        if len(due) > SLICE:
            asyncio.get_running_loop().call_soon(self._wake, due[SLICE:], number)


def _first_of_each(entries: Sequence[Committed]) -> dict[Topic, int]:
    """Return the topics of some entries, each with the first revision that is about it."""
    first: dict[Topic, int] = {}
    for entry in entries:
        for topic in topics_of(entry):
            first.setdefault(topic, entry.revision)
    return first
