"""What every service works on."""

from dataclasses import dataclass
from typing import TypeVar

from buoy_server.auth.authenticator import Authenticator
from buoy_server.core.command import Command
from buoy_server.core.lookup import Caller
from buoy_server.feed.feed import Feed
from buoy_server.feed.view import View
from buoy_server.feed.writer import Writer
from buoy_server.nodes import Presence
from buoy_server.storage.store import SqlStore

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Backend:
    """The view to read, the writer to change it, the feed to follow it, the store for what is not in memory."""

    view: View
    writer: Writer
    feed: Feed
    presence: Presence
    authenticator: Authenticator
    store: SqlStore
    cluster_id: str

    async def run(self, command: Command[T], caller: Caller, method: str = "") -> T:
        """Run a command in the caller's name; its class is the RPC's name unless another is given."""
        return await self.writer.submit(command, caller, method or type(command).__name__)
