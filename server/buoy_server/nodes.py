"""Which nodes are there: one stream a node, and a lease that outlives it for a while."""

import asyncio
import time
from collections.abc import Awaitable, Callable

import structlog

from buoy_server.core.errors import DomainError, Superseded, Unavailable

LEASE = 15.0  # seconds that a node's agent may be away before the node is MISSING
SILENCE = 15.0  # seconds without a heartbeat (they come every five) after which a stream counts as dead

log = structlog.get_logger()


class Session:
    """One stream of one node's agent."""

    def __init__(self, node: str, silence: float = SILENCE) -> None:
        self.node = node
        self.heard = time.monotonic()
        self._silence = silence
        self._superseded = False

    def supersede(self) -> None:
        """End this session: the node has a newer one."""
        self._superseded = True

    def check(self) -> None:
        """Raise Superseded when a newer session took over, Unavailable when nothing was heard of the agent for too long."""
        if self._superseded:
            raise Superseded(f"another agent took over as node {self.node}")
        if time.monotonic() - self.heard > self._silence:
            raise Unavailable(f"nothing was heard of the agent of node {self.node} for {self._silence:.0f} s: start again")


Told = Callable[[str], Awaitable[object]]


class Presence:
    """The sessions of this server, and what to call when a node stayed away for longer than its lease, and than its fence.

    `fence_delay` is what comes after the lease, 0: nothing. Both are run by this process: what it was not there to hear of does
    not count.
    """

    def __init__(
        self,
        missed: Told,
        fenced: Told,
        lease: float = LEASE,
        fence_delay: float = 0,
        silence: float = SILENCE,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._missed = missed
        self._fenced = fenced
        self._lease = lease
        self._fence_delay = fence_delay
        self._silence = silence
        self._sleep = sleep
        self._sessions: dict[str, Session] = {}
        self._leases: dict[str, asyncio.Task[None]] = {}
        self._heard: dict[str, float] = {}

    @property
    def connected(self) -> tuple[str, ...]:
        """The names of the nodes whose stream is open."""
        return tuple(self._sessions)

    def open(self, node: str) -> Session:
        """Begin a session; an older one of the same node is superseded."""
        if older := self._sessions.get(node):
            older.supersede()
        if lease := self._leases.pop(node, None):
            lease.cancel()
        session = self._sessions[node] = Session(node, self._silence)
        self._heard[node] = session.heard
        return session

    def heard(self, node: str) -> None:
        """Note that a node's agent has said something, if only that it is there."""
        self._heard[node] = time.monotonic()
        if session := self._sessions.get(node):
            session.heard = self._heard[node]

    def silence(self, node: str) -> float | None:
        """For how many seconds nothing has been heard of a node's agent; None where nothing was since this server started."""
        heard = self._heard.get(node)
        return None if heard is None else time.monotonic() - heard

    def close(self, session: Session) -> None:
        """End a session; the node's lease runs from now on, unless a newer session is open."""
        if self._sessions.get(session.node) is session:
            del self._sessions[session.node]
            self.expect(session.node)

    def expect(self, node: str) -> None:
        """Start a node's lease: it must open a session before it ends."""
        if older := self._leases.pop(node, None):
            older.cancel()
        self._leases[node] = asyncio.create_task(self._run_lease(node), name=f"lease of {node}")

    def forget(self, node: str) -> None:
        """Expect a node no more."""
        if lease := self._leases.pop(node, None):
            lease.cancel()

    async def stop(self) -> None:
        """End all leases without a word."""
        leases, self._leases = list(self._leases.values()), {}
        for lease in leases:
            lease.cancel()
        await asyncio.gather(*leases, return_exceptions=True)

    async def _run_lease(self, node: str) -> None:
        await self._after(self._lease, self._missed, node)
        if self._fence_delay:
            await self._after(self._fence_delay, self._fenced, node)
        if self._leases.get(node) is asyncio.current_task():
            del self._leases[node]

    async def _after(self, delay: float, tell: Told, node: str) -> None:
        """Tell of a node after a delay, and again after another one for as long as that cannot be stored."""
        while True:
            await self._sleep(delay)
            try:
                await tell(node)
            except DomainError as error:
                log.warning("node is away, and that cannot be stored yet", node=node, error=str(error))
            else:
                return
