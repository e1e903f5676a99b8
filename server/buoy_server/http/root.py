"""What is for everyone: the page of capabilities, the OpenAPI description, and the page that shows it."""

from collections.abc import Callable
from html import escape
from typing import Any

from starlette.responses import HTMLResponse, JSONResponse, Response

from buoy_server.http import docs, openapi
from buoy_server.http.call import Call
from buoy_server.http.capabilities import CAPABILITIES
from buoy_server.http.route import Route

PAGE: dict[str, Any] = {"type": "string", "contentMediaType": "text/html"}
_POLICY = {"content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"}


def routes(table: Callable[[], tuple[Route, ...]]) -> tuple[Route, ...]:
    """Return the rows of these three, which show the whole table."""

    async def description(_call: Call) -> Response:
        return JSONResponse(openapi.describe(table()))

    async def page(_call: Call) -> Response:
        return HTMLResponse(docs.page(table()), headers=_POLICY)

    return (
        Route("GET", "/", root, (), "What this server can do, as text", PAGE),
        Route("GET", "/openapi.json", description, (), "This description", {"type": "object"}),
        Route("GET", "/docs", page, (), "This description, to be read", PAGE),
    )


async def root(_call: Call) -> Response:
    """Return the page that Shaken Fist's client reads the capabilities from."""
    items = "".join(f"<li>{escape(name)}</li>" for name in CAPABILITIES)
    text = f'<p>The API is described at <a href="docs">docs</a>. What it can do:</p><ul>{items}</ul>'
    return HTMLResponse(docs.document("Buoy", text), headers=_POLICY)
