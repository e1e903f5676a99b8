"""What every service works on."""

from dataclasses import dataclass
from typing import TypeVar

from buoy_server.core.command import Command
from buoy_server.core.lookup import Caller
from buoy_server.feed.feed import Feed
from buoy_server.feed.view import View
from buoy_server.feed.writer import Writer
from buoy_server.nodes import Presence

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Backend:
    """The view to read, the writer to change it, the feed to follow it, and which nodes are there."""

    view: View
    writer: Writer
    feed: Feed
    presence: Presence

    async def run(self, command: Command[T], caller: Caller) -> T:
        """Run a command in the caller's name; its class is the RPC's name."""
        return await self.writer.submit(command, caller, type(command).__name__)
