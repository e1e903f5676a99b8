"""Who waits for what: a published entry wakes those that it concerns, and costs nothing for all others.

Waking is bounded by a tick (`feed/tick.py`), and spread over turns of the event loop.
"""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence

from buoy_server.core.model import Interface, Namespace, Network, Node
from buoy_server.core.state import Kind
from buoy_server.feed.entry import Committed
from buoy_server.feed.tick import Tick

SLICE = 32  # readers that are woken in one turn of the event loop: a gRPC server takes one call a turn

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
        case Node() as node_:
            yield "agent", node_.name
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


class Subscriptions:
    """All readers by what they want."""

    def __init__(self, head: int) -> None:
        self._by_topic: dict[Topic, set[Subscription]] = defaultdict(set)
        self._due: list[Subscription] = []
        self._tick = Tick()
        self._timer: asyncio.TimerHandle | None = None
        self._head = head
        self._flushed = head

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
        if self._timer is not None:
            return
        loop = asyncio.get_running_loop()
        now = loop.time()
        due = self._tick.due(now)
        if due <= now:
            self._flush()
        else:
            self._timer = loop.call_at(due, self._flush)

    def took(self, subscription: Subscription, position: int) -> None:
        """Note how far a reader has read; what was published meanwhile may concern it."""
        subscription.position = position
        subscription.fresh = position + 1 if position < self._head else None
        if self.limit(subscription) <= position < self._head:
            self._due.append(subscription)

    def returned(self, subscription: Subscription) -> None:
        """Note that a reader has served what it was woken for and asks for more."""
        self._tick.returned(asyncio.get_running_loop().time(), subscription.woken_in)
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
        self._wake(due, self._tick.woke(asyncio.get_running_loop().time(), len(due)))

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
