"""What all operations stand on: the transport, paging, and waiting."""

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from google.protobuf.message import Message

from buoy_client.call import Call
from buoy_client.errors import WaitTimeout
from buoy_client.following import Follower
from buoy_client.transport import Transport
from buoy_client.waiting import Goal, Subject, because
from buoy_client.watching import Batch, Selection, WatchState

Response = TypeVar("Response", bound=Message)
Item = TypeVar("Item")
Page = tuple[list[Item], str]

WAIT_TIMEOUT = 60.0
WAIT_INTERVAL = 0.5
POLL_FIRST, POLL_LONGEST = 0.05, 0.5


def ignore(_: object) -> None:
    """Take progress and do nothing with it."""


class BaseOperations:
    """The transport, the namespace, and the two ways of waiting."""

    def __init__(self, transport: Transport, namespace: str | None = None) -> None:
        """Take the transport, and the namespace that calls name by default; None: the server takes the caller's."""
        self._transport = transport
        self._namespace = namespace

    @property
    def target(self) -> str:
        """The server's address, as grpc writes it."""
        return self._transport.target

    def _in(self, namespace: str | None) -> str:
        return namespace if namespace is not None else self._namespace or ""

    async def _pages(self, ask: Callable[[str], Call[Response, Page[Item]]]) -> list[Item]:
        items, token = await self._transport.unary(ask(""))
        while token:
            more, token = await self._transport.unary(ask(token))
            items.extend(more)
        return items

    async def _follow(
        self,
        subject: Subject,
        goal: Goal[Subject],
        look: Callable[[Batch | None], Awaitable[Subject]],
        selection: Selection,
        timeout: float,  # noqa: ASYNC109  the deadline also bounds blocking reads
        on_change: Callable[[Subject], object],
    ) -> Subject:
        """Follow a watch from the subject on until the goal; `look` gives the subject as it is after a batch."""
        deadline = time.monotonic() + timeout
        state = WatchState(selection, subject.revision + 1, WAIT_INTERVAL, self._transport.cluster_id)
        follower = Follower(self._transport, state)
        try:
            while not goal.is_done(subject):
                on_change(subject)
                batch = await follower.next_batch(deadline)
                subject = await look(batch)
        except TimeoutError:
            raise WaitTimeout(f"not done after {timeout:g} s{because(goal.left(subject))}") from None
        finally:
            follower.close()
        return subject

    async def _poll(
        self,
        subject: Subject,
        goal: Goal[Subject],
        look: Callable[[], Awaitable[Subject]],
        timeout: float,  # noqa: ASYNC109  as above
        on_change: Callable[[Subject], object],
    ) -> Subject:
        """Ask again and again until the goal, for objects that have no watch yet."""
        deadline, pause, delay = time.monotonic() + timeout, self._transport.pause(), POLL_FIRST
        while not goal.is_done(subject):
            on_change(subject)
            if time.monotonic() >= deadline:
                raise WaitTimeout(f"not done after {timeout:g} s{because(goal.left(subject))}")
            await pause.wait(min(delay, max(deadline - time.monotonic(), 0)))
            delay = min(delay * 1.5, POLL_LONGEST)
            subject = await look()
        return subject
