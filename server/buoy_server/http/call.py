"""One request under way, as a handler has it: what was asked for, and the RPCs that answer it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from google.protobuf.message import Message

from buoy_server.auth.authenticator import Credentials
from buoy_server.http.arguments import Arguments


class Dispatcher(Protocol):
    """What HTTP needs of the application layer: its RPCs by name, and who may call them."""

    def services(self) -> Iterable[tuple[str, Mapping[str, Any]]]:
        """Return each service's full name with its methods."""

    def admit(self, method: Any, credentials: Credentials) -> Any:
        """Return who calls, or raise Unauthenticated or PermissionDenied."""

    async def call(self, name: str, request: Message, credentials: Credentials) -> Message:
        """Run an RPC such as "InterfaceService/FloatInterface" and return its response, or raise a DomainError."""


@dataclass(frozen=True, slots=True)
class Call:
    """A request of a route; `query` is all that followed a "?", and `host` is this server's own name.

    `request_id` is that of the change that the route makes; empty where it came without one, or the route takes none.
    """

    dispatcher: Dispatcher
    credentials: Credentials
    rpcs: tuple[str, ...]
    path: dict[str, str]
    query: str
    arguments: Arguments
    host: str
    request_id: str = ""

    async def rpc(self, name: str, request: Message) -> Any:
        """Run one of the route's RPCs; one that its row does not have is a fault of ours."""
        if name not in self.rpcs:
            raise LookupError(f"{name} is not in the row of this route")
        if self.request_id and "request_id" in request.DESCRIPTOR.fields_by_name:
            request.request_id = self.request_id  # type: ignore[attr-defined]
        return await self.dispatcher.call(name, request, self.credentials)

    async def all_pages(self, name: str, request: Any, field: str) -> list[Any]:
        """Run an RPC that lists, page by page, and return what all its pages have."""
        found: list[Any] = []
        while True:
            page = await self.rpc(name, request)
            found += getattr(page, field)
            if not page.next_page_token:
                return found
            request.page_token = page.next_page_token
