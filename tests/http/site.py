"""A real server in this process that also serves HTTP, and a client of it."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from buoy_server.http import app, serve

from tests.server.running import Running
from tests.support.waiting import PATIENCE


@dataclass(frozen=True)
class Site:
    """A server, its HTTP port, and a client that follows no redirects."""

    server: Running
    target: str
    client: httpx.AsyncClient

    async def ask(self, method: str, path: str, body: Any = None, **options: Any) -> httpx.Response:
        """Make a request with a JSON body."""
        if body is not None:
            options["json"] = body
        return await self.client.request(method, path, **options)

    async def told(self, method: str, path: str, body: Any = None, **options: Any) -> Any:
        """Make a request that must succeed, and return what its JSON says."""
        response = await self.ask(method, path, body, **options)
        assert response.status_code == 200, (method, path, response.text)
        return response.json()

    async def refused(self, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, str]:
        """Make a request that must be refused, and return the status and the text."""
        response = await self.ask(method, path, body, **options)
        said = response.json()
        assert set(said) == {"error", "status"}, said
        assert said["status"] == response.status_code
        assert response.headers["x-request-id"]
        return response.status_code, said["error"]


@asynccontextmanager
async def site(server: Running) -> AsyncIterator[Site]:
    """Serve HTTP on a free port over a running server."""
    http = serve.HttpServer(app.build(server.server.dispatcher, host="buoy.example"))
    target = await http.start("127.0.0.1:0")
    try:
        async with httpx.AsyncClient(base_url=f"http://{target}", timeout=PATIENCE) as client:
            yield Site(server, target, client)
    finally:
        await http.stop()
