"""The ASGI application: the route table as Starlette routes, around each what all of them need."""

import asyncio
import socket
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route as StarletteRoute

from buoy_server.auth.authenticator import Credentials
from buoy_server.core.errors import DomainError, PermissionDenied, Unavailable
from buoy_server.http import body, errors, table
from buoy_server.http.arguments import Arguments
from buoy_server.http.call import Call, Dispatcher
from buoy_server.http.paths import REQUEST_ID, Paths
from buoy_server.http.route import Route
from buoy_server.rpc import checks

DEADLINE = 30.0  # seconds for one request, from its last header to its answer
_ARGUMENTS_IN_QUERY = frozenset({"GET", "DELETE"})

_OWN_SITES = frozenset({"none", "same-origin"})  # what a browser says of a request that no other site made
PACKAGE = "buoy.v1"
IDEMPOTENCY_KEY = "idempotency-key"  # not X-Request-ID: proxies set that, and one may stand for all calls of a trace

Endpoint = Callable[[Request], Awaitable[Response]]


def build(dispatcher: Dispatcher, routes: Sequence[Route] = table.ROUTES, host: str = "") -> Starlette:
    """Return the application over an application layer; `host` is this server's name in events.

    A route with an RPC that the layer does not have is a KeyError.
    """
    site = _Site(dispatcher, _admission(dispatcher, routes), host or socket.gethostname())
    app = Starlette(
        routes=[
            StarletteRoute(path, _endpoint(site, methods), methods=list(methods)) for path, methods in _by_path(routes).items()
        ],
        middleware=[Middleware(Paths)],
        exception_handlers={HTTPException: _raised},
    )
    app.router.redirect_slashes = False
    return app


@dataclass(frozen=True, slots=True)
class _Site:
    dispatcher: Dispatcher
    admission: Mapping[str, Any]  # what the dispatcher admits to, by the RPC's name
    host: str

    def admit(self, route: Route, credentials: Credentials) -> None:
        """Raise Unauthenticated or PermissionDenied, before anything of the request is looked at."""
        for rpc in route.rpcs:
            self.dispatcher.admit(self.admission[rpc], credentials)


def _admission(dispatcher: Dispatcher, routes: Iterable[Route]) -> dict[str, Any]:
    known = {f"{service}/{name}": method for service, methods in dispatcher.services() for name, method in methods.items()}
    return {rpc: known[f"{PACKAGE}.{rpc}"] for route in routes for rpc in route.rpcs}


def _by_path(routes: Iterable[Route]) -> dict[str, dict[str, Route]]:
    """Return the routes of each path by their method, so that one answer to a wrong method knows them all."""
    paths: dict[str, dict[str, Route]] = {}
    for route in routes:
        paths.setdefault(route.path, {})[route.method] = route
    return paths


def _endpoint(site: _Site, methods: Mapping[str, Route]) -> Endpoint:
    async def endpoint(request: Request) -> Response:
        route = methods["GET" if request.method == "HEAD" else request.method]
        try:
            async with asyncio.timeout(DEADLINE):
                answer = await route.handle(await _call(site, route, request))
        except TimeoutError:
            return errors.refused(Unavailable(f"no answer within {DEADLINE:.0f} s"))
        except HTTPException as error:
            return errors.raised(error)
        except DomainError as error:
            return errors.refused(error)
        except Exception as error:  # noqa: BLE001 - whatever it was, it is logged, and the caller gets its number
            return errors.unknown(error, request.scope[REQUEST_ID])
        return answer if isinstance(answer, Response) else JSONResponse(answer)

    return endpoint


async def _call(site: _Site, route: Route, request: Request) -> Call:
    credentials = Credentials(
        authorization=request.headers.get("authorization", ""), peer=request.client.host if request.client else ""
    )
    if not route.public and request.headers.get("sec-fetch-site", "none") not in _OWN_SITES:
        raise PermissionDenied("pages of other sites may not ask: without tokens a browser would lend them its place")
    site.admit(route, credentials)
    query: Mapping[str, str] = request.query_params if route.method in _ARGUMENTS_IN_QUERY else {}
    return Call(
        dispatcher=site.dispatcher,
        credentials=credentials,
        rpcs=route.rpcs,
        path={name: str(value) for name, value in request.path_params.items()},
        query=unquote(request.url.query),
        arguments=Arguments(await body.read(request), query),
        host=site.host,
        request_id=_request_id(route, request),
    )


def _request_id(route: Route, request: Request) -> str:
    """Return the request id that a change comes with; the draft of the header's standard writes it in quotes."""
    if not route.repeatable or IDEMPOTENCY_KEY not in request.headers:
        return ""
    return checks.uuid(request.headers[IDEMPOTENCY_KEY].strip('"'), "request_id")


async def _raised(_request: Request, error: Any) -> Response:
    return errors.raised(error)
