"""What is done to every request before its route is looked for, and to every answer: paths as people and proxies write them.

A base URL that ends in "/" makes the client ask for "//interfaces/...", and one behind a proxy for "/api/interfaces/...". It
follows a redirect with GET and without its body, so that none is sent: all of them are the same path here. It puts a metadata
key into the path as it is, so that what follows "/metadata/" is left alone.
"""

import re
from uuid import uuid4

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

PREFIX = "/api"
REQUEST_ID = "x-request-id"
_SLASHES = re.compile(r"/{2,}")


def cleaned(path: str) -> str:
    """Return a path without repeated slashes, the one at its end, and the prefix."""
    head, separator, key = path.partition("/metadata/")
    tail = separator + key if key else "/metadata" if separator else ""
    head = _SLASHES.sub("/", head).rstrip("/")
    if head == PREFIX or head.startswith(f"{PREFIX}/"):
        head = head.removeprefix(PREFIX)
    return head + tail or "/"


class Paths:
    """The middleware that does it; every answer also gets an X-Request-ID, which is the incident of a failure too."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = str(uuid4())

        async def send_with_id(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(scope=message)[REQUEST_ID] = request_id
            await send(message)

        await self._app({**scope, "path": cleaned(scope["path"]), REQUEST_ID: request_id}, receive, send_with_id)
