"""A row of the route table."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from buoy_server.http.call import Call

Schema = Mapping[str, Any]
Handler = Callable[[Call], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Parameter:
    """Something that a request may bring: in the body, or for GET and DELETE also in the query."""

    name: str
    schema: Schema
    about: str = ""
    required: bool = False


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path. It may call only `rpcs`, whose policy is therefore its own; a route without is for everyone.

    The handler returns what is shown as JSON, of the schema `answer`, or a Response.
    """

    method: str
    path: str
    handle: Handler
    rpcs: tuple[str, ...]
    summary: str
    answer: Schema
    takes: tuple[Parameter, ...] = ()

    @property
    def public(self) -> bool:
        """Whether it needs nobody's rights."""
        return not self.rpcs

    @property
    def repeatable(self) -> bool:
        """Whether it makes one change, which a request id can name; what deletes all of them is repeated as it is."""
        changes = [rpc for rpc in self.rpcs if not rpc.partition("/")[2].startswith(("Get", "List", "Explain", "CreateToken"))]
        return bool(changes) and not any("/List" in rpc for rpc in self.rpcs)
