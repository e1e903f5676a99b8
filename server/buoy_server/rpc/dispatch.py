"""The application layer's one door: gRPC and REST both come through it.

A service is a class with one method for each RPC of its descriptor, that takes the request and the caller. A unary method
returns a message, or bytes where the answer is serialized already; a streaming one is an async generator of the same.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from google.protobuf.descriptor import MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

from buoy_server.auth.authenticator import Authenticator, Credentials
from buoy_server.core.errors import Malformed
from buoy_server.core.lookup import Caller
from buoy_server.feed.feed import Feed
from buoy_server.rpc.policy import POLICY, Who, refuse

NOBODY = Caller("")


@dataclass(frozen=True, slots=True)
class Method:
    """One RPC: its descriptor, the function that serves it, and who may call it."""

    descriptor: MethodDescriptor
    serve: Any
    who: Who
    waits: bool  # for the revision that its request names

    @property
    def request_class(self) -> Any:
        """The class of its requests."""
        return GetMessageClass(self.descriptor.input_type)


class Dispatcher:
    """All RPCs by name; an RPC without a row of policy, or without a method that serves it, is an error at start."""

    def __init__(
        self, authenticator: Authenticator, feed: Feed, cluster_id: str, services: Mapping[ServiceDescriptor, object]
    ) -> None:
        self.cluster_id = cluster_id
        self._authenticator = authenticator
        self._feed = feed
        self._services = services
        self._methods = {
            f"{descriptor.full_name}/{method.name}": Method(
                method,
                getattr(service, method.name),
                POLICY[f"{descriptor.full_name}/{method.name}"],
                "min_revision" in method.input_type.fields_by_name,
            )
            for descriptor, service in services.items()
            for method in descriptor.methods
        }

    def services(self) -> Iterator[tuple[str, Mapping[str, Method]]]:
        """Yield each service's full name with its methods."""
        for descriptor in self._services:
            full_name = descriptor.full_name
            yield full_name, {method.name: self._methods[f"{full_name}/{method.name}"] for method in descriptor.methods}

    def admit(self, method: Method, credentials: Credentials) -> Caller:
        """Return who calls, or raise Unauthenticated or PermissionDenied."""
        if method.who is Who.EVERYONE:
            return NOBODY
        caller = self._authenticator.caller(credentials)
        refuse(method.who, caller)
        return caller

    async def call(self, name: str, request: Message, credentials: Credentials) -> Message:
        """Run a unary RPC, such as "InterfaceService/FloatInterface", and return its response, or raise a DomainError."""
        method = self._methods[f"buoy.v1.{name}"]
        caller = self.admit(method, credentials)
        answer = await self.serve(method, request, caller, credentials)
        if isinstance(answer, bytes):
            parsed: Message = GetMessageClass(method.descriptor.output_type).FromString(answer)
            return parsed
        return answer

    async def serve(self, method: Method, request: Message, caller: Caller, credentials: Credentials) -> Message | bytes:
        """Run a unary RPC for a caller that was admitted; what is for everyone is told where the request came from instead."""
        if method.waits and (revision := request.min_revision):  # type: ignore[attr-defined]
            await self._await(revision)
        whom = credentials.peer if method.who is Who.EVERYONE else caller
        answer: Message | bytes = await method.serve(request, whom)
        return answer

    async def _await(self, revision: int) -> None:
        if revision < 0:
            raise Malformed("a revision is not negative", field="min_revision")
        await self._feed.reach(revision, "min_revision")
