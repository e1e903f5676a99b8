"""What every service works on."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from google.protobuf.message import Message

from buoy_server.auth.authenticator import Authenticator
from buoy_server.core.command import Command
from buoy_server.core.lookup import Caller
from buoy_server.feed.feed import Feed
from buoy_server.feed.view import View
from buoy_server.feed.writer import Writer
from buoy_server.nodes import Presence
from buoy_server.rpc.attempts import attempt_of
from buoy_server.rpc.questions import Questions
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
    questions: Questions = field(default_factory=Questions)

    async def change(
        self, command: Command[T], caller: Caller, request: Message, answer: Callable[[T], Message] | None = None
    ) -> bytes:
        """Run an RPC's command in the caller's name, and return the response that `answer` makes of its result, serialized.

        Without `answer` the response is the result itself, an object, as it is stored. The RPC's name is that of its request. A
        request that bears an id is an attempt: its repeat gets the first response.
        """
        method = request.DESCRIPTOR.name.removesuffix("Request")
        respond = None if answer is None else lambda result: answer(result).SerializeToString()
        return await self.writer.respond(command, caller, method, respond, attempt_of(request, caller))
