"""The netfilter sockets of the namespaces, kept open.

Closing one right after a transaction that removed something waits for the kernel's deferred clean-up, some 20 ms
(nft_rcv_nl_event flushes it under the namespace's commit lock): a defloat would take 20 ms instead of 0.3. So sockets are
kept, a bounded number of them, and closed in a thread of their own. A kept socket keeps its namespace alive.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

from buoy_agent.kernel.namespaces import Namespaces
from buoy_agent.kernel.netlink import NETFILTER, Channel

HOST = ""
_KEPT = 200


class Channels:
    """One netfilter socket a namespace, the least recently used ones given up."""

    def __init__(self, namespaces: Namespaces, kept: int = _KEPT) -> None:
        self._namespaces, self._most = namespaces, kept
        self._kept: dict[str, tuple[int, Channel]] = {}
        self._closer, self._is_closed = ThreadPoolExecutor(1, "closer"), False

    def of(self, uuid: str) -> Channel:
        """The socket of a network's namespace, or of the host namespace (HOST)."""
        identity = self._namespaces.identity(uuid) if uuid else 0
        kept = self._kept.pop(uuid, None)
        if kept is not None and kept[0] != identity:  # the name stands for another namespace now
            self._close(kept[1])
            kept = None
        if kept is None:
            kept = identity, self._open(uuid)
        self._kept[uuid] = kept
        if len(self._kept) > self._most:
            self.drop(next(iter(self._kept)))
        return kept[1]

    @contextmanager
    def apart(self, uuid: str) -> Iterator[Channel]:
        """One more socket of a namespace, for a dump that others need not wait for; closed where nobody waits."""
        channel = self._open(uuid)
        try:
            yield channel
        finally:
            self._close(channel)

    def drop(self, uuid: str) -> None:
        """Gives a socket up: its namespace goes."""
        kept = self._kept.pop(uuid, None)
        if kept is not None:
            self._close(kept[1])

    def close(self) -> None:
        """Gives all of them up."""
        for uuid in list(self._kept):
            self.drop(uuid)
        self._is_closed = True
        self._closer.shutdown()

    def _close(self, channel: Channel) -> None:
        """Where nobody waits for it; at once where a dump is given up after the end."""
        if self._is_closed:
            channel.close()
        else:
            self._closer.submit(channel.close)

    def _open(self, uuid: str) -> Channel:
        if not uuid:
            return Channel(NETFILTER)
        with self._namespaces.inside(uuid):
            return Channel(NETFILTER)
