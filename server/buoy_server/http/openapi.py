"""The OpenAPI 3.1 description, made from the route table."""

import re
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

from buoy_server.http.paths import REQUEST_ID
from buoy_server.http.route import Parameter, Route
from buoy_server.http.schemas import KEY, NAME, SCHEMAS, TEXT, UUID

LOGIN = "NamespaceService/CreateToken"

REFUSALS: Mapping[int, str] = {
    400: "malformed; the text names the field",
    401: "no token, or one that is no good any more",
    403: "known, and not allowed",
    404: "absent, or not the caller's: the same words for both",
    409: "somebody else has it, or this is not the moment for it",
    413: "the body is too large",
    429: "too many attempts to guess a key",
    500: "the server failed; the text has the number of the incident",
    503: "try again",
    507: "nothing left: addresses, quota, or storage",
}
PATH_PARAMETERS: Mapping[str, Mapping[str, Any]] = {"interface_uuid": UUID, "key": KEY}
_PARAMETER = re.compile(r"{(\w+)(?::path)?}")
_IN_BODY = frozenset({"POST", "PUT"})


def describe(routes: Iterable[Route]) -> dict[str, Any]:
    """Return the description of all routes."""
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(_PARAMETER.sub(r"{\1}", route.path), {})[route.method.lower()] = _operation(route)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Buoy",
            "version": version("buoy-server"),
            "description": "Network interfaces and their floating addresses, by the paths of Shaken Fist.",
        },
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "responses": {f"Refusal{status}": _refusal(about) for status, about in REFUSALS.items()},
            "headers": {"RequestId": {"description": "a number of this request", "schema": TEXT}},
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def path_parameters(route: Route) -> list[str]:
    """Return the names in a route's path."""
    return _PARAMETER.findall(route.path)


def tag_of(route: Route) -> str:
    """Return the group that a route is shown in."""
    return "server" if route.public else route.path.split("/")[1]


def refusals(route: Route) -> list[int]:
    """Return the codes that a route may refuse with."""
    if route.public:
        return [400, 413, 500, 503]
    if route.rpcs == (LOGIN,):
        return [status for status in REFUSALS if status not in (403, 404, 409)]
    return [status for status in REFUSALS if status != 429]


def _operation(route: Route) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _operation_id(route),
        "summary": route.summary,
        "tags": [tag_of(route)],
        "security": [] if route.public or route.rpcs == (LOGIN,) else [{"token": []}],
        "parameters": [_path_parameter(name) for name in path_parameters(route)] + [_ATTEMPT] * route.repeatable,
        "responses": {"200": _success(route)}
        | {str(status): {"$ref": f"#/components/responses/Refusal{status}"} for status in refusals(route)},
    }
    if route.method not in _IN_BODY:
        operation["parameters"] += [_query_parameter(parameter) for parameter in route.takes]
    elif route.takes:
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": body_schema(route)}}}
    return operation


def body_schema(route: Route) -> dict[str, Any]:
    """Return the schema of a route's body."""
    return {
        "type": "object",
        "properties": {parameter.name: {**parameter.schema, "description": parameter.about} for parameter in route.takes},
        "required": [parameter.name for parameter in route.takes if parameter.required],
    }


def _operation_id(route: Route) -> str:
    words = [_PARAMETER.sub(r"by_\1", word) for word in route.path.split("/") if word]
    return "_".join([route.method.lower(), *words]).replace(".", "_")


def _path_parameter(name: str) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "schema": PATH_PARAMETERS.get(name, NAME)}


def _query_parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": "query",
        "required": parameter.required,
        "description": f"{parameter.about}; also taken from a JSON body",
        "schema": parameter.schema,
    }


def _success(route: Route) -> dict[str, Any]:
    kind = route.answer.get("contentMediaType", "application/json")
    return {"description": "done", "headers": _HEADERS, "content": {kind: {"schema": route.answer}}}


def _refusal(about: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Error"}
    return {"description": about, "headers": _HEADERS, "content": {"application/json": {"schema": schema}}}


_ATTEMPT = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "a UUID that names this attempt: its repeat within 24 h gives the first answer and changes nothing",
    "schema": UUID,
}
_HEADERS = {REQUEST_ID: {"$ref": "#/components/headers/RequestId"}}
